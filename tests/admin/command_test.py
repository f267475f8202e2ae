"""The commands as clients of the admin API: what works on the server's folder works from elsewhere, in the role's bounds."""
import json
import os
import pty
import select
import stat
import subprocess
import time
import unittest

import support
from lib import azure, server


class Commands(support.Case):
    def test_every_command_works_from_elsewhere(self):
        self.bascule("account", "add", "--name", "remote", role="operator")
        self.assertIn("remote", self.bascule("account", "list", role="auditor").stdout)
        self.bascule("account", "set", "remote", "--versioning", "on", role="operator")
        self.assertIn("on", self.bascule("account", "show", "remote", role="auditor").stdout)
        shown = json.loads(self.bascule("account", "list", "--json", "--show-keys", role="key-officer").stdout)
        local = json.loads(self.bascule("account", "list", "--json", "--show-keys").stdout)
        self.assertEqual(shown, local)
        self.bascule("account", "rotate-key", "remote", "--key", "2", role="key-officer")
        policy = json.dumps({"rules": [{"name": "r", "enabled": True, "type": "Lifecycle", "definition": {
            "actions": {"baseBlob": {"delete": {"daysAfterModificationGreaterThan": 1}}}, "filters": {"blobTypes": ["blockBlob"]}}}]})
        self.bascule("lifecycle", "set", "remote", "--file", "-", text=policy, role="operator")
        self.assertIn("run started", self.bascule("lifecycle", "run", "remote", role="operator").stdout)
        self.assertIn("finished", self.bascule("lifecycle", "show", "remote", role="auditor").stdout)
        self.bascule("lifecycle", "remove", "remote", role="operator")
        self.bascule("scope", "add", "--account", "remote", "--name", "tenant-7", role="key-officer")
        self.assertIn("tenant-7", self.bascule("scope", "list", "--account", "remote", role="auditor").stdout)
        self.container("remote", "ledgers")
        self.bascule("immutability", "hold", "remote/ledgers", "--tag", "case42", role="operator")
        self.assertIn("case42", self.bascule("immutability", "show", "remote/ledgers", role="auditor").stdout)
        self.bascule("compact", "--dry-run", role="operator")
        report = json.loads(self.bascule("check", "--json", role="auditor").stdout.splitlines()[-1])
        self.assertEqual(report["report"]["damaged"], 0)
        self.assertIn("auditor-1, auditor", self.bascule("admin", "whoami", role="auditor").stdout)
        self.assertIn("serves", self.bascule("status", "--once", role="auditor").stdout)

    def test_a_migration_from_elsewhere(self):
        source = server.Server("bascule")
        with source:
            client = azure.Client(source.address)
            self.assertEqual(client.send("PUT", "/photos?restype=container", {}, b"").status, 201)
            self.assertEqual(client.send("PUT", "/photos/a", {"x-ms-blob-type": "BlockBlob"}, b"hello").status, 201)
            client.close()
            text = (f"DefaultEndpointsProtocol=http;AccountName={azure.ACCOUNT};AccountKey={azure.KEY};"
                    f"BlobEndpoint=http://{source.address}/{azure.ACCOUNT};")
            self.bascule("migrate", "--from-file", "-", "--account", azure.ACCOUNT, text=text, role="operator")
            refused = self.bascule("migrate", "--from-file", "-", text=text, role="auditor", exit_code=1)
        self.assertIn("may not ask for migrate", refused.stderr)
        client = azure.Client(self.server.address)
        answer = client.send("GET", "/photos/a", {}, None)
        self.assertEqual((answer.status, answer.body), (200, b"hello"))
        client.close()

    def test_what_a_role_may_not(self):
        for role, arguments in (("operator", ["account", "list", "--show-keys"]), ("key-officer", ["account", "add", "--name", "nope"]),
                                ("auditor", ["account", "set", "devstoreaccount1", "--versioning", "on"]),
                                ("operator", ["admin", "token", "create", "me", "--role", "operator"])):
            run = self.bascule(*arguments, role=role, exit_code=1)
            self.assertIn(f"is {role}, and may not ask for", run.stderr)
            self.assertEqual(run.stdout, "")
        refused = [line for line in self.server.log.read_text().splitlines() if "administration refused" in line]
        self.assertGreaterEqual(len(refused), 4)

    def test_wrong_ways_to_ask(self):
        missing = self.bascule("account", "list", "--server", f"https://{self.server.api_address}", exit_code=2)
        self.assertIn("--token-file", missing.stderr)
        plain = self.bascule("account", "list", "--server", f"http://{self.server.api_address}", exit_code=2)
        self.assertIn("https://", plain.stderr)
        token = self.tokens["auditor"]
        self.bascule("account", "list", "--server", f"https://{self.server.api_address}", exit_code=1, environment={"BASCULE_ADMIN_TOKEN": token})  # not trusted
        env = {"BASCULE_ADMIN_TOKEN": token, "BASCULE_ADMIN_SERVER": f"https://{self.server.api_address}", "BASCULE_ADMIN_CA_FILE": str(self.server.authority)}
        self.assertIn("devstoreaccount1", self.bascule("account", "list", environment=env).stdout)
        unknown = self.bascule("account", "list", token="bscadm_" + "0" * 16 + "_" + "A" * 43, exit_code=1)
        self.assertIn("not known", unknown.stderr)
        self.bascule("account", "list", "--server", f"https://127.0.0.1:{server.free_port()}", exit_code=1, environment=env)
        secret = self.bascule("account", "list", "--set", f"admin.token={token}", exit_code=2)
        self.assertNotIn(token, secret.stderr)
        open_file = self.server.folder / "open.token"
        open_file.write_text(token)
        open_file.chmod(0o644)
        self.assertIn("others can read", self.bascule("account", "list", "--token-file", open_file, environment={k: v for k, v in env.items() if "TOKEN" not in k},
                                                      exit_code=1).stderr)

    def test_tokens(self):
        file = self.server.folder / "dora.token"
        made = self.bascule("admin", "token", "create", "dora", "--role", "auditor", "--days", "2", "--out", file)
        self.assertEqual(made.stdout, "")
        self.assertEqual(stat.S_IMODE(file.stat().st_mode), 0o600)
        self.assertIn("dora", self.bascule("admin", "whoami", token=file.read_text().strip()).stdout)
        before = self.bascule("admin", "token", "list").stdout
        self.bascule("admin", "token", "create", "dora", "--role", "auditor", "--out", file, exit_code=1)   # not over another's
        self.assertEqual(self.bascule("admin", "token", "list").stdout, before)
        drawn = json.loads(self.bascule("admin", "token", "draw", "--json").stdout)
        self.bascule("admin", "token", "create", "emil", "--role", "key-officer", "--fingerprint", drawn["fingerprint"])
        self.assertIn("emil, key-officer", self.bascule("admin", "whoami", token=drawn["token"]).stdout)
        identity = next(line.split()[0] for line in self.bascule("admin", "token", "list").stdout.splitlines() if "emil" in line)
        self.bascule("admin", "token", "revoke", identity, role="key-officer")
        self.assertIn("revoked", next(line for line in self.bascule("admin", "token", "list").stdout.splitlines() if "emil" in line))
        self.bascule("admin", "whoami", token=drawn["token"], exit_code=1)

    def test_two_persons(self):
        second = self.server.token("operator-2", "operator")
        time.sleep(0.01)
        self.container("devstoreaccount1", "two")
        self.bascule("immutability", "retain", "devstoreaccount1/two", "--days", "5", role="operator")
        waits = self.bascule("immutability", "lock", "devstoreaccount1/two", role="operator", exit_code=5)
        identity = waits.stderr.split("bascule approvals show ")[1].split()[0]
        self.assertIn(identity, self.bascule("approvals", "list", role="auditor").stdout)
        shown = self.bascule("approvals", "show", identity, role="auditor").stdout
        for word in ("immutability-lock", "container=two", "days=5", "operator-1"):
            self.assertIn(word, shown)
        self.bascule("approvals", "approve", identity, role="operator", exit_code=1)
        self.bascule("approvals", "approve", identity, "--digest", "0" * 64, token=second, exit_code=2)
        self.assertIn("carried out", self.bascule("approvals", "approve", identity, token=second).stdout)
        self.assertIn("locked", self.bascule("immutability", "show", "devstoreaccount1/two").stdout)
        self.assertEqual(self.bascule("approvals", "list").stdout, "")
        self.assertIn("done", self.bascule("approvals", "list", "--all").stdout)
        # The owner alone, for a reason.
        self.container("devstoreaccount1", "alone")
        self.bascule("immutability", "retain", "devstoreaccount1/alone", "--days", "5")
        self.bascule("immutability", "lock", "devstoreaccount1/alone", exit_code=5)
        self.bascule("immutability", "lock", "devstoreaccount1/alone", "--alone", "nobody else is on duty")
        everything = json.loads(self.bascule("approvals", "list", "--all", "--json").stdout)["approvals"]
        self.assertEqual([one["outcome"] for one in everything if one["state"] == "done" and "outcome" in one], ["alone: nobody else is on duty"])
        self.assertIn("done by one alone", self.server.log.read_text())
        for one in everything:
            if one["state"] == "waiting":
                self.bascule("approvals", "reject", one["id"], "--why", "done already")


