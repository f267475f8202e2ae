// A numeric address of a peer, and what may be asked before it is connected to.
#pragma once
#include <array>
#include <cstdint>
#include <functional>

namespace bascule::http {

// An IPv6 address in network order; an IPv4 address in its mapped form, ::ffff:a.b.c.d.
using Address = std::array<std::uint8_t, 16>;

// True: may be connected to. Called on any loop.
using AddressFilter = std::function<bool(const Address&)>;

}  // namespace bascule::http
