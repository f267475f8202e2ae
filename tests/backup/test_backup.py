"""What a person does with backups, and what may happen to them meanwhile."""
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import threading
import time
import unittest

from support import PLANTED, Case, azure, blobs_of, content, server


class Writers:
    """Threads that write blobs again and again; what was acknowledged, and when."""

    def __init__(self, address, threads=4):
        self.address, self.stopping = address, False
        self.history = {}   # name -> [(began, acknowledged or None, content)]
        self.threads = [threading.Thread(target=self.work, args=(i,)) for i in range(threads)]
        for thread in self.threads:
            thread.start()

    def work(self, number):
        client, turn = azure.Client(self.address), 0
        while not self.stopping:
            name = f"{PLANTED}-w{number}-{turn % 40}"
            body = f"{name} {turn} ".encode() * 30
            line = [time.time(), None, body]
            self.history.setdefault(name, []).append(line)
            try:
                if client.send("PUT", f"/box/{name}", {"x-ms-blob-type": "BlockBlob"}, body).status == 201:
                    line[1] = time.time()
            except OSError:
                return
            turn += 1

    def stop(self):
        self.stopping = True
        for thread in self.threads:
            thread.join()

    def allowed(self, name, instant):
        """What a blob may say in a backup of that instant; None: not be there."""
        last, later = None, []
        for began, done, body in self.history[name]:
            if done is not None and done < instant:
                last = body
            else:
                later.append(body)
        return [last] + later


def seconds(text):
    import datetime
    head, _, part = text.rstrip("Z").partition(".")
    moment = datetime.datetime.strptime(head, "%Y-%m-%dT%H:%M:%S").replace(tzinfo=datetime.timezone.utc)
    return moment.timestamp() + (int(part) / 10 ** len(part) if part else 0)


class Restores(Case):
    def test_under_load_killed_and_restored(self):
        one = self.gateway()
        self.fill(one, 200)
        writers = Writers(one.address)
        time.sleep(0.5)
        first = self.answer(one, self.to)["made"]
        time.sleep(0.5)
        second = self.answer(one, self.to)["made"]
        time.sleep(0.3)
        writers.stop()
        one.stop(signal.SIGKILL)
        self.assertTrue(first["whole"])
        self.assertFalse(second["whole"], second)
        listed = self.ask(self.gateway("two", start=False), "list", self.to)   # without a server, without a catalog
        self.assertEqual(listed.count("NEVER"), 2, listed)
        two = self.gateway("two", "--from-backup", str(self.to))
        log = two.log.read_text()
        for word in ("is valid again", "credentials", "takeover", "not known"):
            self.assertIn(word, log)
        instant, checked = seconds(second["instant"]), 0
        sdk = blobs_of(two.address)
        client = azure.Client(two.address)

        def read(name):
            if sdk:
                from azure.core.exceptions import ResourceNotFoundError
                try:
                    return sdk.get_blob_client("box", name).download_blob().readall()
                except ResourceNotFoundError:
                    return None
            answer = client.send("GET", f"/box/{name}")
            return answer.body if answer.status == 200 else None

        for i in range(200):
            self.assertEqual(read(f"{PLANTED}-{i}"), content(i))
        for name in writers.history:
            self.assertIn(read(name), writers.allowed(name, instant), name)
            checked += 1
        self.assertGreater(checked, 40)
        self.ask(two, "verify", self.to, "--extents", "all")
        self.assertEqual(self.ask(two, "list", self.to).count("NEVER"), 1)
        # The former life's extents stay, whatever becomes of them here, until it is taken over.
        before = [n for n in self.bucket.objects() if not n.startswith("keyring-")]
        for i in range(200):
            self.assertEqual(client.send("DELETE", f"/box/{PLANTED}-{i}").status, 202)
        self.assertTrue(self.wait_for(lambda: self.metric(two, "bascule_garbage_held") > 0))
        self.assertLessEqual(set(before), set(self.bucket.objects()))
        self.assertIn("revoke", self.ask(two, "takeover", exit=2))
        self.ask(two, "takeover", "--credentials-are-revoked")
        self.ask(two, "takeover", "--credentials-are-revoked", exit=1)
        self.assertTrue(self.wait_for(lambda: not set(before) <= set(self.bucket.objects())), "what was written after the backup is never collected")
        self.assertIn("empty", self.ask(two, "restore", self.to, exit=1))
        two.stop()
        again = self.gateway("two", "--from-backup", str(self.to), start=False)
        refused = subprocess.run(again.command(), capture_output=True, text=True, timeout=60, env=server.private_environment(again.folder))
        self.assertEqual(refused.returncode, 1)
        self.assertIn("holds a catalog already", refused.stderr)

    def test_a_former_gateway_that_still_writes_is_noticed(self):
        one = self.gateway()
        self.fill(one, 20)
        self.ask(one, self.to)
        writers = Writers(one.address, 1)
        try:
            two = self.gateway("two", start=False)
            self.assertIn("still writes", self.ask(two, "restore", self.to, exit=1))
        finally:
            writers.stop()
        self.assertFalse((two.folder / "data/catalog").exists())
        one.stop()
        self.assertIn("restored from backup 1", self.ask(two, "restore", self.to))


