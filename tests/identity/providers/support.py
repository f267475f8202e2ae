"""What the tests with real identity providers share: certificates, keys, Bascule with its identity service, the programs."""
import base64
import http.client
import json
import os
import pathlib
import secrets
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))
from lib.server import Server, free_port, wait_for_port  # noqa: E402

CACHE = pathlib.Path(os.environ.get("BASCULE_CACHE", HERE.parents[2] / ".cache"))
RESOURCE = "https://storage.azure.com"
ACCOUNT = "acme"


def run(*command, **more):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, **more)
    if done.returncode:
        raise RuntimeError(f"{command[0]}: exit code {done.returncode}\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
    return done.stdout


def b64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Authority:
    """A certification authority of our own and one certificate of it for localhost, which every server here shows."""

    def __init__(self, folder):
        self.ca, self.certificate, self.key = folder / "ca.pem", folder / "chain.pem", folder / "key.pem"
        ca_key, request, extensions = folder / "ca.key", folder / "request.pem", folder / "extensions"
        curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
        run("openssl", "req", "-x509", *curve, "-days", 2, "-subj", "/CN=Test authority", "-keyout", ca_key, "-out", self.ca)
        run("openssl", "req", "-new", *curve, "-subj", "/CN=localhost", "-keyout", self.key, "-out", request)
        extensions.write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\nbasicConstraints=CA:FALSE\n")
        run("openssl", "x509", "-req", "-in", request, "-CA", self.ca, "-CAkey", ca_key, "-CAcreateserial", "-days", 2,
            "-extfile", extensions, "-out", self.certificate)
        self.key.chmod(0o600)
        self.folder, self.context = folder, ssl.create_default_context(cafile=str(self.ca))

    def java_trust(self):
        store = self.folder / "trust.p12"
        if not store.exists():
            run("keytool", "-importcert", "-noprompt", "-alias", "ca", "-file", self.ca, "-keystore", store, "-storetype", "PKCS12",
                "-storepass", "changeit")
        return store

    def fetch(self, url, form=None, headers=None, opener=None):
        """status, answer as JSON where it is that"""
        data = urllib.parse.urlencode(form).encode() if form is not None else None
        request = urllib.request.Request(url, data=data, headers=headers or {})
        try:
            with urllib.request.urlopen(request, timeout=30, context=self.context) as answer:
                status, body = answer.status, answer.read()
        except urllib.error.HTTPError as refused:
            status, body = refused.code, refused.read()
        try:
            return status, json.loads(body)
        except ValueError:
            return status, body.decode(errors="replace")


def over_socket(path, target, headers):
    """A GET over a Unix socket: status, answer as JSON."""
    connection = http.client.HTTPConnection("localhost", timeout=30)
    connection.sock = socket.socket(socket.AF_UNIX)
    connection.sock.connect(str(path))
    connection.request("GET", target, headers=headers)
    answer = connection.getresponse()
    body = json.loads(answer.read())
    connection.close()
    return answer.status, body


def as_nobody(url, header):
    """The status of a GET by another user of this machine (needs root)."""
    code = ("import sys, urllib.request, urllib.error\n"
            "request = urllib.request.Request(sys.argv[1], headers={'X-IDENTITY-HEADER': sys.argv[2]})\n"
            "try: print(urllib.request.urlopen(request).status)\n"
            "except urllib.error.HTTPError as refused: print(refused.code)")
    return int(run("setpriv", "--reuid", "65534", "--clear-groups", "python3", "-c", code, url, header))


def rsa_key(path):
    run("openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", path)
    path.chmod(0o600)
    modulus = run("openssl", "rsa", "-in", path, "-noout", "-modulus").strip().split("=")[1]
    return {"kty": "RSA", "use": "sig", "kid": "signer-1", "e": "AQAB", "n": b64url(bytes.fromhex(modulus))}


def signed_token(key, claims, kid="signer-1"):
    """A JWT with PS256, as a platform puts one into AZURE_FEDERATED_TOKEN_FILE."""
    head = b64url(json.dumps({"alg": "PS256", "typ": "JWT", "kid": kid}).encode())
    text = f"{head}.{b64url(json.dumps(claims).encode())}"
    with tempfile.NamedTemporaryFile() as file:
        file.write(text.encode())
        file.flush()
        signature = subprocess.run(["openssl", "dgst", "-sha256", "-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:-1",
                                    "-sign", str(key), file.name], check=True, capture_output=True).stdout
    return f"{text}.{b64url(signature)}"


def claims_of(token):
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


class Background:
    """A program beside the test, ended with it and never otherwise."""

    def __init__(self, command, folder, name, environment=None):
        self.log = folder / f"{name}.log"
        with self.log.open("ab") as log:
            self.process = subprocess.Popen([str(part) for part in command], stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                                            env=environment, start_new_session=True)

    def stop(self, seconds=30):
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGTERM)
            try:
                self.process.wait(seconds)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()


def private_file(path, text):
    path.write_text(text)
    path.chmod(0o600)
    return path


class IdentityService(Background):
    """bascule identity serve"""

    def __init__(self, program, folder, authority, issuer, identities, scope="", client_auth="post"):
        self.endpoint, self.gate = f"127.0.0.1:{free_port()}", f"localhost:{free_port()}"
        self.socket = folder / "identity.sock"
        self.headers = {}
        rows = []
        for name, proof in identities.items():
            self.headers[name] = secrets.token_hex(16)
            header = private_file(folder / f"{name}.header", self.headers[name] + "\n")
            rows.append(f'[[identity]]\nname = "{name}"\nclient_id = "{name}"\n{proof}\nheader_file = "{header}"\nusers = [{os.getuid()}]\n')
        file = folder / "identity.toml"
        file.write_text(f'[provider]\nissuer = "{issuer}"\nca_file = "{authority.ca}"\nclient_auth = "{client_auth}"\n'
                        f'[[resource]]\nname = "{RESOURCE}"\nscope = "{scope}"\n' + "".join(rows) +
                        f'[endpoint]\nlisten = ["{self.endpoint}", "unix:{self.socket}"]\n'
                        f'[authority]\nlisten = ["{self.gate.replace("localhost", "127.0.0.1")}"]\ncertificate = "{authority.certificate}"\n'
                        f'key = "{authority.key}"\n')
        self.file = file
        super().__init__([program, "identity", "serve", "--config", file], folder, "identity")
        for address in (self.endpoint, self.gate):
            wait_for_port(address, self.process, log=self.log)
