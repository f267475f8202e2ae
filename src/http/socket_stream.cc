#include "http/socket_stream.h"

#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstring>

#include "http/edge_wait.h"
#include "http/socket_base.h"

namespace bascule::http {
namespace {

constexpr std::size_t kSlicesPerCall = 64;

Error socket_error(const char* what, int error) {
  return {Code::unavailable, 0, std::string(what) + ": " + std::strerror(error)};
}

// One gathering call with what comes after `at`.
ssize_t send_some(int fd, Slices slices, const SlicePosition& at) {
  std::array<iovec, kSlicesPerCall> parts;
  std::size_t count = 0;
  for (std::size_t i = at.index; i < slices.size() && count < parts.size(); ++i) {
    const Bytes rest = slices[i].subspan(i == at.index ? at.offset : 0);
    if (!rest.empty()) parts[count++] = {const_cast<std::byte*>(rest.data()), rest.size()};
  }
  msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = count;
  return ::sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
}

}  // namespace

void SlicePosition::advance(Slices slices, std::size_t bytes) {
  offset += bytes;
  while (index < slices.size() && offset >= slices[index].size()) {
    offset -= slices[index].size();
    ++index;
  }
}

void StreamSet::end_idle() {
  for (SocketStream* stream = first_; stream != nullptr; stream = stream->next_) {
    if (!stream->idle_ || stream->aborted()) continue;
    // What has come in already can still be read, and answered.
    ::shutdown(stream->fd(), SHUT_RD);
  }
}

void StreamSet::abort_all() {
  for (SocketStream* stream = first_; stream != nullptr; stream = stream->next_) stream->abort();
}

SocketStream::SocketStream(Executor executor, int fd, std::string peer_address, SocketOptions options)
    : socket_(executor), fd_(fd), timer_(executor), peer_address_(std::move(peer_address)), options_(options),
      self_(std::make_shared<SocketStream*>(this)) {
  boost::system::error_code error;
  socket_.assign(boost::asio::ip::tcp::v4(), fd, error);  // the family matters only to calls not used here
  if (error) {
    ::close(fd);
    fd_ = -1;
  }
  const int one = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  ::setsockopt(fd, IPPROTO_TCP, TCP_INQ, &one, sizeof one);  // see receive()
  if (options_.set == nullptr) return;
  next_ = options_.set->first_;
  if (next_ != nullptr) next_->previous_ = this;
  options_.set->first_ = this;
  ++options_.set->size_;
}

SocketStream::~SocketStream() {
  *self_ = nullptr;
  if (options_.set == nullptr) return;
  if (next_ != nullptr) next_->previous_ = previous_;
  (previous_ != nullptr ? previous_->next_ : options_.set->first_) = next_;
  --options_.set->size_;
}

// recv() that also learns what is left: since Linux 4.18 the kernel tells the bytes, or 1 where only the peer's end is.
// Where it does not, the socket is not taken to be quiet.
ssize_t SocketStream::receive(MutableBytes into) {
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))];
  iovec part{into.data(), into.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  const ssize_t got = ::recvmsg(fd_, &message, MSG_DONTWAIT);
  if (got < 0) {
    quiet_ = errno == EAGAIN;
    return got;
  }
  int left = 1;
  const cmsghdr* first = CMSG_FIRSTHDR(&message);
  if (first != nullptr && first->cmsg_level == IPPROTO_TCP && first->cmsg_type == TCP_CM_INQ) {
    std::memcpy(&left, CMSG_DATA(first), sizeof left);
  }
  quiet_ = got > 0 && left == 0;
  return got;
}

Task<Result<std::size_t>> SocketStream::read_some(MutableBytes into) {
  while (true) {
    if (aborted()) co_return fail(Code::cancelled, "the connection was aborted");
    if (!drained_) {
      const ssize_t got = receive(into);
      if (got > 0) {
        drained_ = static_cast<std::size_t>(got) < into.size();
        idle_ = false;
        count_in(static_cast<std::size_t>(got));
      }
      if (got >= 0) co_return static_cast<std::size_t>(got);
      if (errno == EINTR) continue;
      if (errno != EAGAIN && errno != EWOULDBLOCK) co_return fail(socket_error("reading failed", errno));
    }
    if (auto ready = co_await wait(Socket::wait_read); !ready) co_return fail(std::move(ready).error());
    drained_ = false;
  }
}

