"""The program as a person meets it: help, exit codes, wrong settings, places, keys, the commands beside a server."""
import base64
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from lib import azure, server  # noqa: E402

PROGRAM = server.default_program()
COMMANDS = ["serve", "migrate", "account", "lifecycle", "immutability", "admin", "approvals", "status", "compact", "check", "assess", "compare", "identity", "version"]
KEY64 = base64.b64encode(bytes(range(64))).decode()


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="bascule-cli-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def bascule(self, *arguments, exit_code=0, environment=None, text=None):
        run = subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True, timeout=60, input=text or "",
                             env={**server.private_environment(self.folder), **(environment or {})})
        self.assertEqual(run.returncode, exit_code, f"{arguments}\n{run.stdout}\n{run.stderr}")
        return run

    def gateway(self, **settings):
        one = server.Server("bascule", folder=self.folder / "gateway", **settings)
        self.addCleanup(one.stop)
        one.start()
        return one

    def beside(self, gateway, *arguments, **more):
        return self.bascule(*arguments, *gateway.place(), **more)


class Help(Case):
    def test_help_names_the_commands(self):
        text = self.bascule("--help").stdout
        for command in COMMANDS:
            self.assertRegex(text, rf"(?m)^\s+{command}\b")

    def test_each_command_has_help_with_examples(self):
        for command in COMMANDS:
            text = self.bascule(command, "--help").stdout
            if command != "version":
                self.assertIn("Examples:", text, command)
                self.assertIn(f"bascule {command}", text, command)

    def test_version(self):
        self.assertRegex(self.bascule("version").stdout, r"\d+\.\d+\.\d+")
        self.assertRegex(json.dumps(json.loads(self.bascule("version", "--json").stdout)), r"\d+\.\d+\.\d+")


class WrongUse(Case):
    def refused(self, *arguments, says=(), exit_code=2, **more):
        run = self.bascule(*arguments, exit_code=exit_code, **more)
        for word in says:
            self.assertIn(word, run.stderr)
        self.assertEqual(run.stdout, "")
        return run.stderr

    def test_no_command(self):
        self.refused()

    def test_unknown_command(self):
        self.refused("serv")

    def test_unknown_option(self):
        self.refused("serve", "--lisen", "127.0.0.1:1", says=["--lisen"])

    def test_listen_without_port(self):
        self.refused("serve", "--data", self.folder / "d", "--listen", "127.0.0.1", says=["127.0.0.1"])

    def config(self, text, mode=0o600):
        file = self.folder / "bascule.toml"
        file.write_text(text)
        file.chmod(mode)
        return file

    def test_wrong_settings_name_file_line_and_what_is_allowed(self):
        for text, says in [
                ('[server]\n\nlisten = 7\n', ["bascule.toml:3", "server.listen"]),
                ('[server]\nlisen = ["127.0.0.1:1"]\n', ["bascule.toml:2", "server.lisen", "server.listen"]),
                ('[provider]\nkind = "tape"\n', ["bascule.toml:2", "tape", "folder", "s3"]),
                ('[server]\nmax_connections = 0\n', ["bascule.toml:2", "max_connections", "1"]),
                ('[server]\nidle_timeout = "soon"\n', ["bascule.toml:2", "idle_timeout"]),
                ('[memory]\nupload = "1 elephant"\n', ["bascule.toml:2", "memory.upload"]),
                ('[nonsense]\nx = 1\n', ["bascule.toml", "nonsense"]),
                ('[server\n', ["bascule.toml:1"]),
                ('[provider]\nkind = "s3"\n', ["provider."])]:
            with self.subTest(text=text):
                self.refused("serve", "--data", self.folder / "d", "--config", self.config(text), says=says)
        self.assertFalse((self.folder / "d").exists(), "a refused start made the data folder")

    def test_missing_configuration_file(self):
        self.refused("serve", "--data", self.folder / "d", "--config", self.folder / "absent.toml", says=["absent.toml"],
                     exit_code=2)

    def test_a_secret_that_others_can_read_is_refused(self):
        text = ('[provider]\nkind = "s3"\nendpoint = "http://127.0.0.1:1"\nbucket = "b"\naccess_key = "a"\n'
                'secret_key = "visible-secret"\n')
        words = self.refused("serve", "--data", self.folder / "d", "--config", self.config(text, 0o644))
        self.assertNotIn("visible-secret", words)

    def test_misspelt_environment(self):
        self.refused("serve", "--data", self.folder / "d", environment={"BASCULE_SERVER_LISEN": "127.0.0.1:1"},
                     says=["BASCULE_SERVER_LISEN"])

    def test_plain_http_beyond_this_machine_is_refused(self):
        self.refused("serve", "--data", self.folder / "d", "--listen", "0.0.0.0:0")

    def test_key_file_within_the_data_is_refused(self):
        self.refused("serve", "--data", self.folder / "d", "--key-file", self.folder / "d" / "root.key", "--listen", "127.0.0.1:0")

    def test_migrate_needs_a_source(self):
        self.refused("migrate", "--data", self.folder / "d")

    def test_migrate_from_nonsense(self):
        self.refused("migrate", "--data", self.folder / "d", "--from", "nonsense-with-a-secret")

    def test_check_without_a_folder(self):
        run = self.bascule("check", "--data", self.folder / "absent", exit_code=1)
        self.assertIn("absent", run.stderr)
        self.assertFalse((self.folder / "absent").exists())


