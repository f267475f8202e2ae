"""A server under test, started on free ports with data of its own, and stopped again.

TARGET=bascule (default; BASCULE_PROGRAM is the program), azurite (NODE and NODE_DIR say where), or HOST:PORT of one
that runs already.
"""
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import uuid

from lib import azure

ROOT = pathlib.Path(__file__).resolve().parents[2]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def default_program():
    return os.environ.get("BASCULE_PROGRAM") or str(ROOT / "build/release/app/bascule")


def node():
    cache = pathlib.Path(os.environ.get("BASCULE_CACHE", ROOT / ".cache"))
    return os.environ.get("NODE", str(cache / "bin/node")), os.environ.get("NODE_DIR", str(cache / "azurite"))


def private_environment(folder):
    """Nothing of the person's own settings, nor of their keys, is touched."""
    environment = {name: value for name, value in os.environ.items()
                   if not name.startswith(("XDG_", "BASCULE_")) and name not in ("STATE_DIRECTORY", "CONFIGURATION_DIRECTORY")}
    for name, part in (("HOME", "home"), ("XDG_CONFIG_HOME", "config"), ("XDG_DATA_HOME", "share"),
                       ("XDG_STATE_HOME", "state"), ("XDG_RUNTIME_DIR", "run"), ("XDG_CACHE_HOME", "cache")):
        environment[name] = str(folder / part)
        (folder / part).mkdir(parents=True, exist_ok=True, mode=0o700)
    return environment


def wait_for_port(address, process=None, seconds=60, log=None):
    host, _, port = address.rpartition(":")
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if process and process.poll() is not None:
            break
        try:
            socket.create_connection((host, int(port)), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    words = log.read_text(errors="replace")[-4000:] if log and log.exists() else ""
    raise RuntimeError(f"no server on {address}; its log:\n{words}")


class Server:
    """with Server() as server: ... server.address, server.kind, server.folder, server.process"""

    def __init__(self, kind=None, arguments=(), folder=None, program=None, environment=None, config=None, objects=None):
        self.kind = kind or os.environ.get("TARGET", "bascule")
        self.arguments, self.extra, self.config = list(arguments), dict(environment or {}), config
        self.program = program or default_program()
        self.objects = objects  # where the provider keeps what it holds, when that is not below the data
        self.given = folder is not None
        self.folder = pathlib.Path(folder) if folder else None
        self.process = None
        self.address = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()
        if not self.given and self.folder and not os.environ.get("KEEP"):
            shutil.rmtree(self.folder, ignore_errors=True)

    def command(self):
        port = self.address.rpartition(":")[2]
        data = self.folder / "data"
        if self.kind == "azurite":
            program, modules = node()
            main = pathlib.Path(modules) / "node_modules/azurite/dist/src/blob/main.js"
            return [program, str(main), "--blobHost", "127.0.0.1", "--blobPort", port, "-l", str(data), "--silent",
                    "--skipApiVersionCheck", "--disableTelemetry", *self.arguments]
        file = self.folder / "bascule.toml"
        file.touch(mode=0o600)
        file.write_text(self.default_config() + (self.config or ""))
        return [self.program, "serve", *self.place(), "--listen", self.address, *self.arguments]

    def place(self):
        """The arguments by which every command of the program finds this server's folder."""
        return ["--data", str(self.folder / "data"), "--config", str(self.folder / "bascule.toml")]

    def default_config(self):
        """Several servers may run on one machine: each has its own administration port."""
        self.admin_address = f"127.0.0.1:{free_port()}"
        return f'key_file = "{self.folder}/keys/bascule.key"\n[admin]\nlisten = "{self.admin_address}"\n'

    def command_line(self, *arguments, text=""):
        """Another command of the program, beside this server; what it wrote."""
        run = subprocess.run([self.program, *map(str, arguments), *self.place()], input=text, capture_output=True, text=True,
                             timeout=120, env={**private_environment(self.folder), **self.extra})
        if run.returncode:
            raise RuntimeError(f"{arguments}: exit code {run.returncode}\n{run.stdout}{run.stderr}")
        return run.stdout

    def make_account(self, settings, key=azure.KEY):
        """A new account's name; its settings as the options of `bascule account set` without their hyphens."""
        name = f"t{uuid.uuid4().hex[:20]}"
        self.command_line("account", "add", name, "--keys-from-stdin", text=f"{key}\n{key}\n")
        if settings:
            options = [part for option, value in settings.items() for part in (f"--{option}", str(value))]
            self.command_line("account", "set", name, *options)
        return name

    def start(self):
        if self.kind not in ("bascule", "azurite"):
            self.address = self.kind
            wait_for_port(self.address, seconds=10)
            return
        if self.folder is None:
            self.folder = pathlib.Path(tempfile.mkdtemp(prefix="bascule-test-"))
        self.folder.mkdir(parents=True, exist_ok=True)
        if self.address is None:
            self.address = f"127.0.0.1:{free_port()}"
        environment = private_environment(self.folder)
        environment.update(self.extra)
        self.log = self.folder / "server.log"
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(self.command(), stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                                            env=environment, start_new_session=True)
        wait_for_port(self.address, self.process, log=self.log)

    def stop(self, how=signal.SIGTERM, seconds=30):
        """Returns the exit code; a server that does not go is killed and that is an error."""
        if not self.process:
            return None
        if self.process.poll() is None:
            self.process.send_signal(how)
        try:
            code = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise
        finally:
            self.process = None
        return code


class SecureServer(Server):
    """The same over TLS, with a certificate for `host` and 127.0.0.1 made for it; `authority` is what clients trust."""

    host = "localhost"

    def start(self):
        if self.folder is None:
            self.folder = pathlib.Path(tempfile.mkdtemp(prefix="bascule-test-"))
        self.authority, key = self.folder / "chain.pem", self.folder / "key.pem"
        if not self.authority.exists():
            subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days",
                            "2", "-subj", "/CN=127.0.0.1", "-addext", f"subjectAltName=IP:127.0.0.1,DNS:{self.host}", "-keyout", key, "-out",
                            self.authority], check=True, capture_output=True)
            key.chmod(0o600)
            self.arguments += ["--certificate", str(self.authority), "--key", str(key)]
        super().start()
