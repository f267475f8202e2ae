"""Every state that a blob can have comes over with its place in the name's history: snapshots and versions under the ids that
they had, tags, tiers, append and page blobs; and each is verified."""
import hashlib
import signal
import subprocess
import time
import unittest
import urllib.parse

import support
from lib import azure, server
from support import ACCOUNT, PROGRAM, Account, Case, connection_string, content, quoted, sas_url

KIB, MIB = 1 << 10, 1 << 20
SHOWN = support.COMPARED + ["last-modified", "x-ms-creation-time", "x-ms-tag-count", "x-ms-blob-committed-block-count", "x-ms-blob-sealed",
                            "x-ms-blob-sequence-number", "x-ms-expiry-time"]
TAGS = b"<Tags><TagSet><Tag><Key>colour</Key><Value>blue</Value></Tag><Tag><Key>a</Key><Value>1 2</Value></Tag></TagSet></Tags>"


def pages(account, path, *ranges):
    for first, data in ranges:
        account.call("PUT", path + "?comp=page", {"x-ms-page-write": "update", "x-ms-range": f"bytes={first}-{first + len(data) - 1}"}, data)


def fill(account, everything):
    """`everything`: what Azurite does not have, too."""
    account.container("states")
    account.put("states", "history", b"one", x_ms_meta_step="1")
    account.call("PUT", "/states/history?comp=snapshot")
    account.put("states", "history", b"two", x_ms_meta_step="2", x_ms_tags="n=2", x_ms_blob_content_type="text/two")
    account.call("PUT", "/states/history?comp=snapshot", {"x-ms-meta-of": "its own"})
    account.put("states", "history", b"three", x_ms_access_tier="Cool")
    account.call("PUT", "/states/history?comp=tags", None, TAGS)
    account.put_blocks("states", "blocks", [content(1, 3 * MIB), content(2, 5), content(3, 2 * MIB)])
    account.call("PUT", "/states/blocks?comp=snapshot")
    account.put_blocks("states", "blocks", [b"a", b"bc"])
    account.call("PUT", "/states/log", {"x-ms-blob-type": "AppendBlob", "x-ms-meta-kind": "log"})
    for i in range(5):
        account.call("PUT", "/states/log?comp=appendblock", None, content(10 + i, 100_000 + i))
    account.call("PUT", "/states/log?comp=snapshot")
    account.call("PUT", "/states/log?comp=appendblock", None, b"the last")
    disk = "/states/disk"
    account.call("PUT", disk, {"x-ms-blob-type": "PageBlob", "x-ms-blob-content-length": str(40 * MIB), "x-ms-blob-sequence-number": "7"})
    pages(account, disk, (0, content(20, 512)), (1024, content(21, 4 * KIB)), (MIB, content(22, 3 * MIB)), (40 * MIB - 512, content(23, 512)))
    account.call("PUT", disk + "?comp=snapshot")
    pages(account, disk, (20 * MIB, content(24, 64 * KIB)), (1536, content(25, 512)))
    account.call("PUT", disk + "?comp=page", {"x-ms-page-write": "clear", "x-ms-range": f"bytes={2 * MIB}-{2 * MIB + 64 * KIB - 1}"})
    account.call("PUT", "/states/empty-log", {"x-ms-blob-type": "AppendBlob"})
    account.call("PUT", "/states/empty-disk", {"x-ms-blob-type": "PageBlob", "x-ms-blob-content-length": "1024"})
    account.put("states", "plain", b"plain")
    if not everything:
        return
    account.put("states", "gone", b"only its versions are left")
    account.call("DELETE", "/states/gone")
    account.call("PUT", "/states/log?comp=seal")
    account.put("states", "ends", b"by itself")
    account.call("PUT", "/states/ends?comp=expiry", {"x-ms-expiry-option": "Absolute", "x-ms-expiry-time": "Fri, 01 Jan 2100 00:00:00 GMT"})


def merged(ranges):
    """Azurite names each write's pages, though they lie side by side."""
    found = []
    for first, last in ranges:
        if found and found[-1][1] + 1 == first:
            first = found.pop()[0]
        found.append((first, last))
    return found