class Serving(Case):
    def test_places_and_modes(self):
        port = server.free_port()
        environment = server.private_environment(self.folder)
        if os.getuid() == 0:  # Root's places are the system's, which a test leaves alone.
            environment["STATE_DIRECTORY"] = str(self.folder / "var")
            environment["CONFIGURATION_DIRECTORY"] = str(self.folder / "etc")
        log = self.folder / "log"
        with log.open("wb") as output:
            process = subprocess.Popen([PROGRAM, "serve", "--listen", f"127.0.0.1:{port}"], env=environment, stdout=output,
                                       stderr=output, stdin=subprocess.DEVNULL)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        server.wait_for_port(f"127.0.0.1:{port}", process, log=log)
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(30), 0)
        keys = [file for file in self.folder.rglob("*.key") if file.is_file()]
        self.assertEqual(len(keys), 1, keys)
        self.assertEqual(stat.S_IMODE(keys[0].stat().st_mode), 0o600)
        words = log.read_text()
        self.assertIn(str(keys[0]), words)
        self.assertRegex(words, "(?i)copy")
        sockets = list(self.folder.rglob("admin.sock"))
        self.assertFalse(any(keys[0].is_relative_to(s.parent) for s in sockets), "the key lies beside the data")

    def test_sigterm_drains_and_exits_with_0(self):
        gateway = self.gateway()
        self.assertEqual(gateway.stop(), 0)

    def test_sigint_too(self):
        self.assertEqual(self.gateway().stop(signal.SIGINT), 0)

    def test_data_outlive_a_restart_and_a_kill(self):
        gateway = self.gateway()
        client = azure.Client(gateway.address)
        self.assertEqual(client.send("PUT", "/kept?restype=container").status, 201)
        self.assertEqual(client.send("PUT", "/kept/b", {"x-ms-blob-type": "BlockBlob"}, b"kept").status, 201)
        for how in (signal.SIGTERM, signal.SIGKILL):
            client.close()
            gateway.stop(how)
            gateway.start()
            self.assertEqual(client.send("GET", "/kept/b").body, b"kept")
        client.close()

    def test_a_folder_belongs_to_one_process(self):
        gateway = self.gateway()
        run = self.bascule("serve", *gateway.place(), "--listen", f"127.0.0.1:{server.free_port()}",
                           "--set", "admin.listen=off", exit_code=4)
        self.assertIn(str(gateway.folder / "data"), run.stderr)

    def test_a_taken_port_is_named(self):
        gateway = self.gateway()
        run = self.bascule("serve", "--data", self.folder / "d", "--listen", gateway.address, exit_code=1,
                           environment={"BASCULE_KEY_FILE": str(self.folder / "k/key")})
        self.assertIn(gateway.address, run.stderr)

    def test_health_and_metrics(self):
        gateway = self.gateway()
        for page, word in (("healthz", None), ("readyz", None), ("metrics", "# TYPE")):
            with urllib.request.urlopen(f"http://{gateway.admin_address}/{page}", timeout=10) as answer:
                self.assertEqual(answer.status, 200)
                text = answer.read().decode()
            if word:
                self.assertIn(word, text)

    def test_metrics_count_what_was_done(self):
        gateway = self.gateway()

        def metric(line):
            with urllib.request.urlopen(f"http://{gateway.admin_address}/metrics", timeout=10) as answer:
                found = re.search(rf"(?m)^{re.escape(line)} (\S+)$", answer.read().decode())
            return float(found.group(1)) if found else 0

        lines = ('bascule_catalog_commits_total{outcome="committed"}', "bascule_catalog_write_seconds_count",
                 'bascule_requests_total{operation="PutBlob",status="2xx"}')
        before = [metric(line) for line in lines]
        client = azure.Client(gateway.address)
        client.send("PUT", "/counted?restype=container")
        for _ in range(3):
            client.send("PUT", "/counted/b", {"x-ms-blob-type": "BlockBlob"}, b"1")
        client.close()
        commits, writes, puts = (metric(line) - was for line, was in zip(lines, before))
        self.assertGreaterEqual(commits, 4)
        self.assertGreaterEqual(writes, 4)
        self.assertEqual(puts, 3)

    def test_sigterm_while_a_provider_keeps_silent_at_the_start(self):
        with socket.socket() as mute:  # takes connections, says nothing
            mute.bind(("127.0.0.1", 0))
            mute.listen()
            config = self.folder / "s3.toml"
            config.write_text(f'[provider]\nkind = "s3"\nendpoint = "http://127.0.0.1:{mute.getsockname()[1]}"\n'
                              'bucket = "bucket"\naccess_key = "a"\nsecret_key = "s"\n')
            config.chmod(0o600)
            process = subprocess.Popen([PROGRAM, "serve", "--data", self.folder / "d", "--config", config, "--listen",
                                        f"127.0.0.1:{server.free_port()}", "--set", "admin.listen=off"],
                                       env=server.private_environment(self.folder), stderr=subprocess.DEVNULL)
            self.addCleanup(process.kill)
            mute.settimeout(30)
            with mute.accept()[0]:
                process.send_signal(signal.SIGTERM)
                self.assertEqual(process.wait(5), 0)

    def test_logs_name_the_request_and_no_secret(self):
        gateway = self.gateway(arguments=["--set", "log.level=debug"])
        self.beside(gateway, "account", "add", "--name", "acme", "--keys-from-stdin", text=f"{KEY64}\n")
        client = azure.Client(gateway.address, account="acme", key=KEY64)
        client.send("PUT", "/logged?restype=container")
        token = azure.account_sas(account="acme", key=KEY64)
        answer = client.send("GET", "/logged?restype=container&comp=list", auth=token)
        client.close()
        deadline = time.monotonic() + 10
        while answer.header("x-ms-request-id") not in gateway.log.read_text() and time.monotonic() < deadline:
            time.sleep(0.05)
        words = gateway.log.read_text()
        self.assertIn(answer.header("x-ms-request-id"), words)
        signature = re.search("sig=([^&]+)", token).group(1)
        for secret in (KEY64, signature, urllib.request.unquote(signature)):
            self.assertNotIn(secret, words)

    def test_plaintext_is_nowhere_in_the_data(self):
        gateway = self.gateway()
        client = azure.Client(gateway.address)
        client.send("PUT", "/secret?restype=container")
        words = b"words that nobody else may read, at least not the provider"
        client.send("PUT", "/secret/small", {"x-ms-blob-type": "BlockBlob", "x-ms-meta-a": "MetadataNobodyReads"}, words)
        client.send("PUT", "/secret/large", {"x-ms-blob-type": "BlockBlob"}, words * 40000)
        client.close()
        gateway.stop()
        planted = self.folder / "gateway/data/control"
        planted.write_bytes(b"xx" + words)
        holding = [file.name for file in (self.folder / "gateway/data").rglob("*") if file.is_file()
                   and (words in file.read_bytes() or b"MetadataNobodyReads" in file.read_bytes())]
        self.assertEqual(holding, ["control"], "the scan must find the planted file, and that alone")


