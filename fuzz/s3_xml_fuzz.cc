// What an S3 server answers, read from arbitrary bytes.
#include "fuzz.h"
#include "provider/s3/s3_xml.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bascule;
  const std::string body(fuzz::text(data, size));
  provider::s3::parse_error(body);
  const auto page = provider::s3::parse_listing(body);
  if (!page) fuzz::must(page.error().code == Code::unavailable, "a bad listing is called something else than unavailable");
  return 0;
}
