// The listings' documents. Written straight into one string: a page of 5,000 blobs is the largest answer in common use.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/common/version.h"
#include "ops/operations.h"

namespace bascule::api::blob {

// What the request asked for, repeated in the answer where it was sent.
struct ListEcho {
  const std::string* prefix = nullptr;
  const std::string* marker = nullptr;
  const std::string* max_results = nullptr;
  const std::string* delimiter = nullptr;
};

struct BlobListForm {
  Version version;
  std::string service_endpoint;  // http://host/ or http://host/account/
  std::string container;
  ListEcho echo;
  bool metadata = false;         // include=metadata
  bool copy = false;             // include=copy
  bool tags = false;             // include=tags
  bool immutability = false;     // include=immutabilitypolicy
  bool legal_hold = false;       // include=legalhold
};
std::string blob_list_xml(const ops::BlobPage& page, const BlobListForm& form);

struct ContainerListForm {
  Version version;
  std::string service_endpoint;
  std::string account;
  ListEcho echo;
  bool metadata = false;
};
std::string container_list_xml(const ops::ContainerPage& page, const ContainerListForm& form);

// Markers are opaque: the next name in a wrapping that a client does not write by itself.
std::string encode_marker(std::string_view next);
std::optional<std::string> decode_marker(std::string_view marker);

}  // namespace bascule::api::blob
