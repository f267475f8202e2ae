// How one protocol writes and signs the head of a request: Azure's Shared Key, S3's Signature V4, or plain HTTP.
#pragma once
#include <cstdint>
#include <ctime>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace bench {

struct Param {
  std::string_view name;
  std::string_view value;  // not encoded
};

struct Call {
  std::string_view method;
  std::string_view path;               // encoded, from '/'; Azure's account is put before it
  std::span<const Param> query;        // sorted by name
  std::span<const Param> headers;      // protocol headers to be signed: lower case, sorted by name
  std::optional<std::uint64_t> length; // of the body, where there is one
  std::string_view content_type;
  std::string_view payload_sha256;     // hexadecimal; "" where the payload is not signed
};

// Not for use by several threads: a signer keeps its buffers and the date of the running second.
class Dialect {
 public:
  virtual ~Dialect() = default;
  // Appends the whole head, its empty line included.
  virtual void write_head(const Call& call, std::time_t now, std::string& out) = 0;
};

struct Endpoint {
  std::string host = "127.0.0.1";
  std::uint16_t port = 10000;
  std::string host_header() const { return host + ":" + std::to_string(port); }
};

struct AzureAccount {
  std::string name = "devstoreaccount1";
  std::string key =  // the development account's, published by Microsoft for emulators
      "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";
  std::string version = "2023-11-03";
};

struct S3Credentials {
  std::string access = "test";
  std::string secret = "testsecret";
  std::string region = "us-east-1";
};

std::unique_ptr<Dialect> make_azure(const Endpoint& endpoint, const AzureAccount& account);
std::unique_ptr<Dialect> make_s3(const Endpoint& endpoint, const S3Credentials& credentials);
std::unique_ptr<Dialect> make_plain(const Endpoint& endpoint);

// RFC 3986: everything but unreserved characters as %XX.
void append_encoded(std::string& to, std::string_view text);
void append_query(std::string& to, std::span<const Param> query);  // "?a=b&c=d", or nothing

}  // namespace bench
