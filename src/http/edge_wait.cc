#include "http/edge_wait.h"

#include <boost/asio/detail/epoll_reactor.hpp>
#include <boost/asio/detail/reactor_op.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/version.hpp>
#include <memory>

namespace bascule::http {
namespace {

// This builds on the insides of Asio as Debian 12 has it: an operation that is "done and exhausted" makes the reactor
// remember whether an event came since, and a speculative start is served from that memory.
static_assert(BOOST_VERSION / 100 == 1081, "look at epoll_reactor::start_op() and perform_io() of this Boost first");

namespace detail = boost::asio::detail;
constexpr boost::asio::use_awaitable_t<Executor> kUse{};
using Handler = boost::asio::async_result<boost::asio::use_awaitable_t<Executor>, void(bool)>::handler_type;

class EdgeOperation final : public detail::reactor_op {
 public:
  explicit EdgeOperation(Handler handler)
      : reactor_op(boost::system::error_code(), &EdgeOperation::perform, &EdgeOperation::complete),
        handler_(std::move(handler)) {}

 private:
  static status perform(reactor_op*) { return done_and_exhausted; }
  static void complete(void* owner, detail::operation* base, const boost::system::error_code&, std::size_t) {
    std::unique_ptr<EdgeOperation> operation(static_cast<EdgeOperation*>(base));
    Handler handler = std::move(operation->handler_);
    const bool ready = !operation->ec_;
    operation.reset();
    if (owner != nullptr) std::move(handler)(ready);  // null: the loop is being destroyed, and the coroutine with it
  }

  Handler handler_;
};

}  // namespace

Task<bool> wait_for_arrival(Socket& socket, Arm arm) {
  return boost::asio::async_initiate<const boost::asio::use_awaitable_t<Executor>&, void(bool)>(
      [&socket, arm](auto handler) {
        auto& reactor = boost::asio::use_service<detail::epoll_reactor>(socket.get_executor().context());
        reactor.start_op(detail::epoll_reactor::read_op, socket.native_handle(), socket.reactor_data(),
                         new EdgeOperation(std::move(handler)), false, arm == Arm::stays);
      },
      kUse);
}

}  // namespace bascule::http
