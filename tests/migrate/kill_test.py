"""kill -9 at many moments, then the same command again: it ends complete, nothing is believed that was not verified, and
nothing is copied again that the log knows. MIGRATE_SEED chooses the moments; the log's last second may be lost, no more."""
import os
import pathlib
import random
import signal
import socket
import socketserver
import subprocess
import threading
import time
import unittest

import support
from lib import azure, server
from support import Account, Case, connection_string, content

SMALL, LARGE = 400, 6
POINTS = 24 if support.ALL else 6
HEADER, RECORD = 40, 32
SEED = int(os.environ.get("MIGRATE_SEED", "1"))


class Counting:
    """A proxy that counts reads of content by path, and slows everything down so that there is time to kill."""

    def __init__(self, upstream, delay):
        counter = self
        self.reads, self.lock, self.delay = {}, threading.Lock(), delay

        class Handler(socketserver.StreamRequestHandler):
            def handle(self):
                with socket.create_connection(("127.0.0.1", int(upstream.rpartition(":")[2]))) as up:
                    answers = up.makefile("rb")
                    while True:
                        head = b""
                        while not head.endswith(b"\r\n\r\n"):
                            line = self.rfile.readline()
                            if not line:
                                return
                            head += line
                        counter.note(head)
                        time.sleep(counter.delay)
                        up.sendall(head)
                        if not self.relay(answers, head.startswith(b"HEAD")):
                            return

            def relay(self, answers, bodiless):
                head, length, chunked = b"", 0, False
                while not head.endswith(b"\r\n\r\n"):
                    line = answers.readline()
                    if not line:
                        return False
                    head += line
                    lower = line.lower()
                    if lower.startswith(b"content-length:"):
                        length = int(lower.split(b":")[1])
                    chunked = chunked or lower.startswith(b"transfer-encoding: chunked")
                body = b""
                if bodiless:
                    pass
                elif chunked:
                    while True:
                        size = answers.readline()
                        part = answers.read(int(size, 16) + 2)
                        body += size + part
                        if int(size, 16) == 0:
                            break
                else:
                    body = answers.read(length)
                try:
                    self.wfile.write(head + body)
                except OSError:
                    return False
                return True

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address = daemon_threads = True
            request_queue_size = 256

            def handle_error(self, request, client_address):
                pass  # a killed client is what this is about

        self.server = Server(("127.0.0.1", 0), Handler)
        self.address = "127.0.0.1:%d" % self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def note(self, head):
        method, target, _ = head.split(b"\r\n", 1)[0].decode().split(" ")
        if method == "GET" and "comp=" not in target and "restype" not in target:
            with self.lock:
                self.reads[target] = self.reads.get(target, 0) + 1

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Killed(Case):
    @classmethod
    def setUpClass(cls):
        cls.server = server.Server("bascule")
        cls.server.start()
        cls.source = Account(cls.server.address)
        cls.source.container("box")
        for i in range(SMALL):
            cls.source.put("box", f"small{i:04d}", content(i, 1000 + i))
        for i in range(LARGE):
            cls.source.put_blocks("box", f"large{i}", [content(i * 10 + part, 700_000) for part in range(8)])
        cls.proxy = Counting(cls.server.address, 0.03)

    @classmethod
    def tearDownClass(cls):
        cls.proxy.close()
        cls.source.client.close()
        cls.server.__exit__()

    def setUp(self):
        super().setUp()
        self.chance = random.Random(SEED)
        self.text = connection_string(self.proxy.address)
        (self.folder / "home").mkdir()

    def log_file(self, data):
        return next((data / "migrate").glob("*.done"), None) if (data / "migrate").exists() else None

    def logged(self, data):
        file = self.log_file(data)
        return max(0, file.stat().st_size - HEADER) // RECORD if file else 0

    def start(self, command):
        return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
                                env=self.environment())

    def kill(self, process):
        process.send_signal(signal.SIGKILL)
        process.wait()

    def wait_for_reads(self, count, run):
        """Until the source has been read so often, or the run has ended."""
        wanted = sum(self.proxy.reads.values()) + count
        while sum(list(self.proxy.reads.values())) < wanted and run.poll() is None:
            time.sleep(0.005)

    def wait_for_log(self, data, carried, run):
        """Until the log has grown, or the run has ended."""
        until = time.monotonic() + 120
        while self.logged(data) <= carried and run.poll() is None:
            self.assertLess(time.monotonic(), until, "the log does not grow")
            time.sleep(0.005)

    def complete(self, target):
        names = target.names("box")
        self.assertEqual(len(names), SMALL + LARGE)
        sample = names if support.ALL else self.chance.sample(names, 60) + [f"large{i}" for i in range(LARGE)]
        self.assert_same(self.source, target, "box", sample)

    def finish(self, data, **more):
        """The last run, to its end: what was logged is not read again. Returns its report."""
        known = self.logged(data)
        self.proxy.reads.clear()
        report = self.report(self.text, data=data, **more)
        self.assertEqual((report["failed"], report["carried"]["blobs"] + report["already"]["blobs"]), (0, SMALL + LARGE))
        self.assertGreaterEqual(report["already"]["blobs"], known)
        self.assertLessEqual(len(self.proxy.reads), SMALL + LARGE - known)
        return report

    def test_a_migration_that_opens_the_folder_itself(self):
        """Each folder is killed at until nothing is left to carry; then the next one, until there were kills enough."""
        killed = most = 0
        for life in range(POINTS):
            data = self.folder / f"data{life}"
            carried = 0
            while killed < POINTS and carried < SMALL + LARGE:
                run = self.start(self.command(self.text, "--blobs-at-once", "8", data=data))
                self.wait_for_reads(self.chance.randrange(0, 60), run)
                if killed % 2:
                    self.wait_for_log(data, carried, run)
                killed += run.poll() is None
                self.kill(run)
                self.assertGreaterEqual(self.logged(data), carried)
                carried = self.logged(data)
                if carried < SMALL + LARGE:
                    most = max(most, carried)
            self.finish(data)
            self.assertEqual(self.finish(data)["carried"]["blobs"], 0)
            self.assertEqual(self.proxy.reads, {})
            if killed == POINTS:
                break
        self.assertEqual(killed, POINTS, "seldom killed in the middle")
        self.assertGreater(most, 0, "never killed in the middle")
        self.complete(self.served(data))
        check = subprocess.run([support.PROGRAM, "check", "--data", data, "--key-file", f"{data}.key"], capture_output=True,
                               text=True, env=self.environment())
        self.assertNotEqual(check.returncode, 1, check.stdout + check.stderr)  # 4: served() holds the folder

    def test_a_migration_through_a_running_server(self):
        gateway = self.bascule()
        data = gateway.folder / "data"
        command = [support.PROGRAM, "migrate", "--from", self.text, *gateway.place(), "--blobs-at-once", "16"]
        for point in range(POINTS):
            run = self.start(command)
            self.wait_for_reads(self.chance.randrange(0, 60), run)
            if point % 3 == 0:
                self.wait_for_log(data, self.logged(data), run)
            if run.poll() is not None:
                break      # nothing was left to carry
            if point % 2:  # the client alone: the server notices, and stops
                self.kill(run)
            else:          # the server: the client says so
                gateway.process.kill()
                gateway.process.wait()
                self.assertEqual(run.wait(20), 1)
                gateway.start()
        self.assertGreater(self.logged(data), 0)
        self.finish(data, beside=gateway)
        target = Account(gateway.address)
        self.addCleanup(target.client.close)
        self.complete(target)

    def test_a_damaged_log_is_never_believed(self):
        """The control: each damage is noticed, and what it hid is carried again."""
        data = self.folder / "data"
        self.report(self.text)
        file = self.log_file(data)
        whole = file.read_bytes()
        self.assertEqual(len(whole), HEADER + (SMALL + LARGE) * RECORD)
        at = HEADER + self.chance.randrange(SMALL) * RECORD
        damages = {"a flipped bit": (whole[:at + 5] + bytes([whole[at + 5] ^ 1]) + whole[at + 6:], 1),
                   "another state": (whole[:at + 17] + bytes([whole[at + 17] ^ 1]) + whole[at + 18:], 1),
                   "a torn end": (whole[:-7], 1),
                   "zeros": (whole[:at] + bytes(3 * RECORD) + whole[at + 3 * RECORD:], 3),
                   "a lost tail": (whole[:-10 * RECORD], 10),
                   "out of step": (whole[:at] + b"x" + whole[at:], None)}
        for what, (damaged, again) in damages.items():
            with self.subTest(damage=what):
                file.write_bytes(damaged)
                report = self.report(self.text)
                self.assertEqual(report["carried"]["blobs"] + report["already"]["blobs"], SMALL + LARGE)
                if again is not None:
                    self.assertEqual(report["carried"]["blobs"], again)
                self.assertEqual(report["damaged_records"] > 0, what != "a lost tail")
        file.write_bytes(b"y" + whole[1:])
        self.assertIn("is damaged; move it away", self.migrate(self.text, exit_code=2).stderr)
        self.complete(self.served())

    def test_records_of_a_folder_that_lost_its_blobs(self):
        """The log of one installation beside the data of another: nothing of it is believed."""
        self.report(self.text)
        other = self.folder / "other"
        with_log = self.log_file(self.folder / "data")
        (other / "migrate").mkdir(parents=True)
        (other / "migrate" / with_log.name).write_bytes(with_log.read_bytes())
        report = self.report(self.text, data=other)
        self.assertEqual(report["carried"]["blobs"], SMALL + LARGE)

    def test_a_blob_that_changes_at_the_source_meanwhile(self):
        self.source.container("moving")
        self.addCleanup(self.source.call, "DELETE", "/moving?restype=container")
        for i in range(150):
            self.source.put("moving", f"b{i:03d}", content(i, 2000))
        self.source.put("moving", "late-empty", b"")
        changed = [f"b{i:03d}" for i in range(0, 150, 7)] + ["late-empty"]
        run = subprocess.Popen(self.command(self.text, "--container", "moving", "--blobs-at-once", "2", "--json"),
                               stdout=subprocess.PIPE, env=self.environment(), text=True)
        for line in run.stdout:
            if '"event":"inventory"' in line:
                break
        writer = Account(self.server.address)
        for name in reversed(changed):
            writer.put("moving", name, content(name, 2500))
        writer.client.close()
        lines = [support.json.loads(line) for line in run.stdout]
        self.assertEqual(run.wait(), 0)
        run.stdout.close()
        self.assertGreater(lines[-1]["changed"], 3, "nothing changed while it ran")
        report = self.report(self.text, "--container", "moving")  # what changed after it was carried
        self.assertEqual(report["already"]["blobs"] + report["carried"]["blobs"], 151)
        self.assert_same(self.source, self.served(), "moving", self.source.names("moving"))

    def test_an_interrupt_ends_cleanly(self):
        run = subprocess.Popen(self.command(self.text, "--blobs-at-once", "8"), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                               env=self.environment(), text=True)
        self.wait_for_reads(30, run)
        run.send_signal(signal.SIGINT)
        words = run.stdout.read()
        run.stdout.close()
        self.assertEqual(run.wait(20), 1)
        self.assertIn("Stopped before the end; the same command goes on from here.", words)
        self.finish(self.folder / "data")

    def test_one_migration_at_a_time(self):
        gateway = self.bascule()
        command = [support.PROGRAM, "migrate", "--from", self.text, *gateway.place()]
        first = self.start(command + ["--blobs-at-once", "4"])
        self.wait_for_reads(5, first)
        second = self.report(self.text, beside=gateway)  # waits for the first, and finds everything there
        self.assertEqual(first.wait(60), 0)
        self.assertEqual(second["already"]["blobs"], SMALL + LARGE)


if __name__ == "__main__":
    unittest.main()
