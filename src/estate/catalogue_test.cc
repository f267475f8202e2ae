#include "estate/catalogue.h"

#include <gtest/gtest.h>

#include <set>

#include "estate/ascii.h"

namespace bascule::estate {
namespace {

TEST(Catalogue, EachTypeHasItsReasonSourceAndDate) {
  const Catalogue& data = Catalogue::builtin();
  EXPECT_GE(data.mappings().size(), 150U);
  for (const Mapping& mapping : data.mappings()) {
    EXPECT_FALSE(mapping.reason.en.empty() || mapping.reason.fr.empty()) << mapping.type;
    EXPECT_EQ(mapping.label.date.size(), 10U) << mapping.type;
    EXPECT_EQ(mapping.label.known == Known::unknown, mapping.move == Move::unknown) << mapping.type << ": what nobody has sourced is unknown, and nothing else is";
    EXPECT_EQ(mapping.move == Move::managed, !mapping.equivalents.empty()) << mapping.type;
    for (const Equivalent& equivalent : mapping.equivalents) EXPECT_EQ(equivalent.label.known, Known::declared) << mapping.type << " at " << equivalent.provider;
    EXPECT_EQ(data.find(lowered(mapping.type)), &mapping);
  }
  EXPECT_EQ(data.find("Contoso.Widgets/widgets"), nullptr);
}

TEST(Catalogue, UnchangedIsWhatBasculeServesAndNothingElse) {
  for (const Mapping& mapping : Catalogue::builtin().mappings()) {
    if (mapping.move != Move::unchanged) continue;
    EXPECT_TRUE(begins_with_word(mapping.type, "Microsoft.Storage/storageAccounts") || begins_with_word(mapping.type, "Microsoft.ClassicStorage/")) << mapping.type;
    for (const std::string_view word : {"queue", "table", "file"}) EXPECT_EQ(lowered(mapping.type).find(word), std::string::npos) << mapping.type;
  }
}

TEST(Catalogue, TerraformsTypesLeadToKnownOnes) {
  const Catalogue& data = Catalogue::builtin();
  EXPECT_GE(data.terraform_types().size(), 100U);
  for (const auto& [type, to] : data.terraform_types()) {
    EXPECT_NE(data.find(to.arm), nullptr) << type;
    EXPECT_EQ(std::ranges::count(to.arm, '/'), std::ranges::count(to.name, '/') + 1) << type << ": as many names as types";
  }
}

TEST(Catalogue, BlockersAreSourcedInBothLanguages) {
  std::set<std::string_view> ids;
  for (const BlockerRule& rule : Catalogue::builtin().blockers()) {
    ids.insert(rule.blocker.id);
    EXPECT_FALSE(rule.blocker.what.en.empty() || rule.blocker.what.fr.empty());
    EXPECT_EQ(rule.blocker.label.known, Known::declared);
    EXPECT_FALSE(rule.arm.empty() && rule.terraform.empty()) << rule.blocker.id;
  }
  for (const std::string_view wanted : {"hierarchical-namespace", "nfs", "sftp", "page-blobs", "premium", "customer-key", "private-endpoint", "shared-key-disallowed",
                                        "immutability", "geo-replication", "managed-identity"})
    EXPECT_TRUE(ids.contains(wanted)) << wanted;
}

TEST(Catalogue, OperationsAreJudgedWithTheirAuthentication) {
  const Catalogue& data = Catalogue::builtin();
  EXPECT_EQ(data.operation("blob", "GetBlob", "AccountKey").move, Move::unchanged);
  EXPECT_EQ(data.operation("blob", "GetBlob", "OAuth").move, Move::planned);
  EXPECT_EQ(data.operation("blob", "AppendFile", "AccountKey").move, Move::planned);
  EXPECT_EQ(data.operation("queue", "PutMessage", "AccountKey").move, Move::planned);
  EXPECT_EQ(data.operation("blob", "DanceBlob", "AccountKey").move, Move::unknown);
  EXPECT_EQ(data.operation("blob", "GetBlob", "Telepathy").move, Move::unknown);
}

TEST(Catalogue, ATableThatMakesNoSenseIsNamedWithItsLine) {
  std::vector<EmbeddedFile> files(assess_data().begin(), assess_data().end());
  const auto broken = [&](std::string_view name, std::string_view text) {
    auto changed = files;
    for (EmbeddedFile& file : changed)
      if (file.name == name) file.text = text;
    const auto parsed = Catalogue::parse(changed);
    return parsed ? std::string("no error") : parsed.error().message;
  };
  EXPECT_EQ(broken("types.tsv", "# ok\nA.B/c\tC\tmanaged\tcompute\t-\t-\tx\t2026-01-01\n"), "types.tsv:2: a managed equivalent wants a service");
  EXPECT_EQ(broken("types.tsv", "A.B/c\tC\tfly\tcompute\t-\t-\tx\t2026-01-01\n"), "types.tsv:1: unknown kind of move");
  EXPECT_EQ(broken("types.tsv", "A.B/c\tC\tnone\tderived\t-\t-\tx\tyesterday\n"), "types.tsv:1: wants a date");
  EXPECT_EQ(broken("blockers.tsv", "a\t*\tx\t-\tsmells\t-\ten\tfr\tx\t2026-01-01\n"), "blockers.tsv:1: unknown test");
  EXPECT_EQ(broken("reasons.tsv", "a\tb\n"), "reasons.tsv:1: has another number of columns");
}

}  // namespace
}  // namespace bascule::estate
