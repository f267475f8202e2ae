#include "estate/summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "estate/facts.h"
#include "estate/words.h"

namespace bascule::estate {
namespace {

constexpr std::size_t kTypes = 12, kBlockersShown = 12, kWaves = 12, kCyclesShown = 5, kAccess = 10, kNotes = 30;

class Page {
 public:
  Page(const Assessment& from, Language language) : from_(from), language_(language) {}

  std::string all() {
    head();
    kinds();
    types();
    blockers();
    waves();
    data();
    costs();
    access();
    inputs();
    checklist();
    return std::move(out_);
  }

 private:
  std::string_view w(const Words& words) const { return words.in(language_); }
  std::string n(std::uint64_t value) const { return number(language_, value); }
  void line(const std::string& text = {}) { out_ += text + "\n"; }
  void title(const Words& words) {
    line();
    line(std::string(w(words)));
  }
  void more(std::size_t left) {
    if (left > 0) line(fmt::format("  {} {}", n(left), w({"more: --json has them all", "autres : --json les donne tous"})));
  }
  std::string label(const Label& label) const {
    const std::string key = "label." + std::string(name(label.known));
    if (label.known == Known::unknown && label.by.empty() && label.date.empty()) return std::string(say(language_, key));
    if (label.known == Known::unknown && label.by.empty()) return say(language_, key + ".on", {label.date});
    return say(language_, key + ".by", {label.by, label.date});
  }
  // The id's end says most.
  std::string short_id(std::uint32_t index) const {
    const Resource resource = from_.resource(index);
    return clean_word(fmt::format("{}{}{}", resource.resource_group, resource.resource_group.empty() ? "" : "/", resource.name), 100);
  }

  void head() {
    line(fmt::format("{}: {} {}; {}: {}; {}: {}", w({"The estate", "Le parc"}), n(from_.size()), w({"resources", "ressources"}), w({"subscriptions", "abonnements"}),
                     n(from_.subscriptions), w({"inputs", "entrées"}), n(from_.inputs.size())));
    line("  " + label(Label::measured(from_.command, from_.made)));
    if (from_.merged > 0)
      line(fmt::format("  {} {}", n(from_.merged), w({"records named a resource that was known already, and were merged", "enregistrements nommaient une ressource déjà connue et ont été fusionnés"})));
    if (!from_.complete) line(fmt::format("  {}", w({"NOT COMPLETE: part of an input could not be read; see Inputs below", "INCOMPLET : une partie d'une entrée n'a pu être lue ; voir Entrées ci-dessous"})));
  }

