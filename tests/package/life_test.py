"""The package's life in a fresh Debian 12: installed, set up, serving, upgraded, gone back, removed, there again, purged. Slow."""
import os
import pathlib
import re
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from lib import azure  # noqa: E402
import debian_root  # noqa: E402
import packages  # noqa: E402

PROBE = str(pathlib.Path(__file__).resolve().parent / "probe.py")
PORT = "10000"
EXPOSURE = 1.5   # the most that `systemd-analyze security` may say


class Life(unittest.TestCase):
    """One story: each step stands on those before it."""

    @classmethod
    def setUpClass(cls):
        if os.geteuid() != 0:
            raise RuntimeError("a Debian root needs root; run this as root")
        cls.older, cls.newer = packages.older_deb(), packages.deb()
        cls.enterClassContext(cls.opened())

    @classmethod
    def opened(cls):
        cls.root = debian_root.DebianRoot(debian_root.base(cls.newer))
        return cls.root

    def tell(self, text):
        print(f"  {text}", file=sys.stderr, flush=True)

    def install(self, deb, *options):
        name = "/root/" + deb.name
        self.root.path(name).write_bytes(deb.read_bytes())
        return self.root.run("dpkg", *options, "--install", name)

    def start(self):
        if self.root.booted:
            self.root.run("systemctl", "start", "bascule")
            return
        # By hand what the unit says, but for what the kernel shuts off for it.
        unit = self.root.path("/lib/systemd/system/bascule.service").read_text()
        command = re.search(r"(?m)^ExecStart=(.*)$", unit).group(1)
        self.root.run("sh", "-c", "STATE_DIRECTORY=/var/lib/bascule CONFIGURATION_DIRECTORY=/etc/bascule setpriv --reuid=bascule --regid=bascule "
                      f"--init-groups --no-new-privs --bounding-set=-all --inh-caps=-all {command} >/var/log/bascule/serve.log 2>&1 & echo $! >/run/bascule.pid")
        for _ in range(100):
            if "event=serving" in self.root.path("/var/log/bascule/serve.log").read_text():
                return
            time.sleep(0.2)
        self.fail(self.root.path("/var/log/bascule/serve.log").read_text())

    def stop(self):
        if self.root.booted:
            self.root.run("systemctl", "stop", "bascule")
        else:
            self.root.run("sh", "-c", "kill $(cat /run/bascule.pid); while kill -0 $(cat /run/bascule.pid) 2>/dev/null; do sleep 0.1; done")

    def active(self):
        return self.root.run("systemctl", "is-active", "bascule", check=False).stdout.strip()

    def pid(self):
        return self.root.run("systemctl", "show", "-p", "MainPID", "--value", "bascule").stdout.strip()

    def probe(self, what, name):
        self.root.network(sys.executable, PROBE, what, PORT, name)

    def test_life(self):
        self.tell("systemd runs in it" if self.root.booted else f"systemd does not run here, the service is started by hand: {self.root.why_not}")
        for step in (self.installed, self.set_up, self.serving, self.credentials, self.beside_and_without, self.upgraded, self.gone_back,
                     self.a_later_format, self.rotated, self.backed_up, self.restored, self.removed, self.there_again, self.purged):
            began = time.monotonic()
            with self.subTest(step.__name__):
                step()
                self.tell(f"{step.__name__.replace('_', ' ')}: {time.monotonic() - began:.1f} s")

    def installed(self):
        self.assertIn("systemctl enable --now bascule", self.install(self.older).stdout)
        self.assertRegex(self.root.run("getent", "passwd", "bascule").stdout, r"^bascule:x:\d+:\d+:Bascule:/var/lib/bascule:/usr/sbin/nologin")
        self.assertEqual(self.root.owner("/etc/bascule/bascule.toml"), ("root", "bascule", "640"))
        self.assertEqual(self.root.owner("/etc/bascule/keys"), ("bascule", "bascule", "700"))
        self.assertEqual(self.root.owner("/var/lib/bascule"), ("bascule", "bascule", "700"))
        self.assertEqual(list(self.root.path("/var/lib/bascule").iterdir()), [])
        if self.root.booted:
            self.assertEqual(self.active(), "inactive")
            self.assertEqual(self.root.run("systemctl", "is-enabled", "bascule", check=False).stdout.strip(), "disabled")
        self.assertRegex(self.root.run("bascule", "version").stdout, r"^bascule \d")

    def set_up(self):
        config = self.root.path("/etc/bascule/bascule.toml")
        config.write_text(config.read_text().replace("[log]\n", '[log]\nlevel = "debug"   # by who runs it\n', 1))
        if self.root.booted:
            self.root.run("systemctl", "enable", "bascule")
        self.start()
        self.root.run("bascule", "account", "add", "acme", "--keys-from-stdin", text=f"{azure.KEY}\n")
        self.assertEqual(self.root.owner("/etc/bascule/keys/bascule.key"), ("bascule", "bascule", "600"))
        self.assertNotIn("devstoreaccount1", self.root.run("bascule", "account", "list").stdout)
        self.probe("put", "first")
        self.probe("get", "first")
        self.assertEqual(self.root.owner("/var/log/bascule/access.jsonl"), ("bascule", "bascule", "640"))
        self.recorded("/var/log/bascule/access.jsonl", "PutBlob")

    def recorded(self, log, operation):
        end = time.monotonic() + 5
        while f'"OperationName":"{operation}"' not in self.root.path(log).read_text():
            self.assertLess(time.monotonic(), end, f"{log} has no {operation}")
            time.sleep(0.1)

    def serving(self):
        if not self.root.booted:
            return
        said = self.root.run("systemd-analyze", "security", "--no-pager", "bascule.service").stdout
        exposure = float(re.search(r"Overall exposure level for bascule.service: ([\d.]+)", said).group(1))
        self.tell(f"systemd-analyze security: {exposure}")
        self.assertLessEqual(exposure, EXPOSURE)
        status = self.root.run("cat", f"/proc/{self.pid()}/status").stdout
        for line in ("NoNewPrivs:\t1", "Seccomp:\t2", "CapBnd:\t0000000000000000", "CapEff:\t0000000000000000"):
            self.assertIn(line, status)
        self.assertNotRegex(status, r"(?m)^Uid:\t0\t")
        before = self.pid()
        self.root.run("systemctl", "reload", "bascule")
        self.probe("get", "first")
        self.assertEqual(self.pid(), before)
        journal = self.root.run("journalctl", "-u", "bascule", "--no-pager").stdout
        self.assertNotIn("Operation not permitted", journal)
        # A wrong setting ends the start, once, with a word for who reads the journal.
        config = self.root.path("/etc/bascule/bascule.toml")
        kept = config.read_text()
        config.write_text(kept + "\n[nothing]\nx = 1\n")
        self.root.run("systemctl", "restart", "bascule", check=False)
        time.sleep(3)
        self.assertEqual(self.active(), "failed")
        self.assertEqual(self.root.run("systemctl", "show", "-p", "NRestarts", "--value", "bascule").stdout.strip(), "0")
        config.write_text(kept)
        self.root.run("systemctl", "reset-failed", "bascule")
        self.start()

    def credentials(self):
        """As install.md says: a secret that systemd gives to the service alone is none that root's commands need."""
        if not self.root.booted:
            return
        self.root.run("sh", "-c", "umask 077; mkdir -p /etc/bascule/credentials; echo hush >/etc/bascule/credentials/s3-secret")
        self.drop_in("credentials.conf")
        config = self.root.path("/etc/bascule/bascule.toml")
        kept = config.read_text()
        config.write_text(kept.replace("[backup]\n", '[backup]\nendpoint = "https://s3.example"\naccess_key = "a"\n', 1))
        dropped = self.root.path("/etc/systemd/system/bascule.service.d/credentials.conf")
        dropped.write_text(dropped.read_text().replace("LoadCredential=provider.", "LoadCredential=backup."))
        self.root.run("systemctl", "daemon-reload")
        self.root.run("systemctl", "restart", "bascule")
        self.assertIn("acme", self.root.run("bascule", "account", "list").stdout)
        self.root.run("systemctl", "reload", "bascule")
        self.assertNotIn("hush", self.root.run("journalctl", "-u", "bascule", "--no-pager").stdout)
        self.stop()
        self.assertIn("backup.secret_key_file", self.root.run("bascule", "account", "list", check=False).stderr)
        self.root.run("bascule", "account", "list", "--set", "backup.secret_key_file=/etc/bascule/credentials/s3-secret")
        config.write_text(kept)
        self.root.run("rm", "-r", "/etc/bascule/credentials", "/etc/systemd/system/bascule.service.d/credentials.conf")
        self.root.run("systemctl", "daemon-reload")
        self.start()

    def drop_in(self, name):
        self.root.run("install", "-D", "-m", "0644", f"/usr/share/doc/bascule/examples/{name}", f"/etc/systemd/system/bascule.service.d/{name}")
        self.root.run("systemctl", "daemon-reload")

    def foreign(self):
        return self.root.run("find", "/var/lib/bascule", "/etc/bascule/keys", "/var/log/bascule", "!", "-user", "bascule", "!", "-name", "serve.log").stdout

    def beside_and_without(self):
        """Commands by root, with the server and on its folder while it rests: the files stay the service's."""
        self.root.run("bascule", "check", "--quick")
        self.stop()
        self.root.run("bascule", "check")
        self.root.run("bascule", "account", "add", "other")
        self.assertEqual(self.foreign(), "")
        # And the server itself, started by hand to see what is wrong.
        self.root.run("sh", "-c", "bascule serve >/dev/null 2>&1 & sleep 2; kill $!; wait $!")
        self.assertEqual(self.foreign(), "")
        self.start()
        self.probe("get", "first")

    def upgraded(self):
        before = self.pid() if self.root.booted else ""
        if not self.root.booted:
            self.stop()
        self.install(self.newer, "--force-confold")
        if self.root.booted:
            self.assertEqual(self.active(), "active")
            self.assertNotEqual(self.pid(), before, "the new program runs")
            self.assertEqual(self.root.run("systemctl", "is-enabled", "bascule").stdout.strip(), "enabled")
        else:
            self.start()
        self.assertIn("by who runs it", self.root.path("/etc/bascule/bascule.toml").read_text())
        self.assertTrue(self.root.path("/etc/bascule/bascule.toml.dpkg-dist").exists(), "the new file lies beside the changed one")
        self.assertEqual(self.root.owner("/etc/bascule/bascule.toml"), ("root", "bascule", "640"))
        self.probe("get", "first")
        self.probe("put", "second")

    def gone_back(self):
        """Within a format: the older package over the newer, and forward again."""
        for deb in (self.older, self.newer):
            if not self.root.booted:
                self.stop()
            self.install(deb, "--force-confold", "--force-downgrade")
            if not self.root.booted:
                self.start()
            self.probe("get", "second")

    def a_later_format(self):
        """Data of a later program: the service says so and ends, and starts again once the mark is what it was."""
        self.stop()
        mark = self.root.path("/var/lib/bascule/format")
        kept = mark.read_text()
        mark.write_text("bascule data, format 1000\nwritten by 9.1.0\n")
        said = self.root.run("bascule", "check", "--quick", check=False)
        self.assertIn("first written by Bascule 9.1.0", said.stderr)
        mark.write_text(kept)
        self.start()
        self.probe("get", "second")

    def rotated(self):
        """The configuration may be wrong by then: the file is opened anew all the same."""
        config = self.root.path("/etc/bascule/bascule.toml")
        kept = config.read_text()
        for text in (kept, kept + "\n[nothing]\nx = 1\n"):
            config.write_text(text)
            self.root.run("logrotate", "--force", "/etc/logrotate.d/bascule")
            if not self.root.booted:
                self.root.run("sh", "-c", "kill -HUP $(cat /run/bascule.pid)")
            self.assertTrue(self.root.path("/var/log/bascule/access.jsonl.1").exists())
            self.assertEqual(self.root.owner("/var/log/bascule/access.jsonl"), ("bascule", "bascule", "640"))
            time.sleep(1)
            self.probe("get", "second")
            self.recorded("/var/log/bascule/access.jsonl", "GetBlob")
        config.write_text(kept)

    def backed_up(self):
        """As install.md says."""
        self.root.run("install", "-d", "-m", "0700", "-o", "bascule", "-g", "bascule", "/srv/backups")
        if self.root.booted:
            self.drop_in("backups.conf")
            self.root.run("systemctl", "restart", "bascule")
        self.root.run("bascule", "backup", "/srv/backups", "--keep", "48")
        self.assertIn("it is the newest", self.root.run("bascule", "backup", "list", "/srv/backups").stdout)
        self.root.run("bascule", "backup", "verify", "/srv/backups", "--extents", "all")
        self.assertEqual(self.root.run("find", "/srv/backups", "!", "-user", "bascule").stdout, "")

    def restored(self):
        """The disk of the catalog is lost; root restores, and the service goes on."""
        self.stop()
        self.root.run("mv", "/var/lib/bascule", "/srv/lost")
        self.root.run("install", "-d", "-m", "0700", "-o", "bascule", "-g", "bascule", "/var/lib/bascule")
        self.root.run("cp", "-a", "/srv/lost/shards", "/var/lib/bascule/")
        self.assertIn("restored from backup 1", self.root.run("bascule", "backup", "restore", "/srv/backups").stdout)
        self.assertEqual(self.foreign(), "")
        self.start()
        self.probe("get", "first")
        self.probe("get", "second")
        self.root.run("bascule", "check")

    def removed(self):
        if not self.root.booted:
            self.stop()
        self.root.run("dpkg", "--remove", "bascule")
        self.assertFalse(self.root.path("/usr/bin/bascule").exists())
        self.assertEqual(self.root.run("pgrep", "-x", "bascule", check=False).stdout, "") if self.root.booted else None
        for left in ("/var/lib/bascule/catalog", "/var/lib/bascule/format", "/etc/bascule/keys/bascule.key", "/etc/bascule/bascule.toml"):
            self.assertTrue(self.root.path(left).exists(), left)

    def there_again(self):
        self.install(self.newer)
        self.start()
        self.probe("get", "first")
        self.probe("get", "second")
        self.root.run("bascule", "check")

    def purged(self):
        kept = self.root.path("/srv/elsewhere")
        kept.mkdir()
        if not self.root.booted:
            self.stop()
        said = self.root.run("dpkg", "--purge", "bascule").stdout
        for gone in ("/var/lib/bascule", "/etc/bascule/keys", "/etc/bascule", "/var/log/bascule", "/usr/share/doc/bascule"):
            self.assertFalse(self.root.path(gone).exists(), gone)
        self.assertIn("purging /var/lib/bascule", said)
        self.assertIn("purging /etc/bascule/keys", said)
        self.assertTrue(kept.exists())
        self.assertIn("bascule", self.root.run("getent", "passwd", "bascule").stdout, "the user stays: files elsewhere may be its")


if __name__ == "__main__":
    unittest.main()
