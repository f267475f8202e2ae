#include "load/worker.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>
#include <fcntl.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace bench {
namespace {

constexpr std::size_t kBufferBytes = 256 * 1024;
constexpr std::uint64_t kGatherBytes = 64 * 1024;   // larger bodies go by sendfile, without a copy of ours
constexpr std::uint64_t kAlwaysVerified = 64;       // first bytes of every content
constexpr std::size_t kKeptErrorBytes = 1024;

std::uint64_t now_nanoseconds() {
  return static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
}

}  // namespace

struct Worker::Connection {
  int fd = -1;
  bool writable_watched = false;
  bool fresh = true;           // no answer yet on this socket
  bool retried = false;
  bool wrong = false;          // the content differed
  Operation operation;
  Request request;
  Response response;
  std::uint64_t head_sent = 0;
  std::uint64_t body_sent = 0;
  std::uint64_t body_received = 0;
  std::string collected;
  std::uint64_t started = 0;
  bool counted = false;
};

int open_connection(const Endpoint& endpoint) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(endpoint.port);
  if (inet_pton(AF_INET, endpoint.host.c_str(), &address.sin_addr) != 1 ||
      connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    close(fd);
    return -1;
  }
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
  return fd;
}

std::unique_ptr<Target> make_target(const Options& options, const Content& content) {
  switch (options.protocol) {
    case Protocol::azure: return make_azure_target(make_azure(options.endpoint, options.azure), options.target);
    case Protocol::s3: return make_s3_target(make_s3(options.endpoint, options.s3), options.target, content);
    case Protocol::plain: break;
  }
  return make_plain_target(make_plain(options.endpoint), options.target);
}

Worker::Worker(Shared& shared, unsigned connections, std::uint64_t seed)
    : shared_(shared), target_(make_target(shared.options, shared.content)), random_(seed),
      epoll_(epoll_create1(EPOLL_CLOEXEC)), buffer_(kBufferBytes) {
  for (unsigned i = 0; i < connections; ++i) connections_.push_back(std::make_unique<Connection>());
}

Worker::~Worker() {
  for (const auto& connection : connections_) {
    if (connection->fd >= 0) close(connection->fd);
  }
  close(epoll_);
}

void Worker::run() {
  for (const auto& connection : connections_) {
    if (!reopen(*connection)) {
      std::perror("connect");
      shared_.lost = kLostLimit;
      return;
    }
    ++active_;
    if (begin_operation(*connection)) begin_request(*connection);
  }
  std::vector<epoll_event> events(256);
  while (active_ > 0 && shared_.lost.load(std::memory_order_relaxed) < kLostLimit) {
    const int ready = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), 1000);
    for (int i = 0; i < ready; ++i) {
      auto& connection = *static_cast<Connection*>(events[static_cast<std::size_t>(i)].data.ptr);
      if (connection.fd < 0) continue;
      if (events[static_cast<std::size_t>(i)].events & ~static_cast<std::uint32_t>(EPOLLOUT)) {
        on_readable(connection);
      } else {
        const Sending sending = send_some(connection);
        if (sending == Sending::done) watch(connection, false);
        if (sending == Sending::failed) on_readable(connection);  // an early answer may explain it
      }
    }
  }
}

// Takes the next operation; false where there is none and the connection has been retired.
bool Worker::begin_operation(Connection& connection) {
  const Options& options = shared_.options;
  const bool measuring = shared_.measuring.load(std::memory_order_relaxed);
  const bool enough = options.requests != 0 && measuring &&
                      shared_.counted.fetch_add(1, std::memory_order_relaxed) >= options.requests;
  if (enough || shared_.stop.load(std::memory_order_relaxed)) {
    retire(connection);
    return false;
  }
  Operation& operation = connection.operation;
  operation.work = options.work;
  operation.size = options.size;
  operation.part = 0;
  switch (options.work) {
    case Work::get:
    case Work::head:
    case Work::get_page:
    case Work::find:
      operation.key = options.first_key + random_.next() % options.keys;
      break;
    case Work::put_page:   // so many of them: each page in its turn, so that none is left out
      operation.key = options.first_key + (options.requests ? shared_.issued.fetch_add(1, std::memory_order_relaxed) : random_.next()) % options.keys;
      break;
    case Work::put:
    case Work::put_blocks:
    case Work::create_append:
    case Work::append:
      operation.key = options.first_key + shared_.issued.fetch_add(1, std::memory_order_relaxed) % options.keys;
      break;
    case Work::remove: {
      const std::uint64_t next = shared_.issued.fetch_add(1, std::memory_order_relaxed);
      if (next >= options.keys) {
        retire(connection);
        return false;
      }
      operation.key = options.first_key + next;
      break;
    }
    case Work::list:
    case Work::create:
    case Work::create_pages:
      operation.key = 0;
  }
  connection.counted = measuring;
  connection.started = now_nanoseconds();
  return true;
}

