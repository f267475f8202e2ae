"""An OpenID Connect issuer for tests: strict towards its clients, and as wrong towards the server as a test tells it to be.

Standard library and the openssl program only. with Issuer() as issuer: issuer.url, issuer.token(oid="alice"), issuer.rotate(),
issuer.away = True … Its token endpoint answers client_credentials with a secret, and with a client assertion (workload
federation), in the forms in which Microsoft's identity libraries ask under AZURE_AUTHORITY_HOST.
"""
import base64
import hashlib
import hmac
import http.server
import json
import pathlib
import shutil
import socketserver
import ssl
import subprocess
import tempfile
import threading
import time
import urllib.parse

RESOURCE = "https://storage.azure.com"


def b64(data):
    return base64.urlsafe_b64encode(data if isinstance(data, bytes) else data.encode()).rstrip(b"=").decode()


def unb64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def openssl(*arguments, data=None):
    return subprocess.run(["openssl", *map(str, arguments)], input=data, capture_output=True, check=True).stdout


class Key:
    """A signing key and its public half as a member of a key set."""

    def __init__(self, folder, name, kind="RSA", bits=2048):
        self.name, self.kind, self.file = name, kind, pathlib.Path(folder) / f"{name}.pem"
        if kind == "EC":
            openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", self.file)
        else:
            openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", f"rsa_keygen_bits:{bits}", "-out", self.file)
        der = openssl("pkey", "-in", self.file, "-pubout", "-outform", "DER")
        if kind == "EC":
            self.public = {"kty": "EC", "crv": "P-256", "x": b64(der[-64:-32]), "y": b64(der[-32:])}
        else:
            modulus = bytes.fromhex(openssl("rsa", "-in", self.file, "-noout", "-modulus").decode().strip().split("=")[1])
            self.public = {"kty": "RSA", "n": b64(modulus), "e": "AQAB"}

    def jwk(self, **more):
        return {"kid": self.name, "use": "sig", **self.public, **more}

    def sign(self, text, algorithm):
        padding = ["-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:digest"] if algorithm == "PS256" else []
        signature = openssl("dgst", "-sha256", "-sign", self.file, *padding, data=text.encode())
        if self.kind != "EC":
            return signature
        numbers, at = [], 2 if signature[1] < 0x80 else 3   # DER: SEQUENCE of two INTEGERs
        for _ in range(2):
            size = signature[at + 1]
            numbers.append(signature[at + 2:at + 2 + size].lstrip(b"\0").rjust(32, b"\0"))
            at += 2 + size
        return b"".join(numbers)


class _Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    allow_reuse_address = True

    def handle_error(self, request, client_address):
        pass   # a client that hangs up