def states(account, everything):
    """Every state of every blob, by name, snapshot and version id, as clients see it."""
    include = "metadata,snapshots,versions,tags" if everything else "metadata,snapshots,tags"
    listed = account.call("GET", f"/states?restype=container&comp=list&include={include}").xml()
    seen = {}
    for one in listed.findall("Blobs/Blob"):
        name, snapshot, version = one.findtext("Name"), one.findtext("Snapshot") or "", (one.findtext("VersionId") or "") if everything else ""
        state = [f"snapshot={snapshot}"] if snapshot else [f"versionid={urllib.parse.quote(version)}"] if version else []
        path = f"/states/{quoted(name)}?"
        head = account.call("HEAD", path + "&".join(state))
        what = {field: head.header(field) for field in SHOWN}
        if head.header("x-ms-access-tier-inferred") == "true":
            what["x-ms-access-tier"] = None
        if what["x-ms-blob-sealed"] == "false":   # Azurite says so, Azure says nothing
            what["x-ms-blob-sealed"] = None
        what["metadata"] = {key.lower(): value for key, value in head.headers if key.lower().startswith("x-ms-meta-")}
        what["current"] = one.findtext("IsCurrentVersion") if everything else None
        what["tags"] = sorted((tag.findtext("Key"), tag.findtext("Value")) for tag in one.findall("Tags/TagSet/Tag"))
        what["content"] = hashlib.sha256(account.call("GET", path + "&".join(state)).body).hexdigest()
        if what["x-ms-blob-type"] == "PageBlob":
            ranges = account.call("GET", path + "&".join(["comp=pagelist", *state])).xml()
            what["ranges"] = merged((int(r.findtext("Start")), int(r.findtext("End"))) for r in ranges.findall("PageRange"))
        elif what["x-ms-blob-type"] == "BlockBlob":
            blocks = account.call("GET", path + "&".join(["comp=blocklist&blocklisttype=committed", *state])).xml()
            what["blocks"] = [(b.findtext("Name"), b.findtext("Size")) for b in blocks.findall("CommittedBlocks/Block")]
        seen[name, snapshot, version] = what
    return seen


