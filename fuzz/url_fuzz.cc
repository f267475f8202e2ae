// URLs and percent-encoding: what parses says the same when it is written and parsed again.
#include <algorithm>
#include <string>

#include "fuzz.h"
#include "http/chunk_decoder.h"
#include "http/url.h"

namespace {

using namespace bascule;
using namespace bascule::http;

void check_url(std::string_view text) {
  const auto url = parse_url(text);
  if (!url) return;
  const std::string written = (url->origin.tls ? "https://" : "http://") + host_header(url->origin) + url->target();
  const auto again = parse_url(written);
  fuzz::must(again && again->origin == url->origin && again->path == url->path && again->query == url->query,
             "a URL changes when it is written and parsed again");
}

void check_percent(std::string_view text) {
  const auto decoded = percent_decode(percent_encode(text));
  fuzz::must(decoded && *decoded == text, "percent-encoding loses something");
  if (const auto plain = percent_decode(text)) fuzz::must(plain->size() <= text.size(), "decoding grew");
}

struct Decoded {
  ChunkDecoder::State state;
  std::string data;
  std::size_t taken;
};

Decoded decode_chunks(std::string_view text, std::size_t step) {
  ChunkDecoder decoder;
  Decoded out{decoder.state(), {}, 0};
  std::uint64_t left = 0;
  for (std::size_t at = 0; at < text.size(); at += step) {
    std::string_view part = text.substr(at, step);
    while (!part.empty() && (decoder.state() == ChunkDecoder::State::framing || decoder.state() == ChunkDecoder::State::data)) {
      if (decoder.state() == ChunkDecoder::State::framing) {
        const std::size_t fed = decoder.feed(part);
        part.remove_prefix(fed);
        out.taken += fed;
        if (decoder.state() == ChunkDecoder::State::data) left = decoder.data_size();
        continue;
      }
      const std::size_t taken = static_cast<std::size_t>(std::min<std::uint64_t>(left, part.size()));
      out.data += part.substr(0, taken);
      out.taken += taken;
      part.remove_prefix(taken);
      left -= taken;
      if (left == 0) decoder.data_taken();
    }
  }
  out.state = decoder.state();
  return out;
}

void check_chunks(std::string_view text) {
  const Decoded whole = decode_chunks(text, text.size() + 1);
  const Decoded bytewise = decode_chunks(text, 1);
  fuzz::must(whole.state == bytewise.state && whole.data == bytewise.data, "chunks depend on how the bytes were cut");
  if (whole.state == ChunkDecoder::State::done) fuzz::must(whole.taken == bytewise.taken, "the end depends on the cut");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::text(data, size);
  check_url(text);
  check_percent(text);
  check_chunks(text);
  return 0;
}
