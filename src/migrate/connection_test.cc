#include "migrate/connection.h"

#include <gtest/gtest.h>

namespace bascule::migrate {
namespace {

TEST(Connection, Understood) {
  const struct {
    const char *text, *endpoint, *account;
    bool key;
    const char *sas, *container;
  } cases[] = {
      {"DefaultEndpointsProtocol=https;AccountName=acme;AccountKey=a2V5;EndpointSuffix=core.windows.net",
       "https://acme.blob.core.windows.net", "acme", true, "", ""},
      {"AccountName=acme;AccountKey=a2V5", "https://acme.blob.core.windows.net", "acme", true, "", ""},
      {"accountname=acme;ACCOUNTKEY=a2V5;BlobEndpoint=http://127.0.0.1:10000/acme;", "http://127.0.0.1:10000/acme",
       "acme", true, "", ""},
      {"BlobEndpoint=https://files.example.org/;AccountName=acme;AccountKey=a2V5", "https://files.example.org", "acme",
       true, "", ""},
      {"UseDevelopmentStorage=true", "http://127.0.0.1:10000/devstoreaccount1", "devstoreaccount1", true, "", ""},
      {"BlobEndpoint=https://acme.blob.core.windows.net/;SharedAccessSignature=?sv=2020-12-06&sig=a%3D",
       "https://acme.blob.core.windows.net", "acme", false, "sv=2020-12-06&sig=a%3D", ""},
      {" https://acme.blob.core.windows.net/?sv=2020-12-06&sig=a%3D\n", "https://acme.blob.core.windows.net", "acme", false,
       "sv=2020-12-06&sig=a%3D", ""},
      {"https://acme.blob.core.windows.net/pics?sv=2020-12-06&sig=a%3D", "https://acme.blob.core.windows.net/pics", "acme",
       false, "sv=2020-12-06&sig=a%3D", "pics"},
      {"http://127.0.0.1:10000/devstoreaccount1/%24web/?sv=x&sig=a", "http://127.0.0.1:10000/devstoreaccount1/$web",
       "devstoreaccount1", false, "sv=x&sig=a", "$web"},
      {"http://localhost:9999/acme?sig=a", "http://localhost:9999/acme", "acme", false, "sig=a", ""},
      {"https://acme-secondary.blob.core.windows.net/?sig=a", "https://acme-secondary.blob.core.windows.net", "acme",
       false, "sig=a", ""},
  };
  for (const auto& c : cases) {
    const auto connection = parse_connection(c.text);
    ASSERT_TRUE(connection) << c.text << ": " << connection.error().message;
    EXPECT_EQ(connection->describe(), c.endpoint);
    EXPECT_EQ(connection->account, c.account);
    EXPECT_EQ(connection->key.has_value(), c.key);
    EXPECT_EQ(connection->sas, c.sas);
    EXPECT_EQ(connection->container, c.container);
  }
}

TEST(Connection, RefusedWithoutRepeatingSecrets) {
  for (const char* text :
       {"", "SECRET", "AccountName=acme", "AccountName=acme;AccountKey=SECRET!", "AccountKey=SECRETSECRET",
        "https://acme.blob.core.windows.net/", "https://acme.blob.core.windows.net/pics/blob?sig=SECRET",
        "http://127.0.0.1:10000/?sig=SECRET", "ftp://acme/?sig=SECRET", "https://?sig=SECRET",
        "BlobEndpoint=https://x.example.org/cont;AccountName=acme;AccountKey=a2V5",
        "AccountName=acme;SharedAccessSignature=SECRET", "https://acme.blob.core.windows.net/pics&sig=SECRET?sig=SECRET"}) {
    const auto connection = parse_connection(text);
    ASSERT_FALSE(connection) << text;
    EXPECT_EQ(connection.error().code, Code::invalid_argument) << text;
    EXPECT_FALSE(connection.error().message.contains("SECRET")) << connection.error().message;
  }
}

}  // namespace
}  // namespace bascule::migrate
