"""Who may ask what: a table of requests and roles, each cell tried over TLS and each row as the owner at the socket; every answer
held against the API's own description by openapi-core."""
import json
import pathlib
import subprocess
import unittest
import urllib.parse

from openapi_core import OpenAPI
from openapi_core.testing import MockRequest, MockResponse
from openapi_spec_validator import validate

import support

ROOT = pathlib.Path(__file__).resolve().parents[2]
ALL = ("operator", "key-officer", "auditor")
OPERATOR, OFFICER, BOTH, OWNER = ("operator",), ("key-officer",), ("operator", "key-officer"), ()
POLICY = json.dumps({"rules": [{"name": "r", "enabled": True, "type": "Lifecycle", "definition": {
    "actions": {"baseBlob": {"delete": {"daysAfterModificationGreaterThan": 1000}}}, "filters": {"blobTypes": ["blockBlob"]}}}]})

# The request, who may ask it beside the owner, its method and path, and its members. A path's {} is an account of the asker's own
# with a container "con". In an order in which each finds what it needs.
TABLE = [
    ("status", ALL, "GET", "/v1/status", None),
    ("whoami", ALL, "GET", "/v1/whoami", None),
    ("openapi", ALL, "GET", "/v1/openapi.json", None),
    ("token-list", ALL, "GET", "/v1/tokens", None),
    ("token-create", OWNER, "POST", "/v1/tokens", {"name": "x-{}", "role": "auditor"}),
    ("account-list", ALL, "GET", "/v1/accounts", None),
    ("account-list-keys", OFFICER, "GET", "/v1/account-keys", None),
    ("account-add", OPERATOR, "POST", "/v1/accounts", {"name": "new{}"}),
    ("account-show", ALL, "GET", "/v1/accounts/{}", None),
    ("account-set", OPERATOR, "PATCH", "/v1/accounts/{}", {"settings": {"versioning": True}}),
    ("account-keys", OFFICER, "GET", "/v1/accounts/{}/keys", None),
    ("account-rotate", OFFICER, "POST", "/v1/accounts/{}/keys/2", {}),
    ("account-revoke-delegation-keys", BOTH, "POST", "/v1/accounts/{}/revoke-delegation-keys", None),
    ("role-list", ALL, "GET", "/v1/accounts/{}/roles", None),
    ("role-assign", OFFICER, "POST", "/v1/accounts/{}/roles", {"role": "reader", "kind": "principal", "assignee": "somebody", "tenant": "t"}),
    ("role-show", ALL, "GET", "/v1/accounts/{}/roles/{role}", None),
    ("role-remove", BOTH, "DELETE", "/v1/accounts/{}/roles/{role}", None),
    ("lifecycle-set", OPERATOR, "PUT", "/v1/accounts/{}/lifecycle", {"policy": POLICY}),
    ("lifecycle-show", ALL, "GET", "/v1/accounts/{}/lifecycle", None),
    ("lifecycle-run", OPERATOR, "POST", "/v1/accounts/{}/lifecycle/runs", None),
    ("lifecycle-remove", OPERATOR, "DELETE", "/v1/accounts/{}/lifecycle", None),
    ("scope-add", OFFICER, "POST", "/v1/accounts/{}/scopes", {"name": "scope1"}),
    ("scope-list", ALL, "GET", "/v1/accounts/{}/scopes", None),
    ("scope-disable", OFFICER, "POST", "/v1/accounts/{}/scopes/scope1/disable", None),
    ("scope-enable", OFFICER, "POST", "/v1/accounts/{}/scopes/scope1/enable", None),
    ("scope-destroy", OFFICER, "POST", "/v1/accounts/{}/scopes/scope1/destroy", None),
    ("immutability-retain", OPERATOR, "POST", "/v1/accounts/{}/containers/con/immutability/retain", {"days": 10}),
    ("immutability-show", ALL, "GET", "/v1/accounts/{}/containers/con/immutability", None),
    ("immutability-clear", OPERATOR, "POST", "/v1/accounts/{}/containers/con/immutability/clear", None),
    ("immutability-hold", OPERATOR, "POST", "/v1/accounts/{}/containers/con/immutability/hold", {"tag": "case42"}),
    ("immutability-release", OPERATOR, "POST", "/v1/accounts/{}/containers/con/immutability/release", {"tag": "case42"}),
    ("immutability-lock", OPERATOR, "POST", "/v1/accounts/{}/containers/con/immutability/lock", {"days": 10}),
    ("immutability-version-level", OPERATOR, "POST", "/v1/accounts/{}/containers/con/immutability/version-level", None),
    ("approvals-list", ALL, "GET", "/v1/approvals", None),
    ("approvals-show", ALL, "GET", "/v1/approvals/{approval}", None),
    ("approvals-approve", BOTH, "POST", "/v1/approvals/{approval}/approve", {"digest": "{digest}"}),
    ("approvals-reject", BOTH, "POST", "/v1/approvals/{approval}/reject", {"why": "a test"}),
    ("reload", OPERATOR, "POST", "/v1/reload", None),
    ("compact", OPERATOR, "POST", "/v1/compactions", {"dry_run": True}),
    ("backup-list", ALL, "GET", "/v1/backups?to=s3://nowhere/x", None),
    ("backup-make", OPERATOR, "POST", "/v1/backups", {"to": "s3://nowhere/x"}),
    ("backup-verify", OPERATOR, "POST", "/v1/backups/verify", {"to": "s3://nowhere/x"}),
    ("backup-prune", OPERATOR, "POST", "/v1/backups/prune", {"to": "s3://nowhere/x", "keep": 3}),
    ("backup-forget", OPERATOR, "POST", "/v1/backups/forget", {"to": "s3://nowhere/x"}),
    ("backup-takeover", OPERATOR, "POST", "/v1/backups/takeover", None),
    ("check", ALL, "POST", "/v1/checks", {"read": False}),
    ("migrate", OPERATOR, "POST", "/v1/migrations", {"from": "nothing that is a source"}),
    ("account-remove", OPERATOR, "DELETE", "/v1/accounts/new{}", None),
    ("token-revoke", OFFICER, "DELETE", "/v1/tokens/{token}", None),
]
# What is not 200 for who may ask: what waits for approval, a source that is none, a place for backups that is not configured, approvals
# that are not his to decide, or decided.
ELSE = {"immutability-lock": {202}, "immutability-version-level": {202}, "scope-destroy": {202}, "migrate": {400}, "approvals-approve": {200, 403},
        "approvals-reject": {200, 403, 409}, "backup-list": {400}, "backup-make": {400}, "backup-verify": {400}, "backup-prune": {400},
        "backup-forget": {202}, "backup-takeover": {202}}


