"""sdk.py NAME...: official clients (js, python, go, java) with DefaultAzureCredential against an issuer of the tests' own, by a
client secret and by workload federation; what each role may do, and user delegation SAS that the client itself makes.

The libraries are those of `tools/clients identity`. Says "N passed, N failed" at its end.
"""
import contextlib
import os
import pathlib
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]
from lib import azure, server  # noqa: E402
from lib.issuer import Issuer  # noqa: E402

CACHE = pathlib.Path(os.environ.get("BASCULE_CACHE", server.ROOT / ".cache"))
SOURCES = HERE / "providers/programs"
NAMES = ("js", "python", "go", "java")
NO = "AuthorizationPermissionMismatch"
ROLES = ("reader", "contributor", "owner", "delegator")
# What is asked -> the roles that it is answered for.
ALLOWED = {
    "list containers": "rco", "list blobs": "rco", "read": "rco", "write": "co", "set tags": "o", "get acl": "o", "delete": "co",
    "create container": "co", "delegation key": "rcod", "SAS read": "rco", "SAS write with a read SAS": "", "SAS write": "co",
    "SAS container": "rco", "SAS directory": "rco",
}


def program(name, folder, trusted):
    """The command that runs it; compiled where the language is."""
    if name == "js":
        return [str(CACHE / "bin/node"), str(SOURCES / "js/delegate.mjs")]
    if name == "python":
        return [str(CACHE / "identity/python/bin/python"), str(SOURCES / "python/delegate.py")]
    if name == "go":
        environment = dict(os.environ, GOMODCACHE=str(CACHE / "gomod"), GOCACHE=str(CACHE / "gobuild"), GOFLAGS="-mod=readonly", GOTOOLCHAIN="local",
                           CGO_ENABLED="0")
        subprocess.run([str(CACHE / "bin/go"), "build", "-o", str(folder / "delegate-go"), "./delegate"], cwd=SOURCES / "go", env=environment, check=True)
        return [str(folder / "delegate-go")]
    classes, store = folder / "classes", folder / "trusted.p12"
    subprocess.run(["javac", "-d", str(classes), "-cp", f"{CACHE}/identity/java/lib/*", str(SOURCES / "java/Delegate.java")], check=True)
    for number, certificate in enumerate(trusted.read_text().split("-----END CERTIFICATE-----\n")[:-1]):
        subprocess.run(["keytool", "-importcert", "-noprompt", "-alias", f"a{number}", "-keystore", str(store), "-storepass", "changeit", "-storetype",
                        "PKCS12"], input=certificate + "-----END CERTIFICATE-----\n", text=True, check=True, capture_output=True)
    return ["java", f"-Djavax.net.ssl.trustStore={store}", "-Djavax.net.ssl.trustStorePassword=changeit", "-cp",
            f"{classes}:{CACHE}/identity/java/lib/*", "Delegate"]


class HostServer(server.SecureServer):
    host = "*.blob.localhost"   # azblob takes the account from the host's name


def prepare(client, container):
    assert client.send("PUT", f"/{container}?restype=container").status in (201, 409)
    for blob in ("dir/b", "doomed"):
        assert client.send("PUT", f"/{container}/{blob}", {"x-ms-blob-type": "BlockBlob"}, b"hello").status == 201


def main():
    names = sys.argv[1:] or NAMES
    passed = failed = 0
    with contextlib.ExitStack() as servers:
        # Where no directory of Microsoft's is asked about the authority first: the tenant is called adfs.
        issuer = servers.enter_context(Issuer("adfs"))
        config = f'[identity]\nissuers = ["adfs={issuer.url}"]\nca_file = "{issuer.authority}"\n'
        target = servers.enter_context(HostServer(config=config))
        trusted = issuer.folder / "trusted.pem"
        trusted.write_bytes(issuer.authority.read_bytes() + pathlib.Path(target.authority).read_bytes())
        account = target.make_account({})
        keyed = azure.Client(target.address, account=account, tls=azure.trusting(target.authority))
        federation = issuer.new_key("federation")
        issuer.federations["https://cluster.example.org"] = federation
        for role in ROLES:
            issuer.clients[f"app-{role}"] = {"oid": f"oid-{role}", "secret": f"secret-{role}",
                                             "federated": {"issuer": "https://cluster.example.org", "subject": f"pod-{role}"}}
            target.command_line("role", "assign", "--account", account, "--role", role, "--principal", f"oid-{role}", "--tenant", "adfs")

        def environment(name, role, way):
            chosen = dict(os.environ, AZURE_AUTHORITY_HOST=issuer.origin, AZURE_TENANT_ID="adfs", AZURE_CLIENT_ID=f"app-{role}",
                          BLOB_URL=f"https://{target.address}/{account}", ACCOUNT=account, CONTAINER=f"sdk-{role}", BASCULE_CACHE=str(CACHE),
                          NODE_EXTRA_CA_CERTS=str(trusted), REQUESTS_CA_BUNDLE=str(trusted), SSL_CERT_FILE=str(trusted),
                          SDK_AUTHORITY=str(trusted))
            if way == "secret":
                chosen["AZURE_CLIENT_SECRET"] = f"secret-{role}"
            else:
                file = issuer.folder / f"federated-{role}"
                now = int(time.time())
                file.write_text(issuer.sign({"alg": "RS256", "kid": "federation"},
                                            {"iss": "https://cluster.example.org", "sub": f"pod-{role}", "aud": "api://AzureADTokenExchange",
                                             "iat": now, "exp": now + 600}, federation, "RS256"))
                chosen["AZURE_FEDERATED_TOKEN_FILE"] = str(file)
            if name == "go":
                chosen["BLOB_URL"] = f"https://{account}.blob.localhost:{port}"
            return chosen

        port = target.address.rpartition(":")[2]
        for name in names:
            command = program(name, issuer.folder, trusted)
            for role in ROLES:
                for way in ("secret", "federation") if role == "contributor" else ("secret",):
                    prepare(keyed, f"sdk-{role}")
                    for made in (f"sdk-{role}-js", f"sdk-{role}-py", f"sdk-{role}-go", f"sdk-{role}-java"):
                        keyed.send("DELETE", f"/{made}?restype=container")
                    run = subprocess.run(command, env=environment(name, role, way), capture_output=True, text=True, timeout=300)
                    said = dict(line.split(": ", 1) for line in run.stdout.splitlines() if ": " in line)
                    expected = {what: role[0] in roles for what, roles in ALLOWED.items() if what in said or what == "SAS read"}
                    for what, allowed in expected.items():
                        got = said.get(what, "was not tried")
                        if what == "create container" and got == "ContainerBeingDeleted":
                            got = "ok"
                        good = got == "ok" if allowed else got == NO
                        passed, failed = passed + good, failed + (not good)
                        if not good:
                            print(f"FAILED {name} {role} by {way}: {what}: {got}", flush=True)
                    if run.returncode or len(said) < 10:
                        failed += 1
                        print(f"FAILED {name} {role} by {way}: exit code {run.returncode}\n{run.stdout[-1000:]}{run.stderr[-3000:]}", flush=True)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
