"""The servers that a benchmark compares: each started on a fresh folder, measured by its processes, and stopped again."""
import os
import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))
from lib import azure  # noqa: E402
from lib.server import Server, free_port, node  # noqa: E402


def first_line(command):
    try:
        run = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=30)
        return next((line.strip() for line in run.stdout.splitlines() if line.strip()), "unknown")
    except (OSError, subprocess.TimeoutExpired):
        return "unknown"


class Peer:
    """start(folder) sets address and pids; load_arguments() tells the generator how to speak to it."""

    name, protocol, page = "", "s3", 1000

    def __init__(self):
        self.port, self.pids = 0, []

    def load_arguments(self):
        out = ["--protocol", self.protocol, "--port", str(self.port)]
        for pid in self.pids:
            out += ["--pid", str(pid)]
        return out

    def lists(self):
        return self.protocol != "plain"

    def typed(self):
        """Has it append and page blobs?"""
        return self.protocol == "azure"

    def versions(self):
        """Can it keep versions?"""
        return False

    def keep_versions(self, wanted):
        """Only of one that can."""


class Served(Peer):
    """Bascule and Azurite: started as the tests start them."""

    protocol, page = "azure", 5000

    def __init__(self, kind, program=None):
        super().__init__()
        self.name = self.kind = kind
        self.program, self.server, self.config, self.environment = program, None, None, {}

    def start(self, folder):
        self.server = Server(self.kind, folder=folder, program=self.program, config=self.config,
                             environment=self.environment)
        self.server.start()
        self.port = int(self.server.address.rpartition(":")[2])
        self.pids = [self.server.process.pid]

    def stop(self):
        self.server.stop(seconds=60)

    def versions(self):
        return self.kind == "bascule"

    def keep_versions(self, wanted):
        self.server.command_line("account", "set", azure.ACCOUNT, "--versioning", "on" if wanted else "off")

    def version(self):
        if self.kind == "azurite":
            text = (pathlib.Path(node()[1]) / "node_modules/azurite/package.json").read_text()
            return "azurite " + re.search(r'"version": "([^"]+)"', text).group(1) + ", node " + first_line([node()[0], "--version"])
        return first_line([self.program, "version"])


class Scripted(Peer):
    """S3 servers with a script in tests/peers."""

    def __init__(self, name, script, environment=None, version=None):
        super().__init__()
        self.name, self.script, self.extra, self.version_command = name, script, environment or {}, version
        self.folder = None

    def call(self, *arguments):
        environment = {**os.environ, **self.extra}
        subprocess.run([str(ROOT / "tests/peers" / self.script), *map(str, arguments)], check=True, env=environment,
                       stdout=subprocess.DEVNULL)

    def start(self, folder):
        self.folder, self.port = folder, free_port()
        self.call("install")
        folder.mkdir(parents=True, exist_ok=True)
        self.call("start", folder, self.port)
        self.pids = [int(path.read_text()) for path in sorted(folder.glob("*.pid"))]

    def stop(self):
        self.call("stop", self.folder)

    def version(self):
        return first_line(self.version_command)


class Nginx(Peer):
    """Plain files over plain HTTP: no signature, no encryption, no fsync, no list."""

    name, protocol = "nginx", "plain"

    def start(self, folder):
        self.port = free_port()
        subprocess.run([str(ROOT / "bench/nginx-up.sh"), str(folder), str(self.port)], check=True,
                       stdout=subprocess.DEVNULL)
        self.pids = [int((folder / "nginx.pid").read_text())]

    def stop(self):
        os.kill(self.pids[0], 15)

    def version(self):
        return first_line(["nginx", "-v"])


class BasculeOverS3(Served):
    """Bascule with an S3 provider: versitygw on this machine, whose processor time is not counted."""

    def __init__(self, program):
        super().__init__("bascule", program)
        self.name = "bascule-s3"
        self.store = Scripted("versitygw", "versitygw.sh")

    def start(self, folder):
        self.store.start(folder / "store")
        endpoint = f"http://127.0.0.1:{self.store.port}"
        subprocess.run([sys.executable, str(ROOT / "tests/s3/bucket.py"), endpoint, "bench"], check=True, stdout=subprocess.DEVNULL)
        self.config = (f'[provider]\nkind = "s3"\nendpoint = "{endpoint}"\nregion = "us-east-1"\nbucket = "bench"\n'
                       'access_key = "test"\nsecret_key = "testsecret"\n')
        super().start(folder / "gateway")

    def stop(self):
        try:
            super().stop()
        finally:
            self.store.stop()


def cached(name):
    cache = pathlib.Path(os.environ.get("BASCULE_CACHE") or
                         pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache")) / "bascule-tests")
    return str(cache / "bin" / name)


def all_peers(program):
    """By name, in the order of a benchmark's first round."""
    peers = [Served("azurite"), Served("bascule", program), BasculeOverS3(program),
             Scripted("minio", "minio.sh", version=[cached("minio"), "--version"]), Nginx(),
             Scripted("rgw", "rgw.sh", {"BASCULE_CEPH_STORE": "bluestore"}, ["radosgw", "--version"]),
             Scripted("rgw-memstore", "rgw.sh", {"BASCULE_CEPH_STORE": "memstore"}, ["radosgw", "--version"]),
             Scripted("versitygw", "versitygw.sh", version=[cached("versitygw"), "--version"])]
    return {peer.name: peer for peer in peers}


def clear(folder):
    shutil.rmtree(folder, ignore_errors=True)
