// The catalog's records: arbitrary bytes decode or are refused, and what decodes is encoded as it was.
#include "catalog/admin_records.h"
#include "catalog/destroyed_key.h"
#include "catalog/records.h"
#include "catalog/spans.h"
#include "fuzz.h"

namespace {

using namespace bascule;
using namespace bascule::catalog;

template <class Record> void check(std::string_view bytes) {
  const auto record = decode<Record>(bytes);
  if (!record) {
    fuzz::must(record.error().code == Code::corrupt, "a refused record is called something else than corrupt");
    return;
  }
  const std::string written = encode(*record);
  const auto again = decode<Record>(written);
  fuzz::must(again.has_value(), "a record of our own is refused");
  fuzz::must(encode(*again) == written, "a record changes when it is written and read again");
}

void check_page(std::string_view bytes) {
  const auto page = decode_page(bytes);
  if (!page) return;
  const std::string written = encode_page(*page);
  const auto again = decode_page(written);
  fuzz::must(again && encode_page(*again) == written, "a page changes when it is written and read again");
  std::size_t bound = 64;
  for (const ManifestEntry& entry : *page) bound += encoded_size(entry);
  fuzz::must(written.size() <= bound, "a page is larger than the bound of its entries");
}

template <class Decode, class Encode> void check_spans(std::string_view bytes, Decode decode_spans, Encode encode_spans) {
  const auto spans = decode_spans(bytes);
  if (!spans) return;
  const std::string written = encode_spans(*spans);
  const auto again = decode_spans(written);
  fuzz::must(again && encode_spans(*again) == written, "spans change when they are written and read again");
  std::size_t bound = 64;
  for (const Span& span : *spans) bound += encoded_size(span);
  fuzz::must(written.size() <= bound, "spans take more than their bound");
}

void check_total(std::string_view bytes) {
  const auto total = decode_total(bytes);
  if (total) fuzz::must(decode_total(encode_total(*total)) == *total, "a total changes");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes = fuzz::text(data + 1, size - 1);
  switch (data[0] % 12) {
    case 0: check<AccountRecord>(bytes); break;
    case 1: check<MappingRecord>(bytes); break;
    case 2: check<ContainerRecord>(bytes); break;
    case 3: check<HeadRecord>(bytes); break;
    case 4: check<UploadRecord>(bytes); break;
    case 5: check<BlockRecord>(bytes); break;
    case 6: check<ExtentRecord>(bytes); break;
    case 7: check<SessionRecord>(bytes); break;
    case 8: check<DropRecord>(bytes); break;
    case 9: check<IntentRecord>(bytes); break;
    case 10:
      check_page(bytes);
      check_spans(bytes, decode_span_page, encode_span_page);
      check_spans(bytes, decode_write, encode_write);
      break;
    default:
      check_total(bytes);
      check<AdminTokenRecord>(bytes);
      check<ApprovalRecord>(bytes);
      check<DestroyedKeyRecord>(bytes);
  }
  return 0;
}