class Accounts(Case):
    def test_add_use_rotate_remove_beside_a_server(self):
        gateway = self.gateway()
        self.beside(gateway, "account", "add", "--name", "acme", "--keys-from-stdin", text=f"{KEY64}\n")
        self.assertIn("acme", self.beside(gateway, "account", "list").stdout)
        self.assertNotIn(KEY64, self.beside(gateway, "account", "list").stdout)
        client = azure.Client(gateway.address, account="acme", key=KEY64)
        self.assertEqual(client.send("PUT", "/one?restype=container").status, 201)
        self.beside(gateway, "account", "remove", "--name", "acme", exit_code=1)
        self.assertEqual(client.send("DELETE", "/one?restype=container").status, 202)
        shown = self.beside(gateway, "account", "rotate-key", "--name", "acme", "--key", "1", "--show-keys").stdout
        self.assertEqual(client.send("GET", "/?comp=list").status, 403)
        fresh = re.search(r"[A-Za-z0-9+/]{86}==", shown).group(0)
        client.close()
        client = azure.Client(gateway.address, account="acme", key=fresh)
        self.assertEqual(client.send("GET", "/?comp=list").status, 200)
        client.close()
        self.beside(gateway, "account", "add", "--name", "acme", exit_code=1)

    def test_bad_names_and_keys(self):
        gateway = self.gateway()
        for name in ("ab", "Acme", "a" * 25, "a-b"):
            self.beside(gateway, "account", "add", "--name", name, exit_code=2)
        self.beside(gateway, "account", "add", "--name", "acme", "--keys-from-stdin", text="not base64!\n", exit_code=2)

    def test_without_a_server_the_folder_is_opened(self):
        gateway = self.gateway()
        gateway.stop()
        self.beside(gateway, "account", "add", "--name", "acme")
        names = json.dumps(json.loads(self.beside(gateway, "account", "list", "--json").stdout))
        self.assertIn("acme", names)


