// Signatures made by Microsoft's own clients (PyPI packages and versions beside each table), for the account "myaccount"
// with the key 00 01 … 3f.
#include <gtest/gtest.h>

#include "auth/sas_check.h"
#include "auth/shared_key.h"
#include "auth/test_support.h"

namespace bascule::auth {
namespace {

using testing::test_key;
using testing::TestRequest;

std::shared_ptr<const ops::Account> account(std::string name) {
  return std::make_shared<ops::Account>(ops::Account{std::move(name), {test_key(100), test_key()}});
}

struct SasVector {
  const char *container, *blob, *time, *token;
};
constexpr SasVector kTokens[] = {
    // azure-storage-blob 12.31.1
    {"", "", "", "st=2026-01-02T03%3A04%3A05Z&se=2027-01-02T03%3A04%3A05Z&sp=rwdlc&sip=10.0.0.1-10.0.0.9&spr=https&sv=2026-10-06&ss=b&srt=sco&sig=SHUo60QAwfDRUO9fpUXNbU9P38%2BhGJphUt4Fhr7/ou4%3D"},
    {"", "", "", "se=2027-01-02T03%3A04%3A05Z&sp=rt&sv=2026-10-06&ss=b&srt=o&ses=scope1&sig=SAUIMVgwrNc6wqtGRra%2BrnsBUlddD6oT5H/tdBT5eyw%3D"},
    {"pics", "", "", "st=2026-01-02T03%3A04%3A05Z&se=2027-01-02T03%3A04%3A05Z&sp=rl&sv=2026-10-06&sr=c&sig=ErovB17c6kmeFoKZl%2BQeuco%2BChxfO2WjoxSYeRUcUxY%3D"},
    {"pics", "any blob", "", "sv=2026-10-06&si=policy%20one&sr=c&sig=xEbjAukMVQfiAo4wM87bcCHi1aV0FLQ5dN7xvBBwrkI%3D"},
    {"pics", "a b/é+%.txt", "", "se=2027-01-02T03%3A04%3A05Z&sp=rw&sip=168.1.5.65&spr=https%2Chttp&sv=2026-10-06&sr=b&rscc=no-cache&rscd=file%3B%20attachment&rsce=gzip&rscl=fr&rsct=binary&ses=scope1&sig=hZdAw4oXejdWAtwUC94f%2BjAPukperNw5bkj5iA9v740%3D"},
    {"pics", "x.txt", "2026-01-01T00:00:00.1234567Z", "se=2027-01-02T03%3A04%3A05Z&sp=r&sv=2026-10-06&sr=bs&sig=7IhDPAv6Xf/WI6G3/wXppwM3OrrW33vuO4rAaGjK62g%3D"},
    {"pics", "x.txt", "2026-01-01T00:00:00.1234567Z", "se=2027-01-02T03%3A04%3A05Z&sp=rx&sv=2026-10-06&sr=bv&sig=Gsol0qRdCv/0AlO0ys2v7VUsw1ZK9uY8bsi9b06Ri44%3D"},
    {"pics", "dir/sub/deep/x", "", "se=2027-01-02T03%3A04%3A05Z&sp=r&sv=2026-10-06&sr=d&sdd=2&sig=i7A4PCsf6d9jJPJ3yH%2BDJxqdQJKf9%2B3aAy/uc7dh2qk%3D"},
    // azure-storage-blob 12.0.0: the form of 2018-11-09
    {"", "", "", "st=2026-01-02T03%3A04%3A05Z&se=2027-01-02T03%3A04%3A05Z&sp=rwdlc&sip=10.0.0.1-10.0.0.9&spr=https&sv=2019-02-02&ss=b&srt=sco&sig=st9s/0Az1Z2NrVnSG%2BPn0ea2%2BaMFQqCvzerODbJI0qc%3D"},
    {"pics", "", "", "st=2026-01-02T03%3A04%3A05Z&se=2027-01-02T03%3A04%3A05Z&sp=rl&sv=2019-02-02&sr=c&sig=5Nr93MIDhfIlcLDK1hZ4Eydcf6g7VaLXlr5eWaNsTTw%3D"},
    {"pics", "", "", "sv=2019-02-02&si=policy%20one&sr=c&sig=T6tjV5uUhVotcNT1zWMj6k7TGR0RtQLl561KFZRQ7VM%3D"},
    {"pics", "a b/é+%.txt", "", "se=2027-01-02T03%3A04%3A05Z&sp=rw&sip=168.1.5.65&spr=https%2Chttp&sv=2019-02-02&sr=b&rscc=no-cache&rscd=file%3B%20attachment&rsce=gzip&rscl=fr&rsct=binary&sig=Adg3jmg0SR5xSLl6SYT524j103PeTt%2BVnuDwYW1f1Bk%3D"},
    {"pics", "x.txt", "2026-01-01T00:00:00.1234567Z", "se=2027-01-02T03%3A04%3A05Z&sp=r&sv=2019-02-02&sr=bs&sig=glqipcdz0DoAxqN84vhiC086KttjFkJ3UgWUaaaF9xU%3D"},
    // azure-storage 0.36.0: the form of 2015-04-05
    {"pics", "", "", "st=2026-01-02&se=2027-01-02T03%3A04%3A05Z&sp=rl&sv=2017-04-17&sr=c&sig=ohfPhRF614w%2BgpnEK9KDDrA4mTB784o1aoTd5qWa8YM%3D"},
    {"pics", "a b/é.txt", "", "st=2026-01-02&se=2027-01-02T03%3A04%3A05Z&sp=rw&sip=168.1.5.65&spr=https&sv=2017-04-17&sr=b&rscc=no-cache&rscd=file%3B%20attachment&rsce=gzip&rscl=fr&rsct=binary&sig=LDtTxuWp0nCau3G68EGfTeXxYB/N3xHZ/ZcplRG75y4%3D"},
    // azure-storage 0.20.3: the form of 2013-08-15
    {"pics", "x.txt", "", "st=2026-01-02&se=2027-01-02T03%3A04%3A05Z&sp=rw&sv=2014-02-14&sr=b&rscc=no-cache&rsct=binary&sig=E%2Buj%2BG22xnA56TF/3j8u8bb7mWw0sb5AJEjq3BcTNvs%3D"},
    {"pics", "y", "", "st=2026-01-02&se=2027-01-02T03%3A04%3A05Z&sp=rl&sv=2014-02-14&sr=c&sig=tMPgA/G4Z3SCLIQPSFDXZ0OMT0SmLEFr5TgQ56t6nP4%3D"},
};

TestRequest request_of(const SasVector& vector) {
  TestRequest request{.target = std::string("/x?") + vector.token, .container = vector.container, .blob = vector.blob};
  request.snapshot = request.version_id = vector.time;
  return request;
}

TEST(Vectors, TokensOfTheOfficialClientsVerify) {
  const auto owner = account("myaccount");
  for (const SasVector& vector : kTokens) {
    TestRequest request = request_of(vector);
    const AuthRequest view = request.view();
    const auto failure = verify_sas(parse_sas(*view.query).value(), view, Operation::get_blob, owner);
    EXPECT_FALSE(failure) << vector.token << "\n" << (failure ? failure->extras.at(0).second : "");
  }
}

TEST(Vectors, EveryChangedFieldBreaksTheSignature) {
  const auto owner = account("myaccount");
  for (const SasVector& vector : kTokens) {
    const Query original = parse_query(vector.token).value();
    for (std::size_t i = 0; i < original.size(); ++i) {
      // sr and sdd were not signed by every version: they decide what is signed instead.
      if (original[i].name == "sdd") continue;
      TestRequest request = request_of(vector);
      AuthRequest view = request.view();
      Query changed = original;
      std::string& value = changed[i].value;
      value[0] = value[0] == 'b' ? 'c' : value[0] == 'c' ? 'b' : value[0] == '1' ? '2' : value[0] == '2' ? '1' : 'z';
      view.query = &changed;
      if (changed[i].name == "sr" && std::string_view(vector.blob).empty()) continue;
      const auto failure = verify_sas(parse_sas(changed).value(), view, Operation::get_blob, owner);
      ASSERT_TRUE(failure) << vector.token << " " << original[i].name;
      EXPECT_EQ(failure->code, "AuthenticationFailed");
    }
  }
}

TEST(Vectors, OtherResourcesAndAccountsDoNotVerify) {
  const auto owner = account("myaccount");
  const auto other = account("otheraccount");
  for (const SasVector& vector : kTokens) {
    TestRequest request = request_of(vector);
    request.account = "otheraccount";
    AuthRequest view = request.view();
    EXPECT_TRUE(verify_sas(parse_sas(*view.query).value(), view, Operation::get_blob, other)) << vector.token;
    if (std::string_view(vector.container).empty()) continue;
    request = request_of(vector);
    request.container = "pics2";
    view = request.view();
    EXPECT_TRUE(verify_sas(parse_sas(*view.query).value(), view, Operation::get_blob, owner)) << vector.token;
    EXPECT_TRUE(verify_sas(parse_sas(*view.query).value(), view, Operation::get_blob, nullptr)) << vector.token;
  }
}

TEST(Vectors, MakersAgreeWithTheOfficialClients) {
  const HmacSha256Key key(as_bytes(test_key()));
  for (const SasVector& vector : kTokens) {
    const Sas sas = parse_sas(parse_query(vector.token).value()).value();
    const std::string blob = sas.resource == "c" ? "" : sas.resource == "d" ? "dir/sub" : vector.blob;
    const std::string made = sas.is_account()
                                 ? make_account_sas(sas, "myaccount", key)
                                 : make_service_sas(sas, "myaccount", vector.container, blob, vector.time, key);
    EXPECT_EQ(parse_sas(parse_query(made).value())->signature, sas.signature) << vector.token;
  }
}

struct KeyVector {
  const char *account, *method, *target, *authorization;
  std::vector<http::Header> headers;
};
// azure-storage-blob 12.31.1, requests as they went out on 2026-11-22.
const std::vector<KeyVector>& key_vectors() {
  static const std::string date = "Sun, 22 Nov 2026 15:45:28 GMT", version = "2026-10-06";
  static const std::vector<http::Header> put = {{"Content-Length", "5"},
                                                {"x-ms-meta-Zeta_1", "one"},
                                                {"x-ms-meta-a1", "two"},
                                                {"x-ms-meta-a_b", "x  y"},
                                                {"x-ms-blob-type", "BlockBlob"},
                                                {"x-ms-blob-content-type", "text/plain"},
                                                {"x-ms-blob-content-md5", "AAAAAAAAAAAAAAAAAAAAAA=="},
                                                {"x-ms-version", version},
                                                {"Content-Type", "application/octet-stream"},
                                                {"x-ms-date", date}};
  static const std::vector<http::Header> plain = {{"x-ms-version", version}, {"x-ms-date", date}};
  const auto with = [](std::vector<http::Header> headers, http::Header extra) {
    headers.push_back(std::move(extra));
    return headers;
  };
  const auto id = [](const char* value) { return http::Header{"x-ms-client-request-id", value}; };
  static const std::vector<KeyVector> vectors = {
      {"myaccount", "PUT", "/pics/a%20b/%C3%A9%2B%25.txt",
       "SharedKey myaccount:4MEqLiT6kpSmw7xj5npaMMY0Z2qB1eNhM3z/96aVuKc=",
       with(put, id("bdab1292-e68b-11f1-b9a6-02fc00000001"))},
      {"myaccount", "GET", "/pics?restype=container&comp=list&prefix=a%2Bb%2F%C3%A9&include=metadata,snapshots",
       "SharedKey myaccount:OKjSTlyNUZGeVSt5KDDY+aP9eqjzsK+0kxdQX04eHNk=",
       with(plain, id("bdab3a1a-e68b-11f1-b9a6-02fc00000001"))},
      {"myaccount", "GET", "/pics/x", "SharedKey myaccount:EyYc7ff/ObTtWhnFH9YQl12FbXJzMHeKHeb2fftVzDs=",
       with(with(plain, id("bdab5b58-e68b-11f1-b9a6-02fc00000001")), {"x-ms-range", "bytes=3-12"})},
      {"myaccount", "PUT", "/new?restype=container", "SharedKey myaccount:47oZo2ZLCvc+U/nB+lY6IopT2Y4HVCPLdnlWEeFoK7s=",
       with(with(plain, id("bdab6e2c-e68b-11f1-b9a6-02fc00000001")), {"Content-Length", "0"})},
      {"devstoreaccount1", "PUT", "/devstoreaccount1/pics/a%20b/%C3%A9%2B%25.txt",
       "SharedKey devstoreaccount1:l+ZK4q1WwhaqQISiVJRHihKJQOGF7X2mHsntC+w5o54=",
       with(put, id("bdab926c-e68b-11f1-b9a6-02fc00000001"))},
      {"devstoreaccount1", "GET",
       "/devstoreaccount1/pics?restype=container&comp=list&prefix=a%2Bb%2F%C3%A9&include=metadata,snapshots",
       "SharedKey devstoreaccount1:dQWrtbZhdisYV9iLCrJdD2/21VDcD/QqElDf1R35HQI=",
       with(plain, id("bdaba95a-e68b-11f1-b9a6-02fc00000001"))},
      {"devstoreaccount1", "GET", "/devstoreaccount1/pics/x",
       "SharedKey devstoreaccount1:ejThdZZG0TAM1VpuCEpudFJ+TMkrK5rjXEbXAWrsOpM=",
       with(with(plain, id("bdabba94-e68b-11f1-b9a6-02fc00000001")), {"x-ms-range", "bytes=3-12"})},
  };
  return vectors;
}

TEST(Vectors, RequestsOfTheOfficialClientVerify) {
  const WallTime now = parse_http_date("Sun, 22 Nov 2026 15:50:00 GMT").value();
  for (const KeyVector& vector : key_vectors()) {
    TestRequest request{.method = vector.method, .target = vector.target, .account = vector.account};
    request.headers = vector.headers;
    const auto owner = account(vector.account);
    EXPECT_FALSE(verify_shared_key(request.view(), vector.authorization, owner, now)) << vector.target;
    // Any header that is signed, the method and the path matter.
    for (std::size_t i = 0; i < request.headers.size(); ++i) {
      TestRequest changed = request;
      if (changed.headers[i].value == "0") continue;
      changed.headers[i].value.back() = changed.headers[i].name == "x-ms-date" ? 't' : '~';
      EXPECT_TRUE(verify_shared_key(changed.view(), vector.authorization, owner, now)) << request.headers[i].name;
    }
    TestRequest changed = request;
    changed.method = "DELETE";
    EXPECT_TRUE(verify_shared_key(changed.view(), vector.authorization, owner, now));
    changed = request;
    changed.target.insert(1, "%41");
    EXPECT_TRUE(verify_shared_key(changed.view(), vector.authorization, owner, now));
  }
}

TEST(Vectors, OurSignerAgrees) {
  const HmacSha256Key key(as_bytes(test_key()));
  for (const KeyVector& vector : key_vectors()) {
    TestRequest request{.method = vector.method, .target = vector.target, .account = vector.account};
    request.headers = vector.headers;
    const AuthRequest view = request.view();
    EXPECT_EQ(sign_shared_key({view.method, view.raw_path, view.query, view.headers, view.account, view.version}, key),
              vector.authorization);
  }
}

}  // namespace
}  // namespace bascule::auth
