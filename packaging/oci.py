#!/usr/bin/env python3
"""Writes an OCI image as one tar file (an image layout), with nothing but Python: no engine, no daemon, no right that a user lacks.

  packaging/oci.py --program FILE --version TEXT --sbom FILE --config FILE --out FILE.tar

The image holds the program, the shared libraries that it needs (Debian's, with their copyright files), the authorities of
ca-certificates, a user, and nothing else: no shell. Two layers, so that a new version replaces the small one. Every time in it is
SOURCE_DATE_EPOCH, every order is sorted: the same inputs give the same bytes.
"""
import argparse
import datetime
import gzip
import hashlib
import io
import json
import os
import pathlib
import subprocess
import sys
import tarfile
import tempfile

import debian_packages as debian

UID = 10001   # no user of the host's, and not root anywhere
ARCHITECTURES = {"amd64": "amd64", "arm64": "arm64"}
EPOCH = int(os.environ.get("SOURCE_DATE_EPOCH", "0"))


class Layer:
    """A tar whose entries are sorted and say nothing of the machine that made it."""

    def __init__(self):
        self.entries = {}

    def _add(self, name, kind, mode, uid, content=b"", link=""):
        name = name.strip("/")
        for parent in list(pathlib.PurePosixPath(name).parents)[:-1]:
            self.entries.setdefault(str(parent), (tarfile.DIRTYPE, 0o755, 0, b"", ""))
        self.entries[name] = (kind, mode, uid, content, link)

    def folder(self, name, mode=0o755, uid=0):
        self._add(name, tarfile.DIRTYPE, mode, uid)

    def file(self, name, content, mode=0o644, uid=0):
        self._add(name, tarfile.REGTYPE, mode, uid, content)

    def link(self, name, target):
        self._add(name, tarfile.SYMTYPE, 0o777, 0, link=target)

    def tar(self):
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as archive:
            for name, (kind, mode, uid, content, link) in sorted(self.entries.items()):
                info = tarfile.TarInfo(name)
                info.type, info.mode, info.uid, info.gid, info.mtime, info.size, info.linkname = kind, mode, uid, uid, EPOCH, len(content), link
                archive.addfile(info, io.BytesIO(content))
        return out.getvalue()


def libraries(program):
    """What the program is linked to, each under the path that the loader looks at."""
    layer = Layer()
    for part in ("lib", "lib64"):
        layer.link(part, "usr/" + part)
    packages = set()
    for path in sorted(set(debian.libraries(program).values())):
        packages.add(debian.owner(path))
        usr = "/usr" + path if path.startswith(("/lib/", "/lib64/")) else path
        layer.file(usr, pathlib.Path(path).read_bytes(), 0o755)
    # Names are resolved by libraries that nothing names in its header.
    here = pathlib.Path(debian.libraries(program)["libc.so.6"]).parent
    for name in ("libnss_dns.so.2", "libnss_files.so.2", "libresolv.so.2"):
        if (here / name).exists():
            layer.file("/usr" + str(here / name) if str(here).startswith("/lib") else str(here / name), (here / name).read_bytes(), 0o755)
    for name in sorted(packages | {"ca-certificates"}):
        layer.file(f"usr/share/doc/{name}/copyright", pathlib.Path(f"/usr/share/doc/{name}/copyright").read_bytes())
    # The package's own authorities, not those that somebody gave this machine besides.
    authorities = sorted(pathlib.Path("/usr/share/ca-certificates/mozilla").glob("*.crt"))
    if len(authorities) < 50:
        raise RuntimeError("ca-certificates is not installed")
    layer.file("etc/ssl/certs/ca-certificates.crt", b"".join(one.read_bytes().rstrip(b"\n") + b"\n" for one in authorities))
    openssl = pathlib.Path("/etc/ssl/openssl.cnf")
    layer.file("etc/ssl/openssl.cnf", openssl.read_bytes())
    layer.link("usr/lib/ssl/certs", "/etc/ssl/certs")
    layer.link("usr/lib/ssl/cert.pem", "/etc/ssl/certs/ca-certificates.crt")
    layer.link("usr/lib/ssl/openssl.cnf", "/etc/ssl/openssl.cnf")
    layer.file("etc/passwd", f"root:x:0:0:root:/root:/sbin/nologin\nbascule:x:{UID}:{UID}:Bascule:/var/lib/bascule:/sbin/nologin\n".encode())
    layer.file("etc/group", f"root:x:0:\nbascule:x:{UID}:\n".encode())
    layer.file("etc/nsswitch.conf", b"passwd: files\ngroup: files\nhosts: files dns\n")
    layer.file("etc/os-release", b'PRETTY_NAME="Bascule on libraries of Debian 12"\nNAME="Debian GNU/Linux"\nVERSION_ID="12"\nID=debian\n')
    layer.folder("tmp", 0o1777)
    for place in ("dev", "proc", "sys"):   # for an engine to mount at, where the root is read-only
        layer.folder(place)
    return layer