class Roles(support.Case):
    two_person = "on"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.document = json.loads(cls.server.api("GET", "/v1/openapi.json", cls.tokens["auditor"]).body)
        cls.openapi = OpenAPI.from_dict(cls.document)

    def prepared(self, role):
        """An account of the role's own, and an approval that waits; the values of a row's braces."""
        account = "acct" + role.replace("-", "")
        self.bascule("account", "add", account)
        self.container(account, "con")
        self.bascule("lifecycle", "set", account, "--file", "-", text=POLICY)
        self.bascule("scope", "add", "--account", account, "--name", "scope1" if role != "key-officer" else "scope0")
        waiting = self.server.socket_api("POST", f"/v1/accounts/{account}/containers/con/immutability/version-level", {})
        self.assertEqual(waiting.status, 202, waiting.body)
        assigned = self.server.socket_api("POST", f"/v1/accounts/{account}/roles",
                                          {"role": "owner", "kind": "group", "assignee": "admins", "tenant": "t"})
        self.assertEqual(assigned.status, 200, assigned.body)
        victim = json.loads(self.bascule("admin", "token", "create", "victim", "--role", "auditor", "--json").stdout)
        return {"": account, "approval": waiting.json["approval"]["id"], "digest": waiting.json["approval"]["digest"], "token": victim["id"],
                "role": assigned.json["id"]}

    @staticmethod
    def filled(template, values):
        if isinstance(template, dict):
            return {k: Roles.filled(v, values) for k, v in template.items()}
        if not isinstance(template, str) or template.startswith("{\"rules"):
            return template
        for name, value in values.items():
            template = template.replace("{" + name + "}", value)
        return template

    def described(self, method, path, members, answer):
        """The request and its answer are what the description says."""
        body = None if members is None else json.dumps(members).encode()
        path, _, query = path.partition("?")
        request = MockRequest(f"https://{self.server.api_address}", method.lower(), path, args=dict(urllib.parse.parse_qsl(query)),
                              headers={"Authorization": "Bearer x"}, data=body, content_type="application/json" if body else "")
        kind = answer.header("Content-Type")
        if answer.status < 300 or answer.status == 409:
            self.openapi.validate_request(request)
        if kind == "application/json":
            self.openapi.validate_response(request, MockResponse(answer.body, status_code=answer.status, content_type=kind))
        else:
            self.assertEqual(kind, "application/x-ndjson")

    def test_the_description_is_valid_and_kept(self):
        validate(self.document)
        kept = (ROOT / "docs/admin-api.json").read_text()
        printed = subprocess.run([self.server.program, "admin", "openapi"], capture_output=True, text=True, check=True).stdout
        self.assertEqual(kept, printed, "write it anew: bascule admin openapi > docs/admin-api.json")
        self.assertEqual(json.loads(printed), self.document)

    def test_the_table_is_whole(self):
        said = {}
        for path, methods in self.document["paths"].items():
            for operation in methods.values():
                said[operation["operationId"]] = set(operation.get("x-roles", [*ALL, "owner"])) - {"owner"}
        self.assertEqual(said, {name: set(roles) for name, roles, *_ in TABLE})

    def test_each_role_and_request(self):
        cells = 0
        for role in ALL:
            values = self.prepared(role)
            for name, roles, method, path, members in TABLE:
                with self.subTest(request=name, role=role):
                    path, members = self.filled(path, values), self.filled(members, values)
                    answer = self.server.api(method, path, self.tokens[role], members)
                    cells += 1
                    if name != "openapi":
                        self.described(method, path, members, answer)
                    if role in roles:
                        self.assertIn(answer.status, ELSE.get(name, {200}), answer.body)
                    else:
                        self.assertEqual(answer.status, 403, answer.body)
                        self.assertEqual(answer.json["code"], "permission_denied")
                        self.assertIn(role, answer.json["error"])
        self.assertEqual(cells, len(TABLE) * len(ALL))

    def test_the_owner_may_ask_everything(self):
        values = self.prepared("owner")
        values["digest"] = "0" * 64
        for name, _, method, path, members in TABLE:
            with self.subTest(request=name):
                path, members = self.filled(path, values), self.filled(members, values)
                answer = self.server.socket_api(method, path, members)
                if name != "openapi":
                    self.described(method, path, members, answer)
                # prepared() has made a scope of that name, and asked for that approval.
                expected = {409} if name in ("scope-add", "immutability-version-level") else ELSE.get(name, {200})
                self.assertIn(answer.status, expected, answer.body)

    def test_a_folder_of_the_servers_host_is_the_owners_to_name(self):
        for method, path, members in (("GET", "/v1/backups?to=/tmp", None), ("POST", "/v1/backups", {"to": "/tmp/backups-of-others"})):
            answer = self.server.api(method, path, self.tokens["operator"], members)
            self.assertEqual((answer.status, answer.json["code"]), (403, "permission_denied"), answer.body)
        self.assertFalse(pathlib.Path("/tmp/backups-of-others").exists())

    def test_nobody_else_may_ask_anything(self):
        revoked = self.server.token("gone", "operator")
        token_id = next(one["id"] for one in json.loads(self.bascule("admin", "token", "list", "--json").stdout)["tokens"] if one["name"] == "gone")
        self.bascule("admin", "token", "revoke", token_id)
        for name, _, method, path, members in TABLE:
            for what, token in (("none", None), ("revoked", revoked), ("unknown", "bscadm_" + "0" * 16 + "_" + "A" * 43)):
                with self.subTest(request=name, token=what):
                    answer = self.server.api(method, path, token, members)
                    self.assertIn(answer.status, (401, 429))
                    self.assertEqual(answer.json["code"], "permission_denied" if answer.status == 401 else "overloaded")
                    if answer.status == 401:
                        self.assertTrue(answer.header("WWW-Authenticate").startswith('Bearer realm="bascule admin"'))
        # A good token is heard all the same.
        self.assertEqual(self.server.api("GET", "/v1/whoami", self.tokens["auditor"]).status, 200)


if __name__ == "__main__":
    unittest.main()
