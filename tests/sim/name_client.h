// A client of an account of its own that keeps snapshots, versions or what is deleted: after every answer the whole past of
// each of its names is known exactly (names.h). name_client.cc runs, looks and compares; the requests are made in
// name_blocks.cc, name_spans.cc, name_states.cc and boxes.cc.
#pragma once
#include "sim/names.h"
#include "sim/speaker.h"

namespace bascule::sim {

// A container.
struct Box {
  std::map<std::string, Name> names;
  std::optional<std::string> lease;          // an infinite one
  std::string mark;                          // its metadata: which life of its name it is
};
struct DeletedBox {
  Box box;
  std::string version;                       // kUnknown until a listing has told
  WallTime due{};
};

class NameClient final : public Speaker {
 public:
  NameClient(Play& play, ops::Account account, Settings settings, int number, std::uint64_t seed);
  Task<void> verify() override;
  // Everything that a container keeps is let go of, and its blobs are deleted, versions and all.
  Task<void> empty();
  // Between two steps of everybody: the wall clock has leapt, and the account may be set otherwise.
  Task<void> at_rest();
  std::optional<std::string> container_lease(const std::string& account, const std::string& container) const;
  static ops::SettingsChange applied(Settings settings);

 private:
  struct Place {                             // of a name
    std::string box, name;
    std::string path() const { return "/" + box + "/" + name; }
  };
  struct Op {
    Request request;
    std::vector<int> expected;               // any of them
    Name after;                              // if the first of them is a success
    bool moves = true;                       // the answer has the base's ETag and version id
  };
  Task<void> step() override;
  Task<void> name_step(Place at);
  Task<void> do_op(Place at, Op op);
  Task<void> resolve(Place at, Name before, Name after);
  Task<std::optional<Name>> look(Place at);
  Task<bool> look_into(Place at, State& state);        // what a listing does not show
  Task<bool> look_at_blocks(Place at, Name& seen);
  Task<bool> check(Place at);                // looks, and compares; false: it could not be had
  Task<void> find();
  Task<void> fold(ops::BlobRef ref);         // as the writer of many would; nobody waits for it
  Name& name(const Place& at) { return boxes_.at(at.box).names[at.name]; }
  Name settled(const Place& at);

  bool guard(const Name& name, Op& op);      // the lease, and conditions; false: it will be refused
  void lease(const Name& name, Op& op);      // the right one
  Op refused(Op op, int status);

  // name_blocks.cc
  Op put(const Name& name, const Place& at);
  Op put_block(const Name& name, const Place& at);
  Op put_list(const Name& name, const Place& at);
  Op copy(const Name& name, const Place& at);
  // name_spans.cc
  Op create(const Name& name, const Place& at);
  Op append(const Name& name, const Place& at);
  Op write_pages(const Name& name, const Place& at);
  Op page_properties(const Name& name, const Place& at);
  Task<void> differences(Name now, Place at);
  // name_states.cc
  Op metadata(const Name& name, const Place& at);
  Op tags(const Name& name, const Place& at);
  Op tier(const Name& name, const Place& at);
  Op snapshot(const Name& name, const Place& at);
  Op remove(const Name& name, const Place& at);
  Op remove_past(const Name& name, const Place& at);
  Op undelete(const Name& name, const Place& at);
  Op expiry(const Name& name, const Place& at);
  Op keep(const Name& name, const Place& at);
  bool kept(const State& state) { return state.kept(play_.server.lawful_now()); }
  Op lease_action(const Name& name, const Place& at);
  std::map<std::string, std::string> some_tags();

  // boxes.cc
  struct Boxes {
    std::map<std::string, Box> boxes;
    std::vector<DeletedBox> deleted;
  };
  Task<void> box_step();
  Task<void> do_box(Request request, int expected, Boxes after);
  Task<std::optional<std::string>> compare_boxes(Boxes& model);   // "": the same; nothing: it could not be had
  Task<bool> check_boxes();
  void settle_boxes();
  Boxes boxes_now() const { return {boxes_, deleted_}; }

  Settings settings_;
  std::map<std::string, Box> boxes_;
  std::vector<DeletedBox> deleted_;          // containers that may be restored
  std::uint64_t marks_ = 0, lives_ = 0;
};

std::string path_of(const std::string& path, const State& state);   // with its place in the past
std::string new_lease(std::uint64_t n);

}  // namespace bascule::sim
