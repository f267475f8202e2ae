#include "auth/sas.h"

#include <gtest/gtest.h>

#include "auth/test_support.h"

namespace bascule::auth {
namespace {

Sas full(std::string version) {
  Sas sas;
  sas.version = std::move(version);
  sas.permissions = "rw";
  sas.start = "2026-01-01";
  sas.expiry = "2026-01-02T00:00:00Z";
  sas.identifier = "pol";
  sas.address = "1.2.3.4";
  sas.protocol = "https";
  sas.resource = "b";
  sas.encryption_scope = "sc";
  sas.overrides = {"CC", "CD", "CE", "CL", "CT"};
  return sas;
}

// "Create a service SAS", section "Construct the signature string", version by version.
TEST(ServiceSasText, EveryVersion) {
  const struct {
    const char *version, *text;
  } cases[] = {
      {"", "rw\n2026-01-01\n2026-01-02T00:00:00Z\n/acct/cont/blob\npol"},
      {"2012-02-12", "rw\n2026-01-01\n2026-01-02T00:00:00Z\n/acct/cont/blob\npol\n2012-02-12"},
      {"2013-08-15",
       "rw\n2026-01-01\n2026-01-02T00:00:00Z\n/acct/cont/blob\npol\n2013-08-15\nCC\nCD\nCE\nCL\nCT"},
      {"2014-02-14",
       "rw\n2026-01-01\n2026-01-02T00:00:00Z\n/acct/cont/blob\npol\n2014-02-14\nCC\nCD\nCE\nCL\nCT"},
      {"2015-02-21",
       "rw\n2026-01-01\n2026-01-02T00:00:00Z\n/blob/acct/cont/blob\npol\n2015-02-21\nCC\nCD\nCE\nCL\nCT"},
      {"2015-04-05",
       "rw\n2026-01-01\n2026-01-02T00:00:00Z\n/blob/acct/cont/blob\npol\n1.2.3.4\nhttps\n2015-04-05\nCC\nCD\nCE\nCL\nCT"},
      {"2018-11-09",
       "rw\n2026-01-01\n2026-01-02T00:00:00Z\n/blob/acct/cont/blob\npol\n1.2.3.4\nhttps\n2018-11-09\nb\nsnap\n"
       "CC\nCD\nCE\nCL\nCT"},
      {"2020-12-06",
       "rw\n2026-01-01\n2026-01-02T00:00:00Z\n/blob/acct/cont/blob\npol\n1.2.3.4\nhttps\n2020-12-06\nb\nsnap\nsc\n"
       "CC\nCD\nCE\nCL\nCT"},
      {"2099-01-01",
       "rw\n2026-01-01\n2026-01-02T00:00:00Z\n/blob/acct/cont/blob\npol\n1.2.3.4\nhttps\n2099-01-01\nb\nsnap\nsc\n"
       "CC\nCD\nCE\nCL\nCT"},
  };
  for (const auto& c : cases) EXPECT_EQ(service_sas_text(full(c.version), "acct", "cont", "blob", "snap"), c.text);
  EXPECT_TRUE(service_sas_text(full("2020-12-06"), "acct", "$root", "", "").contains("\n/blob/acct/$root\n"));
}

TEST(AccountSasText, EveryVersion) {
  Sas sas = full("2015-04-05");
  sas.services = "b";
  sas.resource_types = "sco";
  EXPECT_EQ(account_sas_text(sas, "acct"),
            "acct\nrw\nb\nsco\n2026-01-01\n2026-01-02T00:00:00Z\n1.2.3.4\nhttps\n2015-04-05\n");
  sas.version = "2020-12-06";
  EXPECT_EQ(account_sas_text(sas, "acct"),
            "acct\nrw\nb\nsco\n2026-01-01\n2026-01-02T00:00:00Z\n1.2.3.4\nhttps\n2020-12-06\nsc\n");
}

TEST(ParseSas, NamesAreDecodedAndOfAnyCase) {
  const Query query = parse_query("S%76=2020-12-06&sR=c&sp=r&rscD=x%3By&sig=a%2Bb&sp=w&skoid=z").value();
  const Sas sas = parse_sas(query).value();
  EXPECT_EQ(sas.version, "2020-12-06");
  EXPECT_EQ(sas.resource, "c");
  EXPECT_EQ(sas.permissions, "r");
  EXPECT_EQ(sas.overrides.content_disposition, "x;y");
  EXPECT_EQ(sas.signature, "a+b");
  EXPECT_TRUE(sas.delegation);
  EXPECT_FALSE(parse_sas(parse_query("sv=2020-12-06&sr=c").value()));
}

}  // namespace
}  // namespace bascule::auth