class Holds(Case):
    def test_holds_are_not_lost_without_a_word(self):
        one = self.gateway()
        self.fill(one, 5)
        subprocess.run([server.default_program(), "immutability", "retain", "devstoreaccount1/box", "--days", "3", *one.place()], check=True,
                       capture_output=True, env=server.private_environment(one.folder))
        self.ask(one, self.to)
        one.stop()
        two = self.gateway("two", start=False)
        self.assertIn("--holds-may-be-lost", self.ask(two, "restore", self.to, exit=1))
        self.ask(two, "restore", self.to, "--holds-may-be-lost")

    def test_missing_content_and_keys_are_told(self):
        one = self.gateway()
        self.fill(one, 30)
        self.ask(one, self.to)
        one.stop()
        extent = next(n for n in self.bucket.objects() if not n.startswith("keyring-"))
        self.bucket.lose(extent)
        two = self.gateway("two", start=False)
        self.assertIn(extent, self.ask(two, "verify", self.to, "--extents", "all", exit=1))
        self.assertIn("MISSING", self.ask(two, "list", self.to))
        self.assertIn("--content-may-be-missing", self.ask(two, "restore", self.to, exit=1))
        shutil.move(self.folder / "keys/bascule.key", self.folder / "keys/away")
        self.assertIn("key file", self.ask(two, "verify", self.to, exit=1))

    def test_the_folder_default(self):
        one = self.gateway(s3=False)
        self.fill(one, 50)
        self.assertIn("shards", self.ask(one, self.to))
        shutil.copytree(one.folder / "data/shards", self.folder / "two/data/shards")
        self.ask(one, "takeover", "--credentials-are-revoked", exit=1)
        self.assertIn("within the data folder", self.ask(one, one.folder / "data/backups", exit=2))
        self.fill(one, 1, first=60)
        one.stop(signal.SIGKILL)
        two = self.gateway("two", "--from-backup", str(self.to), s3=False)
        client = azure.Client(two.address)
        for i in range(50):
            self.assertEqual(client.send("GET", f"/box/{PLANTED}-{i}").body, content(i))
        self.assertEqual(client.send("GET", f"/box/{PLANTED}-60").status, 404)


class Copies(Case):
    def objects(self):
        return sorted((self.to / "shards").iterdir())


