#include "estate/notes.h"

namespace bascule::estate {

void Notes::add(Severity severity, std::string_view id, std::string en, std::string fr, std::uint64_t line, std::uint64_t offset_bytes) {
  auto& [count, kept] = counts_.try_emplace(std::string(id), 0, severity).first->second;
  if (severity == Severity::error) {
    ++errors_;
    input_.complete = false;
  }
  if (++count <= kInFull) input_.notes.push_back({severity, std::string(id), std::move(en), std::move(fr), line, offset_bytes});
}

void Notes::close() {
  for (const auto& [id, entry] : counts_) {
    if (entry.first <= kInFull) continue;
    const std::string more = std::to_string(entry.first - kInFull);
    input_.notes.push_back({entry.second, id, "and " + more + " more of the same kind", "et " + more + " autres du même genre"});
  }
}

}  // namespace bascule::estate
