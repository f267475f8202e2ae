"""`bascule identity serve` against an identity provider that is a script: both services over real sockets, their refusals, what
they log, and what they do when a file or the provider changes under them."""
import http.server
import json
import os
import pathlib
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from support import RESOURCE, Authority, IdentityService, as_nobody, over_socket, private_file, rsa_key  # noqa: E402

from lib.server import default_program  # noqa: E402

SECRET = "planted-client-secret"


class Issuer(http.server.ThreadingHTTPServer):
    """Answers discovery, and takes one client with one secret; remembers every form."""

    daemon_threads = True

    def __init__(self, authority):
        super().__init__(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(authority.certificate, authority.key)
        self.socket = context.wrap_socket(self.socket, server_side=True)
        self.url = f"https://localhost:{self.server_address[1]}/realms/acme"
        self.forms, self.given, self.secret = [], 0, SECRET
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def answer(self, status, **members):
        body = json.dumps(members).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        if self.path == "/realms/acme/.well-known/openid-configuration":
            return self.answer(200, issuer=self.server.url, token_endpoint=self.server.url + "/token", jwks_uri=self.server.url + "/keys")
        return self.answer(404, error="not_found")

    def do_POST(self):
        form = dict(urllib.parse.parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
        self.server.forms.append(form)
        if form.get("client_secret") not in (self.server.secret, None):
            return self.answer(401, error="invalid_client", error_description=f"the secret {form['client_secret']} is not good")
        self.server.given += 1
        return self.answer(200, access_token=f"token-{self.server.given}", expires_in=600, token_type="Bearer")


class Serve(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="bascule-identity-"))
        cls.authority = Authority(cls.folder)
        cls.issuer = Issuer(cls.authority)
        cls.secret = private_file(cls.folder / "app.secret", SECRET + "\n")
        rsa_key(cls.folder / "signer.pem")
        cls.service = IdentityService(default_program(), cls.folder, cls.authority, cls.issuer.url, {
            "app": f'secret_file = "{cls.secret}"', "signer": f'key_file = "{cls.folder}/signer.pem"'}, scope="storage")

    @classmethod
    def tearDownClass(cls):
        cls.service.stop()
        cls.issuer.shutdown()
        shutil.rmtree(cls.folder, ignore_errors=True)

    def managed(self, query=f"resource={RESOURCE}&api-version=2019-08-01", header=None, name="app"):
        header = self.service.headers[name] if header is None else header
        return self.authority.fetch(f"http://{self.service.endpoint}/msi/token?{query}", headers={"X-IDENTITY-HEADER": header})

    def token(self, **form):
        form = {"grant_type": "client_credentials", "client_id": "app", "client_secret": SECRET, "scope": f"{RESOURCE}/.default", **form}
        return self.authority.fetch(f"https://{self.service.gate}/adfs/oauth2/v2.0/token", {k: v for k, v in form.items() if v})

    def test_managed_identity(self):
        status, answer = self.managed()
        self.assertEqual((status, answer["token_type"], answer["client_id"], answer["resource"]), (200, "Bearer", "app", RESOURCE))
        self.assertAlmostEqual(int(answer["expires_on"]), time.time() + 600, delta=90)
        asked = len(self.issuer.forms)
        self.assertEqual(self.managed()[1]["access_token"], answer["access_token"])
        self.assertEqual(len(self.issuer.forms), asked, "a token that is good was asked for again")
        self.assertEqual([f["scope"] for f in self.issuer.forms if f["client_id"] == "app"][0], "storage")

    def test_signed_client(self):
        status, _ = self.managed(name="signer")
        form = [f for f in self.issuer.forms if f["client_id"] == "signer"][-1]
        self.assertEqual((status, form["client_assertion"].count("."), "client_secret" in form), (200, 2, False))

    def test_who_may_not(self):
        self.assertEqual(self.managed(header="0" * 32)[0], 403)
        self.assertEqual(self.managed(header="")[0], 403)
        self.assertEqual(self.managed("resource=x&api-version=2019-08-01")[0], 400)
        self.assertEqual(self.managed(f"resource={RESOURCE}&api-version=2018-02-01")[0], 400)
        if os.geteuid() == 0 and shutil.which("setpriv"):
            url = f"http://{self.service.endpoint}/msi/token?resource={RESOURCE}&api-version=2019-08-01"
            self.assertEqual(as_nobody(url, self.service.headers["app"]), 403)

    def test_unix_socket(self):
        status, answer = over_socket(self.service.socket, f"/msi/token?resource={RESOURCE}&api-version=2019-08-01",
                                     {"X-IDENTITY-HEADER": self.service.headers["app"]})
        self.assertEqual((status, answer["client_id"]), (200, "app"))

    def test_authority(self):
        status, document = self.authority.fetch(f"https://{self.service.gate}/adfs/.well-known/openid-configuration")
        self.assertEqual((status, document["token_endpoint"]), (200, f"https://{self.service.gate}/adfs/oauth2/token"))
        status, answer = self.token()
        self.assertEqual((status, answer["token_type"], self.issuer.forms[-1]["scope"]), (200, "Bearer", "storage"))
        status, answer = self.token(client_secret="guessed-by-somebody")
        self.assertEqual((status, answer["error"], answer["error_codes"]), (401, "invalid_client", [7000215]))
        self.assertNotIn("guessed", json.dumps(answer))   # the issuer repeats it; nothing of it gets through
        self.assertEqual(self.token(scope="https://vault.azure.net/.default")[1]["error"], "invalid_scope")
        self.assertEqual(self.token(grant_type="password")[1]["error"], "unsupported_grant_type")

    def test_zz_nothing_secret_is_logged_and_a_new_secret_counts_at_once(self):
        self.issuer.secret = "another-secret"
        private_file(self.secret, "another-secret\n")
        self.assertEqual(self.token(client_secret="another-secret")[0], 200)
        checked = subprocess.run([default_program(), "identity", "check", "--config", str(self.service.file)], capture_output=True, text=True)
        self.assertEqual((checked.returncode, checked.stdout.count("good  ")), (0, 3), checked.stdout + checked.stderr)
        os.kill(self.service.process.pid, signal.SIGHUP)
        self.assertEqual(self.token(client_secret="another-secret")[0], 200)
        log = self.service.log.read_text()
        for secret in (SECRET, "another-secret", "guessed-by-somebody", *self.service.headers.values(), "token-1"):
            self.assertNotIn(secret, log)
        self.assertIn("token given", log)

    def test_what_is_wrong_in_the_file_is_said_with_its_line(self):
        good = self.service.file.read_text()
        for text, says in ((good.replace("[provider]", "[providers]"), "there is no section providers"),
                           (good.replace('scope = ', 'scopes = '), "has no setting scopes"),
                           (good.replace("header_file", "# header_file", 1), "needs a header_file"),
                           (good.replace("https://localhost", "http://localhost", 1), "[provider] needs issuer"),
                           (good.replace("127.0.0.1:", "0.0.0.0:", 1), "is not this machine's own"),
                           (good + "\n[log", "this is not TOML")):
            file = self.folder / "wrong.toml"
            file.write_text(text)
            done = subprocess.run([default_program(), "identity", "check", "--config", str(file)], capture_output=True, text=True)
            self.assertEqual(done.returncode, 2, says)
            self.assertIn(says, done.stderr)


if __name__ == "__main__":
    unittest.main()