class Alone(unittest.TestCase):
    def test_a_lone_machine_needs_nobody(self):
        with support.AdminServer() as lone:
            client = azure.Client(lone.address)
            client.send("PUT", "/con?restype=container", {}, b"")
            client.close()
            lone.command_line("immutability", "retain", "devstoreaccount1/con", "--days", "5")
            self.assertIn("locked", lone.command_line("immutability", "lock", "devstoreaccount1/con"))
            lone.stop()
            # Without a server the folder is opened, by the same rules.
            token = lone.token("ann", "operator")
            self.assertTrue(token.startswith("bscadm_"))
            run = subprocess.run([lone.program, "immutability", "version-level", "devstoreaccount1/con", *lone.place()], capture_output=True, text=True,
                                 env=server.private_environment(lone.folder), check=False)
            self.assertEqual(run.returncode, 5, run.stderr)
            lone.start()
            self.assertEqual(lone.api("GET", "/v1/whoami", token).json["name"], "ann")


class Status(support.Case):
    def test_once_and_json(self):
        client = azure.Client(self.server.address)
        for _ in range(5):
            client.send("GET", "/nothing/there", {}, None)
        client.close()
        page = self.bascule("status", "--once").stdout
        for word in ("ready", "requests/s", "devstoreaccount1", "at folder", "memory", "disk", "jobs", "session"):
            self.assertIn(word, page)
        figures = json.loads(self.bascule("status", "--once", "--json").stdout)
        self.assertGreaterEqual(figures["requests"]["refused"], 5)
        self.assertEqual([one["name"] for one in figures["accounts"]], ["devstoreaccount1"])
        self.assertGreater(figures["disk"]["size_bytes"], figures["disk"]["free_bytes"])
        self.assertGreater(figures["memory"]["resident_bytes"], 1_000_000)

    def follow(self, stdout, seconds, *more):
        return subprocess.Popen([self.server.program, "status", "--every", str(seconds), *more, *self.server.place()], stdout=stdout,
                                stderr=subprocess.PIPE, env=server.private_environment(self.server.folder))

    def test_lines_elsewhere_and_a_page_on_a_terminal(self):
        lines = self.follow(subprocess.PIPE, 0.2, "--json")
        first, second = (json.loads(lines.stdout.readline()) for _ in range(2))
        self.assertLess(first["time"], second["time"])
        lines.terminate()
        self.assertEqual(lines.wait(10), 0)
        lines.stdout.close(), lines.stderr.close()

        reader, terminal = pty.openpty()
        drawn = self.follow(terminal, 0.2)
        os.close(terminal)
        seen = b""
        end = time.monotonic() + 10
        while seen.count(b"\x1b[H\x1b[J") < 3 and time.monotonic() < end:
            if select.select([reader], [], [], 1)[0]:
                seen += os.read(reader, 65536)
        self.assertGreaterEqual(seen.count(b"\x1b[H\x1b[J"), 3)
        drawn.terminate()
        self.assertEqual(drawn.wait(10), 0)
        drawn.stderr.close()
        os.close(reader)


if __name__ == "__main__":
    unittest.main()
