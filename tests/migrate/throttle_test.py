"""A source that throttles, breaks off, dawdles or lies: respected and tried again, or reported; never silently accepted."""
import os
import subprocess
import threading
import time
import unittest

import support
from fake import Container, Faults, Source, body_of
from support import Case, connection_string


class Misbehaving(Case):
    def run_against(self, faults, *arguments, count=60, size=3000, exit_code=0, with_md5=True):
        with Source({"box": Container(count, size, with_md5)}, faults) as source:
            began = time.monotonic()
            report = self.report(connection_string(source.address), *arguments, exit_code=exit_code)
            self.seconds, self.source = time.monotonic() - began, source
        return report

    def all_here(self, count=60, size=3000):
        target = self.served()
        names = target.names("box")
        self.assertEqual(len(names), count)
        for name in names:
            self.assertEqual(target.get("box", name), body_of(name, size))

    def test_server_busy(self):
        faults = Faults(seed=3, busy=0.3)
        report = self.run_against(faults)
        self.assertGreater(faults.done["busy"], 10)
        self.assertEqual((report["carried"]["blobs"], report["failed"]), (60, 0))
        self.all_here()

    def test_retry_after_is_respected_by_all_requests(self):
        for kind in ("busy", "too_many"):
            faults = Faults(seed=4, most=1, retry_after=2, **{kind: 0.015})
            report = self.run_against(faults, "--blobs-at-once", "4")
            self.assertEqual(report["carried"]["blobs"], 60)
            self.assertGreaterEqual(self.seconds, 2)
            # A request that was on its way when the answer came may still arrive, no others.
            self.assertLessEqual(self.source.early, 4 * faults.done[kind])
            self.folder = self.folder / "next"
            self.folder.mkdir()

    def test_resets_cut_bodies_and_slow_ones(self):
        faults = Faults(seed=5, reset=0.1, short=0.2, slow=0.1)
        report = self.run_against(faults)
        for kind in ("reset", "short", "slow"):
            self.assertGreater(faults.done.get(kind, 0), 2, kind)
        self.assertEqual((report["carried"]["blobs"], report["failed"]), (60, 0))
        self.assertGreater(report["retries"], 0)
        self.all_here()

    def test_large_bodies_that_break_off(self):
        faults = Faults(seed=6, most=3, short=0.5, reset=0.2)
        report = self.run_against(faults, count=6, size=5_000_000)
        self.assertEqual((report["carried"]["blobs"], report["failed"]), (6, 0))
        self.all_here(6, 5_000_000)

    def test_one_wrong_byte_is_read_again(self):
        for size in (3000, 300_000):
            faults = Faults(seed=7, most=1, flip=0.3)
            report = self.run_against(faults, count=30, size=size)
            self.assertGreater(faults.done["flip"], 3)
            self.assertEqual((report["carried"]["blobs"], report["failed"], report["md5"]["differs"]), (30, 0, 0))
            self.all_here(30, size)
            self.folder = self.folder / "next"
            self.folder.mkdir()

    def test_a_byte_that_is_wrong_each_time_is_reported(self):
        # The source's own hash of what it sends is right: the way is at fault, not the declared Content-MD5.
        faults = Faults(seed=8, most=10**6, flip_always=1.0)
        report = self.run_against(faults, count=3, exit_code=1)
        self.assertEqual((report["carried"]["blobs"], report["failed"]), (0, 3))
        self.assertIn("on the way", report["failures"][0]["message"])

    def test_throttled_without_end(self):
        faults = Faults(seed=9, most=10**6, busy=1.0)
        with Source({"box": Container(3, 10)}, faults) as source:
            run = subprocess.Popen(self.command(connection_string(source.address), "--json"), stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True, env=self.environment())
            self.addCleanup(run.wait)
            time.sleep(3)
            self.assertIsNone(run.poll(), "it gave up at once")
            self.assertLess(source.requests, 12, "it does not slow down")
            run.kill()
            run.stdout.close(), run.stderr.close()

    @unittest.skipUnless(support.ALL, "an outage of up to two minutes is waited for")
    def test_a_source_that_goes_away_in_the_middle(self):
        with Source({"box": Container(400, 2000)}) as source:
            def vanish():
                while source.requests < 200:
                    time.sleep(0.01)
                source.loop.call_soon_threadsafe(source.server.close)
                source.faults = Faults(most=10**6, reset=1.0)
            threading.Thread(target=vanish).start()
            report = self.report(connection_string(source.address), "--blobs-at-once", "64", exit_code=1)
        self.assertTrue(report["cancelled"])
        self.assertLess(report["failed"], 130)
        self.assertTrue(any("gave up" in failure["message"] for failure in report["failures"]), report["failures"][:3])

    @unittest.skipUnless(support.ALL, "takes a minute")
    def test_a_body_that_stalls(self):
        faults = Faults(seed=10, most=1, stall=0.3)
        report = self.run_against(faults, count=10)
        self.assertEqual((report["carried"]["blobs"], report["failed"]), (10, 0))
        self.assertGreater(faults.done["stall"], 0)


class Bounded(Case):
    """Resident memory, whatever the listing's size."""

    def peak(self, count, size, *arguments):
        folder = self.folder / f"run-{count}"
        (self.folder / "home").mkdir(exist_ok=True)
        with Source({"box": Container(count, size, with_md5=False)}) as source:
            run = subprocess.Popen(self.command(connection_string(source.address), "--json", *arguments, data=folder),
                                   stdout=subprocess.PIPE, env=self.environment(), text=True)
            words = run.stdout.read()
            run.stdout.close()
            _, status, usage = os.wait4(run.pid, 0)
            run.returncode = os.waitstatus_to_exitcode(status)
        self.assertEqual(run.returncode, 0, words[-2000:])
        report = support.json.loads(words.splitlines()[-1])
        self.assertEqual(report["inventory"]["blobs"], count)
        return usage.ru_maxrss / 1024

    def test_a_listing_of_300000_names(self):
        few, many = self.peak(30_000, 10, "--dry-run"), self.peak(300_000, 10, "--dry-run")
        self.assertLess(many, 160, "MiB resident")
        self.assertLess(many - few, 24, "MiB more for ten times the names")

    def test_carrying_more_than_is_kept(self):
        count = 60_000 if support.ALL else 22_000
        self.assertLess(self.peak(count, 0), 256, "MiB resident")


if __name__ == "__main__":
    unittest.main()
