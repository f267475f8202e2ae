"""restic, unmodified, which knows no endpoint but Azure's own: it speaks to <account>.blob.core.windows.net over TLS, and a
proxy of this test takes that connection to the server. (So the account's host-style address and the protocol's version of
2018 are tested, too.)"""
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import uuid

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parents[1]), str(pathlib.Path(__file__).resolve().parents[2])]
from files import KEY, command, make_tree, run_all, same_tree  # noqa: E402
from lib import server  # noqa: E402

ACCOUNT = "acme"   # not the development account: for that one restic has an address of its own
HOST = f"{ACCOUNT}.blob.core.windows.net"


def relay(source, sink):
    try:
        while data := source.recv(1 << 16):
            sink.sendall(data)
    except OSError:
        pass
    for end in (source, sink):
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def serve_proxy(listener, address):
    """CONNECT to Azure's host goes to the server; to any other, nowhere."""
    while True:
        client, _ = listener.accept()
        head = b""
        while b"\r\n\r\n" not in head:
            head += client.recv(4096)
        if not head.startswith(f"CONNECT {HOST}:443 ".encode()):
            client.sendall(b"HTTP/1.1 403 Forbidden\r\n\r\n")
            client.close()
            continue
        host, _, port = address.rpartition(":")
        upstream = socket.create_connection((host, int(port)))
        client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        for pair in ((client, upstream), (upstream, client)):
            threading.Thread(target=relay, args=pair, daemon=True).start()


class AzureNamed(server.SecureServer):
    host = HOST


with tempfile.TemporaryDirectory() as scratch, AzureNamed() as target, socket.create_server(("127.0.0.1", 0)) as listener:
    subprocess.run([target.program, "account", "add", *target.place(), "--name", ACCOUNT, "--keys-from-stdin"], input=KEY.encode(),
                   check=True, capture_output=True)
    home = pathlib.Path(scratch)
    (home / "source").mkdir()
    make_tree(home / "source")
    threading.Thread(target=serve_proxy, args=(listener, target.address), daemon=True).start()
    proxy = f"http://127.0.0.1:{listener.getsockname()[1]}"
    environment = {"AZURE_ACCOUNT_NAME": ACCOUNT, "AZURE_ACCOUNT_KEY": KEY, "RESTIC_PASSWORD": "secret", "HTTPS_PROXY": proxy,
                   "https_proxy": proxy, "NO_PROXY": "", "no_proxy": "", "RESTIC_CACHE_DIR": str(home / "cache")}
    repository = f"azure:restic-{uuid.uuid4().hex[:8]}:/backup"

    def restic(*arguments, good=True):
        return command("timeout", "120", "restic", "--cacert", str(target.authority), "-r", repository, *arguments, environment=environment, good=good)

    def restore(snapshot, folder):
        shutil.rmtree(folder, ignore_errors=True)
        restic("restore", snapshot, "--target", str(folder))
        same_tree(home / "source", folder / str(home / "source").lstrip("/"))

    def change():
        (home / "source/new").write_text("new")
        (home / "source/one").unlink()
        restic("backup", str(home / "source"))
        restore("latest", home / "second")

    run_all([
        ("make a repository", lambda: restic("init")),
        ("back up", lambda: restic("backup", str(home / "source"))),
        ("restore", lambda: restore("latest", home / "first")),
        ("back up what changed", change),
        ("check, reading all data", lambda: restic("check", "--read-data")),
        ("forget and prune", lambda: restic("forget", "--keep-last", "1", "--prune")),
        ("check again", lambda: restic("check", "--read-data")),
        ("a wrong password", lambda: subprocess.run(["timeout", "120", "restic", "--cacert", str(target.authority), "-r", repository, "snapshots"],
                                                    env={**os.environ, **environment, "RESTIC_PASSWORD": "wrong"},
                                                    capture_output=True, check=False).returncode == 0 and sys.exit("it was accepted")),
    ])
