"""Everything that can be carried comes over, seen through the clients' eyes; everything else is named."""
import json
import pathlib
import re
import subprocess
import unittest

import support
from lib import azure, server
from support import Account, Case, connection_string, content, sas_url

MIB = 1 << 20
NAMES = ["plain.txt", "100%", "what?", "a//b", "//lead", "été/naïve", "rocket-🚀", "a b+c&d=e", "trailing/", "dot.", "dots...",
         " space ", "a/./b", "a;b,c", "%41", "quo'te\"<&>", "back\\slash", "#hash", "~tilde", "x" * 900]
EDGES = [0, 1, 16 * 1024 - 1, 16 * 1024, 16 * 1024 + 1, 64 * 1024, 64 * 1024 + 1, 4 * MIB, 4 * MIB + 1, 8 * MIB, 8 * MIB + 1]


def fill(account):
    """What a source may hold. Returns container -> names."""
    account.container("site", {"x-ms-meta-owner": "web", "x-ms-blob-public-access": "blob"})
    account.call("PUT", "/site?restype=container&comp=acl", {"x-ms-blob-public-access": "blob"},
                 b"<SignedIdentifiers><SignedIdentifier><Id>readers</Id><AccessPolicy><Expiry>2040-01-01T00:00:00Z</Expiry>"
                 b"<Permission>r</Permission></AccessPolicy></SignedIdentifier></SignedIdentifiers>")
    account.put("site", "index.html", b"<h1>Bonjour</h1>", x_ms_blob_content_type="text/html; charset=utf-8",
                x_ms_blob_content_language="fr", x_ms_blob_cache_control="max-age=60", x_ms_blob_content_encoding="identity",
                x_ms_blob_content_disposition='attachment; filename="a.html"', x_ms_meta_Camera="no 1", x_ms_meta_year="2026",
                x_ms_access_tier="Cool")
    account.put("site", "declared", b"content", x_ms_blob_content_md5=azure.md5(b"content"))
    account.put("site", "put-whole", content(1, 300_000))
    account.container("names")
    for name in NAMES:
        account.put("names", name, name.encode())
    account.container("edges")
    for size in EDGES:
        account.put("edges", f"whole-{size}", content(size, size))
    account.put_blocks("edges", "blocks", [content(2, 5 * MIB), content(3, 1), content(4, 3 * MIB + 5), content(5, 4 * MIB)],
                       x_ms_blob_content_type="application/x-dump", x_ms_meta_taken="nightly")
    account.put_blocks("edges", "blocks-with-md5", [b"abc", b"def"], x_ms_blob_content_md5=azure.md5(b"abcdef"))
    account.put_blocks("edges", "blocks-small", [b"a", b"bc"] + [b"d" * 100] * 40)
    account.put_blocks("edges", "blocks-of-9-mib", [content(6, 9 * MIB), content(7, 2 * MIB)])
    account.put_blocks("edges", "no-blocks", [])
    account.block("edges", "blocks-small", b"block-99999", b"never committed")
    account.container("empty")
    return {"site": ["index.html", "declared", "put-whole"], "names": NAMES, "empty": [],
            "edges": [f"whole-{size}" for size in EDGES] + ["blocks", "blocks-with-md5", "blocks-small", "blocks-of-9-mib", "no-blocks"]}


