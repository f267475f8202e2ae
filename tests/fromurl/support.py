"""A server that may copy from this machine, and what the tests ask of it."""
import signal
import subprocess
import time
import unittest

from lib import azure, server

CONFIG = '[copy]\nallow_plain_http = true\nnetworks = ["127.0.0.1"]\n'


class CopyTest(unittest.TestCase):
    def setUp(self):
        self.server = server.Server(config=CONFIG)
        self.server.__enter__()
        self.addCleanup(self.server.__exit__)
        self.connect()
        self.ask("PUT", "/cont?restype=container", status=201)

    def connect(self):
        self.client = azure.Client(self.server.address)
        self.addCleanup(self.client.close)

    def ask(self, method, path, headers=None, body=b"", status=200, code=None):
        response = self.client.send(method, path, headers or {}, body)
        self.assertEqual(response.status, status, f"{method} {path}: {response.code()} {response.body[:200]}")
        if code:
            self.assertEqual(response.code(), code)
        return response

    def until(self, wanted, to="new", seconds=60, container="cont"):
        deadline = time.monotonic() + seconds
        while True:
            head = self.ask("HEAD", f"/{container}/{to}")
            if head.header("x-ms-copy-status") == wanted:
                return head
            self.assertEqual(head.header("x-ms-copy-status"), "pending", head.header("x-ms-copy-status-description"))
            self.assertLess(time.monotonic(), deadline, f"still {head.header('x-ms-copy-progress')}")
            time.sleep(0.05)

    def progress(self, to="new", container="cont"):
        return int(self.ask("HEAD", f"/{container}/{to}").header("x-ms-copy-progress").split("/")[0])

    def kill_and_restart(self, how=signal.SIGKILL):
        self.server.stop(how)
        self.server.start()
        self.connect()

    def check(self):
        done = subprocess.run([self.server.program, "check", *self.server.place()], capture_output=True, text=True, check=False,
                              env=server.private_environment(self.server.folder))
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