void Worker::begin_request(Connection& connection) {
  Request& request = connection.request;
  request.head.clear();
  request.text.clear();
  request.content_position = request.content_length = 0;
  request.verify_content = request.collect_body = request.headers_only = false;
  request.also_accepted = 0;
  target_->write(connection.operation, std::time(nullptr), request);
  connection.response.reset(request.headers_only);
  connection.head_sent = connection.body_sent = connection.body_received = 0;
  connection.collected.clear();
  connection.wrong = false;
  if (send_some(connection) == Sending::blocked) watch(connection, true);
  // A failed send shows as a readable socket: the answer, or the loss, is taken from there.
}

Worker::Sending Worker::send_some(Connection& connection) {
  const Request& request = connection.request;
  const std::uint64_t head_and_text = request.head.size() + request.text.size();
  while (connection.head_sent < head_and_text) {
    iovec slices[4];
    int count = 0;
    const auto add = [&](const char* data, std::size_t size) {
      slices[count++] = {const_cast<char*>(data), size};
    };
    std::uint64_t sent = connection.head_sent;
    if (sent < request.head.size()) {
      add(request.head.data() + sent, request.head.size() - sent);
      sent = request.head.size();
    }
    if (sent < head_and_text) add(request.text.data() + (sent - request.head.size()), head_and_text - sent);
    const bool gather = request.content_length != 0 && request.content_length <= kGatherBytes;
    for (std::uint64_t at = 0; gather && at < request.content_length;) {
      const auto part = shared_.content.at(connection.operation.key, request.content_position + at, request.content_length - at);
      add(part.data(), part.size());
      at += part.size();
    }
    msghdr message{};
    message.msg_iov = slices;
    message.msg_iovlen = static_cast<std::size_t>(count);
    const int more = request.content_length > kGatherBytes ? MSG_MORE : 0;
    const ssize_t written = sendmsg(connection.fd, &message, MSG_NOSIGNAL | more);
    if (written < 0) return errno == EAGAIN ? Sending::blocked : Sending::failed;
    const auto left = head_and_text - connection.head_sent;
    const std::uint64_t of_head = std::min<std::uint64_t>(left, static_cast<std::uint64_t>(written));
    connection.head_sent += of_head;
    connection.body_sent += static_cast<std::uint64_t>(written) - of_head;
  }
  while (connection.body_sent < request.content_length) {
    const std::uint64_t position = request.content_position + connection.body_sent;
    const auto part = shared_.content.at(connection.operation.key, position, request.content_length - connection.body_sent);
    auto offset = static_cast<off_t>(shared_.content.file_offset(connection.operation.key, position));
    const ssize_t written = sendfile(connection.fd, shared_.content.file(), &offset, part.size());
    if (written < 0) return errno == EAGAIN ? Sending::blocked : Sending::failed;
    connection.body_sent += static_cast<std::uint64_t>(written);
  }
  return Sending::done;
}

// The rest of a large body need not be copied out of the kernel once its first bytes were right.
bool Worker::discardable(const Connection& connection) const {
  return !shared_.options.verify_everything && connection.request.verify_content &&
         connection.response.status() / 100 == 2 && connection.body_received >= kAlwaysVerified &&
         connection.response.remaining() > 0;
}

void Worker::on_readable(Connection& connection) {
  for (;;) {
    const bool discard = discardable(connection);
    const std::size_t wanted = discard ? static_cast<std::size_t>(connection.response.remaining()) : buffer_.size();
    const ssize_t received = discard ? recv(connection.fd, nullptr, wanted, MSG_TRUNC)
                                     : recv(connection.fd, buffer_.data(), wanted, 0);
    if (received < 0 && errno == EAGAIN) return;
    if (received <= 0) {
      if (received == 0 && connection.response.end() == Response::State::complete) return on_complete(connection);
      return on_lost(connection);
    }
    const auto size = static_cast<std::size_t>(received);
    if (discard) {
      connection.body_received += size;
      connection.response.skip(size);
    } else {
      connection.response.feed({buffer_.data(), size}, [&](std::span<const char> bytes) { on_body(connection, bytes); });
    }
    if (connection.response.state() == Response::State::complete) return on_complete(connection);
    if (connection.response.state() == Response::State::malformed) {
      finish_operation(connection, kMalformed);
      return;
    }
    if (size < wanted) return;  // level-triggered: what comes later wakes us again
  }
}

