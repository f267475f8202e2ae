#include "sim/speaker.h"

namespace bascule::sim {

using namespace std::chrono_literals;

void Trace::hash_in(std::string_view text) {
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
}

void Trace::add(std::string_view text) {
  hash_in(text);
  if (print) std::printf("%.*s\n", static_cast<int>(std::min<std::size_t>(text.size(), 300)), text.data());
}

Speaker::Speaker(Play& play, ops::Account account, int number, std::uint64_t seed)
    : play_(play), account_(std::move(account)), number_(number), random_(seed) {}

std::string Speaker::value() {
  const std::size_t size = pick(10) ? pick(3000) : pick(600'000);
  return std::to_string(number_) + ":" + std::to_string(++values_) + ":" + ops::testing::content(size, random_.next_u64());
}

Task<Answer> Speaker::send(Request request) {
  const std::string line = std::to_string(number_) + " " + request.method + " " + request.target;
  Clock& clock = play_.server.world().clock;
  const Instant began = clock.now();
  if (!play_.server.alive(connection_) || !connection_.stream) connection_ = play_.server.connect();
  Answer answer;
  if (connection_.stream) {
    const auto stream = connection_.stream;
    stream->set_deadline(clock.now() + 5min);
    play_.server.tamper(request.method, request.target, request.headers);
    answer = co_await exchange(*stream, std::move(request), account_, clock.wall());
  }
  if (answer.status == 0 || answer.header("connection") == "close") connection_ = {};
  ++play_.trace.requests;
  play_.trace.add(line + " -> " + std::to_string(answer.status) + " " + answer.header("x-ms-error-code") + " " +
                  answer.header("etag") + " " + std::to_string((clock.now() - began).count()) + " " + std::to_string(answer.body.size()));
  play_.trace.hash_in(answer.body);
  if (put_off(answer)) co_await clock.sleep_for(50ms);
  co_return answer;
}

Task<void> Speaker::run(int steps) {
  for (int i = 0; i < steps && play_.violation.empty(); ++i) {
    while (play_.rest) co_await sleep(20ms);
    ++play_.stepping;
    co_await step();
    --play_.stepping;
    co_await sleep(std::chrono::milliseconds(pick(200)));
  }
  leave();
}

void Speaker::leave() {
  connection_ = {};
  --play_.running;
}

std::vector<std::string> elements(const std::string& xml, const std::string& tag) {
  std::vector<std::string> all;
  const std::string open = "<" + tag + ">", close = "</" + tag + ">";
  for (std::size_t at = 0; (at = xml.find(open, at)) != std::string::npos;) {
    at += open.size();
    const std::size_t end = xml.find(close, at);
    all.push_back(xml.substr(at, end - at));
  }
  return all;
}

std::string element(const std::string& xml, const std::string& tag) {
  auto all = elements(xml, tag);
  return all.empty() ? std::string() : std::move(all.front());
}

std::string block_id(std::uint64_t n) { return to_base64(as_bytes(std::to_string(10 + n))); }

std::string in_query(std::string text) {
  for (const auto& [mark, escaped] : {std::pair('%', "%25"), {'=', "%3D"}, {':', "%3A"}, {'+', "%2B"}, {'/', "%2F"}, {' ', "%20"}, {'"', "%22"}, {'\'', "%27"}})
    for (std::size_t at = 0; (at = text.find(mark, at)) != std::string::npos; at += 3) text.replace(at, 1, escaped);
  return text;
}

}  // namespace bascule::sim
