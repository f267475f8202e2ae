"""The disk that forgets, for scripts: mounted over an empty folder, steered over its control socket."""
import json
import os
import pathlib
import socket
import subprocess
import time


def program():
    return os.environ.get("FORGETFS", "build/release/tests/crash/forgetfs/forgetfs")


class Disk:
    """with Disk(folder) as disk: disk.mount is a folder that forgets what was not synced when disk.cut() is called."""

    def __init__(self, folder, sync_us=0, entries="strict"):
        self.folder = pathlib.Path(folder)
        self.source, self.mount, self.socket = (self.folder / name for name in ("surviving", "mount", "control"))
        self.options = ["--sync-us", str(sync_us), "--entries", entries]
        self.process = None

    def __enter__(self):
        self.source.mkdir(parents=True, exist_ok=True)
        self.mount.mkdir(parents=True, exist_ok=True)
        self.process = subprocess.Popen([program(), str(self.source), str(self.mount), "--control", str(self.socket),
                                         *self.options])
        deadline = time.monotonic() + 10
        while not (os.path.ismount(self.mount) and self.socket.exists()):
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("forgetfs does not mount: is /dev/fuse there, and fuse3 installed?")
            time.sleep(0.01)
        return self

    def __exit__(self, *_):
        subprocess.run(["umount", "--lazy", str(self.mount)], check=False)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def tell(self, command):
        with socket.socket(socket.AF_UNIX) as control:
            control.connect(str(self.socket))
            control.sendall(command.encode() + b"\n")
            answer = control.makefile().readline().strip()
        if answer.startswith("error"):
            raise RuntimeError(f"{command}: {answer}")
        return answer

    def arm(self, changes, survival, seed):
        self.tell(f"arm {changes} {survival} {seed}")

    def cut(self, survival, seed):
        self.tell(f"cut {survival} {seed}")

    def revive(self):
        self.tell("revive")

    def ignore_fsync(self, pattern):
        self.tell(f"ignore-fsync {pattern}")

    def stats(self):
        return json.loads(self.tell("stats"))
