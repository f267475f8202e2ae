"""`bascule config`, reloading, and where secrets come from."""
import json
import signal
import subprocess
import time
import unittest

from support import Case, server


def certificate(folder, name, days=30):
    """A self-signed one; NAME.pem and NAME.key. Fewer than no days: it is over already."""
    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)

    openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=127.0.0.1", "-keyout", f"{name}.key", "-out", f"{name}.csr")
    openssl("x509", "-req", "-in", f"{name}.csr", "-signkey", f"{name}.key", "-days", str(days), "-out", f"{name}.pem")
    (folder / f"{name}.key").chmod(0o600)
    return folder / f"{name}.pem", folder / f"{name}.key"


class Commands(Case):
    def bascule(self, *arguments, exit_code=0, config="", environment=None):
        file = self.folder / "bascule.toml"
        file.touch(mode=0o600)
        file.write_text(config)
        run = subprocess.run([server.default_program(), *map(str, arguments), "--config", str(file)], capture_output=True, text=True, timeout=60,
                             env={**server.private_environment(self.folder), **(environment or {})})
        self.assertEqual(run.returncode, exit_code, f"{config}\n{run.stdout}\n{run.stderr}")
        return run.stdout

    def test_nothing_is_wrong_with_the_defaults(self):
        out = self.bascule("config", "check", config=f'[server]\nlisten = ["127.0.0.1:{server.free_port()}"]\n[admin]\nlisten = "off"\n')
        self.assertIn("nothing is wrong", out)
        self.assertFalse((self.folder / "share/bascule").exists(), "the check made something")

    def test_everything_at_once_with_file_and_line(self):
        chain, key = certificate(self.folder, "one")
        other = certificate(self.folder, "other")[1]
        secret = self.folder / "s3-secret"
        secret.write_text("hunter2-hunter2\n")
        secret.chmod(0o644)
        config = f"""data = "{self.folder}/data"
key_file = "{self.folder}/data/bascule.key"
[server]
listen = ["127.0.0.1:{server.free_port()}", "300.1.1.1:1"]
certificate = "{chain}"
key = "{other}"
[provider]
kind = "s3"
endpoint = "https://s3.example"
bucket = "b"
access_key = "a"
secret_key_file = "{secret}"
ca_file = "{self.folder}/absent.pem"
[events]
to = ["file", "syslog"]
file = "{self.folder}/nowhere/access.jsonl"
syslog_socket = "{self.folder}/nobody"
"""
        found = json.loads(self.bascule("config", "check", "--json", exit_code=2, config=config))
        self.assertEqual(found["exit"], 2)
        all_of_it = "\n".join(f["message"] for f in found["findings"] if f["severity"] == "error")
        for says in ("bascule.toml:2: the key file", "bascule.toml:4: ", "bascule.toml:5: " + str(other), "bascule.toml:12: " + str(secret),
                     "bascule.toml:13: " + str(self.folder / "absent.pem"), "bascule.toml:16: the folder", "bascule.toml:17: cannot reach syslog"):
            self.assertIn(says, all_of_it)
        self.assertNotIn("hunter2", all_of_it)
        text = self.bascule("config", "check", exit_code=2, config="[server]\nlistn = []\nmax_connections = -1\n[nonsense]\nx = 1\n")
        for line in (2, 3, 4):
            self.assertIn(f"bascule.toml:{line}: ", text)
        self.assertRegex(text, r"3 errors, ")

    def test_what_is_written_wrong_hides_nothing_else(self):
        chain, key = certificate(self.folder, "late", days=-1)
        config = f"""[server]
listn = []
listen = ["127.0.0.1:{server.free_port()}"]
[admin]
listen = "off"
api_listen = "300.1.1.1:1"
api_certificate = "{chain}"
api_key = "{key}"
[backup]
endpoint = "nonsense"
access_key = "a"
ca_file = "{self.folder}/absent.pem"
[log]
level = "loud"
"""
        found = json.loads(self.bascule("config", "check", "--json", exit_code=2, config=config, environment={"BASCULE_BACKUP_SECRET_KEY": "hunter2-hunter2"}))
        lines = sorted(int(f["message"].partition("bascule.toml:")[2].partition(":")[0]) for f in found["findings"])
        self.assertEqual(lines, [2, 6, 7, 10, 12, 14], found)
        # What cannot be read at all says nothing but that.
        text = self.bascule("config", "check", exit_code=2, config="[server\n")
        self.assertRegex(text, r"1 error, 0 warnings")

    def test_certificates_dates_and_key_modes(self):
        chain, key = certificate(self.folder, "soon", days=5)
        config = f'[server]\nlisten = ["127.0.0.1:{server.free_port()}"]\ncertificate = "{chain}"\nkey = "{key}"\n[admin]\nlisten = "off"\n'
        self.assertIn("expires on", self.bascule("config", "check", config=config))
        key.chmod(0o644)
        self.assertIn("everybody can read it", self.bascule("config", "check", config=config))
        certificate(self.folder, "late", days=-1)
        self.assertIn("expired on", self.bascule("config", "check", exit_code=2, config=config.replace("soon", "late")))

    def test_show_names_sources_and_hides_secrets(self):
        environment = {"BASCULE_PROVIDER_SECRET_KEY": "hunter2-hunter2", "BASCULE_SERVER_MAX_CONNECTIONS": "77"}
        out = self.bascule("config", "show", "--changed", "--set", "server.threads=3", config='[log]\nlevel = "warn"\n', environment=environment)
        self.assertRegex(out, r"server.max_connections += 77 +# BASCULE_SERVER_MAX_CONNECTIONS; live")
        self.assertRegex(out, r"server.threads += 3 +# command line; restart")
        self.assertRegex(out, r"log.level += warn +# .*bascule.toml:2; live")
        self.assertRegex(out, r"provider.secret_key += \(hidden\) ")
        everything = json.loads(self.bascule("config", "show", "--json", config="", environment=environment))
        self.assertNotIn("hunter2", json.dumps(everything))
        named = {s["name"]: s for s in everything["settings"]}
        self.assertEqual(named["memory.upload"]["value"], "128MiB")
        self.assertEqual(named["data"]["source"], "default")

    def test_a_credential_of_systemd_is_a_secret_and_a_key_file(self):
        folder = self.folder / "credentials"
        folder.mkdir()
        for name, text in (("provider.secret_key", "hunter2-hunter2"), ("key_file", "whatever")):
            (folder / name).write_text(text)
            (folder / name).chmod(0o440)
        out = self.bascule("config", "show", config="", environment={"CREDENTIALS_DIRECTORY": str(folder)})
        self.assertRegex(out, r"provider.secret_key += \(hidden\) +# credential provider.secret_key;")
        self.assertRegex(out, rf"key_file += {folder}/key_file +# credential key_file;")


