"""A server with its admin API, and who may ask it."""
import http.client
import json
import pathlib
import socket
import ssl
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from lib import azure, server  # noqa: E402

ROLES = ("operator", "key-officer", "auditor")


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        """Of lines, the last is the answer."""
        return json.loads(self.body if self.header("Content-Type") == "application/json" else self.body.decode().splitlines()[-1])

    def header(self, name):
        return dict((k.lower(), v) for k, v in self.headers).get(name.lower())


class AdminServer(server.Server):
    """Data over plain HTTP on loopback, the admin API over TLS; `tokens` by role."""

    def __init__(self, two_person="auto", **more):
        self.two_person = two_person
        super().__init__("bascule", **more)

    def default_config(self):
        self.api_address = f"127.0.0.1:{server.free_port()}"
        self.authority, key = self.folder / "admin.pem", self.folder / "admin.key"
        if not self.authority.exists():
            subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
                            "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", self.authority],
                           check=True, capture_output=True)
            key.chmod(0o600)
        return super().default_config() + (f'api_listen = "{self.api_address}"\napi_certificate = "{self.authority}"\napi_key = "{key}"\n'
                                           f'two_person = "{self.two_person}"\n')

    def start(self):
        super().start()
        server.wait_for_port(self.api_address, self.process, log=self.log)

    def token(self, name, role, *more):
        """Made by the owner; the token itself."""
        return self.command_line("admin", "token", "create", name, "--role", role, *more).strip()

    def context(self):
        return ssl.create_default_context(cafile=str(self.authority))

    def api(self, method, path, token=None, members=None, headers=None, body=None):
        host, _, port = self.api_address.rpartition(":")
        connection = http.client.HTTPSConnection(host, int(port), timeout=30, context=self.context())
        sent = {"Authorization": f"Bearer {token}"} if token else {}
        if members is not None:
            body = json.dumps(members)
            sent["Content-Type"] = "application/json"
        sent.update(headers or {})
        try:
            connection.request(method, path, body=body, headers=sent)
            response = connection.getresponse()
            return Answer(response.status, response.getheaders(), response.read())
        finally:
            connection.close()

    def socket_api(self, method, path, members=None):
        """The same at admin.sock, as the owner."""
        body = json.dumps(members).encode() if members is not None else b""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(30)
            connection.connect(str(self.folder / "data/admin.sock"))
            connection.sendall(f"{method} {path} HTTP/1.0\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
            response = http.client.HTTPResponse(connection, method=method)
            response.begin()
            return Answer(response.status, response.getheaders(), response.read())


class Case(unittest.TestCase):
    """One server for all tests of a class."""
    two_person = "auto"

    @classmethod
    def setUpClass(cls):
        cls.server = AdminServer(cls.two_person, folder=tempfile.mkdtemp(prefix="bascule-admin-"))
        cls.server.given = False
        cls.server.start()
        cls.addClassCleanup(cls.server.__exit__)
        cls.tokens = {role: cls.server.token(role + "-1", role) for role in ROLES}

    def bascule(self, *arguments, exit_code=0, text="", role=None, token=None, environment=None):
        """The program; with `role` or `token` as a client of the admin API, else on the server's folder."""
        where = self.server.place()
        token = token or (self.tokens[role] if role else None)
        if token:
            # Nothing of the server's folder is at hand there.
            file = pathlib.Path(tempfile.mkdtemp(dir=self.server.folder)) / "token"
            file.touch(mode=0o600)
            file.write_text(token + "\n")
            ca = "--server-ca-file" if arguments[0] == "migrate" else "--ca-file"
            where = ["--data", str(file.parent / "none"), "--server", f"https://{self.server.api_address}", "--token-file", str(file), ca,
                     str(self.server.authority)]
        run = subprocess.run([self.server.program, *map(str, arguments), *where], capture_output=True, text=True, timeout=60, input=text,
                             env={**server.private_environment(self.server.folder), **(environment or {})})
        self.assertEqual(run.returncode, exit_code, f"{arguments}\n{run.stdout}\n{run.stderr}")
        return run

    def container(self, account, name):
        keys = json.loads(self.bascule("account", "list", "--json", "--show-keys").stdout)["accounts"]
        key = next(one["keys"][0] for one in keys if one["name"] == account)
        client = azure.Client(self.server.address, account=account, key=key)
        made = client.send("PUT", f"/{name}?restype=container", {}, b"")
        self.assertEqual(made.status, 201, made.body)
        client.close()
