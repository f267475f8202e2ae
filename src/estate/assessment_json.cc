#include "estate/assessment_json.h"

#include <fmt/format.h>

#include <cmath>

#include "estate/words.h"

namespace bascule::estate {
namespace {

// Writes JSON into a buffer that is handed on when it has grown.
class Writer {
 public:
  Writer(const std::function<bool(std::string_view)>& write, Language language) : language(language), write_(write) {}
  const Language language;

  Writer& key(std::string_view name) {
    comma();
    text(name);
    buffer_ += ':';
    fresh_ = true;
    return *this;
  }
  void begin(char bracket) {
    comma();
    buffer_ += bracket;
    fresh_ = true;
  }
  void end(char bracket) {
    buffer_ += bracket;
    fresh_ = false;
    if (buffer_.size() > kBlock) flush();
  }
  void value(std::string_view text_value) {
    comma();
    text(text_value);
  }
  void value(bool flag) { raw(flag ? "true" : "false"); }
  void value(std::uint64_t number) { raw(fmt::format("{}", number)); }
  void value(std::uint32_t number) { raw(fmt::format("{}", number)); }
  void value(double number) { raw(std::isfinite(number) ? fmt::format("{}", number) : "null"); }
  void value(const Words& words) { value(words.in(language)); }
  void null() { raw("null"); }
  template <class T> void value(const std::optional<T>& maybe) {
    if (maybe) value(*maybe);
    else null();
  }
  void value(const Label& label) {
    begin('{');
    key("known").value(name(label.known));
    if (!label.by.empty()) key("by").value(label.by);
    if (!label.date.empty()) key("date").value(label.date);
    end('}');
  }
  void value(const Money& money) {
    begin('{');
    key("amount").value(std::round(money.amount * 1e6) / 1e6);
    key("currency").value(money.currency);
    end('}');
  }
  void value(const Quantity& quantity) {
    begin('{');
    key("value").value(quantity.value);
    key("label").value(quantity.label);
    end('}');
  }
  template <class T> void field(std::string_view name_of_it, const T& what) { key(name_of_it).value(what); }
  void field(std::string_view name_of_it, const std::string& what) { key(name_of_it).value(std::string_view(what)); }
  void field(std::string_view name_of_it, const char* what) { key(name_of_it).value(std::string_view(what)); }

  template <class List, class Each> void list(std::string_view name_of_it, const List& items, Each each) {
    key(name_of_it).begin('[');
    for (const auto& item : items) each(item);
    end(']');
  }
  void moves(std::string_view name_of_it, const std::array<std::uint64_t, kMoves>& counts) {
    key(name_of_it).begin('{');
    for (std::size_t i = 0; i < kMoves; ++i) field(name(static_cast<Move>(i)), counts[i]);
    end('}');
  }
  bool flush() {
    if (good_ && !buffer_.empty()) good_ = write_(buffer_);
    buffer_.clear();
    return good_;
  }
  bool good() const { return good_; }
  void newline() { buffer_ += '\n'; }

 private:
  static constexpr std::size_t kBlock = 64 << 10;
  void comma() {
    if (!fresh_) buffer_ += ',';
    fresh_ = false;
  }
  void raw(std::string_view plain) {
    comma();
    buffer_ += plain;
  }
  // As text that is safe within HTML and JavaScript too.
  void text(std::string_view plain) {
    buffer_ += '"';
    for (const char c : plain) {
      const auto u = static_cast<unsigned char>(c);
      if (c == '"' || c == '\\') {
        buffer_ += '\\';
        buffer_ += c;
      } else if (u < 0x20 || u == 0x7f || c == '<' || c == '>' || c == '&') {
        buffer_ += fmt::format("\\u{:04x}", u);
      } else {
        buffer_ += c;
      }
    }
    buffer_ += '"';
  }