class Issuer:
    """tenant: the first segment of its address. secure: over TLS, with a certificate of its own (`authority`)."""

    def __init__(self, tenant="acme", secure=True, lifetime_s=3600):
        self.tenant, self.secure, self.lifetime_s = tenant, secure, lifetime_s
        self.away = False          # every request is answered 503
        self.slow_s = 0            # and late
        self.documents = {}        # path -> (status, bytes): instead of what is said of it otherwise
        self.clients = {}          # client id -> {"secret", "oid", "groups", "roles", "federated": {"issuer", "subject"}}
        self.asked = []            # the paths that were asked for
        self.federations = {}      # issuer url -> Key of who signs client assertions

    def __enter__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="bascule-issuer-"))
        self.authority = self.folder / "issuer.pem"
        self.keys = [Key(self.folder, "key-1")]
        self.published = list(self.keys)
        issuer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                issuer._get(self)

            def do_POST(self):
                issuer._post(self)

            def log_message(self, *_):
                pass

        self.server = _Server(("127.0.0.1", 0), Handler)
        if self.secure:
            key = self.folder / "issuer-key.pem"
            openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                    "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out", self.authority)
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(self.authority, key)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        self.port = self.server.server_address[1]
        self.origin = f"{'https' if self.secure else 'http'}://localhost:{self.port}"
        self.url = f"{self.origin}/{self.tenant}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
        shutil.rmtree(self.folder, ignore_errors=True)

    # --- what it publishes ---
    def new_key(self, name, kind="RSA", bits=2048):
        return Key(self.folder, name, kind, bits)

    def rotate(self, name, kind="RSA", keep=True):
        """A new key signs from now on; the former ones are published as long as `keep` says."""
        key = self.new_key(name, kind)
        self.keys = [key] + (self.keys if keep else [])
        self.published = list(self.keys)
        return key

    def discovery(self):
        return {"issuer": self.url, "jwks_uri": f"{self.url}/keys", "authorization_endpoint": f"{self.url}/oauth2/authorize",
                "token_endpoint": f"{self.url}/oauth2/v2.0/token", "response_types_supported": ["code", "token"],
                "subject_types_supported": ["public"], "id_token_signing_alg_values_supported": ["RS256"]}

    # --- tokens ---
    def claims(self, oid="alice", audience=RESOURCE, **more):
        now = int(time.time())
        claims = {"iss": self.url, "aud": audience, "sub": f"sub-{oid}", "oid": oid, "tid": self.tenant, "iat": now, "nbf": now,
                  "exp": now + self.lifetime_s, "appid": "test"}
        claims.update(more)
        return {name: value for name, value in claims.items() if value is not None}

    def token(self, oid="alice", key=None, algorithm=None, header=None, **more):
        key = key or self.keys[0]
        algorithm = algorithm or ("ES256" if key.kind == "EC" else "RS256")
        return self.sign({"alg": algorithm, "typ": "JWT", "kid": key.name, **(header or {})}, self.claims(oid, **more), key, algorithm)

    @staticmethod
    def sign(header, claims, key, algorithm):
        text = b64(json.dumps(header)) + "." + b64(json.dumps(claims))
        return text + "." + b64(key.sign(text, algorithm))

    @staticmethod
    def hmac_token(header, claims, secret):
        text = b64(json.dumps(header)) + "." + b64(json.dumps(claims))
        return text + "." + b64(hmac.new(secret, text.encode(), hashlib.sha256).digest())

    # --- over HTTP ---
    def _answer(self, handler, status, body):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        handler.send_response(status)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", str(len(data)))
        handler.end_headers()
        handler.wfile.write(data)

    def _prepare(self, handler):
        path = urllib.parse.urlsplit(handler.path).path
        self.asked.append(path)
        if self.slow_s:
            time.sleep(self.slow_s)
        if self.away:
            self._answer(handler, 503, {"error": "temporarily_unavailable"})
            return None
        if path in self.documents:
            self._answer(handler, *self.documents[path])
            return None
        return path

    def _get(self, handler):
        path = self._prepare(handler)
        if path is None:
            return
        if path in (f"/{self.tenant}/.well-known/openid-configuration", f"/{self.tenant}/v2.0/.well-known/openid-configuration"):
            self._answer(handler, 200, self.discovery())
        elif path == f"/{self.tenant}/keys":
            self._answer(handler, 200, {"keys": [key.jwk() for key in self.published]})
        elif path == "/common/discovery/instance":
            host = urllib.parse.urlsplit(self.origin).netloc
            self._answer(handler, 200, {"tenant_discovery_endpoint": f"{self.url}/.well-known/openid-configuration", "api-version": "1.1",
                                        "metadata": [{"preferred_network": host, "preferred_cache": host, "aliases": [host]}]})
        else:
            self._answer(handler, 404, {"error": "not_found"})

    def _post(self, handler):
        body = handler.rfile.read(int(handler.headers.get("Content-Length", 0)))
        path = self._prepare(handler)
        if path is None:
            return
        if path not in (f"/{self.tenant}/oauth2/v2.0/token", f"/{self.tenant}/oauth2/token"):
            return self._answer(handler, 404, {"error": "not_found"})
        if handler.headers.get("Content-Type", "").split(";")[0] != "application/x-www-form-urlencoded":
            return self._answer(handler, 400, {"error": "invalid_request", "error_description": "a form was expected"})
        form = {name: values[0] for name, values in urllib.parse.parse_qs(body.decode(), keep_blank_values=True).items()}
        try:
            self._answer(handler, 200, self._grant(form))
        except ValueError as error:
            self._answer(handler, 401, {"error": "invalid_client", "error_description": str(error)})

    def _grant(self, form):
        if form.get("grant_type") != "client_credentials":
            raise ValueError("unsupported grant_type")
        client = self.clients.get(form.get("client_id"))
        if client is None:
            raise ValueError("no such client")
        if "client_assertion" in form:
            if form.get("client_assertion_type") != "urn:ietf:params:oauth:client-assertion-type:jwt-bearer":
                raise ValueError("wrong client_assertion_type")
            self._check_assertion(form["client_assertion"], client)
        elif not hmac.compare_digest(form.get("client_secret", ""), client["secret"]):
            raise ValueError("wrong secret")
        scope = form.get("scope", form.get("resource", "") + "/.default")
        audience = next((one[:-len("/.default")] for one in scope.split() if one.endswith("/.default")), "")
        if not audience:
            raise ValueError(f"no resource in the scope {scope!r}")
        token = self.token(client["oid"], audience=audience, appid=form["client_id"], groups=client.get("groups"), roles=client.get("roles"))
        return {"token_type": "Bearer", "expires_in": self.lifetime_s, "ext_expires_in": self.lifetime_s, "access_token": token,
                "scope": scope}

    def _check_assertion(self, assertion, client):
        head, claims, signature = assertion.split(".")
        claims_read, federated = json.loads(unb64(claims)), client.get("federated") or {}
        if (claims_read.get("iss"), claims_read.get("sub")) != (federated.get("issuer"), federated.get("subject")):
            raise ValueError("the assertion is somebody else's")
        if claims_read.get("aud") != "api://AzureADTokenExchange" or claims_read.get("exp", 0) < time.time():
            raise ValueError("the assertion is not for here, or over")
        key = self.federations[claims_read["iss"]]
        public, file = self.folder / "federation.pub", self.folder / "federation.sig"
        public.write_bytes(openssl("pkey", "-in", key.file, "-pubout"))
        file.write_bytes(unb64(signature))
        check = subprocess.run(["openssl", "dgst", "-sha256", "-verify", public, "-signature", file], input=f"{head}.{claims}".encode(),
                               capture_output=True)
        if check.returncode:
            raise ValueError("the assertion's signature is wrong")