class Carried:
    """The same tests for each kind of source."""

    @classmethod
    def setUpClass(cls):
        cls.server = server.Server(cls.kind)
        cls.server.start()
        cls.source = Account(cls.server.address)
        cls.filled = fill(cls.source)
        cls.address = cls.server.address

    @classmethod
    def tearDownClass(cls):
        cls.source.client.close()
        cls.server.__exit__()

    def count(self):
        return sum(map(len, self.filled.values()))

    def compare(self, policies=True):
        target = self.served()
        for container, names in self.filled.items():
            self.assertEqual(sorted(target.names(container)), sorted(self.source.names(container)))
            self.assert_same(self.source, target, container, names)
            wanted, found = self.source.look_at_container(container), target.look_at_container(container)
            if not policies:
                wanted["policies"] = found["policies"] = []
            self.assertEqual(found, wanted, container)
        uncommitted = target.call("GET", "/edges/blocks-small?comp=blocklist&blocklisttype=all").xml()
        self.assertEqual(uncommitted.findall("UncommittedBlocks/Block"), [])

    def test_everything_by_connection_string(self):
        report = self.report(connection_string(self.address))
        self.assertEqual(report["carried"]["blobs"], self.count())
        self.assertEqual(report["failed"], 0)
        self.assertEqual(report["inventory"]["containers"], len(self.filled))
        self.assertGreater(report["md5"]["checked"], 3)
        self.assertEqual(report["inventory"]["not_carried"]["uncommitted_blocks"]["examples"], ["edges/blocks-small"])
        listed = (self.folder / "data/migrate/not-carried.tsv").read_text()
        self.assertIn("uncommitted_blocks\tedges\tblocks-small\t", listed)
        self.compare()

    def test_a_second_run_has_nothing_to_do(self):
        self.report(connection_string(self.address), "--container", "names")
        again = self.report(connection_string(self.address), "--container", "names")
        self.assertEqual((again["carried"]["blobs"], again["already"]["blobs"]), (0, len(self.filled["names"])))

    def test_account_sas(self):
        report = self.report(sas_url(self.address, sas=azure.account_sas(sp="rl")))
        self.assertEqual(report["carried"]["blobs"], self.count())
        self.assertEqual(report["inventory"]["not_carried"]["access_policies"]["count"], len(self.filled))
        self.compare(policies=False)

    def test_sas_in_a_connection_string(self):
        text = f"BlobEndpoint=http://{self.address}/{azure.ACCOUNT};SharedAccessSignature={azure.account_sas(sp='rl')}"
        self.assertEqual(self.report(text, "--container", "names")["carried"]["blobs"], len(self.filled["names"]))

    def test_container_sas(self):
        url = sas_url(self.address, "/names", azure.service_sas("/names", sr="c", sp="rl"))
        report = self.report(url)
        self.assertEqual(report["carried"]["blobs"], len(self.filled["names"]))
        target = self.served()
        self.assertEqual(target.containers(), ["names"])
        self.assert_same(self.source, target, "names", self.filled["names"])

    def test_only_the_containers_named(self):
        report = self.report(connection_string(self.address), "--container", "names", "--container", "empty")
        self.assertEqual((report["inventory"]["containers"], report["carried"]["blobs"]), (2, len(self.filled["names"])))
        self.assertEqual(sorted(self.served().containers()), ["empty", "names"])

    def test_through_a_running_server(self):
        gateway = self.bascule()
        report = self.report(connection_string(self.address), beside=gateway)
        self.assertEqual(report["carried"]["blobs"], self.count())
        target = Account(gateway.address)
        self.addCleanup(target.client.close)
        for container in ("site", "edges"):
            self.assert_same(self.source, target, container, self.filled[container])

    def test_sabotage_is_found(self):
        for kind, words in (("drop", "not at the target"), ("flip", "another content")):
            data = self.folder / kind
            report = self.report(connection_string(self.address), "--sabotage", kind, exit_code=1, data=data)
            self.assertEqual(report["failed"], 1)
            self.assertIn(words, report["failures"][0]["message"])
            self.assertEqual(report["carried"]["blobs"], self.count() - 1)
            mended = self.report(connection_string(self.address), data=data)
            self.assertEqual((mended["carried"]["blobs"], mended["already"]["blobs"]), (1, self.count() - 1))

    def test_sabotage_through_a_running_server(self):
        report = self.report(connection_string(self.address), "--container", "names", "--sabotage", "flip", exit_code=1,
                             beside=self.bascule())
        self.assertEqual(report["failed"], 1)

    def test_sabotage_of_nothing_fails_too(self):
        self.migrate(connection_string(self.address), "--container", "empty", "--sabotage", "flip", exit_code=1)

    def test_what_is_deleted_here_comes_again_and_what_changed_here_stays(self):
        self.report(connection_string(self.address), "--container", "names")
        target = self.served()
        target.call("DELETE", "/names/plain.txt")
        target.put("names", "what?", b"the application's own")
        target.server.stop()
        report = self.report(connection_string(self.address), "--container", "names", "--strict", exit_code=3)
        self.assertEqual(report["carried"]["blobs"], 1)
        self.assertEqual(report["inventory"]["not_carried"]["changed_here"]["examples"], ["names/what?"])
        target = self.served()
        self.assertEqual(target.get("names", "plain.txt"), b"plain.txt")
        self.assertEqual(target.get("names", "what?"), b"the application's own")


