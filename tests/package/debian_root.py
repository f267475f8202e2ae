"""A fresh Debian 12 in a folder, with systemd running where the machine lets it, and without where not.

Needs root. The base system is kept as a tar file in the cache (BASCULE_CACHE), so that later runs ask no network.
"""
import hashlib
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
CACHE = pathlib.Path(os.environ.get("BASCULE_CACHE", ROOT / ".cache"))
MIRROR = os.environ.get("BASCULE_DEBIAN_MIRROR", "http://deb.debian.org/debian")
# What the base has beside debootstrap's minbase: an init, and what a package's scripts and these tests use.
BASE = ["systemd-sysv", "logrotate", "adduser", "procps"]


def run(*command, check=True, **more):
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, **more)
    if check and done.returncode:
        raise RuntimeError(f"{' '.join(map(str, command))}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
    return done


def depends(deb):
    """The packages that a package needs; of alternatives the first."""
    field = run("dpkg-deb", "-f", str(deb), "Depends").stdout
    return [part.split("|")[0].split("(")[0].strip() for part in field.split(",") if part.strip()]


def base(deb):
    """The tar file of the base system, with all that `deb` depends on installed."""
    wanted = sorted(set(BASE + depends(deb)))
    key = hashlib.sha256(" ".join(wanted).encode()).hexdigest()[:16]
    tar = CACHE / f"debian12/base-{key}.tar"
    if tar.exists():
        return tar
    tar.parent.mkdir(parents=True, exist_ok=True)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="bascule-debian-"))
    try:
        run("debootstrap", "--variant=minbase", "--include=" + ",".join(BASE), "bookworm", str(folder), MIRROR)
        # Some of what a package needs is only provided by another: apt knows which, debootstrap does not.
        shutil.copy("/etc/resolv.conf", folder / "etc/resolv.conf")
        run("chroot", str(folder), "apt-get", "-q", "update")
        run("chroot", str(folder), "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", "-y", "--no-install-recommends", "install", *depends(deb))
        for part in ("var/cache/apt/archives", "var/lib/apt/lists"):
            shutil.rmtree(folder / part, ignore_errors=True)
        (folder / "var/cache/apt/archives/partial").mkdir(parents=True)
        (folder / "var/lib/apt/lists/partial").mkdir(parents=True)
        beside = tar.with_suffix(".new")
        run("tar", "--numeric-owner", "--one-file-system", "-C", str(folder), "-cf", str(beside), ".")
        beside.rename(tar)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return tar


class DebianRoot:
    """with DebianRoot(base(deb)) as root: root.run("dpkg", "-i", …)"""

    def __init__(self, tar):
        self.tar, self.folder, self.nspawn, self.leader = tar, None, None, None
        self.why_not = ""   # why systemd does not run in it

    def __enter__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="bascule-root-"))
        run("tar", "--numeric-owner", "-C", str(self.folder), "-xf", str(self.tar))
        self.folder.chmod(0o755)   # it is another user's "/", too
        # No apt from here on: what a package needs must be there.
        self.boot()
        return self

    def __exit__(self, *_):
        self.halt()
        if not os.environ.get("KEEP"):
            shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def booted(self):
        return self.leader is not None

    def boot(self):
        """systemd-nspawn keeps things below /run that must be able to come and go: it gets a /run of its own."""
        log = open(self.folder.parent / (self.folder.name + ".log"), "w")
        script = 'mount -t tmpfs tmpfs /run && mkdir -p /run/systemd && exec systemd-nspawn --quiet --directory="$0" --boot --register=no --keep-unit --private-network --link-journal=no'
        try:
            self.nspawn = subprocess.Popen(["unshare", "--mount", "sh", "-c", script, str(self.folder)], stdin=subprocess.DEVNULL, stdout=log,
                                           stderr=log, start_new_session=True)
        except OSError as error:
            self.why_not = str(error)
            return
        deadline = time.monotonic() + 90
        while time.monotonic() < deadline and self.nspawn.poll() is None:
            children = run("ps", "--no-headers", "-o", "pid", "--ppid", str(self.nspawn.pid), check=False).stdout.split()
            for child in children:
                if pathlib.Path(f"/proc/{child}/comm").exists() and pathlib.Path(f"/proc/{child}/comm").read_text().strip() in ("systemd", "init"):
                    self.leader = child
                    state = self.run("systemctl", "is-system-running", check=False).stdout.strip()
                    if state in ("running", "degraded"):
                        return
                    self.leader = None
            time.sleep(0.3)
        self.why_not = f"systemd-nspawn: {pathlib.Path(log.name).read_text()[-800:]}"
        self.halt()

    def halt(self):
        if self.nspawn and self.nspawn.poll() is None:
            if self.leader:
                os.kill(int(self.leader), signal.SIGRTMIN + 4)   # systemd's word for power off
            try:
                self.nspawn.wait(30)
            except subprocess.TimeoutExpired:
                self.nspawn.kill()
                self.nspawn.wait()
        self.leader = self.nspawn = None
        log = self.folder.parent / (self.folder.name + ".log")
        log.unlink(missing_ok=True)

    def run(self, *command, check=True, text=""):
        """A command in it, as root."""
        environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8", "HOME": "/root"}
        way = (["nsenter", "--target", self.leader, "--mount", "--uts", "--ipc", "--net", "--pid", "--root", "--wdns=/"] if self.leader else
               ["chroot", str(self.folder)])
        done = subprocess.run([*way, "env", "-i", *(f"{key}={value}" for key, value in environment.items()), *map(str, command)],
                              capture_output=True, text=True, input=text, timeout=180)
        if check and done.returncode:
            raise RuntimeError(f"{' '.join(map(str, command))}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
        return done

    def network(self, *command):
        """A command of this machine in its network: clients need not be installed there."""
        way = ["nsenter", "--target", self.leader, "--net"] if self.leader else []
        return run(*way, *command)

    def path(self, name):
        return self.folder / name.lstrip("/")

    def owner(self, name):
        """(user, group, mode) as the root itself names them."""
        return tuple(self.run("stat", "-c", "%U %G %a", name).stdout.split())
