"""Pending copies: answered at once, carried on beside requests, after kill -9 too; aborted; nobody else writes meanwhile."""
import hashlib
import signal
import threading
import time
import unittest
import urllib.parse

from lib import azure
from lib.azure import block_id, block_list
from lib.source import Source, content
from support import CopyTest

MIB = 1 << 20
L1 = "11111111-1111-4111-8111-111111111111"


class Pending(CopyTest):
    def setUp(self):
        self.source = Source()
        self.source.__enter__()
        self.addCleanup(self.source.__exit__)
        super().setUp()

    def copy(self, path, to="new", headers=None, status=202):
        return self.ask("PUT", f"/cont/{to}", {"x-ms-copy-source": f"http://{self.source.address}{path}", **(headers or {})}, status=status)

    # --- the ordinary way ---
    def test_a_copy_from_elsewhere(self):
        answer = self.copy("/plain?size=3000000")
        self.assertEqual(answer.header("x-ms-copy-status"), "pending")
        head = self.until("success")
        self.assertEqual(head.header("x-ms-copy-id"), answer.header("x-ms-copy-id"))
        self.assertEqual(head.header("x-ms-copy-progress"), "3000000/3000000")
        self.assertEqual(head.header("Content-Type"), "text/x-source")
        self.assertEqual(head.header("x-ms-meta-from"), "elsewhere")
        self.assertNotEqual(head.header("ETag"), answer.header("ETag"))
        self.assertTrue(head.header("x-ms-copy-completion-time"))
        self.assertEqual(self.ask("GET", "/cont/new").body, content(3_000_000))
        self.assertEqual(self.ask("GET", "/cont/new?comp=blocklist&blocklisttype=all").body.count(b"<Name>"), 0)
        self.check()

    def test_empty_and_overwriting(self):
        self.ask("PUT", "/cont/new", {"x-ms-blob-type": "BlockBlob"}, b"old", 201)
        self.copy("/plain?size=0")
        self.assertEqual(self.ask("HEAD", "/cont/new").header("Content-Length"), "0")
        self.until("success")
        self.assertEqual(self.ask("GET", "/cont/new").body, b"")

    def test_the_query_of_the_source_is_not_shown(self):
        self.copy("/plain?size=10&sig=secret")
        head = self.until("success")
        self.assertNotIn("secret", head.header("x-ms-copy-source"))
        self.assertNotIn(b"secret", self.ask("GET", "/cont?restype=container&comp=list&include=copy").body)
        self.server.stop()
        for file in self.server.folder.rglob("*"):
            if file.is_file():
                self.assertNotIn(b"sig=secret", file.read_bytes(), str(file))
        self.server.start()

    # --- crashes ---
    def crash(self, how, path="/slow?size=12000000&rate=6000000"):
        size = 12_000_000
        self.copy(path)
        while self.progress() == 0:
            time.sleep(0.02)
        before = self.progress()
        self.assertLess(before, size)
        self.kill_and_restart(how)
        after = self.progress()
        self.assertGreaterEqual(after, before, "staged content was lost")
        self.until("success")
        self.assertEqual(hashlib.md5(self.ask("GET", "/cont/new").body).digest(), hashlib.md5(content(size)).digest())
        self.server.stop()
        self.check()
        self.server.start()

    def test_goes_on_after_kill_9(self):
        self.crash(signal.SIGKILL)

    def test_goes_on_after_an_orderly_end(self):
        self.crash(signal.SIGTERM)

    def test_killed_again_and_again(self):
        self.copy("/slow?size=20000000&rate=8000000")
        for _ in range(4):
            before = self.progress()
            for _ in range(200):
                if self.progress() > before or self.ask("HEAD", "/cont/new").header("x-ms-copy-status") != "pending":
                    break
                time.sleep(0.02)
            self.kill_and_restart()
        self.until("success")
        self.assertEqual(self.ask("GET", "/cont/new").body, content(20_000_000))
        self.server.stop()
        self.check()
        self.server.start()

    # --- the source changes, fails, comes back ---
    def test_a_source_that_changed_meanwhile(self):
        self.copy("/changing?size=100000")
        head = self.until("failed")
        self.assertIn("412", head.header("x-ms-copy-status-description"))
        self.assertEqual(head.header("Content-Length"), "0")

    def test_a_source_that_breaks_off_is_tried_again(self):
        self.copy("/cut?size=3000000&after=700000")
        for _ in range(200):
            if self.progress() > 0:
                break
            time.sleep(0.05)
        self.assertEqual(self.ask("HEAD", "/cont/new").header("x-ms-copy-status"), "pending")
        self.until("success")
        self.assertEqual(self.ask("GET", "/cont/new").body, content(3_000_000))

    def test_a_source_that_is_not_there_is_told_at_once(self):
        response = self.client.send("PUT", "/cont/new", {"x-ms-copy-source": f"http://{self.source.address}/status/404"}, b"")
        self.assertEqual((response.status, response.code()), (404, "CannotVerifyCopySource"))
        self.ask("HEAD", "/cont/new", status=404)

    # --- abort, and other writers ---
    def slow(self):
        self.ask("PUT", "/cont/new", {"x-ms-blob-type": "BlockBlob"}, b"old", 201)
        return self.copy("/slow?size=50000000&rate=1000000").header("x-ms-copy-id")

    def abort(self, copy_id, status=204, code=None, headers=None):
        return self.ask("PUT", f"/cont/new?comp=copy&copyid={copy_id}", {"x-ms-copy-action": "abort", **(headers or {})}, status=status, code=code)

    def test_abort(self):
        copy_id = self.slow()
        while self.progress() == 0:
            time.sleep(0.02)
        etag = self.ask("HEAD", "/cont/new").header("ETag")
        self.abort(L1, 409, "CopyIdMismatch")
        self.abort(copy_id)
        head = self.ask("HEAD", "/cont/new")
        self.assertEqual(head.header("x-ms-copy-status"), "aborted")
        self.assertEqual(head.header("Content-Length"), "0")
        self.assertEqual(head.header("Content-Type"), "text/x-source")
        self.assertNotEqual(head.header("ETag"), etag)
        self.abort(copy_id, 409, "NoPendingCopyOperation")
        time.sleep(1)
        self.assertEqual(self.ask("HEAD", "/cont/new").header("ETag"), head.header("ETag"), "the copy went on")
        self.ask("PUT", "/cont/new", {"x-ms-blob-type": "BlockBlob"}, b"after", 201)
        self.assertEqual(self.ask("GET", "/cont/new").body, b"after")
        self.server.stop()
        self.check()
        self.server.start()

    def test_nobody_else_writes(self):
        copy_id = self.slow()
        block = urllib.parse.quote(block_id(1))
        source = f"http://{self.source.address}/plain"
        for method, path, headers, body in [
                ("PUT", "/cont/new", {"x-ms-blob-type": "BlockBlob"}, b"mine"),
                ("PUT", f"/cont/new?comp=block&blockid={block}", {}, b"mine"),
                ("PUT", "/cont/new?comp=blocklist", {}, block_list([])),
                ("PUT", "/cont/new?comp=metadata", {"x-ms-meta-a": "1"}, b""),
                ("PUT", "/cont/new?comp=properties", {"x-ms-blob-content-type": "a/b"}, b""),
                ("PUT", "/cont/new", {"x-ms-copy-source": source}, b""),
                ("PUT", "/cont/new", {"x-ms-copy-source": source, "x-ms-requires-sync": "true"}, b""),
                ("PUT", "/cont/new", {"x-ms-copy-source": source, "x-ms-blob-type": "BlockBlob"}, b""),
                ("PUT", f"/cont/new?comp=block&blockid={block}", {"x-ms-copy-source": source}, b""),
                ("DELETE", "/cont/new", {}, b"")]:
            self.ask(method, path, headers, body, 409, "PendingCopyOperation")
        self.ask("PUT", "/cont/other", {"x-ms-copy-source": f"http://{self.server.address}/{azure.ACCOUNT}/cont/new"}, status=409, code="PendingCopyOperation")
        self.assertEqual(self.ask("GET", "/cont/new").body, b"")
        self.assertNotIn(b"<Name>", self.ask("GET", "/cont/new?comp=blocklist&blocklisttype=uncommitted").body)
        self.ask("PUT", "/cont/new?comp=lease", {"x-ms-lease-action": "acquire", "x-ms-lease-duration": "15"}, status=412,
                 code="InfiniteLeaseDurationRequired")
        self.ask("PUT", "/cont/new?comp=lease", {"x-ms-lease-action": "acquire", "x-ms-lease-duration": "-1", "x-ms-proposed-lease-id": L1}, status=201)
        self.abort(copy_id, 412, "LeaseIdMissing")
        self.abort(copy_id, headers={"x-ms-lease-id": L1})

    def test_a_finite_lease_on_the_target(self):
        self.ask("PUT", "/cont/new", {"x-ms-blob-type": "BlockBlob"}, b"old", 201)
        self.ask("PUT", "/cont/new?comp=lease", {"x-ms-lease-action": "acquire", "x-ms-lease-duration": "60", "x-ms-proposed-lease-id": L1}, status=201)
        response = self.client.send("PUT", "/cont/new", {"x-ms-copy-source": f"http://{self.source.address}/plain", "x-ms-lease-id": L1}, b"")
        self.assertEqual((response.status, response.code()), (412, "InfiniteLeaseDurationRequired"))
        self.assertEqual(self.ask("GET", "/cont/new").body, b"old")

    def test_the_container_is_deleted_meanwhile(self):
        self.slow()
        while self.progress() == 0:
            time.sleep(0.02)
        self.ask("DELETE", "/cont?restype=container", status=202)
        self.ask("PUT", "/cont?restype=container", status=201)
        time.sleep(2)
        self.ask("HEAD", "/cont/new", status=404)
        self.server.stop()
        self.check()
        self.server.start()

    def test_many_at_once(self):
        def one(number):
            client = azure.Client(self.server.address)
            headers = {"x-ms-copy-source": f"http://{self.source.address}/plain?size={500_000 + number}"}
            self.assertEqual(client.send("PUT", f"/cont/many{number}", headers, b"").status, 202)
            client.close()
        threads = [threading.Thread(target=one, args=(n,)) for n in range(30)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for number in range(30):
            self.until("success", f"many{number}")
            self.assertEqual(self.ask("GET", f"/cont/many{number}").body, content(500_000 + number))

    # --- large copies within the installation ---
    def test_a_large_copy_across_containers(self):
        part = content(MIB)
        blocks = [block_id(n) for n in range(70)]
        for one in blocks:
            self.ask("PUT", f"/cont/large?comp=block&blockid={urllib.parse.quote(one)}", {}, part, 201)
        self.ask("PUT", "/cont/large?comp=blocklist", {"x-ms-meta-a": "1"}, block_list([("Latest", one) for one in blocks]), 201)
        self.ask("PUT", "/dest?restype=container", status=201)
        answer = self.ask("PUT", "/dest/copy", {"x-ms-copy-source": f"http://{self.server.address}/{azure.ACCOUNT}/cont/large"}, status=202)
        self.assertEqual(answer.header("x-ms-copy-status"), "pending")
        self.kill_and_restart()
        head = self.until("success", "copy", container="dest")
        self.assertEqual(head.header("x-ms-meta-a"), "1")
        self.assertEqual(self.ask("GET", "/dest/copy").body, part * 70)
        names = self.ask("GET", "/dest/copy?comp=blocklist").xml_text("CommittedBlocks/Block/Name")
        self.assertEqual(names, blocks)
        # Its source changes while it runs: it fails.
        self.ask("PUT", "/dest/copy2", {"x-ms-copy-source": f"http://{self.server.address}/{azure.ACCOUNT}/cont/large"}, status=202)
        self.ask("PUT", "/cont/large", {"x-ms-blob-type": "BlockBlob"}, b"new", 201)
        deadline = time.monotonic() + 60
        while self.ask("HEAD", "/dest/copy2").header("x-ms-copy-status") == "pending":
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.05)
        self.assertIn(self.ask("HEAD", "/dest/copy2").header("x-ms-copy-status"), ("failed", "success"))


if __name__ == "__main__":
    unittest.main()
