#include "estate/words_table.h"

namespace bascule::estate {
namespace {

constexpr Entry kTable[] = {
    {"label.declared", {"declared", "déclaré"}},
    {"label.declared.by", {"declared: {0}, {1}", "déclaré\u00a0: {0}, {1}"}},
    {"label.enforced", {"enforced here", "imposé ici"}},
    {"label.enforced.by", {"enforced here: {0}", "imposé ici\u00a0: {0}"}},
    {"label.measured", {"measured here", "mesuré ici"}},
    {"label.measured.by", {"measured here: {0}, {1}", "mesuré ici\u00a0: {0}, {1}"}},
    {"label.unknown", {"unknown", "inconnu"}},
    {"label.unknown.by", {"unknown: looked for at {0}, {1}", "inconnu\u00a0: cherché auprès de {0}, {1}"}},
    {"label.unknown.on", {"unknown: looked for, {0}", "inconnu\u00a0: cherché, {0}"}},
};

}  // namespace

std::span<const Entry> words_table() { return kTable; }

}  // namespace bascule::estate
