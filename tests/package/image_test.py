"""The OCI image: whole, small, and able to start with nothing but what it holds. With skopeo and umoci where they are asked for."""
import gzip
import hashlib
import io
import json
import os
import pathlib
import shutil
import subprocess
import tarfile
import tempfile
import time
import unittest
import urllib.request

import packages
import debian_packages
from lib import server

ALL = os.environ.get("PACKAGE_ALL") == "yes"


class Image(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = packages.temporary()
        with tarfile.open(packages.image()) as outer:
            cls.files = {entry.name: outer.extractfile(entry).read() for entry in outer if entry.isfile()}
            cls.entries = outer.getmembers()
        cls.index = json.loads(cls.files["index.json"])
        cls.manifest = cls.blob(cls.index["manifests"][0])
        cls.config = cls.blob(cls.manifest["config"])

    @classmethod
    def raw(cls, descriptor):
        content = cls.files["blobs/" + descriptor["digest"].replace(":", "/")]
        if hashlib.sha256(content).hexdigest() != descriptor["digest"].split(":")[1] or len(content) != descriptor["size"]:
            raise AssertionError(f"{descriptor['digest']} is not what it is called")
        return content

    @classmethod
    def blob(cls, descriptor):
        return json.loads(cls.raw(descriptor))

    def root(self):
        """The layers one over the other, as files of whoever runs the test."""
        where = self.folder / "root"
        if not where.exists():
            for layer in self.manifest["layers"]:
                with tarfile.open(fileobj=io.BytesIO(gzip.decompress(self.raw(layer)))) as tar:
                    for entry in tar:
                        entry.uid = entry.gid = os.getuid()
                        tar.extract(entry, where, filter="fully_trusted")
        return where

    def test_whole(self):
        self.assertEqual(json.loads(self.files["oci-layout"]), {"imageLayoutVersion": "1.0.0"})
        named = {self.index["manifests"][0]["digest"], self.manifest["config"]["digest"], *(layer["digest"] for layer in self.manifest["layers"])}
        self.assertEqual({"sha256:" + name.split("/")[-1] for name in self.files if name.startswith("blobs/")}, named)
        for layer, diff in zip(self.manifest["layers"], self.config["rootfs"]["diff_ids"], strict=True):
            self.assertEqual("sha256:" + hashlib.sha256(gzip.decompress(self.raw(layer))).hexdigest(), diff)

    def test_what_it_says(self):
        config = self.config["config"]
        self.assertEqual((config["User"], config["Entrypoint"], config["Cmd"]), ("10001:10001", ["/usr/bin/bascule"], ["serve"]))
        self.assertEqual(config["Labels"]["org.opencontainers.image.licenses"], "EUPL-1.2")
        self.assertEqual(sorted(config["Volumes"]), ["/etc/bascule/keys", "/var/lib/bascule"])
        self.assertNotIn(str(packages.ROOT), json.dumps(self.config) + json.dumps(self.manifest))

    def test_nothing_that_is_not_needed(self):
        root = self.root()
        programs = [path.name for path in (root / "usr/bin").iterdir()]
        self.assertEqual(programs, ["bascule"], "no shell")
        libraries = {path.name for path in (root / "usr").glob("lib*/**/*.so*")}
        self.assertLessEqual({name.split("/")[-1] for name in debian_packages.libraries(packages.PROGRAM)}, libraries)
        self.assertLess(len(libraries), 40)
        for package in debian_packages.linked(packages.PROGRAM):
            self.assertTrue((root / f"usr/share/doc/{package}/copyright").stat().st_size, package)

    def test_times_and_owners(self):
        stamps, owners = set(), set()
        for layer in self.manifest["layers"]:
            with tarfile.open(fileobj=io.BytesIO(gzip.decompress(self.raw(layer)))) as tar:
                for entry in tar:
                    stamps.add(entry.mtime)
                    owners.add(entry.uid)
                    self.assertEqual(entry.mode & 0o6000, 0, entry.name)
        self.assertEqual(len(stamps | {entry.mtime for entry in self.entries}), 1)
        self.assertEqual(owners, {0, 10001})

    def test_starts_with_its_own_libraries(self):
        root = self.root()
        loader = root / "lib64/ld-linux-x86-64.so.2"
        said = packages.run(loader, "--inhibit-cache", "--library-path", root / "usr/lib/x86_64-linux-gnu", root / "usr/bin/bascule", "version")
        self.assertRegex(said, r"^bascule \d")

    @unittest.skipUnless(ALL and os.geteuid() == 0, "with --all, as root")
    def test_serves_as_its_user(self):
        """In its own root, with nothing of this machine but the kernel."""
        root = pathlib.Path(tempfile.mkdtemp(prefix="bascule-image-"))
        self.addCleanup(shutil.rmtree, root, ignore_errors=True)
        for layer in self.manifest["layers"]:
            with tarfile.open(fileobj=io.BytesIO(gzip.decompress(self.raw(layer)))) as tar:
                tar.extractall(root, filter="fully_trusted", numeric_owner=True)
        root.chmod(0o755)
        port, admin = server.free_port(), server.free_port()
        environment = {**dict(pair.split("=", 1) for pair in self.config["config"]["Env"]), "BASCULE_SERVER_LISTEN": f"127.0.0.1:{port}",
                       "BASCULE_ADMIN_LISTEN": f"127.0.0.1:{admin}"}
        uid = self.config["config"]["User"].split(":")[0]
        script = 'mount -t proc proc "$0/proc" && exec chroot --userspec="$1" "$0" "${@:2}"'
        process = subprocess.Popen(["/usr/bin/unshare", "--mount", "/bin/bash", "-c", script, root, f"{uid}:{uid}",
                                    *self.config["config"]["Entrypoint"], *self.config["config"]["Cmd"]],
                                   env={**environment, "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        try:
            for _ in range(100):
                try:
                    health = urllib.request.urlopen(f"http://127.0.0.1:{admin}/readyz", timeout=5).status
                    break
                except OSError:
                    health = None
                    time.sleep(0.1)
            self.assertEqual(health, 200)
            again = subprocess.run(["/usr/bin/nsenter", "--target", str(process.pid), "--mount", "--root", "--wd=/", f"--setuid={uid}",
                                    f"--setgid={uid}", "/usr/bin/bascule", "account", "add", "acme", "--keys-from-stdin"],
                                   env=environment, input=packages.server.azure.KEY + "\n", text=True, capture_output=True)
            self.assertEqual(again.returncode, 0, again.stderr)
            for what in ("put", "get"):
                packages.run("python3", pathlib.Path(__file__).with_name("probe.py"), what, port, "in-the-image")
        finally:
            process.terminate()
            said = process.communicate(timeout=60)[0]
        self.assertEqual(process.returncode, 0, said)
        self.assertEqual((root / "var/lib/bascule/catalog").stat().st_uid, int(uid))

    @unittest.skipUnless(ALL, "with --all")
    def test_other_programs_read_it(self):
        layout = self.folder / "layout"
        layout.mkdir()
        with tarfile.open(packages.image()) as outer:
            outer.extractall(layout, filter="data")
        tag = self.index["manifests"][0]["annotations"]["org.opencontainers.image.ref.name"]
        seen = json.loads(packages.run("skopeo", "inspect", f"oci:{layout}:{tag}"))
        self.assertEqual(seen["Labels"]["org.opencontainers.image.title"], "bascule")
        self.assertEqual(len(seen["Layers"]), 2)
        packages.run("skopeo", "inspect", "--config", f"oci-archive:{packages.image()}:{tag}")
        packages.run("skopeo", "copy", f"oci:{layout}:{tag}", f"docker-archive:{self.folder}/docker.tar:bascule:{tag}")
        packages.run("umoci", "unpack", "--rootless", "--image", f"{layout}:{tag}", self.folder / "bundle")
        self.assertTrue((self.folder / "bundle/rootfs/usr/bin/bascule").exists())
        self.assertEqual(json.loads((self.folder / "bundle/config.json").read_text())["process"]["args"], ["/usr/bin/bascule", "serve"])


if __name__ == "__main__":
    unittest.main()
