"""`bascule role`, beside a server and without one; `account revoke-delegation-keys`; the settings of [identity]."""
import json
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from cli_test import Case  # noqa: E402


class Roles(Case):
    def listed(self, gateway, *more):
        return json.loads(self.beside(gateway, "role", "list", "--account", "acme", "--json", *more).stdout)["assignments"]

    def assign(self, gateway, *arguments, exit_code=0):
        return self.beside(gateway, "role", "assign", "--account", "acme", *arguments, exit_code=exit_code)

    def test_assigned_listed_shown_and_removed_beside_a_server_and_without_one(self):
        gateway = self.gateway()
        self.beside(gateway, "account", "add", "acme")
        said = self.assign(gateway, "--role", "Storage Blob Data Reader", "--principal", "alice", "--tenant", "t", "--note", "her").stdout
        self.assertRegex(said, r"^assigned [0-9a-f]{32}  Storage Blob Data Reader +principal alice  /  \(tenant t\)  her\n$")
        self.assign(gateway, "--role", "owner", "--group", "/g", "--tenant", "t", "--container", "cont", "--prefix", "a/")
        gateway.stop()
        self.assign(gateway, "--role", "delegator", "--app-role", "r", "--tenant", "u")
        self.assertEqual({(one["role"], one["kind"], one["assignee"], one["scope"], one["tenant"]) for one in self.listed(gateway)},
                         {("Storage Blob Data Reader", "principal", "alice", "/", "t"), ("Storage Blob Data Owner", "group", "/g", "/cont/a/", "t"),
                          ("Storage Blob Delegator", "role", "r", "/", "u")})
        (one,) = self.listed(gateway, "--assignee", "alice")
        self.assertEqual(one["note"], "her")
        self.assertIn("alice", self.beside(gateway, "role", "show", "--account", "acme", one["id"]).stdout)
        self.assertIn("removed", self.beside(gateway, "role", "remove", "--account", "acme", one["id"]).stdout)
        self.assertEqual(self.listed(gateway, "--assignee", "alice"), [])
        self.beside(gateway, "role", "remove", "--account", "acme", one["id"], exit_code=1)
        self.assertIn("revoked", self.beside(gateway, "account", "revoke-delegation-keys", "acme").stdout)
        self.assertIn("all is well", self.beside(gateway, "check").stdout)
        # They go with their account.
        self.beside(gateway, "account", "remove", "acme")
        self.beside(gateway, "account", "add", "acme")
        self.assertEqual(self.listed(gateway), [])

    def test_what_is_not_allowed(self):
        gateway = self.gateway()
        self.beside(gateway, "account", "add", "acme")
        self.assign(gateway, "--role", "reader", "--principal", "alice", "--tenant", "t")
        for arguments, code, says in [
                (["--role", "reader", "--principal", "alice", "--tenant", "t"], 1, "assigned already"),
                (["--role", "admin", "--principal", "alice", "--tenant", "t"], 2, "which role"),
                (["--role", "reader", "--principal", "alice"], 2, "tenant"),
                (["--role", "reader", "--tenant", "t"], 2, "principal"),
                (["--role", "reader", "--principal", "a", "--group", "g", "--tenant", "t"], 2, "group"),
                (["--role", "reader", "--principal", "a", "--tenant", "t", "--prefix", "p"], 2, "container"),
                (["--role", "delegator", "--principal", "a", "--tenant", "t", "--container", "cont"], 2, "whole account"),
                (["--role", "reader", "--principal", "a", "--tenant", "t", "--container", "Cont"], 2, "container's name"),
                (["--role", "reader", "--principal", "a" * 257, "--tenant", "t"], 2, "256")]:
            with self.subTest(arguments=arguments):
                self.assertIn(says, self.assign(gateway, *arguments, exit_code=code).stderr)
        self.assertEqual(len(self.listed(gateway)), 1)
        self.beside(gateway, "role", "list", "--account", "absent", exit_code=1)

    def test_settings_that_make_no_sense_end_the_start(self):
        for setting, says in [("identity.issuers=https://id.example.org", "TENANT="), ("identity.issuers=a=http://id.example.org", "https"),
                              ("identity.issuers=a=https://x.example.org,a=https://y.example.org", "twice"),
                              ("identity.keep=30m", "identity.refresh")]:
            with self.subTest(setting=setting):
                self.assertIn(says, self.bascule("serve", "--set", setting, exit_code=2).stderr)


if __name__ == "__main__":
    unittest.main()