Task<Result<void>> SocketStream::wait_readable() {
  if (!drained_) co_return Result<void>();
  idle_ = true;
  auto ready = co_await wait(Socket::wait_read);
  if (ready) drained_ = false;  // and idle until something is read: waits end without cause, too
  co_return ready;
}

Task<Result<void>> SocketStream::write_all(Slices slices) {
  SlicePosition at;
  while (!at.at_end(slices)) {
    if (aborted()) co_return fail(Code::cancelled, "the connection was aborted");
    const ssize_t sent = send_some(fd_, slices, at);
    if (sent >= 0) {
      count_out(static_cast<std::size_t>(sent));
      at.advance(slices, static_cast<std::size_t>(sent));
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      if (auto ready = co_await wait(Socket::wait_write); !ready) co_return ready;
    } else if (errno != EINTR) {
      co_return fail(socket_error("writing failed", errno));
    }
  }
  co_return Result<void>();
}

Task<Result<void>> SocketStream::wait(Socket::wait_type what) {
  if (aborted()) co_return fail(Code::cancelled, "the connection was aborted");
  if (deadline_ != kNoDeadline) {
    if (deadline_ <= std::chrono::steady_clock::now()) co_return fail(Code::timeout, "the connection took too long");
    if (deadline_ < armed_for_) arm(deadline_);
  }
  ++waiting_;
  boost::system::error_code error;
  if (what == Socket::wait_read) {
    const Arm arm = std::exchange(quiet_, false) ? Arm::stays : Arm::anew;
    if (!co_await wait_for_arrival(socket_, arm)) error = boost::asio::error::operation_aborted;
  } else {
    co_await socket_.async_wait(what, boost::asio::redirect_error(boost::asio::use_awaitable_t<Executor>{}, error));
  }
  --waiting_;
  if (aborted()) co_return fail(Code::cancelled, "the connection was aborted");
  if (!error) co_return Result<void>();
  if (deadline_ <= std::chrono::steady_clock::now()) co_return fail(Code::timeout, "the connection took too long");
  co_return fail(Code::unavailable, "waiting for the connection failed: " + error.message());
}

void SocketStream::set_deadline(Instant when) {
  deadline_ = when;
  if (waiting_ != 0 && when < armed_for_) arm(when);
}

void SocketStream::arm(Instant when) {
  armed_for_ = when;
  timer_.expires_at(when);
  timer_.async_wait([self = self_](const boost::system::error_code& error) {
    if (!error && *self != nullptr) (*self)->on_timer();
  });
}

void SocketStream::on_timer() {
  const Instant now = std::chrono::steady_clock::now();
  if (armed_for_ > now) return;  // armed anew while this was under way
  armed_for_ = kNoDeadline;
  if (deadline_ == kNoDeadline || waiting_ == 0) return;
  if (deadline_ > now) return arm(deadline_);
  boost::system::error_code ignored;
  socket_.cancel(ignored);
}

Task<void> SocketStream::shutdown_write() {
  if (aborted()) co_return;
  say_goodbye();
  ::shutdown(fd_, SHUT_WR);
}

void SocketStream::abort() {
  if (aborted()) return;
  const linger reset{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  fd_ = -1;
  boost::system::error_code ignored;
  socket_.close(ignored);
}

Task<Result<void>> SocketStream::wait_connected() {
  if (auto ready = co_await wait(Socket::wait_write); !ready) co_return ready;
  int error = 0;
  socklen_t size = sizeof error;
  if (::getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
  if (error != 0) co_return fail(Code::unavailable, std::strerror(error));
  co_return Result<void>();
}

std::unique_ptr<ByteStream> make_socket_stream(Executor executor, int fd, std::string peer_address,
                                               SocketOptions options) {
  return std::make_unique<SocketStream>(executor, fd, std::move(peer_address), options);
}

}  // namespace bascule::http