void Worker::on_body(Connection& connection, std::span<const char> bytes) {
  const Request& request = connection.request;
  const bool accepted = connection.response.status() / 100 == 2;
  if (accepted && request.verify_content) {
    std::span<const char> checked = bytes;
    if (!shared_.options.verify_everything) {
      const std::uint64_t left = kAlwaysVerified - std::min(kAlwaysVerified, connection.body_received);
      checked = bytes.first(static_cast<std::size_t>(std::min<std::uint64_t>(left, bytes.size())));
    }
    if (!shared_.content.matches(connection.operation.key, connection.body_received, checked)) connection.wrong = true;
  } else if (accepted ? request.collect_body : connection.collected.size() < kKeptErrorBytes) {
    connection.collected.append(bytes.data(), bytes.size());
  }
  connection.body_received += bytes.size();
}

void Worker::on_complete(Connection& connection) {
  const Request& request = connection.request;
  const int status = connection.response.status();
  connection.fresh = connection.retried = false;
  shared_.lost.store(0, std::memory_order_relaxed);
  if (status / 100 != 2 && status != request.also_accepted) {
    if (totals_.first_error.empty()) totals_.first_error = connection.collected.substr(0, kKeptErrorBytes);
    return finish_operation(connection, status);
  }
  const bool length_right = !request.verify_content || connection.body_received == connection.operation.size;
  if (connection.wrong || !length_right) return finish_operation(connection, kWrongContent);
  if (connection.counted) {
    totals_.bytes_sent += request.content_length;
    if (request.verify_content) totals_.bytes_received += connection.body_received;
  }
  const Answer answer{status, connection.response.etag(), connection.collected};
  const Progress progress = target_->advance(connection.operation, answer);
  if (connection.counted && connection.operation.work == Work::list) totals_.names += connection.operation.page_names;
  if (progress == Progress::wrong) return finish_operation(connection, kWrongContent);
  if (progress == Progress::done) return finish_operation(connection, -1);
  if (!connection.response.keep_alive() && !reopen(connection)) return finish_operation(connection, kConnectionLost);
  begin_request(connection);
}

void Worker::on_lost(Connection& connection) {
  if (!connection.fresh && !connection.retried && !connection.response.begun()) {
    connection.retried = true;  // the server closed a kept connection just as the request left
    totals_.reconnects++;
    if (reopen(connection)) return begin_request(connection);
  }
  shared_.lost.fetch_add(1, std::memory_order_relaxed);
  finish_operation(connection, kConnectionLost);
}

// error: a status, one of the k... values, or -1 for none.
void Worker::finish_operation(Connection& connection, int error) {
  if (error < 0 && connection.counted) {
    totals_.operations++;
    totals_.latency.add(now_nanoseconds() - connection.started);
  } else if (error >= 0) {
    totals_.errors[error]++;
    connection.operation.token.clear();
    connection.operation.names = 0;
  }
  const bool clean = connection.response.state() == Response::State::complete && connection.response.keep_alive() &&
                     connection.body_sent == connection.request.content_length;
  if (!clean && !reopen(connection)) return retire(connection);
  if (begin_operation(connection)) begin_request(connection);
}

void Worker::retire(Connection& connection) {
  if (connection.fd >= 0) close(connection.fd);
  connection.fd = -1;
  --active_;
}

bool Worker::reopen(Connection& connection) {
  if (connection.fd >= 0) close(connection.fd);
  connection.fd = open_connection(shared_.options.endpoint);
  connection.fresh = true;
  connection.writable_watched = false;
  if (connection.fd < 0) return false;
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.ptr = &connection;
  return epoll_ctl(epoll_, EPOLL_CTL_ADD, connection.fd, &event) == 0;
}

void Worker::watch(Connection& connection, bool writable) {
  if (connection.writable_watched == writable) return;
  connection.writable_watched = writable;
  epoll_event event{};
  event.events = EPOLLIN | (writable ? static_cast<std::uint32_t>(EPOLLOUT) : 0u);
  event.data.ptr = &connection;
  epoll_ctl(epoll_, EPOLL_CTL_MOD, connection.fd, &event);
}

}  // namespace bench
