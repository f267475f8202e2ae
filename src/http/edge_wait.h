// Waiting for arrivals on a socket without asking epoll for it each time. Asio's async_wait() arms the descriptor anew
// with every call (one epoll_ctl a request), although it stands in the epoll set edge-triggered from the beginning. Only
// for this folder's *.cc.
#pragma once
#include "http/socket_base.h"

namespace bascule::http {

enum class Arm {
  anew,   // returns also for what is there already
  stays,  // only for what comes, or came since the last wait; the caller knows that neither bytes nor the peer's end were
          // left when it last read: nothing would tell of them
};

// Until there are bytes, an error or the peer's end; perhaps also without cause. false: the socket was closed, or its
// waits were cancelled. All waits for arrivals on one socket go through here.
Task<bool> wait_for_arrival(Socket& socket, Arm arm);

}  // namespace bascule::http
