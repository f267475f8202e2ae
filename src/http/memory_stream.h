// Two ends of a connection in memory: for tests, fuzzing and the simulator.
#pragma once
#include <memory>
#include <optional>
#include <utility>

#include "http/byte_stream.h"

namespace bascule::http {

struct PipeOptions {
  std::size_t capacity_bytes = 64 * 1024;  // per direction: a writer waits beyond
  // Faults: after so many bytes of a direction the connection is reset, in both directions and for both ends.
  std::optional<std::uint64_t> cut_first_to_second;
  std::optional<std::uint64_t> cut_second_to_first;
  bool encrypted = false;       // what encrypted() says
  std::string peer_address;     // what peer_address() says, at both ends
};

// Both ends belong to one loop. Deadlines are the clock's. Closing an end with bytes unread resets the other one, as TCP
// does; an orderly close lets it read what was sent.
std::pair<std::unique_ptr<ByteStream>, std::unique_ptr<ByteStream>> make_memory_pipe(Clock& clock,
                                                                                     PipeOptions options = {});

}  // namespace bascule::http