  const std::function<bool(std::string_view)>& write_;
  std::string buffer_;
  bool fresh_ = true, good_ = true;
};

std::string_view name(Severity severity) { return severity == Severity::error ? "error" : severity == Severity::warning ? "warning" : "note"; }

void write_inputs(Writer& to, const Assessment& from) {
  to.list("inputs", from.inputs, [&](const Input& input) {
    to.begin('{');
    to.field("file", input.file);
    to.list("forms", input.forms, [&](Form form) { to.value(estate::name(form)); });
    to.field("date", input.date);
    to.field("size_bytes", input.size_bytes);
    to.field("records", input.records);
    to.field("resources", input.resources);
    to.field("complete", input.complete);
    to.list("notes", input.notes, [&](const InputNote& note) {
      to.begin('{');
      to.field("severity", name(note.severity));
      to.field("id", note.id);
      to.field("text", to.language == Language::fr ? note.text_fr : note.text_en);
      if (note.line > 0) to.field("line", note.line);
      if (note.offset_bytes > 0) to.field("offset_bytes", note.offset_bytes);
      to.end('}');
    });
    to.end('}');
  });
}

void write_types(Writer& to, const Assessment& from) {
  to.list("types", from.types, [&](const TypeCount& type) {
    to.begin('{');
    to.field("type", type.type);
    to.field("title", type.title);
    to.field("count", type.count);
    to.field("move", estate::name(type.mapping ? type.mapping->move : Move::unknown));
    to.moves("by_move", type.by_move);
    to.field("size_bytes", type.size_bytes);
    to.field("size_unknown", type.size_unknown);
    if (type.mapping) {
      to.field("reason", type.mapping->reason);
      to.list("equivalents", type.mapping->equivalents, [&](const Equivalent& equivalent) {
        to.begin('{');
        to.field("provider", equivalent.provider);
        to.field("service", equivalent.service);
        to.field("label", equivalent.label);
        to.end('}');
      });
      to.field("label", type.mapping->label);
    } else {
      to.field("label", Label::unknown("src/estate/data/types.tsv", from.data_version));
    }
    to.end('}');
  });
}

void write_blocker(Writer& to, const Blocker& blocker) {
  to.field("id", blocker.id);
  to.field("what", blocker.what);
  if (blocker.turns) to.field("turns", estate::name(*blocker.turns));
  to.field("label", blocker.label);
}

void write_waves(Writer& to, const Assessment& from) {
  to.list("waves", from.waves, [&](const Wave& wave) {
    to.begin('{');
    to.field("number", wave.number);
    to.field("resources", wave.resources);
    to.moves("by_move", wave.by_move);
    to.field("size_bytes", wave.size_bytes);
    to.field("size_unknown", wave.size_unknown);
    to.field("transfer_seconds", wave.transfer_seconds);
    to.end('}');
  });
  to.list("cycles", from.cycles, [&](const Cycle& cycle) {
    to.begin('{');
    to.field("number", cycle.number);
    to.field("wave", cycle.wave);
    to.field("size", cycle.size);
    to.list("members", cycle.members, [&](std::uint32_t member) { to.value(std::string_view(from.resource(member).id)); });
    to.end('}');
  });
}

void write_access(Writer& to, const Assessment& from) {
  to.key("access").begin('{');
  to.field("requests", from.requests);
  to.field("folded", from.access_folded);
  to.field("from", from.access_from);
  to.field("to", from.access_to);
  to.list("rows", from.access, [&](const AccessRow& row) {
    to.begin('{');
    to.field("account", row.account);
    to.field("service", row.service);
    to.field("operation", row.operation);
    to.field("authentication", row.authentication);
    to.field("user_agent", row.user_agent);
    to.field("requests", row.requests);
    to.field("failed", row.failed);
    to.field("response_bytes", row.response_bytes);
    to.field("move", estate::name(row.move));
    to.field("reason", row.reason);
    to.end('}');
  });
  to.end('}');
}

void write_costs(Writer& to, const Assessment& from) {
  to.key("charged").begin('{');
  to.list("amounts", from.charged, [&](const Money& money) { to.value(money); });
  to.field("from", from.charged_from);
  to.field("to", from.charged_to);
  to.field("label", from.charged_label);
  to.end('}');
  to.list("costs", from.costs, [&](const ProviderCost& cost) {
    to.begin('{');
    to.field("provider", cost.provider);
    to.field("monthly", cost.monthly);
    to.field("once", cost.once);
    to.field("unpriced_resources", cost.unpriced_resources);
    to.list("lines", cost.lines, [&](const CostLine& line) {
      to.begin('{');
      to.field("subject", line.subject);
      to.field("what", line.what);
      to.field("quantity", line.quantity);
      to.field("unit", line.unit);
      to.field("price", line.price);
      to.field("cost", line.cost);
      to.field("label", line.label);
      to.end('}');
    });
    to.end('}');
  });
}

void write_resource(Writer& to, const Assessment& from, std::uint64_t index) {
  const Resource resource = from.resource(index);
  to.begin('{');
  to.field("id", resource.id);
  to.field("name", resource.name);
  to.field("type", resource.type);
  to.field("title", resource.title);
  if (!resource.subscription.empty()) to.field("subscription", resource.subscription);
  if (!resource.resource_group.empty()) to.field("resource_group", resource.resource_group);
  if (!resource.location.empty()) to.field("location", resource.location);
  if (!resource.sku.empty()) to.field("sku", resource.sku);
  if (!resource.kind.empty()) to.field("kind", resource.kind);
  to.field("move", estate::name(resource.move));
  to.field("reason", resource.reason);
  if (!resource.blockers.empty()) to.list("blockers", resource.blockers, [&](const Blocker* blocker) { to.value(blocker->id); });
  if (!resource.depends_on.empty()) to.list("depends_on", resource.depends_on, [&](std::uint32_t on) { to.value(on); });
  to.field("wave", resource.wave);
  if (resource.cycle != 0) to.field("cycle", resource.cycle);
  if (resource.size_bytes) {
    to.field("size_bytes", resource.size_bytes);
    to.field("size_label", resource.size_label);
  }
  if (resource.cost) to.field("cost", resource.cost);
  to.field("inputs", resource.inputs);
  to.field("first_input", resource.first_input);
  if (resource.partial) to.field("partial", true);
  to.field("label", resource.label);
  to.end('}');
}

}  // namespace

bool write_json(const Assessment& from, Language language, const std::function<bool(std::string_view)>& write) {
  Writer to(write, language);
  to.begin('{');
  to.field("schema", kAssessmentSchema);
  to.field("command", from.command);
  to.field("made", from.made);
  to.field("version", from.program_version);
  to.field("data_version", from.data_version);
  to.field("language", estate::name(language));
  to.field("complete", from.complete);
  write_inputs(to, from);
  to.key("resources_count").begin('{');
  to.field("value", from.size());
  to.field("label", Label::measured(from.command, from.made));
  to.end('}');
  to.field("subscriptions", from.subscriptions);
  to.field("merged", from.merged);
  to.field("missing", from.missing);
  to.list("missing_examples", from.missing_examples, [&](const std::string& id) { to.value(std::string_view(id)); });
  to.moves("by_move", from.by_move);
  write_types(to, from);
  to.list("blockers", from.blockers, [&](const BlockerCount& count) {
    to.begin('{');
    write_blocker(to, *count.blocker);
    to.field("count", count.count);
    to.field("example", from.resource(count.example).id);
    to.end('}');
  });
  to.list("locations", from.locations, [&](const auto& location) {
    to.begin('{');
    to.field("location", location.first);
    to.field("count", location.second);
    to.end('}');
  });
  write_waves(to, from);
  to.key("sizes").begin('{');
  to.field("size_bytes", from.size_bytes);
  to.field("size_unknown", from.size_unknown);
  to.field("label", from.size_label);
  to.field("egress_bytes", from.egress_bytes);
  to.field("egress_month_bytes", from.egress_month_bytes);
  to.field("bandwidth_bits", from.bandwidth_bits);
  to.field("transfer_seconds", from.transfer_seconds);
  to.end('}');
  write_costs(to, from);
  write_access(to, from);
  to.list("checklist", from.checklist, [&](const ChecklistItem& item) {
    to.begin('{');
    to.field("id", item.id);
    to.field("group", item.group);
    to.field("what", item.what);
    if (!item.date.empty()) to.field("date", item.date);
    if (item.count) to.field("count", item.count);
    to.field("label", item.label);
    to.end('}');
  });
  to.key("resources").begin('[');
  for (std::uint64_t i = 0; i < from.size() && to.good(); ++i) {
    to.newline();
    write_resource(to, from, i);
  }
  to.end(']');
  to.end('}');
  to.newline();
  return to.flush();
}

}  // namespace bascule::estate