class Reload(Case):
    kind = server.SecureServer

    def setUp(self):
        super().setUp()
        self.gateway()
        self.config = (self.server.folder / "bascule.toml").read_text()

    def serial(self):
        host, _, port = self.server.address.rpartition(":")
        out = subprocess.run(["openssl", "s_client", "-connect", f"{host}:{port}"], input="", capture_output=True, text=True, timeout=20).stdout
        return subprocess.run(["openssl", "x509", "-noout", "-serial"], input=out, capture_output=True, text=True, timeout=20).stdout

    def test_what_may_change_changes_and_the_rest_is_named(self):
        e = self.reload(self.config + '[log]\nlevel = "warn"\n[memory]\nupload = "256MiB"\n')
        self.assertEqual(e["Details"], {"Applied": "log.level", "NeedRestart": "memory.upload"})
        # Once more: what needs a restart is still named, what is in force is not.
        self.assertEqual(self.reload()["Details"], {"Applied": "", "NeedRestart": "memory.upload"})

    def test_a_wrong_configuration_is_refused_whole(self):
        before = self.serial()
        chain, key = certificate(self.folder, "new")
        self.server.authority.write_bytes(chain.read_bytes())   # the key is another's now
        e = self.reload(self.config + '[log]\nlevel = "loud"\n', "ConfigurationRefused")
        self.assertIn("log.level = 'loud'", e["Reason"])
        self.assertEqual(e["Outcome"], "Failed")
        e = self.reload(self.config + '[log]\nlevel = "warn"\n', "ConfigurationRefused")
        self.assertIn("does not hold the PEM private key of", e["Reason"])
        self.assertEqual(self.serial(), before)
        (self.server.folder / "key.pem").write_bytes(key.read_bytes())
        self.assertEqual(self.reload()["Details"]["Applied"], "log.level")
        self.assertNotEqual(self.serial(), before)

    def test_limits_are_in_force_for_new_connections(self):
        e = self.reload(self.config.replace('[admin]', '[server]\nhead_bytes = "4KiB"\n[admin]'))
        self.assertEqual(e["Details"]["Applied"], "server.head_bytes")
        import ssl
        client = self.client(tls=ssl.create_default_context(cafile=str(self.server.authority)))
        self.assertEqual(client.send("GET", "/?comp=list", {"x-ms-meta-long": "x" * 5000}).status, 431)

    def test_the_events_file_is_opened_anew(self):
        self.event(OperationName="ServiceStarted")
        (self.folder / "access.jsonl").rename(self.folder / "moved.jsonl")
        self.reload()
        self.assertEqual(self.events("moved.jsonl")[0]["OperationName"], "ServiceStarted")
        self.assertEqual(self.events()[0]["OperationName"], "ConfigurationReloaded")

    def test_events_go_elsewhere_or_nowhere(self):
        (self.server.folder / "bascule.toml").write_text(self.config.replace("access.jsonl", "other.jsonl"))
        self.server.process.send_signal(signal.SIGHUP)
        end = time.monotonic() + 10
        while not self.events("other.jsonl", OperationName="ConfigurationReloaded"):
            self.assertLess(time.monotonic(), end)
            time.sleep(0.02)

    def test_the_service_manager_is_told(self):
        import socket
        self.server.stop()
        path = str(self.folder / "notify")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.bind(path)
            manager.settimeout(20)
            self.server.extra["NOTIFY_SOCKET"] = path
            self.server.start()
            self.assertEqual(manager.recv(4096), b"READY=1")
            (self.server.folder / "bascule.toml").write_text(self.config + '[log]\nlevel = "loud"\n')
            self.server.process.send_signal(signal.SIGHUP)
            first = manager.recv(4096).decode().splitlines()
            self.assertEqual(first[0], "RELOADING=1")
            self.assertLess(abs(int(first[1].removeprefix("MONOTONIC_USEC=")) - time.monotonic_ns() // 1000), 10_000_000)
            second = manager.recv(4096).decode().splitlines()
            self.assertEqual(second[0], "READY=1")
            self.assertTrue(second[1].startswith("STATUS=configuration refused, the old one is in use: "), second)


if __name__ == "__main__":
    unittest.main()
