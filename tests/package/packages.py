"""The packages under test: made once a run from BASCULE_PROGRAM, or those of a folder that BASCULE_PACKAGES names."""
import atexit
import functools
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "packaging"))
sys.path.insert(0, str(ROOT / "tests"))
from lib import server  # noqa: E402

PROGRAM = str(pathlib.Path(server.default_program()).resolve())


def run(*command, **more):
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, stdin=subprocess.DEVNULL, **more)
    if done.returncode:
        raise RuntimeError(f"{' '.join(map(str, command))}: exit code {done.returncode}\n{done.stdout[-4000:]}{done.stderr[-4000:]}")
    return done.stdout


@functools.cache
def folder():
    given = os.environ.get("BASCULE_PACKAGES")
    if given:
        return pathlib.Path(given)
    made = temporary()
    run(ROOT / "packaging/build", "--program", PROGRAM, "--out", made)
    return made


def temporary():
    made = pathlib.Path(tempfile.mkdtemp(prefix="bascule-packages-"))
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return made


def only(pattern, where=None):
    found = sorted((where or folder()).glob(pattern))
    if len(found) != 1:
        raise RuntimeError(f"{where or folder()} has {len(found)} of {pattern}")
    return found[0]


def deb():
    return only("*.deb")


def image():
    return only("*.oci.tar")


def sbom():
    return json.loads(only("*.spdx.json").read_text())


@functools.cache
def older_deb():
    """The same program as an earlier version, whose configuration file was another."""
    where = temporary()
    run("dpkg-deb", "--raw-extract", deb(), where / "tree")
    control = where / "tree/DEBIAN/control"
    text = control.read_text()
    version = next(line for line in text.splitlines() if line.startswith("Version: "))
    control.write_text(text.replace(version, "Version: 0.0.1"))
    with (where / "tree/etc/bascule/bascule.toml").open("a") as file:
        file.write("\n# A line of an earlier version.\n")
    run("dpkg-deb", "--build", "--root-owner-group", where / "tree", where / "bascule_0.0.1_amd64.deb")
    return where / "bascule_0.0.1_amd64.deb"
