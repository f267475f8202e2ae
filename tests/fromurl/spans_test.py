"""Append and page blobs, and what changed between snapshots, copied from another server: Azurite, and a second Bascule."""
import random
import unittest

from lib import azure, server
from support import CopyTest

SIZE = 8 << 20
PAGE = 512


class Elsewhere(CopyTest):
    kind = "bascule"

    def setUp(self):
        other = server.Server(self.kind)
        other.__enter__()
        self.addCleanup(other.__exit__)
        super().setUp()
        self.other = azure.Client(other.address)
        self.addCleanup(self.other.close)
        self.there("PUT", "/theirs?restype=container")

    def there(self, method, path, headers=None, body=b"", status=201):
        response = self.other.send(method, path, headers or {}, body)
        self.assertEqual(response.status, status, f"{method} {path} there: {response.code()} {response.body[:200]}")
        return response

    def url(self, blob, snapshot=None):
        sas = azure.service_sas("/theirs", sr="c")
        state = f"snapshot={snapshot}&" if snapshot else ""
        return f"http://{self.other.address}/{azure.ACCOUNT}/theirs/{blob}?{state}{sas}"

    def disk(self, blob="disk"):
        """A page blob with holes, its content."""
        self.there("PUT", f"/theirs/{blob}", {"x-ms-blob-type": "PageBlob", "x-ms-blob-content-length": str(SIZE), "x-ms-meta-kind": "disk",
                                              "x-ms-blob-sequence-number": "7", "x-ms-blob-content-type": "a/b"})
        self.random = random.Random(5)
        self.bytes = bytearray(SIZE)
        for first in (0, 5 * PAGE, 1 << 20, 3 << 20):
            self.write(blob, first, self.random.randbytes(PAGE * 3))
        self.write(blob, 4 << 20, self.random.randbytes(2 << 20))

    def write(self, blob, first, data):
        self.there("PUT", f"/theirs/{blob}?comp=page", {"x-ms-page-write": "update", "x-ms-range": f"bytes={first}-{first + len(data) - 1}"}, data)
        self.bytes[first:first + len(data)] = data

    def snapshot(self, blob="disk"):
        return self.there("PUT", f"/theirs/{blob}?comp=snapshot").header("x-ms-snapshot")

    def ranges(self, response):
        return list(zip(response.xml_text("PageRange/Start"), response.xml_text("PageRange/End")))


class Spans(Elsewhere):
    def test_a_page_blob(self):
        self.disk()
        for killed in (False, True):
            answer = self.ask("PUT", "/cont/new", {"x-ms-copy-source": self.url("disk")}, status=202)
            self.assertEqual(answer.header("x-ms-copy-status"), "pending")
            if killed:
                self.kill_and_restart()
            head = self.until("success")
            self.assertEqual([head.header(h) for h in ("x-ms-blob-type", "Content-Length", "x-ms-meta-kind", "x-ms-blob-sequence-number", "Content-Type",
                                                       "x-ms-copy-progress")],
                             ["PageBlob", str(SIZE), "disk", "7", "a/b", f"{SIZE}/{SIZE}"])
            self.assertEqual(self.ask("GET", "/cont/new").body, bytes(self.bytes))
            self.assertEqual(self.ranges(self.ask("GET", "/cont/new?comp=pagelist")),
                             self.ranges(self.there("GET", "/theirs/disk?comp=pagelist", status=200)))
        self.server.stop()
        self.check()
        self.server.start()

    def test_an_append_blob(self):
        self.there("PUT", "/theirs/log", {"x-ms-blob-type": "AppendBlob"})
        parts = [random.Random(n).randbytes(400_000 + n) for n in range(5)]
        for part in parts:
            self.there("PUT", "/theirs/log?comp=appendblock", {}, part)
        self.ask("PUT", "/cont/new", {"x-ms-copy-source": self.url("log")}, status=202)
        head = self.until("success")
        self.assertEqual((head.header("x-ms-blob-type"), head.header("x-ms-blob-committed-block-count")), ("AppendBlob", "5"))
        self.assertEqual(self.ask("GET", "/cont/new").body, b"".join(parts))
        self.ask("PUT", "/cont/new?comp=appendblock", {}, b"more", 201)
        self.assertEqual(self.ask("GET", "/cont/new").body, b"".join(parts) + b"more")
        self.ask("PUT", "/cont/sealed", {"x-ms-copy-source": self.url("log"), "x-ms-seal-blob": "true"}, status=202)
        self.until("success", "sealed")
        self.ask("PUT", "/cont/sealed?comp=appendblock", {}, b"more", 409, "BlobIsSealed")
        self.ask("PUT", "/cont/block", {"x-ms-blob-type": "BlockBlob"}, b"x", 201)
        self.ask("PUT", "/cont/block", {"x-ms-copy-source": self.url("log")}, status=409, code="InvalidBlobType")


