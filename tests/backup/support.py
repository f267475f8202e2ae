"""Servers whose content lies in s3sim's bucket, so that a catalog can be lost without it; and the backup commands."""
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from lib import azure, server  # noqa: E402

PLANTED = "zanzibar-ledger"


class Bucket:
    """A strict S3 with the buckets `content` and `backups`; where they lie is seen in its folder."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.process = subprocess.Popen([sys.executable, str(HERE.parent / "s3sim"), "--bucket", "content", "--bucket", "backups", "--folder",
                                         str(self.folder), "--until-stdin-closes"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.address = re.search(r"http://(\S+)", self.process.stdout.readline()).group(1)

    def config(self):
        keys = f'endpoint = "http://{self.address}"\naccess_key = "test"\nsecret_key = "testsecret"\n'
        return f'[provider]\nkind = "s3"\nbucket = "content"\n{keys}[backup]\n{keys}'

    def objects(self, bucket="content"):
        return sorted(p.name for p in (self.folder / bucket).rglob("*") if p.is_file())

    def lose(self, name, bucket="content"):
        """Without a word, as a provider may."""
        urllib.request.urlopen(urllib.request.Request(f"http://{self.address}/_sim/object?bucket={bucket}&key={name}", method="DELETE"), timeout=10).close()

    def stop(self):
        self.process.stdin.close()
        words = self.process.stdout.read()
        self.process.stdout.close()
        return self.process.wait(20), words


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="bascule-backup-"))
        self.to = self.folder / "to"
        self.bucket = None
        self.servers = []
        self.addCleanup(self.clean)

    def clean(self):
        for one in self.servers:
            try:
                one.stop(9)
            except Exception:
                pass
        if self.bucket:
            code, words = self.bucket.stop()
            self.assertEqual(code, 0, words)
        shutil.rmtree(self.folder, ignore_errors=True)

    def s3(self):
        self.bucket = self.bucket or Bucket(self.folder / "buckets")
        return self.bucket

    def gateway(self, name="one", *arguments, start=True, config="", s3=True):
        """The same key file for all: another name is another machine."""
        config = (self.s3().config() if s3 else "") + config
        one = server.Server("bascule", arguments=arguments, folder=self.folder / name, config=config)
        one.default_config = lambda: (f'key_file = "{self.folder}/keys/bascule.key"\n[admin]\nlisten = "{self.admin(one)}"\n')
        if start:
            one.start()
        else:
            self.configure(one)
        self.servers.append(one)
        return one

    def admin(self, one):
        one.admin_address = f"127.0.0.1:{server.free_port()}"
        return one.admin_address

    def configure(self, one):
        """For commands alone: the file that start() would write."""
        one.folder.mkdir(parents=True, exist_ok=True)
        one.address = f"127.0.0.1:{server.free_port()}"
        one.command()

    def ask(self, one, *arguments, exit=0):
        done = subprocess.run([server.default_program(), "backup", *map(str, arguments), *one.place()], capture_output=True, text=True, timeout=120,
                              env=server.private_environment(one.folder))
        self.assertEqual(done.returncode, exit, f"backup {arguments}\n{done.stdout}{done.stderr}")
        return done.stdout + done.stderr

    def answer(self, one, *arguments, exit=0):
        return json.loads(self.ask(one, *arguments, "--json", exit=exit).splitlines()[-1])

    def fill(self, one, count, container="box", first=0):
        client = azure.Client(one.address)
        client.send("PUT", f"/{container}?restype=container")
        for i in range(first, first + count):
            self.assertEqual(client.send("PUT", f"/{container}/{PLANTED}-{i}", {"x-ms-blob-type": "BlockBlob"}, content(i)).status, 201)
        client.close()

    def metric(self, one, name):
        text = urllib.request.urlopen(f"http://{one.admin_address}/metrics", timeout=10).read().decode()
        return float(re.search(rf"(?m)^{name} (\S+)$", text).group(1))

    def wait_for(self, condition, seconds=15):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if condition():
                return True
            time.sleep(0.1)
        return False


def content(i):
    return f"{PLANTED} content {i} ".encode() * (20 + i % 50)


def blobs_of(address):
    """A container client of Azure's own SDK, or of nothing but HTTP where it is not installed."""
    try:
        from azure.storage.blob import BlobServiceClient
    except ImportError:
        return None
    return BlobServiceClient(f"http://{address}/{azure.ACCOUNT}", credential=azure.KEY)
