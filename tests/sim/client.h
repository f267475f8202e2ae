// One client of the simulator: random requests, every answer held against the model.
#pragma once
#include "sim/speaker.h"

namespace bascule::sim {

class Client final : public Speaker {
 public:
  Client(Play& play, int number, std::uint64_t seed);
  Task<void> verify() override;

 private:
  // What a request should do: the status that the model expects, and the blob afterwards.
  struct Op {
    Request request;
    int expected = 0;
    OwnBlob after;
  };
  Task<void> step() override;
  Task<void> own_step();
  Task<void> shared_step();
  Task<void> do_op(std::string key, Op op);
  // After an unknown outcome: which of the two it was.
  Task<void> resolve(std::string key, OwnBlob before, OwnBlob after);
  Task<std::optional<OwnBlob>> look(std::string key, const OwnBlob& like);
  Task<void> read(std::string key);
  Task<void> list(std::string container);
  Op put(const OwnBlob& blob, const std::string& key);
  Op put_block(const OwnBlob& blob, const std::string& key);
  Op put_list(const OwnBlob& blob, const std::string& key);
  Op copy(const OwnBlob& blob, const std::string& key);
  Op other(const OwnBlob& blob, const std::string& key);
  bool guard(const OwnBlob& blob, Op& op);   // the lease, and conditions
  std::string scope(const std::string& usual);   // mostly that one

  std::map<std::string, OwnBlob> own_;       // "/container/name" -> what is there
  std::map<std::string, std::string> seen_;  // shared blob -> the ETag last seen
};

}  // namespace bascule::sim
