// How an S3 provider is configured, and what follows from it.
#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "http/client.h"

namespace bascule::provider {

struct S3Options {
  enum class Style : std::uint8_t {
    path,          // https://host/bucket/object
    virtual_host,  // https://bucket.host/object
  };

  std::string name;             // what messages call this provider
  std::string endpoint;         // https://host[:port]; http:// to this machine only, unless allow_plain_http
  std::string region = "us-east-1";
  std::string bucket;
  std::string access_key;
  std::string secret_key;
  std::string session_token;    // "" with a permanent key
  Style style = Style::path;
  std::string prefix;           // leads every object's key: [A-Za-z0-9._/-]*
  std::string ca_file;          // PEM; "" = the system's authorities
  std::optional<bool> sign_payload;  // nothing: signed over plain http, unsigned over TLS
  bool allow_plain_http = false;

  Duration connect_timeout = std::chrono::seconds(10);
  Duration request_timeout = std::chrono::seconds(60);  // one request, whatever later deadline the caller has

  // Kept by the decorators that make_s3_stack() puts around the provider; 0 = not limited.
  double puts_per_second = 0;   // OVHcloud documents about 300 a bucket
  double gets_per_second = 0;
  std::size_t in_flight = 64;         // requests at once, over all loops
};

// Where requests go: derived from the options once.
struct S3Endpoint {
  http::Origin origin;
  std::string host_header;      // what is signed as Host
  std::string path_prefix;      // "/bucket/prefix" or "/prefix", encoded; an object's name follows directly
  std::string bucket_path;      // "/bucket" or "/": for listings
  bool sign_payload = false;
  std::string shown;            // "bucket 'b' at https://host:port": for messages
};

// Checks every option; a refusal (invalid_argument) says which is wrong and what is allowed.
Result<S3Endpoint> resolve(const S3Options& options);

// A client's options that fit this provider (authorities, timeouts, connections).
http::ClientOptions client_options(const S3Options& options);

}  // namespace bascule::provider
