#include "migrate/advice.h"

#include <gtest/gtest.h>

namespace bascule::migrate {
namespace {

// What the source's account is set to is told from its own answers, before anything that only might be wrong.
TEST(Advice, SettingsOfTheSource) {
  const auto connection = parse_connection("DefaultEndpointsProtocol=https;AccountName=acme;AccountKey=YQ==;EndpointSuffix=core.windows.net");
  ASSERT_TRUE(connection);
  const struct {
    Code code;
    const char *message, *says;
  } cases[] = {
      {Code::permission_denied, "the source answered 403 KeyBasedAuthenticationNotPermitted: Key based", "user delegation SAS"},
      {Code::invalid_argument, "the source answered 400 AccountRequiresHttps", "https://"},
      {Code::unsupported, "the source answered 409 PublicAccessNotPermitted", "forbids public access"},
      {Code::permission_denied, "the source answered 403 AuthorizationFailure", "network rules"},
      {Code::permission_denied, "the source answered 403 AuthenticationFailed", "AccountKey"},
  };
  for (const auto& c : cases) {
    const Error error = with_advice({c.code, 0, c.message}, *connection, WallTime());
    EXPECT_EQ(error.code, c.code);
    EXPECT_TRUE(error.message.starts_with(c.message));
    EXPECT_NE(error.message.find(c.says), std::string::npos) << error.message;
  }
}

}  // namespace
}  // namespace bascule::migrate
