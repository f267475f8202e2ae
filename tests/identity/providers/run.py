#!/usr/bin/env python3
"""run.py keycloak|lemonldap: a real identity provider, Bascule with TLS, its identity service, and an ordinary program in
four languages with DefaultAzureCredential: with a client secret, with workload federation, with a managed identity; a reader
and a writer each. Nothing may be asked of Microsoft: every connection that leaves this machine would be seen.

Says "N passed, N failed" at its end. KEEP=1 keeps the folder with all logs.
"""
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from support import ACCOUNT, CACHE, HERE, RESOURCE, Authority, IdentityService, Server, as_nobody, claims_of, over_socket, private_file, signed_token  # noqa: E402

from lib import azure  # noqa: E402

PROGRAMS = {
    "python": [CACHE / "identity/python/bin/python", HERE / "programs/python/use.py"],
    "js": [CACHE / "bin/node", HERE / "programs/js/use.mjs"],
    "go": [CACHE / "identity/use-go"],
    "java": ["java", "-cp", f"{CACHE}/identity/java/classes:{CACHE}/identity/java/lib/*", "Use"],
}
DENIED = "AuthorizationPermissionMismatch"
READER, WRITER = ["read ok", f"write {DENIED}"], ["read ok", "write ok"]


class Trap:
    """Stands where a proxy would: whoever wants to leave this machine comes here."""

    def __init__(self):
        self.socket, self.asked = socket.create_server(("127.0.0.1", 0)), []
        threading.Thread(target=self.run, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}"

    def run(self):
        while True:
            connection, _ = self.socket.accept()
            self.asked.append(connection.recv(300).split(b"\r\n")[0].decode(errors="replace"))
            connection.close()


class TlsServer(Server):
    def __init__(self, authority, issuer, **more):
        super().__init__("bascule", ["--certificate", str(authority.certificate), "--key", str(authority.key)],
                         config=f'[identity]\nissuers = ["acme={issuer}"]\nca_file = "{authority.ca}"\n', **more)


class Count:
    passed = failed = 0

    def check(self, what, got, wanted):
        if got == wanted:
            self.passed += 1
            print(f"ok    {what}", flush=True)
        else:
            self.failed += 1
            print(f"WRONG {what}: {got!r}, not {wanted!r}", flush=True)


def environment_of(authority, trap, url):
    environment = {name: value for name, value in os.environ.items()
                   if not name.startswith(("AZURE_", "IDENTITY_", "MSI_")) and not name.lower().endswith("_proxy")}
    for name in ("HTTPS_PROXY", "HTTP_PROXY", "https_proxy", "http_proxy"):
        environment[name] = trap.url
    environment.update(NO_PROXY="localhost,127.0.0.1", no_proxy="localhost,127.0.0.1", REQUESTS_CA_BUNDLE=str(authority.ca),
                       SSL_CERT_FILE=str(authority.ca), NODE_EXTRA_CA_CERTS=str(authority.ca), BASCULE_CACHE=str(CACHE),
                       JAVA_TOOL_OPTIONS=f"-Djavax.net.ssl.trustStore={authority.java_trust()} -Djavax.net.ssl.trustStorePassword=changeit",
                       BLOB_URL=url, CONTAINER="photos", HOME=str(authority.folder))
    return environment


def use(language, environment, more):
    done = subprocess.run([str(part) for part in PROGRAMS[language]], env={**environment, **more}, capture_output=True, text=True, timeout=240)
    lines = [line for line in done.stdout.splitlines() if line.startswith(("read ", "write ", "credential ", "client "))]
    if os.environ.get("SHOW"):
        print(done.stdout[-2000:], done.stderr[-3000:], sep="\n", file=sys.stderr)
    return lines or [done.stderr.strip()[-500:]]


def unauthorised_things(count, service, authority, provider):
    """What must be refused, each with its own answer."""
    good = f"http://{service.endpoint}/msi/token?resource={RESOURCE}&api-version=2019-08-01"
    for what, url, header, wanted in (
            ("no header", good, None, 403), ("another header", good, "0" * 32, 403),
            ("another resource", good.replace("storage", "vault"), service.headers["reader"], 400),
            ("another version", good.replace("2019-08-01", "2018-02-01"), service.headers["reader"], 400),
            ("another client", good + "&client_id=writer", service.headers["reader"], 400),
            ("the right one", good + "&client_id=reader", service.headers["reader"], 200)):
        status, answer = authority.fetch(url, headers={"X-IDENTITY-HEADER": header} if header else {})
        count.check(f"managed identity, {what}", status, wanted)
    count.check("a managed identity's token is the client's", claims_of(answer["access_token"])["client_id"], "reader")
    own = over_socket(service.socket, f"/msi/token?resource={RESOURCE}&api-version=2019-08-01", {"X-IDENTITY-HEADER": service.headers["reader"]})
    count.check("the same over the Unix socket", own[1].get("access_token"), answer["access_token"])
    if os.geteuid() == 0:
        count.check("managed identity, another user", as_nobody(good, service.headers["reader"]), 403)
    form = {"grant_type": "client_credentials", "client_id": "reader", "client_secret": "wrong", "scope": f"{RESOURCE}/.default"}
    status, answer = authority.fetch(f"https://{service.gate}/adfs/oauth2/token", form)
    count.check("a wrong secret at the authority", (status in (400, 401), answer["error_description"].startswith("AADSTS")), (True, True))
    log = service.log.read_text()
    secrets = [*provider.secrets.values(), *service.headers.values(), answer.get("access_token") or "no token"]
    count.check("no secret in its log", [one for one in secrets if one in log], [])