class Checking(Case):
    def test_all_is_well_with_and_without_a_server(self):
        gateway = self.gateway()
        client = azure.Client(gateway.address)
        client.send("PUT", "/checked?restype=container")
        client.send("PUT", "/checked/b", {"x-ms-blob-type": "BlockBlob"}, os.urandom(200_000))
        client.close()
        self.beside(gateway, "check")
        gateway.stop()
        report = self.beside(gateway, "check", "--json").stdout.splitlines()[-1]
        self.assertIn("blobs", report)
        self.assertEqual(json.loads(report)["report"]["damaged"], 0)

    def test_a_lost_and_a_changed_object_are_found(self):
        gateway = self.gateway()
        client = azure.Client(gateway.address)
        client.send("PUT", "/checked?restype=container")
        for name in ("a", "b"):
            client.send("PUT", f"/checked/{name}", {"x-ms-blob-type": "BlockBlob"}, os.urandom(300_000))
        client.close()
        gateway.stop()
        data = gateway.folder / "data"
        large = sorted((f for f in data.rglob("*") if f.is_file() and 290_000 < f.stat().st_size < 400_000 and "catalog" not in f.parts),
                       key=lambda f: f.name)
        self.assertGreaterEqual(len(large), 1, "no object that could be lost")
        content = bytearray(large[0].read_bytes())
        content[len(content) // 2] ^= 1
        large[0].write_bytes(content)
        damaged = self.beside(gateway, "check", exit_code=1)
        self.assertRegex(damaged.stdout, r"damaged: [1-9]")
        large[0].unlink()
        missing = self.beside(gateway, "check", exit_code=1)
        self.assertRegex(missing.stdout, r"missing: [1-9]")

    def findings(self, gateway, *arguments, exit_code=0):
        """What `check --json` says: the findings by kind, and the last line."""
        lines = [json.loads(line) for line in
                 self.beside(gateway, "check", "--json", *arguments, exit_code=exit_code).stdout.splitlines()]
        self.assertEqual([line for line in lines[:-1] if "report" in line], [], "the report is the last line, once")
        self.assertEqual(lines[-1]["exit"], exit_code)
        found = {}
        for line in lines[:-1]:
            if "finding" in line:
                self.assertEqual(set(line), {"finding", "where", "message"})
                found.setdefault(line["finding"], []).append(line["where"])
        return found, lines[-1]["report"]

    def test_json_names_each_finding_and_ends_with_the_report(self):
        gateway = self.gateway()
        client = azure.Client(gateway.address)
        client.send("PUT", "/checked?restype=container")
        for name in ("a", "b", "c"):
            client.send("PUT", f"/checked/{name}", {"x-ms-blob-type": "BlockBlob"}, os.urandom(300_000))
        client.close()
        gateway.stop()
        found, report = self.findings(gateway)
        self.assertEqual(found, {})
        self.assertEqual((report["blobs"], report["extents"], report["read"]), (3, 3, True))
        self.assertGreaterEqual(report["bytes_read"], 900_000)
        data = gateway.folder / "data"
        objects = sorted(f for f in data.rglob("*") if f.is_file() and 290_000 < f.stat().st_size < 400_000 and "catalog" not in f.parts)
        self.assertEqual(len(objects), 3)
        content = bytearray(objects[0].read_bytes())
        content[200_000] ^= 1
        objects[0].write_bytes(content)
        objects[1].unlink()
        stranger = objects[2].with_name("0123456789abcdef" * 2)   # a name of our form, of a catalog that is not this one
        stranger.write_bytes(b"whose is it?")
        found, report = self.findings(gateway, exit_code=1)
        self.assertEqual({kind: len(where) for kind, where in found.items()}, {"damaged": 1, "missing": 1, "unnamed": 1})
        self.assertEqual(len({*found["damaged"], *found["missing"]} & {f"devstoreaccount1/checked/{n}" for n in "abc"}), 2)
        self.assertEqual(found["unnamed"], [f"object {stranger.name}"])
        self.assertEqual((report["damaged"], report["missing"], report["unnamed"]), (1, 1, 1))
        # Names and sizes alone: the flipped bit does not show, the missing one does.
        found, report = self.findings(gateway, "--quick", exit_code=1)
        self.assertEqual((set(found), report["read"], report["bytes_read"]), ({"missing", "unnamed"}, False, 0))

    def test_what_is_unnamed_is_a_note_and_no_failure(self):
        gateway = self.gateway()
        gateway.stop()
        data = gateway.folder / "data"
        keyring = next(f for f in data.rglob("keyring-root*") if f.is_file())
        keyring.with_name("fedcba9876543210" * 2).write_bytes(b"left")
        found, report = self.findings(gateway)
        self.assertEqual((list(found), report["unnamed"], report["unnamed_bytes"]), (["unnamed"], 1, 4))



if __name__ == "__main__":
    unittest.main()