class FromAzurite(Spans):
    kind = "azurite"


class Changes(Elsewhere):
    def copy(self, snapshot, status=202, code=None):
        return self.ask("PUT", "/cont/new?comp=incrementalcopy", {"x-ms-copy-source": self.url("disk", snapshot)}, status=status, code=code)

    def test_what_changed(self):
        self.disk()
        first = self.snapshot()
        content = {first: bytes(self.bytes)}
        self.assertEqual(self.copy(first).header("x-ms-copy-status"), "pending")
        ours = {first: self.until("success").header("x-ms-copy-destination-snapshot")}
        self.write("disk", 2 << 20, self.random.randbytes(PAGE))
        self.there("PUT", "/theirs/disk?comp=page", {"x-ms-page-write": "clear", "x-ms-range": f"bytes=0-{PAGE - 1}"})
        self.bytes[:PAGE] = bytes(PAGE)
        second = self.snapshot()
        content[second] = bytes(self.bytes)
        self.copy(second)
        self.kill_and_restart()
        ours[second] = self.until("success").header("x-ms-copy-destination-snapshot")
        for taken, here in ours.items():
            self.assertEqual(self.ask("GET", f"/cont/new?snapshot={here}").body, content[taken])
        changed = self.ask("GET", f"/cont/new?comp=pagelist&snapshot={ours[second]}&prevsnapshot={ours[first]}")
        self.assertEqual(self.ranges(changed), [(str(2 << 20), str((2 << 20) + PAGE - 1))])
        self.assertEqual(changed.xml_text("ClearRange/Start"), ["0"])
        self.copy(first, 409, "IncrementalCopyOfEarlierVersionSnapshotNotAllowed")
        self.server.stop()
        self.check()
        self.server.start()

    def test_the_former_snapshot_is_gone(self):
        self.disk()
        first = self.snapshot()
        self.copy(first)
        self.until("success")
        second = self.snapshot()
        self.there("DELETE", f"/theirs/disk?snapshot={first}", status=202)
        self.copy(second)
        self.assertIn("PreviousSnapshotNotFound", self.until("failed").header("x-ms-copy-status-description"))
        self.copy(second)   # everything, then
        taken = self.until("success").header("x-ms-copy-destination-snapshot")
        self.assertEqual(self.ask("GET", f"/cont/new?snapshot={taken}").body, bytes(self.bytes))

    def test_what_is_no_snapshot_of_a_page_blob(self):
        self.disk()
        self.ask("PUT", "/cont/new?comp=incrementalcopy", {"x-ms-copy-source": self.url("disk")}, status=409, code="IncrementalCopySourceMustBeSnapshot")
        self.there("PUT", "/theirs/block", {"x-ms-blob-type": "BlockBlob"}, b"x")
        taken = self.snapshot("block")
        self.ask("PUT", "/cont/new?comp=incrementalcopy", {"x-ms-copy-source": self.url("block", taken)}, status=409, code="InvalidSourceBlobType")
        self.copy("2020-01-01T00:00:00.0000000Z", 404, "CannotVerifyCopySource")
        self.ask("HEAD", "/cont/new", status=404)


if __name__ == "__main__":
    unittest.main()