class States:
    @classmethod
    def setUpClass(cls):
        cls.server = server.Server(cls.kind)
        cls.server.start()
        cls.everything = cls.kind == "bascule"
        if cls.everything:
            subprocess.run([PROGRAM, "account", "set", ACCOUNT, "--versioning", "on", *cls.server.place()], check=True, capture_output=True,
                           env=server.private_environment(cls.server.folder))
        cls.source = Account(cls.server.address)
        fill(cls.source, cls.everything)
        cls.states = states(cls.source, cls.everything)
        cls.text = connection_string(cls.server.address)

    @classmethod
    def tearDownClass(cls):
        cls.source.client.close()
        cls.server.__exit__()

    def compare(self, data=None):
        target = self.served(data)
        found = states(target, self.everything)
        self.assertEqual(sorted(found), sorted(self.states))
        for key, wanted in self.states.items():
            with self.subTest(state=key):
                self.assertEqual({k: found[key][k] for k in wanted}, wanted)
        return target

    def test_every_state(self):
        report = self.report(self.text)
        self.assertEqual(report["failed"], 0)
        self.assertEqual(report["carried"]["blobs"], len(self.states))
        self.assertEqual(report["inventory"]["snapshots"], sum(bool(snapshot) for _, snapshot, _ in self.states))
        target = self.compare()
        target.server.stop()
        again = self.report(self.text)
        self.assertEqual((again["carried"]["blobs"], again["already"]["blobs"]), (0, len(self.states)))
        checked = subprocess.run([PROGRAM, "check", "--data", str(self.folder / "data"), "--key-file", f"{self.folder / 'data'}.key"],
                                 capture_output=True, text=True, env=self.environment())
        self.assertEqual(checked.returncode, 0, checked.stdout + checked.stderr)

    def test_what_is_spoilt_is_found_in_every_state(self):
        for kind in ("flip:past", "drop:past", "flip:page", "drop:page", "flip:append", "drop:append"):
            with self.subTest(kind=kind):
                data = self.folder / kind.replace(":", "-")
                report = self.report(self.text, "--sabotage", kind, exit_code=1, data=data)
                self.assertEqual((report["failed"], report["carried"]["blobs"]), (1, len(self.states) - 1))
        mended = self.report(self.text, data=data)
        self.assertEqual((mended["carried"]["blobs"], mended["already"]["blobs"]), (1, len(self.states) - 1))
        self.compare(data)

    def test_killed_and_gone_on(self):
        data = self.folder / "data"
        for delay in (0.02, 0.1, 0.3):
            run = subprocess.Popen(self.command(self.text, "--streams-at-once", "2", "--blobs-at-once", "4"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                   env=self.environment(), stdin=subprocess.DEVNULL)
            deadline = time.monotonic() + 30
            while not list(data.glob("migrate/*.done")) and time.monotonic() < deadline:
                time.sleep(0.01)
            time.sleep(delay)
            run.send_signal(signal.SIGKILL)
            run.wait()
        report = self.report(self.text)
        self.assertEqual(report["failed"], 0)
        self.assertEqual(report["carried"]["blobs"] + report["already"]["blobs"], len(self.states))
        self.compare()


class FromAzurite(States, Case):
    kind = "azurite"


class FromBascule(States, Case):
    kind = "bascule"

    def test_what_came_since_is_added_to_the_history(self):
        source = self.source
        source.container("moving")
        self.addCleanup(source.call, "DELETE", "/moving?restype=container")
        source.put("moving", "b", b"one")
        source.put("moving", "b", b"two")
        self.report(self.text, "--container", "moving")
        source.put("moving", "b", b"three")
        source.call("PUT", "/moving/b?comp=tags", None, TAGS)
        report = self.report(self.text, "--container", "moving")
        self.assertEqual((report["carried"]["blobs"], report["already"]["blobs"]), (1, 2))   # two is there: it was the current one
        list_versions = "/moving?restype=container&comp=list&include=versions,tags"
        wanted, target = source.call("GET", list_versions).xml(), self.served()
        found = target.call("GET", list_versions).xml()
        for field in ("VersionId", "IsCurrentVersion", "Tags/TagSet/Tag/Value"):
            self.assertEqual([e.text for e in found.findall("Blobs/Blob/" + field)], [e.text for e in wanted.findall("Blobs/Blob/" + field)])
        ids = [e.text for e in wanted.findall("Blobs/Blob/VersionId")]
        self.assertEqual([target.call("GET", f"/moving/b?versionid={urllib.parse.quote(i)}").body for i in ids], [b"one", b"two", b"three"])
        self.assertGreater(target.put("moving", "b", b"four").header("x-ms-creation-time") or "~", "")
        self.assertGreater(target.call("PUT", "/moving/b?comp=snapshot").header("x-ms-snapshot"), max(ids))

    def test_what_keeps_single_states_comes_with_them(self):
        source = self.source
        source.container("held")
        subprocess.run([PROGRAM, "immutability", "version-level", f"{ACCOUNT}/held", *self.server.place()], check=True, capture_output=True,
                       env=server.private_environment(self.server.folder))
        source.put("held", "b", b"one")
        until = "Fri, 01 Jan 2100 00:00:00 GMT"
        source.call("PUT", "/held/b?comp=immutabilityPolicies", {"x-ms-immutability-policy-until-date": until, "x-ms-immutability-policy-mode": "unlocked"})
        source.put("held", "b", b"two")   # the first is a version now, and kept
        source.call("PUT", "/held/b?comp=legalhold", {"x-ms-legal-hold": "true"})
        refused = self.report(self.text, "--container", "held", exit_code=1)
        self.assertIn("--versioning on", refused["failures"][0]["message"])
        config = self.folder / "bascule.toml"
        config.write_text(f'key_file = "{self.folder / "data"}.key"\n')
        place = ["--data", str(self.folder / "data"), "--config", str(config)]
        subprocess.run([PROGRAM, "account", "set", ACCOUNT, "--versioning", "on", *place], check=True, capture_output=True, env=self.environment())
        report = self.report(self.text, "--container", "held")
        self.assertEqual((report["failed"], report["carried"]["blobs"], report["inventory"]["not_carried"]), (0, 2, {}))
        again = self.report(self.text, "--container", "held")
        self.assertEqual((again["failed"], again["already"]["blobs"]), (0, 2))
        target = self.served()
        first = source.call("GET", "/held?restype=container&comp=list&include=versions").xml_text(".//Blob/VersionId")[0]
        version = f"/held/b?versionid={urllib.parse.quote(first)}"
        head = target.call("HEAD", version)
        self.assertEqual((head.header("x-ms-immutability-policy-until-date"), head.header("x-ms-immutability-policy-mode")), (until, "unlocked"))
        self.assertEqual(target.call("HEAD", "/held/b").header("x-ms-legal-hold"), "true")
        self.assertEqual(target.client.send("DELETE", version).status, 409)
        self.assertEqual(target.client.send("DELETE", "/held/b").status, source.client.send("DELETE", "/held/b").status)

    def test_what_cannot_be_had_is_named(self):
        source = self.source
        source.container("rest")
        self.addCleanup(source.call, "DELETE", "/rest?restype=container")
        source.put("rest", "archived", b"cold", x_ms_access_tier="Archive")
        source.put("rest", "tagged", b"1", x_ms_tags="a=b")
        run = self.migrate(self.text, "--container", "rest")
        before, _, after = run.stdout.partition("Carried over and read back")
        for part in (before, after):
            for words in ("1 archived blobs", "rest/archived", "nothing is rehydrated"):
                self.assertIn(words, part)
        target = self.served()
        self.assertEqual(target.names("rest"), ["tagged"])
        target.server.stop()
        # Without the right to read tags that there are any cannot be told.
        report = self.report(sas_url(self.server.address, sas=azure.account_sas(sp="rl")), "--container", "rest", "--strict", exit_code=3,
                             data=self.folder / "sas")
        self.assertEqual(report["inventory"]["not_carried"]["unseen_tags"]["examples"], ["rest"])


if __name__ == "__main__":
    unittest.main()
