// What each role allows: the whole table of role and operation, and where a role holds.
#include "auth/roles.h"

#include <gtest/gtest.h>

#include "auth/test_support.h"

namespace bascule::auth {
namespace {

using catalog::Assignee;
using catalog::Role;
using testing::TestRequest;

// One letter for each role that allows the operation: Reader, Contributor, Owner, Delegator. Written down from Microsoft's
// tables a second time, apart from the code's.
struct Row {
  std::string_view operation, roles;
};
constexpr Row kTable[] = {
    {"list_containers", "RCO"}, {"get_service_properties", ""}, {"set_service_properties", ""}, {"get_service_stats", ""},
    {"preflight", ""}, {"get_account_information", ""}, {"get_user_delegation_key", "RCOD"}, {"find_blobs_by_tags", "O"},
    {"batch", "CO"}, {"create_container", "CO"}, {"get_container_properties", "RCO"}, {"get_container_metadata", "RCO"},
    {"set_container_metadata", "CO"}, {"get_container_acl", "O"}, {"set_container_acl", "O"}, {"delete_container", "CO"},
    {"restore_container", "CO"}, {"rename_container", "CO"}, {"lease_container", "CO"}, {"break_container_lease", "CO"},
    {"list_blobs", "RCO"}, {"container_batch", "CO"}, {"container_find_by_tags", "O"}, {"get_container_account_information", ""},
    {"get_blob", "RCO"}, {"get_blob_properties", "RCO"}, {"get_blob_metadata", "RCO"}, {"set_blob_metadata", "CO"},
    {"set_blob_headers", "CO"}, {"delete_blob", "CO"}, {"delete_blob_version", "O"}, {"permanently_delete_blob", "O"},
    {"undelete_blob", "CO"}, {"lease_blob", "CO"}, {"break_blob_lease", "CO"}, {"snapshot_blob", "CO"}, {"copy_blob", "CO"},
    {"copy_blob_from_url", "CO"}, {"abort_copy", "CO"}, {"set_blob_tier", "CO"}, {"get_blob_tags", "O"}, {"set_blob_tags", "O"},
    {"set_blob_expiry", "CO"}, {"set_immutability_policy", "O"}, {"delete_immutability_policy", "O"}, {"set_legal_hold", "CO"},
    {"query_blob", "RCO"}, {"get_blob_account_information", ""}, {"put_blob", "CO"}, {"put_blob_from_url", "CO"},
    {"put_block", "CO"}, {"put_block_from_url", "CO"}, {"put_block_list", "CO"}, {"get_block_list", "RCO"},
    {"get_uncommitted_block_list", "RCO"}, {"create_append_blob", "CO"}, {"append_block", "CO"}, {"append_block_from_url", "CO"},
    {"seal_append_blob", "CO"}, {"create_page_blob", "CO"}, {"put_page", "CO"}, {"clear_page", "CO"}, {"put_page_from_url", "CO"},
    {"get_page_ranges", "RCO"}, {"set_page_blob_properties", "CO"}, {"incremental_copy", "CO"},
};

std::uint32_t actions_in(const catalog::AccountAccess& access, const Identity& identity, TestRequest request, RoleScope scope) {
  const AuthRequest view = request.view();
  return granted(&access, identity, view, scope);
}

TEST(Roles, AllowWhatMicrosoftsTablesSay) {
  static_assert(std::size(kTable) == static_cast<std::size_t>(Operation::count_));
  for (std::size_t i = 0; i < std::size(kTable); ++i) {
    const auto operation = static_cast<Operation>(i);
    ASSERT_EQ(action_of(operation).name, kTable[i].operation);
    for (const auto& [letter, role] : {std::pair('R', Role::reader), std::pair('C', Role::contributor), std::pair('O', Role::owner), std::pair('D', Role::delegator)})
      EXPECT_EQ((actions_of(role) & role_rule(operation).any_of) != 0, kTable[i].roles.find(letter) != std::string_view::npos)
          << kTable[i].operation << " " << letter;
  }
}

class ScopeTest : public ::testing::Test {
 protected:
  void assign(Role role, std::string container, std::string prefix, Assignee kind = Assignee::principal, std::string assignee = "alice",
              std::string tenant = "acme") {
    catalog::RoleAssignment a;
    a.role = role;
    a.kind = kind;
    a.assignee = std::move(assignee);
    a.tenant = std::move(tenant);
    a.container = std::move(container);
    a.prefix = std::move(prefix);
    access_.assignments.push_back(std::move(a));
    access_.sort();
  }
  bool may(Operation operation, std::string container, std::string blob, std::string query = "") {
    TestRequest request;
    request.target = "/x" + (query.empty() ? "" : "?" + query);
    request.container = std::move(container);
    request.blob = std::move(blob);
    const RoleRule& rule = role_rule(operation);
    return (actions_in(access_, identity_, std::move(request), rule.scope) & rule.any_of) != 0;
  }
  catalog::AccountAccess access_;
  Identity identity_{.issuer = "i", .tenant = "acme", .object_id = "alice", .name = "", .client_id = "", .groups = {"/g1", "/g2"}, .roles = {"r1"}};
};

TEST_F(ScopeTest, NothingIsAllowedWithoutAnAssignment) {
  EXPECT_FALSE(may(Operation::get_blob, "c", "b"));
  assign(Role::owner, "", "", Assignee::principal, "bob");
  assign(Role::owner, "", "", Assignee::principal, "alice", "other");   // another tenant's alice
  assign(Role::owner, "", "", Assignee::group, "alice");                // a group of her name
  assign(Role::owner, "", "", Assignee::principal, "/g1");
  assign(Role::owner, "", "", Assignee::group, "/g");
  assign(Role::owner, "", "", Assignee::group, "/g11");
  EXPECT_FALSE(may(Operation::get_blob, "c", "b"));
  EXPECT_FALSE(may(Operation::list_containers, "", ""));
}

TEST_F(ScopeTest, OfTheAccount) {
  assign(Role::contributor, "", "");
  EXPECT_TRUE(may(Operation::list_containers, "", ""));
  EXPECT_TRUE(may(Operation::delete_container, "c", ""));
  EXPECT_TRUE(may(Operation::put_blob, "c", "b"));
  EXPECT_FALSE(may(Operation::set_blob_tags, "c", "b"));
}

TEST_F(ScopeTest, OfAContainer) {
  assign(Role::owner, "c", "");
  EXPECT_TRUE(may(Operation::get_blob, "c", "b"));
  EXPECT_TRUE(may(Operation::delete_container, "c", ""));
  EXPECT_TRUE(may(Operation::container_find_by_tags, "c", ""));
  EXPECT_TRUE(may(Operation::list_blobs, "c", ""));
  EXPECT_FALSE(may(Operation::get_blob, "cc", "b"));
  EXPECT_FALSE(may(Operation::get_blob, "", "c/b"));
  EXPECT_FALSE(may(Operation::list_containers, "", ""));
  EXPECT_FALSE(may(Operation::list_containers, "c", ""));
  EXPECT_FALSE(may(Operation::find_blobs_by_tags, "", ""));
  EXPECT_FALSE(may(Operation::get_user_delegation_key, "", ""));
  // They concern another container as well.
  EXPECT_FALSE(may(Operation::rename_container, "c", ""));
  EXPECT_FALSE(may(Operation::restore_container, "c", ""));
}

TEST_F(ScopeTest, OfAPrefix) {
  assign(Role::owner, "c", "a/");
  EXPECT_TRUE(may(Operation::get_blob, "c", "a/b"));
  EXPECT_TRUE(may(Operation::get_blob, "c", "a/"));
  EXPECT_TRUE(may(Operation::list_blobs, "c", "", "prefix=a/"));
  EXPECT_TRUE(may(Operation::list_blobs, "c", "", "prefix=a%2Fdeep"));
  EXPECT_FALSE(may(Operation::list_blobs, "c", ""));
  EXPECT_FALSE(may(Operation::list_blobs, "c", "", "prefix=a"));
  EXPECT_FALSE(may(Operation::list_blobs, "c", "", "prefix=&prefix=a/"));   // the first counts
  EXPECT_FALSE(may(Operation::get_blob, "c", "a"));
  EXPECT_FALSE(may(Operation::get_blob, "c", "ab"));
  EXPECT_FALSE(may(Operation::get_blob, "c", "A/b"));
  EXPECT_FALSE(may(Operation::get_blob, "c", "b/a/"));
  EXPECT_FALSE(may(Operation::get_blob, "d", "a/b"));
  EXPECT_FALSE(may(Operation::get_container_properties, "c", ""));
  EXPECT_FALSE(may(Operation::delete_container, "c", ""));
  EXPECT_FALSE(may(Operation::container_find_by_tags, "c", ""));
  EXPECT_FALSE(may(Operation::container_find_by_tags, "c", "", "prefix=a/"));
  EXPECT_FALSE(may(Operation::set_legal_hold, "c", "a/b"));   // the container's, as on Azure
}

TEST_F(ScopeTest, AddsUpWhatGroupsAndApplicationRolesAllow) {
  assign(Role::reader, "c", "", Assignee::group, "/g2");
  EXPECT_TRUE(may(Operation::get_blob, "c", "b"));
  EXPECT_FALSE(may(Operation::put_blob, "c", "b"));
  assign(Role::contributor, "c", "w/", Assignee::app_role, "r1");
  EXPECT_TRUE(may(Operation::put_blob, "c", "w/b"));
  EXPECT_FALSE(may(Operation::put_blob, "c", "b"));
}

TEST_F(ScopeTest, ADelegationKeyRemembersTheGroupsThatCount) {
  assign(Role::reader, "", "", Assignee::group, "/g1");
  const catalog::DelegationHolder holder = holder_of(&access_, identity_, WallTime());
  EXPECT_EQ(holder.groups, std::vector<std::string>{"/g1"});
  EXPECT_TRUE(holder.roles.empty());
  TestRequest request;
  request.container = "c";
  request.blob = "b";
  const AuthRequest view = request.view();
  EXPECT_EQ(granted(&access_, "acme", "alice", view, RoleScope::blob), 0u);   // nothing was noted
  access_.holders[catalog::holder_key("acme", "alice")] = holder;
  EXPECT_NE(granted(&access_, "acme", "alice", view, RoleScope::blob) & kBlobsRead, 0u);
  EXPECT_EQ(granted(&access_, "acme", "bob", view, RoleScope::blob), 0u);
  access_.assignments.clear();
  EXPECT_EQ(granted(&access_, "acme", "alice", view, RoleScope::blob), 0u);   // the assignment went
}

TEST(Roles, RecordsReadBackWhatWasWritten) {
  catalog::RoleAssignment a;
  a.role = Role::owner;
  a.kind = Assignee::group;
  a.tenant = "t";
  a.assignee = "/g";
  a.container = "c";
  a.prefix = "p/";
  a.note = "n";
  a.created = WallTime(Ticks(5));
  const auto back = catalog::decode<catalog::AccessRecord>(catalog::encode(catalog::AccessRecord(a)));
  ASSERT_TRUE(back);
  const auto& same = std::get<catalog::RoleAssignment>(*back);
  EXPECT_EQ(same.id(), a.id());
  EXPECT_EQ(same.note, "n");
  EXPECT_EQ(same.created, a.created);
  catalog::RoleAssignment other = a;
  other.prefix = "p";
  EXPECT_NE(other.id(), a.id());
  EXPECT_FALSE(catalog::decode<catalog::AccessRecord>(std::string("\x01\x09", 2)));
  EXPECT_FALSE(catalog::decode<catalog::AccessRecord>(std::string("\x01\x02\x05\x01", 4)));
  EXPECT_EQ(catalog::parse_role("Storage Blob Data Owner"), Role::owner);
  EXPECT_EQ(catalog::parse_role("READER"), Role::reader);
  EXPECT_FALSE(catalog::parse_role("admin"));
}

}  // namespace
}  // namespace bascule::auth