class FromAzurite(Carried, Case):
    kind = "azurite"

    def test_what_is_never_carried_is_named(self):
        source = self.source
        source.container("mixed", {})
        self.addCleanup(source.call, "DELETE", "/mixed?restype=container")
        source.put("mixed", "kept", b"kept")
        source.put("mixed", "archived", b"cold", x_ms_access_tier="Archive")
        source.block("mixed", "half", b"block-1", b"never committed")
        source.put("mixed", "leased", b"1")
        lease = source.call("PUT", "/mixed/leased?comp=lease", {"x-ms-lease-action": "acquire", "x-ms-lease-duration": "-1"})
        self.addCleanup(source.call, "PUT", "/mixed/leased?comp=lease",
                        {"x-ms-lease-action": "release", "x-ms-lease-id": lease.header("x-ms-lease-id")})
        text = connection_string(self.address)
        run = self.migrate(text, "--container", "mixed")
        before, _, after = run.stdout.partition("Carried over")
        for part in (before, after):  # before a byte moves, and again at the end
            for words in ("1 archived", "mixed/archived", "uncommitted blocks only", "mixed/half", "1 leased", "mixed/leased"):
                self.assertIn(words, part)
        report = self.report(text, "--container", "mixed", "--strict", exit_code=3, data=self.folder / "other")
        self.assertEqual({name: entry["count"] for name, entry in report["inventory"]["not_carried"].items()},
                         {"archived_blob": 1, "uncommitted_blob": 1, "lease": 1})
        listed = [line.split("\t") for line in (self.folder / "other/migrate/not-carried.tsv").read_text().splitlines()]
        self.assertEqual({(line[0], line[1], line[2]) for line in listed},
                         {("archived_blob", "mixed", "archived"), ("uncommitted_blob", "mixed", "half"), ("lease", "mixed", "leased")})
        self.assertEqual(sorted(self.served().names("mixed")), ["kept", "leased"])

    def test_dry_run_writes_nothing(self):
        report = self.report(connection_string(self.address), "--dry-run")
        self.assertTrue(report["dry_run"])
        self.assertEqual(report["inventory"]["blobs"], self.count())
        self.assertEqual(self.served().containers(), [])

    def test_plain_lines_off_a_terminal(self):
        run = self.migrate(connection_string(self.address))
        self.assertNotRegex(run.stdout, r"[\r\x1b]")
        self.assertRegex(run.stdout, rf"(?m)^From http://{re.escape(self.address)}/{azure.ACCOUNT} into account {azure.ACCOUNT}\.$")
        self.assertRegex(run.stdout, rf"(?m)^To carry over: {len(self.filled)} containers, {self.count()} blobs, .* MiB\.$")
        self.assertRegex(run.stdout, r"(?m)^ *100 %  \d+ of \d+ blobs, .* of .*, .*/s, \d+ blobs/s")
        self.assertRegex(run.stdout, rf"(?m)^Carried over and read back: {self.count()} blobs, ")
        self.assertIn("Every blob carried over was read back through decryption and is the same.", run.stdout)

    def test_json_lines(self):
        run = self.migrate(connection_string(self.address), "--json")
        events = [json.loads(line) for line in run.stdout.splitlines()]
        kinds = [event["event"] for event in events]
        self.assertEqual(kinds[:2] + kinds[-1:], ["begin", "inventory", "report"])
        progress = [event for event in events if event["event"] == "progress"]
        self.assertEqual(progress[-1]["blobs"], self.count())
        for field in ("blobs_total", "bytes", "bytes_total", "bytes_per_second", "blobs_per_second", "failed", "seconds"):
            self.assertIn(field, progress[-1])
        self.assertEqual(events[-1]["carried"]["bytes"], events[1]["bytes"])

    def test_a_terminal_gets_one_line_drawn_again(self):
        command = self.command(connection_string(self.address))
        (self.folder / "home").mkdir()
        run = subprocess.run(["script", "-qec", " ".join(f"'{word}'" for word in command), "/dev/null"], capture_output=True,
                             timeout=60, env=self.environment(), stdin=subprocess.DEVNULL)
        self.assertIn(b"\r\x1b[K", run.stdout)

    def test_changed_at_the_source_between_two_runs(self):
        source, text = self.source, connection_string(self.address)
        source.container("moving")
        self.addCleanup(source.call, "DELETE", "/moving?restype=container")
        for i in range(5):
            source.put("moving", f"b{i}", content(i, 3000))
        self.report(text, "--container", "moving")
        source.put("moving", "b1", content(99, 3000))
        source.call("PUT", "/moving/b2?comp=metadata", {"x-ms-meta-k": "v"})
        source.put("moving", "b5", b"new")
        source.call("DELETE", "/moving/b3")
        report = self.report(text, "--container", "moving")
        self.assertEqual((report["carried"]["blobs"], report["already"]["blobs"]), (3, 2))
        self.assert_same(source, self.served(), "moving", ["b0", "b1", "b2", "b4", "b5"])

    def test_blocks_of_one_id_twice_and_ids_of_all_lengths(self):
        source = self.source
        source.container("ids")
        self.addCleanup(source.call, "DELETE", "/ids?restype=container")
        source.block("ids", "twice", b"same", b"one")
        source.block("ids", "twice", b"othe", b"two")
        source.commit("ids", "twice", [b"same", b"othe", b"same"])
        for length in (1, 2, 47, 48):
            source.block("ids", f"length{length}", bytes(range(200, 200 + length)), b"x")
            source.commit("ids", f"length{length}", [bytes(range(200, 200 + length))])
        self.report(connection_string(self.address), "--container", "ids")
        self.assert_same(source, self.served(), "ids", source.names("ids"))


class FromBascule(Carried, Case):
    kind = "bascule"

    # The same code as with Azurite, and the same answer.
    if not support.ALL:
        test_sabotage_of_nothing_fails_too = test_sabotage_through_a_running_server = test_container_sas = None
        test_what_is_deleted_here_comes_again_and_what_changed_here_stays = test_only_the_containers_named = None


if __name__ == "__main__":
    unittest.main()