def try_provider(kind, folder):
    count, authority, trap = Count(), Authority(folder), Trap()
    if kind == "keycloak":
        from keycloak_setup import Keycloak as Provider
    else:
        from lemonldap_setup import LemonLdap as Provider
    provider = Provider(folder, authority)
    print(f"{kind} is up at {provider.issuer}", flush=True)
    identities = {name: f'secret_file = "{private_file(folder / (name + ".secret"), secret)}"' for name, secret in provider.secrets.items()}
    signer = getattr(provider, "signer_key", None)
    if signer:
        identities["signer"] = f'key_file = "{signer}"\nkey_id = "signer-1"'
    server = TlsServer(authority, provider.issuer, folder=folder / "bascule")
    service = None
    try:
        server.start()
        url = f"https://localhost:{server.address.rpartition(':')[2]}/{ACCOUNT}"
        server.command_line("account", "add", ACCOUNT, "--keys-from-stdin", text=f"{azure.KEY}\n{azure.KEY}\n")
        client = azure.Client(server.address, account=ACCOUNT, tls=authority.context)
        assert client.send("PUT", "/photos?restype=container").status == 201
        assert client.send("PUT", "/photos/first", {"x-ms-blob-type": "BlockBlob"}, b"hello").status == 201
        client.close()
        for command in provider.roles():
            server.command_line("role", "assign", "--account", ACCOUNT, *command)
        server.command_line("account", "set", ACCOUNT, "--shared-key-access", "off", "--https-only", "on")
        service = IdentityService(server.program, folder, authority, provider.issuer, identities, provider.scope)
        checked = subprocess.run([server.program, "identity", "check", "--config", str(service.file)], capture_output=True, text=True, timeout=60)
        count.check("bascule identity check", (checked.returncode, checked.stdout.count("good  "), "BAD" in checked.stdout), (0, 1 + len(identities), False))
        unauthorised_things(count, service, authority, provider)
        environment = environment_of(authority, trap, url)
        authority_host = {"AZURE_AUTHORITY_HOST": f"https://{service.gate}", "AZURE_TENANT_ID": "adfs"}
        for language in PROGRAMS:
            for name, wanted in (("reader", READER), ("writer", WRITER)):
                count.check(f"{language}, client secret, {name}", use(language, environment, {
                    **authority_host, "AZURE_CLIENT_ID": name, "AZURE_CLIENT_SECRET": provider.secrets[name]}), wanted)
                count.check(f"{language}, managed identity, {name}", use(language, environment, {
                    "IDENTITY_ENDPOINT": f"http://{service.endpoint}/msi/token", "IDENTITY_HEADER": service.headers[name]}), wanted)
            if signer:
                file = folder / "federated.token"
                now = int(time.time())
                file.write_text(signed_token(signer, {"iss": "signer", "sub": "signer", "aud": provider.issuer, "jti": f"{language}-{now}",
                                                      "iat": now, "exp": now + 300}))
                count.check(f"{language}, workload federation, writer", use(language, environment, {
                    **authority_host, "AZURE_CLIENT_ID": "signer", "AZURE_FEDERATED_TOKEN_FILE": str(file)}), WRITER)
                count.check(f"{language}, managed identity with a key, writer", use(language, environment, {
                    "IDENTITY_ENDPOINT": f"http://{service.endpoint}/msi/token", "IDENTITY_HEADER": service.headers["signer"]}), WRITER)
        count.check("nothing was asked of anybody else", trap.asked, [])
    finally:
        if service:
            service.stop()
        server.stop()
        provider.stop()
    print(f"{count.passed} passed, {count.failed} failed")
    return 1 if count.failed else 0


def main():
    if len(sys.argv) != 2 or sys.argv[1] not in ("keycloak", "lemonldap"):
        print(__doc__, file=sys.stderr)
        return 2
    folder = pathlib.Path(tempfile.mkdtemp(prefix="bascule-identity-"))
    try:
        return try_provider(sys.argv[1], folder)
    finally:
        if os.environ.get("KEEP"):
            print(f"kept: {folder}", file=sys.stderr)
        else:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
