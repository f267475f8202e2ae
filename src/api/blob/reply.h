// A success answer: the service's headers in the service's order (AZURE-ANSWERS 1). Call entity headers first, then
// modified(), then common(), then the operation's own x-ms-*, then one of the senders.
#pragma once
#include <string>

#include "api/blob/call.h"

namespace bascule::api::blob {

class Reply {
 public:
  Reply(Call& call, int status);
  void add(std::string_view name, std::string value) { response_.add(name, std::move(value)); }
  void add_if(std::string_view name, const std::string& value) { if (!value.empty()) add(name, value); }
  void modified(WallTime last_modified, ops::ETag etag);  // Last-Modified, ETag
  void common();                                          // Server, request ids, version
  void request_encrypted();                               // x-ms-request-server-encrypted: true, by version
  void version_id(WallTime version);                      // x-ms-version-id, where there is one, by version
  void crc64(std::uint64_t value);                        // x-ms-content-crc64
  void metadata(const ops::Metadata& metadata);           // x-ms-meta-*, names as sent

  Task<Answer> send();                  // without a body
  Task<Answer> send_xml(std::string body);  // chunked, as the service sends its documents; Content-Type is set before
  http::Response& response() { return response_; }

 private:
  Call& call_;
  http::Response response_;
};

// ETag in the version's form: quoted from 2011-08-18.
std::string etag_text(const Call& call, ops::ETag etag);
std::string http_date(WallTime t);
std::string md5_text(const ops::Md5Value& md5);
std::string crc64_text(std::uint64_t crc64);  // Base64 of 8 bytes, little endian
void add_common_headers(http::Response& response, const Call& call);

}  // namespace bascule::api::blob
