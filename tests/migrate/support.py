"""What the tests of the move share: accounts filled and looked at through raw HTTP, and the program run as a person runs it."""
import base64
import hashlib
import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from lib import azure, server  # noqa: E402

PROGRAM = server.default_program()
ALL = os.environ.get("MIGRATE_ALL") == "yes"
ACCOUNT, KEY = azure.ACCOUNT, azure.KEY
COMPARED = ["content-length", "content-type", "content-encoding", "content-language", "content-md5", "cache-control",
            "content-disposition", "x-ms-blob-type", "x-ms-access-tier"]


def connection_string(address, key=KEY, account=ACCOUNT):
    return f"DefaultEndpointsProtocol=http;AccountName={account};AccountKey={key};BlobEndpoint=http://{address}/{account};"


def sas_url(address, path="", sas=None):
    return f"http://{address}/{ACCOUNT}{path}?{sas}"


def content(seed, size):
    return random.Random(seed).randbytes(size)


def quoted(name):
    return urllib.parse.quote(name, safe="/")


class Account:
    """One account of one server, as a client fills it and sees it."""

    def __init__(self, address):
        self.address = address
        self.client = azure.Client(address)

    def call(self, method, path, headers=None, body=b"", expect=(200, 201, 202, 204, 206)):
        response = self.client.send(method, path, headers=headers, body=body)
        if response.status not in expect:
            raise AssertionError(f"{method} {path}: {response.status} {response.body[:500]!r}")
        return response

    def container(self, name, headers=None):
        self.call("PUT", f"/{name}?restype=container", headers, expect=(201, 409))

    def put(self, container, name, body=b"", **headers):
        fields = {"x-ms-blob-type": "BlockBlob", **{k.replace("_", "-"): v for k, v in headers.items()}}
        return self.call("PUT", f"/{container}/{quoted(name)}", fields, body)

    def block(self, container, name, identifier, body):
        encoded = urllib.parse.quote(base64.b64encode(identifier).decode(), safe="")
        self.call("PUT", f"/{container}/{quoted(name)}?comp=block&blockid={encoded}", None, body)

    def commit(self, container, name, identifiers, **headers):
        ids = [("Latest", base64.b64encode(one).decode()) for one in identifiers]
        self.call("PUT", f"/{container}/{quoted(name)}?comp=blocklist",
                  {k.replace("_", "-"): v for k, v in headers.items()}, azure.block_list(ids))

    def put_blocks(self, container, name, parts, **headers):
        ids = [b"block-%05d" % (i * 7) for i in range(len(parts))]
        for identifier, part in zip(ids, parts):
            self.block(container, name, identifier, part)
        self.commit(container, name, ids, **headers)

    def get(self, container, name):
        return self.call("GET", f"/{container}/{quoted(name)}").body

    def exists(self, container, name):
        return self.call("HEAD", f"/{container}/{quoted(name)}", expect=(200, 404)).status == 200

    def names(self, container):
        names, marker = [], ""
        while True:
            page = self.call("GET", f"/{container}?restype=container&comp=list" +
                             (f"&marker={urllib.parse.quote(marker, safe='')}" if marker else ""))
            names += page.xml_text(".//Blob/Name")
            marker = page.xml().findtext("NextMarker") or ""
            if not marker:
                return names

    def containers(self):
        return self.call("GET", "/?comp=list").xml_text(".//Container/Name")

    def look(self, container, name):
        """Everything of one blob that a client sees and that must survive the move."""
        path = f"/{container}/{quoted(name)}"
        head = self.call("HEAD", path)
        seen = {field: head.header(field) for field in COMPARED}
        if head.header("x-ms-access-tier-inferred") == "true":
            seen["x-ms-access-tier"] = None
        seen["metadata"] = {key.lower(): value for key, value in head.headers if key.lower().startswith("x-ms-meta-")}
        seen["content"] = hashlib.sha256(self.call("GET", path).body).hexdigest()
        blocks = self.call("GET", path + "?comp=blocklist&blocklisttype=committed").xml()
        seen["blocks"] = [(block.findtext("Name"), block.findtext("Size")) for block in blocks.findall("CommittedBlocks/Block")]
        return seen

    def look_at_container(self, container):
        head = self.call("GET", f"/{container}?restype=container")
        acl = self.call("GET", f"/{container}?restype=container&comp=acl")
        policies = [(one.findtext("Id"), one.findtext("AccessPolicy/Permission"), (one.findtext("AccessPolicy/Expiry") or "")[:16])
                    for one in acl.xml().findall("SignedIdentifier")]
        return {"metadata": {key.lower(): value for key, value in head.headers if key.lower().startswith("x-ms-meta-")},
                "access": head.header("x-ms-blob-public-access"), "policies": policies}


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="bascule-move-"))
        began = time.monotonic()
        self.addCleanup(lambda: print(f"{time.monotonic() - began:6.1f} s  {self.id()}", flush=True))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def command(self, source, *arguments, data=None):
        data = data or self.folder / "data"
        return [PROGRAM, "migrate", "--from", source, "--data", str(data), "--key-file", f"{data}.key", *map(str, arguments)]

    def environment(self):
        return server.private_environment(self.folder / "home")

    def migrate(self, source, *arguments, exit_code=0, data=None, beside=None):
        command = self.command(source, *arguments, data=data)
        if beside:
            command = [PROGRAM, "migrate", "--from", source, *beside.place(), *map(str, arguments)]
        (self.folder / "home").mkdir(exist_ok=True)
        run = subprocess.run(command, capture_output=True, text=True, timeout=400, env=self.environment(), stdin=subprocess.DEVNULL)
        words = f"{arguments}\n{run.stdout[-3000:]}\n{run.stderr[-2000:]}"
        if exit_code is not None:
            self.assertEqual(run.returncode, exit_code, words)
        self.assertNotIn(KEY, run.stdout + run.stderr, "a secret on the screen")
        return run

    def report(self, source, *arguments, **more):
        """The last line of --json."""
        run = self.migrate(source, *arguments, "--json", **more)
        lines = [json.loads(line) for line in run.stdout.splitlines()]
        self.assertEqual(lines[-1]["event"], "report", run.stdout + run.stderr)
        self.assertEqual(lines[-1]["exit_code"], run.returncode)
        return lines[-1]

    def bascule(self, name="gateway", **settings):
        """A second installation."""
        one = server.Server("bascule", folder=self.folder / name, **settings)
        self.addCleanup(one.stop)
        one.start()
        return one

    def served(self, data=None):
        """The target, served: what came over, as its clients see it."""
        data = data or self.folder / "data"
        one = server.Server("bascule", folder=self.folder / "served", arguments=["--data", str(data)])
        one.default_config = lambda: f'key_file = "{data}.key"\n[admin]\nlisten = "off"\n'
        one.start()
        self.addCleanup(one.stop)
        account = Account(one.address)
        self.addCleanup(account.client.close)
        account.server = one
        return account

    def assert_same(self, source, target, container, names):
        for name in names:
            with self.subTest(container=container, name=name):
                self.assertEqual(target.look(container, name), source.look(container, name))
