#include "estate/arm_id.h"

#include <gtest/gtest.h>

namespace bascule::estate {
namespace {

TEST(ArmId, TakesIdsApartAndPutsThemTogether) {
  for (const std::string id : {"/subscriptions/S/resourceGroups/G/providers/Microsoft.Storage/storageAccounts/acme",
                               "/subscriptions/S/resourceGroups/G/providers/Microsoft.Network/virtualNetworks/v/subnets/s",
                               "/subscriptions/S/resourceGroups/G/providers/A.B/c/d/providers/Microsoft.Authorization/locks/l",
                               "/subscriptions/S/providers/Microsoft.Authorization/policyDefinitions/p", "/providers/Microsoft.Management/managementGroups/m",
                               "/subscriptions/S/resourceGroups/G", "/subscriptions/S"}) {
    const auto parsed = parse_arm_id(id);
    ASSERT_TRUE(parsed) << id;
    EXPECT_EQ(parsed->text(), id);
  }
  const auto child = parse_arm_id("/subscriptions/S/resourceGroups/G/providers/Microsoft.Network/virtualNetworks/v/subnets/s");
  EXPECT_EQ(child->type, "Microsoft.Network/virtualNetworks/subnets");
  EXPECT_EQ(child->name, "v/s");
  EXPECT_EQ(parent_of(*child)->text(), "/subscriptions/S/resourceGroups/G/providers/Microsoft.Network/virtualNetworks/v");
  EXPECT_FALSE(parent_of(*parent_of(*child)));
  EXPECT_EQ(read_scope(child->scope).resource_group, "G");
  const auto lock = parse_arm_id("/subscriptions/S/resourceGroups/G/providers/A.B/c/d/providers/Microsoft.Authorization/locks/l");
  EXPECT_EQ(lock->scope, "/subscriptions/S/resourceGroups/G/providers/A.B/c/d");
}

TEST(ArmId, RefusesWhatIsNone) {
  for (const std::string_view text : {"", "/", "acme", "/subscriptions", "/subscriptions/S/resourceGroups/G/providers/A.B", "/subscriptions/S/resourceGroups/G/providers/A.B/c",
                                      "/subscriptions/S/resourceGroups/G/providers/A.B/c/d/e", "/subscriptions/S/resourceGroups/G/providers//c/d",
                                      "/subscriptions/S/resourceGroups/G/providers/A.B/c/d\n", "https://acme.blob.core.windows.net/x"})
    EXPECT_FALSE(parse_arm_id(text)) << text;
  EXPECT_FALSE(parse_arm_id("/subscriptions/S/resourceGroups/G/providers/A.B/c/" + std::string(kMostIdBytes, 'x')));
}

TEST(ArmId, AReferenceIsStricter) {
  EXPECT_TRUE(parse_reference("/subscriptions/S/resourceGroups/G/providers/A.B/c/d"));
  for (const std::string_view text : {"/subscriptions/S/resourceGroups/G/providers/A.B/c/d?sig=x", "/subscriptions/00000000-0000-0000-0000-000000000000",
                                      "/subscriptions/S/resourceGroups/G/providers/A.B/c/d;AccountKey=x", "/providers/Microsoft.Management/managementGroups/m"})
    EXPECT_FALSE(parse_reference(text)) << text;
  const auto open = parse_reference("(group not known)/providers/A.B/c/d");
  ASSERT_TRUE(open);
  EXPECT_EQ(open->scope, "");
}

}  // namespace
}  // namespace bascule::estate