class Damage(Copies):
    def test_every_damage_is_refused_and_named(self):
        one = self.gateway(s3=False)
        self.fill(one, 60)
        self.ask(one, self.to)
        self.fill(one, 30, first=60)
        self.ask(one, self.to)
        self.ask(one, "verify", self.to)   # the control
        files = {p: p.read_bytes() for p in self.objects() if not p.name.startswith("readback")}
        manifests = [p for p in files if p.name.startswith("backup-")]
        segments = [p for p in files if p.name.startswith("segment-")]
        self.assertEqual((len(manifests), len(segments)), (2, 2))
        newest = manifests[1]

        def refused(path, data, how):
            path.write_bytes(data) if data is not None else path.unlink()
            words = self.ask(one, "verify", self.to, exit=1)
            self.assertIn(path.name, words, how)
            path.write_bytes(files[path])

        for path in [newest, *segments]:
            data = files[path]
            refused(path, data[:len(data) // 2], "truncated")
            refused(path, data[:len(data) // 2] + bytes([data[len(data) // 2] ^ 4]) + data[len(data) // 2 + 1:], "a flipped bit")
        refused(segments[0], files[segments[1]], "swapped")
        refused(segments[1], files[segments[0]], "swapped")
        refused(newest, files[manifests[0]], "an older one replayed")
        refused(segments[0], None, "missing")
        self.ask(one, "verify", self.to)   # the control
        listed = self.ask(one, "list", self.to)
        newest.write_bytes(files[newest][:-1])
        self.assertIn("DAMAGED", self.ask(one, "list", self.to))
        self.assertIn(newest.name, self.ask(one, self.to, exit=1))
        self.assertIn(newest.name, self.ask(one, "prune", self.to, "--keep", "1", exit=1))
        first = self.answer(one, "verify", self.to, "--at", [w for w in listed.split() if w.endswith("Z") and "." in w][0])
        self.assertEqual(first["backup"]["number"], 1)

    def test_nothing_readable_lies_in_a_backup(self):
        one = self.gateway(s3=False)
        self.fill(one, 60)
        self.ask(one, self.to)
        self.ask(one, "verify", self.to)
        one.stop()

        def found(folder):
            return [p for p in folder.rglob("*") if p.is_file() and PLANTED.encode() in p.read_bytes()]

        self.assertEqual(found(self.to), [])
        self.assertTrue(found(one.folder / "data/catalog"), "the control: names stand in the catalog itself")

    def test_the_independent_reader_reads_it(self):
        try:
            import cryptography  # noqa: F401
        except ImportError:
            self.skipTest("the reader needs the package cryptography")
        one = self.gateway(s3=False)
        self.fill(one, 40)
        self.ask(one, self.to)
        self.fill(one, 5, first=40)
        made = self.answer(one, self.to)["made"]
        tool = pathlib.Path(__file__).resolve().parents[2] / "tools/reader/bascule_reader.py"
        command = [sys.executable, str(tool), "backup", "--key", str(self.folder / "keys/bascule.key"), "--objects", str(one.folder / "data/shards"),
                   "--names", str(self.to)]
        read = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        self.assertTrue(read.startswith(f"backup 2: {made['records']} records, {made['record_bytes']} bytes"), read)
        self.assertEqual(read.count(PLANTED), 45)
        segment = next(p for p in self.objects() if p.name.startswith("segment-"))
        segment.write_bytes(segment.read_bytes()[:-1] + b"x")
        self.assertEqual(subprocess.run(command, capture_output=True, check=False).returncode, 1)


class Interrupted(Copies):
    def test_killed_in_the_middle(self):
        one = self.gateway(s3=False)
        self.fill(one, 150)
        self.ask(one, self.to)
        for turn in range(4):
            self.fill(one, 20, first=150 + turn * 20)
            asked = subprocess.Popen([server.default_program(), "backup", str(self.to), "--whole", *one.place()], stdout=subprocess.DEVNULL,
                                     stderr=subprocess.DEVNULL, env=server.private_environment(one.folder))
            time.sleep(0.008 * turn)
            one.stop(signal.SIGKILL)
            asked.wait(60)
            one.start()
            self.ask(one, self.to)
            self.ask(one, "verify", self.to, "--extents", "all")
        backups = self.answer(one, "list", self.to)["backups"]
        self.ask(one, self.to, "--keep", 1)
        names = [p.name for p in self.objects()]
        self.assertEqual(sum(n.startswith("backup-") for n in names), 1)
        self.assertLessEqual(len(names), 2 + len(backups), names)   # nothing that no backup needs

    def test_a_full_disk(self):
        mount = self.folder / "small"
        mount.mkdir()
        if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=160k", "tmpfs", str(mount)], capture_output=True).returncode:
            self.skipTest("needs the right to mount")
        self.addCleanup(lambda: subprocess.run(["umount", "--lazy", str(mount)], check=False))
        one = self.gateway(s3=False)
        self.fill(one, 50)
        self.ask(one, mount / "to")
        self.fill(one, 500, first=50)
        words = self.ask(one, mount / "to", exit=1)
        self.assertRegex(words, "full|space")
        self.ask(one, "verify", mount / "to")   # the one before is whole
        subprocess.run(["mount", "-o", "remount,size=4m", str(mount)], check=True)
        self.ask(one, mount / "to")
        self.ask(one, "verify", mount / "to")

    def test_the_window(self):
        one = self.gateway(config="", s3=False, start=False)
        one.config = "[backup]\nrestore_window = \"2s\"\n"
        one.start()
        self.fill(one, 10)

        def shards():
            return len([p for p in (one.folder / "data/shards").iterdir() if not p.name.startswith("keyring") and p.stat().st_size])

        client = azure.Client(one.address)
        client.send("DELETE", f"/box/{PLANTED}-0")
        self.assertTrue(self.wait_for(lambda: shards() == 9), "space is free at once where no backup was ever made")
        self.ask(one, self.to)
        client.send("DELETE", f"/box/{PLANTED}-1")
        self.assertTrue(self.wait_for(lambda: self.metric(one, "bascule_garbage_held") == 1))
        time.sleep(3)
        self.assertEqual(shards(), 9, "the newest backup names it")
        self.answer(one, "verify", self.to, "--extents", "all")
        self.ask(one, self.to)
        self.assertTrue(self.wait_for(lambda: shards() == 8))
        self.assertGreater(self.metric(one, "bascule_backup_last_instant_seconds"), time.time() - 60)


class AtAProvider(Case):
    def test_a_bucket(self):
        one = self.gateway()
        self.fill(one, 400)
        to = "s3://backups/prod"
        first = self.answer(one, to)["made"]
        self.fill(one, 4, first=400)
        second = self.answer(one, to)["made"]
        self.assertLess(second["written_bytes"] * 5, first["written_bytes"])
        report = self.answer(one, "verify", to, "--extents", "all")["report"]
        self.assertEqual((report["blobs"], report["extents_missing"]), (404, 0))
        self.assertIn("where the content lies", self.ask(one, "s3://content/x", exit=2))
        self.answer(one, to, "--whole", "--keep", 1)
        self.assertEqual(len(self.answer(one, "list", to)["backups"]), 1)
        one.stop(signal.SIGKILL)
        two = self.gateway("two", "--from-backup", to)
        client = azure.Client(two.address)
        self.assertEqual(client.send("GET", f"/box/{PLANTED}-403").body, content(403))
        self.answer(two, to)
        self.answer(two, "verify", to)


if __name__ == "__main__":
    unittest.main()