  void kinds() {
    title({"How it moves", "Comment cela se déplace"});
    for (std::size_t i = 0; i < kMoves; ++i) {
      if (from_.by_move[i] == 0) continue;
      const double share = from_.size() == 0 ? 0 : 100.0 * static_cast<double>(from_.by_move[i]) / static_cast<double>(from_.size());
      const std::string bar(static_cast<std::size_t>(std::lround(share / 2.5)), '#');
      line(fmt::format("  {:<26} {:>12} {:>6} %  {}", fitted(w(words(static_cast<Move>(i))), 26), n(from_.by_move[i]), decimal(language_, share, 1), bar));
    }
  }
  // fmt counts bytes of text, a terminal characters.
  static std::string fitted(std::string_view text, std::size_t width) {
    const auto characters = static_cast<std::size_t>(std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
    return std::string(text) + std::string(characters < width ? width - characters : 0, ' ');
  }

  void types() {
    title({"What there is most of", "Ce qu'il y a le plus"});
    for (std::size_t i = 0; i < std::min(kTypes, from_.types.size()); ++i) {
      const TypeCount& type = from_.types[i];
      std::string at;
      if (type.mapping)
        for (const Equivalent& equivalent : type.mapping->equivalents) at += (at.empty() ? "" : ", ") + std::string(equivalent.provider);
      std::string how;   // blockers may part the resources of one type
      for (std::size_t k = 0; k < kMoves; ++k) {
        if (type.by_move[k] == 0) continue;
        how += fmt::format("{}{}", how.empty() ? "" : ", ", w(words(static_cast<Move>(k))));
        if (type.by_move[k] != type.count) how += " " + n(type.by_move[k]);
      }
      line(fmt::format("  {:>10}  {}  {}{}", n(type.count), fitted(clean_word(type.title, 36), 36), how,
                       at.empty() ? "" : " (" + at + ")"));
    }
    more(from_.types.size() - std::min(kTypes, from_.types.size()));
  }

  void blockers() {
    if (from_.blockers.empty()) return;
    title({"What to look at first", "Ce qu'il faut regarder d'abord"});
    for (std::size_t i = 0; i < std::min(kBlockersShown, from_.blockers.size()); ++i) {
      const BlockerCount& count = from_.blockers[i];
      line(fmt::format("  {:>10}  {}", n(count.count), w(count.blocker->what)));
      line(fmt::format("              {} {}", w({"for example", "par exemple"}), short_id(count.example)));
    }
    more(from_.blockers.size() - std::min(kBlockersShown, from_.blockers.size()));
  }

  void waves() {
    if (from_.waves.empty()) return;
    title({"In which order: what others depend on goes first", "Dans quel ordre : d'abord ce dont le reste dépend"});
    for (std::size_t i = 0; i < std::min(kWaves, from_.waves.size()); ++i) {
      const Wave& wave = from_.waves[i];
      std::string text = fmt::format("  {} {:<3} {:>12} {}", w({"wave", "vague"}), wave.number, n(wave.resources), w({"resources", "ressources"}));
      if (wave.size_bytes > 0) text += ", " + bytes(language_, wave.size_bytes);
      if (wave.size_unknown > 0) text += fmt::format(", {} {}", n(wave.size_unknown), w({"of unknown size", "de taille inconnue"}));
      if (wave.transfer_seconds && *wave.transfer_seconds >= 1) text += ", " + duration(language_, *wave.transfer_seconds);
      line(text);
    }
    more(from_.waves.size() - std::min(kWaves, from_.waves.size()));
    for (std::size_t i = 0; i < std::min(kCyclesShown, from_.cycles.size()); ++i) {
      const Cycle& cycle = from_.cycles[i];
      std::string members;
      for (std::size_t k = 0; k < std::min<std::size_t>(cycle.members.size(), 4); ++k) members += (k == 0 ? "" : ", ") + short_id(cycle.members[k]);
      if (cycle.size > 4) members += ", …";
      line(fmt::format("  {} ({} {}): {}", w({"depend on each other, move together", "interdépendantes, à déplacer ensemble"}), w({"wave", "vague"}), cycle.wave, members));
    }
    more(from_.cycles.size() - std::min(kCyclesShown, from_.cycles.size()));
    if (from_.missing > 0)
      line(fmt::format("  {} {}", n(from_.missing), w({"resources are referred to and in no input", "ressources sont citées et absentes des entrées"})));
  }

  void data() {
    title({"Data", "Données"});
    const std::string unknown(w({"unknown", "inconnu"}));
    const auto row = [&](const Words& what, const std::string& value, const Label& how) {
      line(fmt::format("  {}  {}  ({})", fitted(w(what), 34), value, label(how)));
    };
    row({"to carry over", "à transporter"}, from_.egress_bytes.value ? bytes(language_, from_.size_bytes) : unknown, from_.size_label);
    if (from_.size_unknown > 0)
      line(fmt::format("  {}  {}", fitted(w({"resources with data of unknown size", "ressources de taille inconnue"}), 34), n(from_.size_unknown)));
    row({"leaves Azure in a month today", "sort d'Azure par mois aujourd'hui"},
        from_.egress_month_bytes.value ? bytes(language_, static_cast<std::uint64_t>(*from_.egress_month_bytes.value)) : unknown, from_.egress_month_bytes.label);
    row({"time to carry it over", "durée du transport"}, from_.transfer_seconds.value ? duration(language_, *from_.transfer_seconds.value) : unknown, from_.transfer_seconds.label);
    if (from_.bandwidth_bits)
      line(fmt::format("  {}  {} Mbit/s", fitted(w({"  at", "  à"}), 34), decimal(language_, *from_.bandwidth_bits / 1e6, 1)));
    std::string charged;
    for (const Money& sum : from_.charged) charged += (charged.empty() ? "" : ", ") + money(language_, sum.amount, sum.currency);
    if (!charged.empty() && !from_.charged_from.empty()) charged += fmt::format(", {} – {}", from_.charged_from, from_.charged_to);
    row({"charged by Azure", "facturé par Azure"}, charged.empty() ? unknown : charged, from_.charged_label);
  }

  void costs() {
    title({"Cost at the prices given", "Coût aux prix donnés"});
    if (from_.costs.empty()) {
      line(fmt::format("  {}", w({"unknown: no prices given (--prices FILE)", "inconnu : aucun prix donné (--prices FICHIER)"})));
      return;
    }
    for (const ProviderCost& cost : from_.costs) {
      const auto sum = [&](const std::optional<Money>& of) { return of ? money(language_, of->amount, of->currency) : std::string(w({"unknown", "inconnu"})); };
      line(fmt::format("  {}  {} {}, {} {}; {} {}", fitted(clean_word(cost.provider, 20), 14), sum(cost.monthly), w({"a month", "par mois"}), sum(cost.once), w({"once", "une fois"}),
                       n(cost.unpriced_resources), w({"resources without a price or a size are not in it", "ressources sans prix ou sans taille n'y sont pas"})));
    }
  }

  void access() {
    if (from_.requests == 0) return;
    title({"What applications use", "Ce que les applications utilisent"});
    line(fmt::format("  {} {}, {} – {}", n(from_.requests), w({"requests", "requêtes"}), from_.access_from, from_.access_to));
    for (std::size_t i = 0; i < std::min(kAccess, from_.access.size()); ++i) {
      const AccessRow& row = from_.access[i];
      line(fmt::format("  {:>10}  {} {} {}, {}, {}: {}", n(row.requests), row.account, row.service, row.operation, row.authentication, row.user_agent,
                       w(row.reason)));
    }
    more(from_.access.size() - std::min(kAccess, from_.access.size()));
  }

  void inputs() {
    title({"Inputs", "Entrées"});
    std::size_t shown = 0, quiet = 0;
    for (const Input& input : from_.inputs) {
      if (input.notes.empty() && shown >= kNotes) {
        ++quiet;
        continue;
      }
      std::string forms;
      for (const Form form : input.forms) forms += (forms.empty() ? "" : ", ") + std::string(name(form));
      line(fmt::format("  {}: {}, {} {}, {}", input.file, forms, n(input.records), w({"records", "enregistrements"}), bytes(language_, input.size_bytes)));
      ++shown;
      for (const InputNote& note : input.notes) {
        std::string place;
        if (note.line > 0) place = fmt::format("{} {}", w({"line", "ligne"}), note.line);
        if (note.offset_bytes > 0) place += fmt::format("{}{} {}", place.empty() ? "" : ", ", w({"byte", "octet"}), note.offset_bytes);
        const Words what = note.severity == Severity::error ? Words{"ERROR", "ERREUR"} : note.severity == Severity::warning ? Words{"WARNING", "ATTENTION"} : Words{"note", "note"};
        line(fmt::format("    {}{}{}: {}", w(what), place.empty() ? "" : ", ", place, language_ == Language::fr ? note.text_fr : note.text_en));
      }
    }
    more(quiet);
  }

  void checklist() {
    title({"The way out: dates and terms", "La sortie : dates et conditions"});
    for (const ChecklistItem& item : from_.checklist) {
      const std::string count = item.count && item.group == "estate" ? n(*item.count) + " × " : std::string();
      line(fmt::format("  [ ] {}{}{}", item.date.empty() ? "" : std::string(item.date) + "  ", count, w(item.what)));
    }
    line();
    line(fmt::format("  {}", w({"Every line's source and date: --json.", "Source et date de chaque ligne : --json."})));
  }

  const Assessment& from_;
  Language language_;
  std::string out_;
};

}  // namespace

std::string summary(const Assessment& assessment, Language language) { return Page(assessment, language).all(); }

}  // namespace bascule::estate
