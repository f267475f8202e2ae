"""`bascule compact`: beside a server and without one, killed in the middle, and nothing is lost."""
import json
import pathlib
import signal
import subprocess
import sys
import time
import unittest
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from cli_test import PROGRAM, Case  # noqa: E402
from lib import azure, server  # noqa: E402


def content(i):
    return f"blob {i} ".encode() * (100 + i)


class Compact(Case):
    def fill(self, gateway, first, end):
        client = azure.Client(gateway.address)
        client.send("PUT", "/box?restype=container")
        for i in range(first, end):
            self.assertEqual(client.send("PUT", f"/box/{i}", {"x-ms-blob-type": "BlockBlob"}, content(i)).status, 201)
        client.close()

    def expect(self, gateway, numbers):
        client = azure.Client(gateway.address)
        for i in numbers:
            self.assertEqual(client.send("GET", f"/box/{i}").body, content(i))
        client.close()

    def compact(self, gateway, *arguments):
        lines = self.beside(gateway, "compact", "--json", *arguments).stdout.splitlines()
        return json.loads(lines[-1])

    def test_gathers_what_is_small(self):
        gateway = self.gateway()
        self.fill(gateway, 0, 40)
        self.assertEqual(self.compact(gateway, "--dry-run")["plan"]["extents"], 0, "too young")
        gateway.stop()
        plan = self.compact(gateway, "--dry-run")["plan"]   # without a server
        self.assertEqual((plan["extents"], plan["groups"], plan["freed_bytes"]), (40, 1, 0))
        gateway = self.gateway()
        self.assertIn("40 are worth gathering into 1", self.beside(gateway, "compact", "--dry-run").stdout)
        report = self.compact(gateway)["report"]
        self.assertEqual((report["extents"], report["into"], report["damaged"]), (40, 1, 0))
        self.expect(gateway, range(40))
        self.assertEqual(self.compact(gateway)["report"]["extents"], 0)
        for _ in range(100):   # the old ones go
            metrics = urllib.request.urlopen(f"http://{gateway.admin_address}/metrics", timeout=10).read().decode()
            if "bascule_extents_removed_total 40\n" in metrics:
                break
            time.sleep(0.1)
        self.assertIn("bascule_extents_removed_total 40\n", metrics)
        self.assertIn("bascule_compaction_extents_gathered_total 40\n", metrics)
        self.expect(gateway, range(40))
        self.beside(gateway, "check")

    def test_killed_in_the_middle(self):
        numbers = []
        for turn in range(6):
            gateway = self.gateway()
            self.fill(gateway, turn * 60, turn * 60 + 60)
            numbers += range(turn * 60, turn * 60 + 60)
            gateway.stop()
            gateway = self.gateway()
            asked = subprocess.Popen([PROGRAM, "compact", *gateway.place()], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                     env=server.private_environment(self.folder))
            time.sleep(0.01 * turn)
            gateway.stop(signal.SIGKILL)
            asked.wait(60)
            gateway = self.gateway()
            self.expect(gateway, numbers)
            self.beside(gateway, "check")
            gateway.stop()


if __name__ == "__main__":
    unittest.main()