def own(program, sbom, config):
    layer = Layer()
    with tempfile.TemporaryDirectory() as folder:
        stripped = pathlib.Path(folder) / "bascule"
        subprocess.run(["strip", "--strip-unneeded", "--remove-section=.comment", "--remove-section=.note", "-o", str(stripped), program], check=True)
        content = stripped.read_bytes()
    layer.file("usr/bin/bascule", content, 0o755)
    layer.file("usr/share/doc/bascule/bascule.spdx.json", pathlib.Path(sbom).read_bytes())
    layer.file("usr/share/doc/bascule/LICENSE", (debian.ROOT / "LICENSE").read_bytes())
    layer.file("etc/bascule/bascule.toml", pathlib.Path(config).read_bytes())
    layer.folder("etc/bascule/keys", 0o700, UID)
    layer.folder("var/lib/bascule", 0o700, UID)
    layer.folder("run/bascule", 0o755, UID)
    layer.folder("var/log/bascule", 0o750, UID)
    return layer


class Image:
    def __init__(self):
        self.blobs = {}

    def blob(self, content, media):
        digest = hashlib.sha256(content).hexdigest()
        self.blobs[digest] = content
        return {"mediaType": media, "digest": f"sha256:{digest}", "size": len(content)}

    def json(self, value, media):
        return self.blob(json.dumps(value, sort_keys=True, separators=(",", ":")).encode(), media)


def compressed(content):
    out = io.BytesIO()
    with gzip.GzipFile(filename="", fileobj=out, mode="wb", compresslevel=9, mtime=0) as file:
        file.write(content)
    return out.getvalue()


def tag(version):
    """The version as a tag may be: letters, digits, dots, hyphens."""
    return version.replace("~", "-").replace("+", "-")


def image(options):
    build = json.loads(debian.run(options.program, "version", "--json"))
    created = datetime.datetime.fromtimestamp(EPOCH, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    labels = {
        "org.opencontainers.image.title": "bascule", "org.opencontainers.image.description": "Azure's storage protocols over storage that you choose",
        "org.opencontainers.image.version": options.version, "org.opencontainers.image.revision": build["commit"],
        "org.opencontainers.image.licenses": "EUPL-1.2", "org.opencontainers.image.created": created,
        "org.opencontainers.image.documentation": "usr/share/doc/bascule",
    }
    made = Image()
    layers, histories, ids = [], [], []
    for layer, what in ((libraries(options.program), "Debian 12's libraries and authorities"), (own(options.program, options.sbom, options.config), "bascule")):
        tar = layer.tar()
        ids.append("sha256:" + hashlib.sha256(tar).hexdigest())
        layers.append(made.blob(compressed(tar), "application/vnd.oci.image.layer.v1.tar+gzip"))
        histories.append({"created": created, "created_by": what})
    architecture = ARCHITECTURES[debian.run("dpkg", "--print-architecture").strip()]
    config = made.json({
        "created": created, "architecture": architecture, "os": "linux",
        "config": {
            "User": f"{UID}:{UID}", "Entrypoint": ["/usr/bin/bascule"], "Cmd": ["serve"], "WorkingDir": "/var/lib/bascule", "StopSignal": "SIGTERM",
            "Env": ["PATH=/usr/bin", "STATE_DIRECTORY=/var/lib/bascule", "CONFIGURATION_DIRECTORY=/etc/bascule", "RUNTIME_DIRECTORY=/run/bascule"],
            "ExposedPorts": {"10000/tcp": {}}, "Volumes": {"/var/lib/bascule": {}, "/etc/bascule/keys": {}}, "Labels": labels,
        },
        "rootfs": {"type": "layers", "diff_ids": ids}, "history": histories,
    }, "application/vnd.oci.image.config.v1+json")
    manifest = made.json({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "config": config, "layers": layers,
                          "annotations": labels}, "application/vnd.oci.image.manifest.v1+json")
    index = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": [
        {**manifest, "platform": {"os": "linux", "architecture": architecture}, "annotations": {"org.opencontainers.image.ref.name": tag(options.version)}}]}
    outer = Layer()
    for digest, content in made.blobs.items():
        outer.file(f"blobs/sha256/{digest}", content)
    outer.file("oci-layout", b'{"imageLayoutVersion":"1.0.0"}')
    outer.file("index.json", json.dumps(index, sort_keys=True, separators=(",", ":")).encode())
    return outer.tar()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("program", "version", "sbom", "config", "out"):
        parser.add_argument(f"--{name}", required=True)
    options = parser.parse_args()
    pathlib.Path(options.out).write_bytes(image(options))
    return 0


if __name__ == "__main__":
    sys.exit(main())
