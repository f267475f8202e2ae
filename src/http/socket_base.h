// What plain and TLS sockets share: waiting for readiness, deadlines, being one of a set. Only for this folder's *.cc.
#pragma once
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "http/socket_stream.h"

namespace bascule::http {

class Socket : public boost::asio::basic_stream_socket<boost::asio::ip::tcp, Executor> {
 public:
  using basic_stream_socket::basic_stream_socket;
  auto& reactor_data() { return impl_.get_implementation().reactor_data_; }  // for edge_wait.h
};

// How far slices have been sent.
struct SlicePosition {
  std::size_t index = 0;   // the first slice not wholly sent
  std::size_t offset = 0;  // how much of it is
  void advance(Slices slices, std::size_t bytes);
  bool at_end(Slices slices) {
    advance(slices, 0);  // past empty slices
    return index == slices.size();
  }
};

class SocketStream : public ByteStream {
 public:
  SocketStream(Executor executor, int fd, std::string peer_address, SocketOptions options);
  ~SocketStream() override;

  Task<Result<std::size_t>> read_some(MutableBytes into) override;
  Task<Result<void>> wait_readable() override;
  Task<Result<void>> write_all(Slices slices) override;
  void set_deadline(Instant when) override;
  Task<void> shutdown_write() override;
  void abort() override;
  bool encrypted() const override { return false; }
  std::string_view peer_address() const override { return peer_address_; }
  std::uint16_t peer_port() const override { return options_.peer_port; }

  // For a socket whose connect() is under way.
  Task<Result<void>> wait_connected();

 protected:
  int fd() const { return fd_; }
  bool aborted() const { return fd_ < 0; }
  // Until the socket is ready or the deadline has passed.
  Task<Result<void>> wait(Socket::wait_type what);
  void count_in(std::size_t bytes) { count(options_.tally ? &options_.tally->bytes_in : nullptr, bytes); }
  void count_out(std::size_t bytes) { count(options_.tally ? &options_.tally->bytes_out : nullptr, bytes); }
  virtual void say_goodbye() {}  // before the sending direction ends; must not wait
  bool idle_ = false;            // from wait_readable() until something was read
  // The last read took less than it could have: the socket is empty, and trying again before waiting is a wasted call.
  bool drained_ = true;

 private:
  friend class StreamSet;
  static void count(std::atomic<std::uint64_t>* to, std::size_t bytes) {
    if (to != nullptr) to->fetch_add(bytes, std::memory_order_relaxed);
  }
  ssize_t receive(MutableBytes into);
  void arm(Instant when);
  void on_timer();

  Socket socket_;
  int fd_;
  boost::asio::basic_waitable_timer<std::chrono::steady_clock, boost::asio::wait_traits<std::chrono::steady_clock>,
                                    Executor>
      timer_;
  Instant deadline_ = kNoDeadline;
  // When the timer fires; kNoDeadline = it is off. It is left alone when the deadline moves away, which it does with every
  // request, and looks again when it fires.
  Instant armed_for_ = kNoDeadline;
  int waiting_ = 0;
  // The kernel said that neither bytes nor the peer's end are left: whatever comes next is an event of its own.
  bool quiet_ = false;
  const std::string peer_address_;
  const SocketOptions options_;
  const std::shared_ptr<SocketStream*> self_;  // for the timer's callback, which may outlive the stream
  SocketStream* next_ = nullptr;               // in the set
  SocketStream* previous_ = nullptr;
};

}  // namespace bascule::http
