"""`bascule immutability`, and what it protects from the commands of the program itself and over HTTP: each attack beside its
control, the same on a container where nothing stands. src/jobs/holds_test.cc has the whole list."""
import json
import pathlib
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from cli_test import PROGRAM, Case  # noqa: E402
from lib import azure, server  # noqa: E402

ACCOUNT = azure.ACCOUNT
BLOCK_BLOB = {"x-ms-blob-type": "BlockBlob"}
FAR = "Fri, 01 Jan 2100 00:00:00 GMT"


class Immutability(Case):
    def setUp(self):
        super().setUp()
        self.running = self.gateway()
        self.client = azure.Client(self.running.address)
        self.addCleanup(self.client.close)

    def send(self, request, headers=None, body=b"", status=None, code=None):
        method, path = request.split(" ", 1)
        response = self.client.send(method, path, headers or {}, body)
        if status is not None:
            self.assertEqual(response.status, status, f"{request}: {response.status} {response.body[:300]}")
        if code is not None:
            self.assertEqual(response.header("x-ms-error-code"), code)
        return response

    def made(self, container):
        self.send(f"PUT /{container}?restype=container", status=201)
        self.send(f"PUT /{container}/b", BLOCK_BLOB, b"kept", 201)
        self.send(f"PUT /{container}/other", BLOCK_BLOB, b"other", 201)

    def rule(self, action, container, *more, exit_code=0):
        return self.beside(self.running, "immutability", action, f"{ACCOUNT}/{container}", *more, exit_code=exit_code)

    def attacks(self, c):
        source = f"http://{self.running.address}/{ACCOUNT}/{c}/other"
        return [
            ("overwrite", f"PUT /{c}/b", BLOCK_BLOB, b"new"),
            ("block list", f"PUT /{c}/b?comp=blocklist", {}, b"<BlockList/>"),
            ("copy over it", f"PUT /{c}/b", {"x-ms-copy-source": source}, b""),
            ("metadata", f"PUT /{c}/b?comp=metadata", {"x-ms-meta-a": "b"}, b""),
            ("headers", f"PUT /{c}/b?comp=properties", {"x-ms-blob-content-type": "a/b"}, b""),
            ("expiry", f"PUT /{c}/b?comp=expiry", {"x-ms-expiry-option": "RelativeToNow", "x-ms-expiry-time": "1000"}, b""),
            ("delete", f"DELETE /{c}/b", {}, b""),
        ]

    def held(self, container, code, of_the_blob=False):
        for name, request, headers, body in self.attacks(container):
            if of_the_blob and name == "headers":   # how the content is served is no part of what a version's hold keeps
                continue
            with self.subTest(attack=name):
                self.send(request, headers, body, 409, code)
        self.assertEqual(self.send(f"GET /{container}/b").body, b"kept")

    def free(self, container):
        for name, request, headers, body in self.attacks(container):
            with self.subTest(control=name):
                self.send(f"PUT /{container}/b", BLOCK_BLOB, b"kept", 201)
                self.assertLess(self.send(request, headers, body).status, 300)

    def test_a_legal_hold(self):
        self.made("ledgers")
        self.made("free")
        self.rule("hold", "ledgers", "--tag", "case42")
        self.held("ledgers", "BlobImmutableDueToLegalHold")
        self.send("DELETE /ledgers?restype=container", status=409, code="ContainerHasLegalHold")
        properties = self.send("GET /ledgers?restype=container", status=200)
        self.assertEqual(properties.header("x-ms-has-legal-hold"), "true")
        self.send("PUT /ledgers/new", BLOCK_BLOB, b"x", 201)   # what is new may come
        self.free("free")
        self.rule("release", "ledgers", "--tag", "case42")
        self.free("ledgers")
        self.send("DELETE /ledgers?restype=container", status=202)

    def test_a_locked_retention(self):
        self.made("ledgers")
        self.rule("lock", "ledgers", exit_code=1)
        self.rule("retain", "ledgers", "--days", "10")
        self.rule("lock", "ledgers")
        self.held("ledgers", "BlobImmutableDueToPolicy")
        self.send("DELETE /ledgers?restype=container", status=409, code="ContainerImmutabilityPolicyLocked")
        self.rule("retain", "ledgers", "--days", "9", exit_code=1)
        self.rule("clear", "ledgers", exit_code=1)
        self.rule("retain", "ledgers", "--days", "11")
        shown = json.loads(self.rule("show", "ledgers", "--json").stdout)
        self.assertEqual((shown["retention_days"], shown["locked"], shown["extensions"]), (11, True, 1))
        self.beside(self.running, "account", "remove", "--name", ACCOUNT, exit_code=1)
        self.running.stop()   # nor through the command line without a server
        self.rule("clear", "ledgers", exit_code=1)
        self.running.start()
        self.client.close()
        self.client = azure.Client(self.running.address)
        self.held("ledgers", "BlobImmutableDueToPolicy")

    def test_an_unlocked_retention_can_be_removed(self):
        self.made("ledgers")
        self.rule("retain", "ledgers", "--days", "10")
        self.held("ledgers", "BlobImmutableDueToPolicy")
        self.rule("clear", "ledgers")
        self.free("ledgers")

    def test_policies_and_holds_of_single_blobs(self):
        self.made("ledgers")
        policy = {"x-ms-immutability-policy-until-date": FAR, "x-ms-immutability-policy-mode": "Unlocked"}
        self.send("PUT /ledgers/b?comp=immutabilityPolicies", policy, status=409, code="BlobOperationNotSupported")
        self.send("PUT /ledgers/b?comp=legalhold", {"x-ms-legal-hold": "true"}, status=409, code="BlobOperationNotSupported")
        self.rule("version-level", "ledgers", exit_code=1)   # versioning is off
        self.beside(self.running, "account", "set", ACCOUNT, "--versioning", "on")
        self.rule("version-level", "ledgers")
        self.beside(self.running, "account", "set", ACCOUNT, "--versioning", "off")
        answer = self.send("PUT /ledgers/b?comp=immutabilityPolicies", policy, status=200)
        self.assertEqual(answer.header("x-ms-immutability-policy-mode"), "unlocked")
        self.assertEqual(answer.header("x-ms-immutability-policy-until-date"), FAR)
        self.assertIsNone(answer.header("ETag"))
        self.held("ledgers", "BlobImmutableDueToPolicy", of_the_blob=True)
        head = self.send("HEAD /ledgers/b", status=200)
        self.assertEqual(head.header("x-ms-immutability-policy-mode"), "unlocked")
        listed = self.send("GET /ledgers?restype=container&comp=list&include=immutabilitypolicy,legalhold", status=200)
        self.assertEqual(listed.xml_text("Blobs/Blob/Properties/ImmutabilityPolicyMode"), ["unlocked"])
        self.send("DELETE /ledgers/b?comp=immutabilityPolicies", status=200)
        self.assertEqual(self.send("PUT /ledgers/b?comp=legalhold", {"x-ms-legal-hold": "true"}, status=200).header("x-ms-legal-hold"), "true")
        self.held("ledgers", "BlobImmutableDueToLegalHold", of_the_blob=True)
        self.send("PUT /ledgers/b?comp=legalhold", {"x-ms-legal-hold": "false"}, status=200)
        self.free("ledgers")
        self.send("PUT /ledgers/b", BLOCK_BLOB, b"kept", 201)
        self.send("PUT /ledgers/b?comp=immutabilityPolicies", {**policy, "x-ms-immutability-policy-mode": "Locked"}, status=200)
        self.send("DELETE /ledgers/b?comp=immutabilityPolicies", status=409, code="ImmutabilityPolicyDeleteOnLockedPolicy")
        self.send("PUT /ledgers/b?comp=immutabilityPolicies", policy, status=409)
        self.send("PUT /ledgers/w", {**BLOCK_BLOB, **policy}, b"kept from the start", 201)
        self.send("DELETE /ledgers/w", status=409, code="BlobImmutableDueToPolicy")

    def commands(self, account, container):
        """The program's own commands that could get rid of container/b; what each may answer."""
        name = f"{account}/{container}"
        policy = self.folder / "delete.json"
        policy.write_text(json.dumps({"rules": [{"name": "r", "type": "Lifecycle", "definition": {
            "filters": {"blobTypes": ["blockBlob"]}, "actions": {"baseBlob": {"delete": {"daysAfterCreationGreaterThan": 0}}}}}]}))
        return [
            ("a shorter retention", ["immutability", "retain", name, "--days", "1"]),
            ("no retention", ["immutability", "clear", name]),
            ("another hold released", ["immutability", "release", name, "--tag", "case43"]),
            ("soft delete off", ["account", "set", account, "--delete-retention", "off"]),
            ("versioning off", ["account", "set", account, "--versioning", "off"]),
            ("a lifecycle policy", ["lifecycle", "set", account, "--file", str(policy)]),
            ("its run", ["lifecycle", "run", account]),
            ("the account's removal", ["account", "remove", "--name", account]),
        ]

    def test_no_command_gets_through(self):
        for held in (True, False):
            account = self.running.make_account({"name-quarantine": "off"})
            client = azure.Client(self.running.address, account=account)
            self.addCleanup(client.close)
            self.client, mine = client, self.client
            self.made("kept")
            if held:
                for action, *more in (("retain", "--days", "10"), ("lock",), ("hold", "--tag", "case42")):
                    self.beside(self.running, "immutability", action, f"{account}/kept", *more)
            for name, arguments in self.commands(account, "kept"):
                with self.subTest(command=name, held=held):
                    self.command(arguments)
                    if not held:   # the last of them needs an empty account
                        continue
                    self.assertEqual(self.send("GET /kept/b", status=200).body, b"kept")
                    self.send("DELETE /kept/b", status=409, code="BlobImmutableDueToLegalHold")
            if not held:
                self.send("DELETE /kept?restype=container", status=202)
                self.command(["account", "remove", "--name", account], exit_code=0)
                self.send("GET /?comp=list", status=403)
            self.client = mine

    def test_a_migration_replaces_only_what_is_not_held(self):
        source = server.Server("bascule", folder=self.folder / "source")
        self.addCleanup(source.stop)
        source.start()
        client = azure.Client(source.address)
        self.addCleanup(client.close)
        for container in ("ledgers", "free"):
            self.made(container)
            self.assertEqual(client.send("PUT", f"/{container}?restype=container").status, 201)
            self.assertEqual(client.send("PUT", f"/{container}/b", BLOCK_BLOB, b"carried").status, 201)
        self.rule("hold", "ledgers", "--tag", "case42")
        text = (f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={azure.KEY};"
                f"BlobEndpoint=http://{source.address}/{ACCOUNT};")
        self.beside(self.running, "migrate", "--from", text, exit_code=1)
        self.assertEqual(self.send("GET /ledgers/b").body, b"kept")
        self.assertEqual(self.send("GET /free/b").body, b"carried")

    def command(self, arguments, exit_code=None):
        run = subprocess.run([PROGRAM, *arguments, *self.running.place()], capture_output=True, text=True, timeout=60,
                             env=server.private_environment(self.folder))
        if exit_code is not None:
            self.assertEqual(run.returncode, exit_code, run.stderr)

    def test_wrong_requests(self):
        self.made("ledgers")
        for headers, code in [({}, "MissingRequiredHeader"), ({"x-ms-immutability-policy-until-date": "soon"}, "InvalidHeaderValue"),
                              ({"x-ms-immutability-policy-until-date": FAR, "x-ms-immutability-policy-mode": "Maybe"}, "InvalidHeaderValue")]:
            self.send("PUT /ledgers/b?comp=immutabilityPolicies", headers, status=400, code=code)
        self.send("PUT /ledgers/b?comp=legalhold", {}, status=400, code="MissingRequiredHeader")
        self.send("PUT /ledgers/b?comp=legalhold", {"x-ms-legal-hold": "perhaps"}, status=400, code="InvalidHeaderValue")
        self.send("PUT /ledgers/x", {**BLOCK_BLOB, "x-ms-immutability-policy-mode": "Locked"}, b"x", 400, "MissingRequiredHeader")
        self.rule("hold", "absent", "--tag", "case42", exit_code=1)
        self.rule("hold", "ledgers", "--tag", "!", exit_code=2)
        self.rule("retain", "ledgers", "--days", "0", exit_code=2)


if __name__ == "__main__":
    unittest.main()
