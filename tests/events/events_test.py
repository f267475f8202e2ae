"""Each kind of request, credential and outcome has its event, in the documented form, and nothing is lost in silence."""
import base64
import datetime
import hashlib
import json
import resource
import shutil
import socket
import ssl
import stat
import time
import unittest
import urllib.request
import uuid

from support import BLOCK_BLOB, Case, azure, check_schema, server

from lib.issuer import Issuer  # isort: skip


class Requests(Case):
    def setUp(self):
        super().setUp()
        self.gateway()
        self.own = self.client()
        self.own.send("PUT", "/cont?restype=container")
        self.own.send("PUT", "/cont/d%C3%A9j%C3%A0%20%22vu%22", BLOCK_BLOB, b"x" * 1234)

    def ask(self, method, path, headers=None, body=b"", auth="key"):
        """The answer, and the event of exactly this request."""
        mine = str(uuid.uuid4())
        answer = self.own.send(method, path, {**(headers or {}), "x-ms-client-request-id": mine}, body, auth)
        event = self.event(ClientRequestId=mine)
        self.assertEqual(event["StatusCode"], answer.status)
        self.assertEqual(event.get("CorrelationId"), answer.header("x-ms-request-id"))
        return answer, event

    def test_a_read(self):
        _, e = self.ask("GET", "/cont/d%C3%A9j%C3%A0%20%22vu%22", {"User-Agent": 'curl/7 "quoted"\t\xe9', "Referer": "https://a.example/b?token=hunter2"})
        self.assertEqual((e["OperationName"], e["Category"], e["StatusText"], e["Outcome"]), ("GetBlob", "StorageRead", "Success", "Allowed"))
        self.assertEqual((e["AuthenticationType"], e["AccountName"], e["ContainerName"]), ("AccountKey", azure.ACCOUNT, "cont"))
        self.assertEqual(e["ObjectKey"], f'/{azure.ACCOUNT}/cont/déjà "vu"')
        self.assertEqual(e["Uri"], f"http://{self.server.address}/{azure.ACCOUNT}/cont/d%C3%A9j%C3%A0%20%22vu%22")
        self.assertEqual((e["RequestBodySize"], e["ResponseBodySize"], e["OperationVersion"]), (0, 1234, azure.VERSION))
        self.assertEqual((e["Providers"], e["RootKeyVersion"]), (["folder"], 1))
        self.assertRegex(e["ContainerKeyId"], "^[0-9a-f]{16}$")
        host, _, port = e["CallerIpAddress"].rpartition(":")
        self.assertEqual(host, "127.0.0.1")
        self.assertEqual(int(port), self.own.connection.socket.getsockname()[1])
        self.assertEqual(e["ReferrerHeader"], "https://a.example/b")
        begun = datetime.datetime.fromisoformat(e["TimeGenerated"][:26] + "+00:00")
        self.assertLess(abs((datetime.datetime.now(datetime.timezone.utc) - begun).total_seconds()), 30)

    def test_writes_deletions_and_what_fails(self):
        table = [
            ("PUT", "/cont/n", BLOCK_BLOB, b"y" * 77, "PutBlob", "StorageWrite", "Allowed", "Success", 77),
            ("PUT", "/cont/n?comp=lease", {"x-ms-lease-action": "acquire", "x-ms-lease-duration": "15"}, b"", "AcquireBlobLease", "StorageWrite", "Allowed", "Success", 0),
            ("DELETE", "/cont/n", {}, b"", "DeleteBlob", "StorageDelete", "Failed", "LeaseIdMissing", 0),
            ("GET", "/cont/absent", {}, b"", "GetBlob", "StorageRead", "Failed", "BlobNotFound", 0),
            ("GET", "/cont/n", {"If-Match": '"0x0"'}, b"", "GetBlob", "StorageRead", "Failed", "ConditionNotMet", 0),
            ("GET", "/cont?restype=container&comp=list&prefix=n%20x", {}, b"", "ListBlobs", "StorageRead", "Allowed", "Success", 0),
            ("GET", "/?comp=list", {}, b"", "ListContainers", "StorageRead", "Allowed", "Success", 0),
            ("GET", "/cont/n?comp=nonsense", {}, b"", "Unknown", "StorageRead", "Rejected", "InvalidQueryParameterValue", 0),
            ("PUT", "/cont/m?comp=block&blockid=QUFB", {"Content-MD5": "AAAAAAAAAAAAAAAAAAAAAA=="}, b"z", "PutBlock", "StorageWrite", "Failed", "Md5Mismatch", 1),
        ]
        for method, path, headers, body, operation, category, outcome, text, size in table:
            with self.subTest(path=path):
                _, e = self.ask(method, path, headers, body)
                self.assertEqual((e["OperationName"], e["Category"], e["Outcome"], e["StatusText"], e["RequestBodySize"]),
                                 (operation, category, outcome, text, size))

    def test_credentials(self):
        sas = azure.service_sas("/cont/n", sr="b", sp="r")
        late = azure.service_sas("/cont", sr="c", sp="r", se=azure.iso(-60))
        policy = "<?xml version=\"1.0\"?><SignedIdentifiers/>".encode()
        self.own.send("PUT", "/cont?restype=container&comp=acl", {"Content-Type": "application/xml"}, policy)
        self.own.send("PUT", "/cont/n", BLOCK_BLOB, b"y")
        table = [
            ("key", "AccountKey", None, "Allowed", "Success", None),
            ("lite", "AccountKey", None, "Allowed", "Success", None),
            ("none", "Anonymous", None, "Denied", "NoAuthenticationInformation", None),
            (azure.account_sas(), "SAS", "Account", "Allowed", "Success", None),
            (sas, "SAS", "Service", "Allowed", "Success", None),
            (azure.account_sas(tamper=True), "SAS", "Account", "Denied", "AuthenticationFailed", "signature"),
            (azure.account_sas(account="nobody1"), "SAS", "Account", "Denied", "AuthenticationFailed", "signature"),
            (late, "SAS", "Service", "Denied", "AuthenticationFailed", "expired"),
            (azure.service_sas("/cont", sr="c", sp="r", si="gone", se=""), "SAS", "Service", "Denied", "AuthenticationFailed", "revoked"),
            (azure.account_sas(sp="w"), "SAS", "Account", "Denied", "AuthorizationPermissionMismatch", None),
        ]
        for auth, shown, kind, outcome, text, reason in table:
            with self.subTest(auth=auth[:60], outcome=outcome):
                _, e = self.ask("GET", "/cont/n", auth=auth)
                self.assertEqual((e["AuthenticationType"], e.get("SasType"), e["Outcome"], e["StatusText"], e.get("Reason")),
                                 (shown, kind, outcome, text, reason))
                if outcome == "Denied":
                    self.assertNotIn("ContainerKeyId", e)
                self.assertNotIn("%2B", e["Uri"].partition("sig=")[2][:12])
                if "sig=" in e["Uri"]:
                    self.assertIn("sig=XXXXX", e["Uri"])
        _, e = self.ask("GET", "/cont/n", auth=azure.service_sas("/cont", sr="c", sp="r", si="gone", se=""))
        self.assertEqual(e["SasIdentifier"], "gone")
        _, e = self.ask("GET", "/cont/n", auth=sas)
        self.assertEqual(e["SasPermissions"], "r")
        _, e = self.ask("GET", "/cont/n", {"Authorization": f"SharedKey {azure.ACCOUNT}:" + "A" * 43 + "=", "x-ms-date": azure.http_date()}, auth="none")
        self.assertEqual((e["AuthenticationType"], e["Outcome"], e["Reason"]), ("AccountKey", "Denied", "signature"))

    def test_parts_of_a_batch_have_events_of_their_own(self):
        for name in ("p1", "p2"):
            self.own.send("PUT", f"/cont/{name}", BLOCK_BLOB, b"y")
        parts = ""
        for i, name in enumerate(("p1", "absent")):
            target = f"/{azure.ACCOUNT}/cont/{name}"
            headers = [("x-ms-date", azure.http_date()), ("Content-Length", "0")]
            headers.append(("Authorization", azure.shared_key(azure.ACCOUNT, azure.KEY, "DELETE", target, headers)))
            parts += (f"--b\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\nContent-ID: {i}\r\n\r\n"
                      f"DELETE {target} HTTP/1.1\r\n" + "".join(f"{k}: {v}\r\n" for k, v in headers) + "\r\n")
        answer, e = self.ask("POST", "/?comp=batch", {"Content-Type": "multipart/mixed; boundary=b"}, (parts + "--b--\r\n").encode())
        self.assertEqual((answer.status, e["OperationName"]), (202, "BlobBatch"))
        own = self.events(BatchCorrelationId=e["CorrelationId"])
        self.assertEqual(sorted((p["ObjectKey"].rsplit("/", 1)[1], p["StatusCode"], p["Outcome"]) for p in own),
                         [("absent", 404, "Failed"), ("p1", 202, "Allowed")])

    def test_every_line_holds_the_schema_and_no_stream_has_a_gap(self):
        for path in ("/cont/n", "/cont/absent", "/?comp=list"):
            self.ask("GET", path)
        self.server.stop()
        events = self.events()
        for event in events:
            check_schema(event)
        for stream in {e["Stream"] for e in events}:
            numbers = [e["Sequence"] for e in events if e["Stream"] == stream]
            self.assertEqual(numbers, list(range(1, len(numbers) + 1)))
        self.assertEqual((events[0]["OperationName"], events[-1]["OperationName"]), ("ServiceStarted", "ServiceStopped"))
        self.assertEqual(stat.S_IMODE((self.folder / "access.jsonl").stat().st_mode), 0o640)

    def test_the_schema_is_no_rubber_stamp(self):
        import jsonschema
        _, e = self.ask("GET", "/cont/n")
        for change in ({"StatusCode": "200"}, {"Outcome": "Fine"}, {"Type": "Other"}, {"TimeGenerated": "now"}):
            with self.assertRaises((jsonschema.ValidationError, StopIteration)):
                check_schema({**e, **change})
        with self.assertRaises(AssertionError):
            check_schema({**e, "Surprise": 1})

    def test_what_never_became_a_request(self):
        raw = azure.Connection(self.server.address)
        raw.write(b"NONSENSE\r\n\r\n")
        raw.read()
        e = self.event(OperationName="RequestUnreadable")
        self.assertEqual((e["StatusCode"], e["Outcome"]), (400, "Denied"))

    def test_a_crash_is_said(self):
        self.server.process.kill()
        self.server.process.wait()
        self.server.process = None
        with (self.folder / "access.jsonl").open("a") as torn:
            torn.write('{"half":')
        self.server.start()
        path = self.folder / "access.jsonl"
        end = time.monotonic() + 10
        while path.read_text().count("ServiceStarted") < 2:
            self.assertLess(time.monotonic(), end)
            time.sleep(0.05)
        last = path.read_text().splitlines()
        self.assertEqual(last[-2] if '"half"' in last[-2] else next(line for line in last if line.startswith('{"half"')), '{"half":')
        self.assertIn("did not end in order", last[-1])


class Encrypted(Case):
    kind = server.SecureServer

    def test_tls_and_handshakes_that_fail(self):
        self.gateway()
        host, _, port = self.server.address.rpartition(":")
        context = ssl.create_default_context(cafile=str(self.server.authority))
        client = self.client(tls=context)
        client.send("PUT", "/cont?restype=container", {"x-ms-client-request-id": "tls"})
        e = self.event(ClientRequestId="tls")
        self.assertEqual((e["Protocol"], e["TlsVersion"]), ("HTTPS", "TLS 1.3"))
        self.assertTrue(e["Uri"].startswith("https://"))
        with socket.create_connection((host, int(port))) as raw:
            raw.sendall(b"GET / HTTP/1.1\r\n\r\n")
            raw.recv(1000)
        e = self.event(OperationName="TlsHandshakeFailed", Reason="the TLS handshake failed: the peer does not speak TLS on this port")
        check_schema(e)
        self.assertTrue(e["CallerIpAddress"].startswith("127.0.0.1:"))


    def test_customer_keys_are_named_by_a_prefix_of_their_hash(self):
        self.gateway()
        client = self.client(tls=ssl.create_default_context(cafile=str(self.server.authority)))
        client.send("PUT", "/cont?restype=container")
        key = b"k" * 32
        hashed = base64.b64encode(hashlib.sha256(key).digest()).decode()
        headers = {"x-ms-encryption-key": base64.b64encode(key).decode(), "x-ms-encryption-key-sha256": hashed, "x-ms-encryption-algorithm": "AES256"}
        self.assertEqual(client.send("PUT", "/cont/cpk", {**BLOCK_BLOB, **headers, "x-ms-client-request-id": "cpk"}, b"y").status, 201)
        self.assertEqual(self.event(ClientRequestId="cpk")["CustomerKeySha256Prefix"], hashed[:12])
        self.assertNotIn(headers["x-ms-encryption-key"], (self.folder / "access.jsonl").read_text())


class Identified(Case):
    kind = server.SecureServer

    def test_whom_a_token_names_and_why_it_is_refused(self):
        with Issuer("acme") as issuer:
            self.gateway(f'[identity]\nissuers = ["acme={issuer.url}"]\nca_file = "{issuer.authority}"\nclock_skew = "0s"\n')
            account = self.server.make_account({})
            tls = azure.trusting(self.server.authority)
            keyed, client = self.client(account=account, tls=tls), self.client(account=account, tls=tls, version="2026-02-06")
            keyed.send("PUT", "/cont?restype=container")
            keyed.send("PUT", "/cont/b", BLOCK_BLOB, b"x")
            self.server.command_line("role", "assign", "--account", account, "--role", "reader", "--principal", "alice", "--tenant", "acme")
            rows = [("alice", {}, 200, "Allowed", None), ("mallory", {}, 403, "Denied", "no_role"), ("alice", {"exp": int(time.time()) - 5}, 401, "Denied", "expired")]
            for number, (who, claims, status, outcome, reason) in enumerate(rows):
                token = issuer.token(who, **claims)
                answer = client.send("GET", "/cont/b", {"Authorization": f"Bearer {token}", "x-ms-client-request-id": f"t{number}"}, auth="none")
                e = self.event(ClientRequestId=f"t{number}")
                check_schema(e)
                self.assertEqual((answer.status, e["AuthenticationType"], e["Outcome"]), (status, "OAuth", outcome), e)
                if reason:
                    self.assertEqual(e["Reason"], reason)
                if status != 401:   # who it was is proven, also where he may not
                    self.assertEqual((e["RequesterObjectId"], e["RequesterTenantId"], e["RequesterTokenIssuer"]), (who, "acme", issuer.url))
                self.assertNotIn(token.rpartition(".")[2], (self.folder / "access.jsonl").read_text())
        e = self.event(OperationName="role-assign")
        check_schema(e)
        self.assertEqual((e["Target"], e["Outcome"], e["AuthenticationType"], e["Arguments"]["assignee"]), (account, "Allowed", "UnixSocket", "alice"))
        self.assertTrue(e["Caller"].startswith("local:"))


class Administration(Case):
    def test_acts_beside_a_server_and_without_one(self):
        self.gateway()
        key = base64.b64encode(b"k" * 64).decode()
        self.server.command_line("account", "add", "acme", "--keys-from-stdin", text=f"{key}\n")
        e = self.event(OperationName="account-add")
        check_schema(e)
        self.assertEqual((e["Target"], e["Arguments"], e["Outcome"]), ("acme", {"name": "acme", "keys": ["(hidden)"] * len(e["Arguments"]["keys"])}, "Allowed"))
        with self.assertRaises(RuntimeError):
            self.server.command_line("account", "add", "acme")
        self.event(OperationName="account-add", Outcome="Failed")
        self.server.command_line("reload")
        self.assertEqual(self.event(OperationName="reload")["Outcome"], "Allowed")
        self.server.stop()
        self.server.command_line("account", "remove", "acme")
        e = self.event(OperationName="account-remove")
        check_schema(e)
        self.assertEqual(e["AuthenticationType"], "CommandLine")

    def test_backups_and_restores(self):
        self.gateway()
        place = self.folder / "backups"
        place.mkdir(mode=0o700)
        self.server.command_line("backup", str(place))
        e = self.event(OperationName="backup-make")
        check_schema(e)
        self.assertEqual((e["Target"], e["AuthenticationType"]), (str(place), "UnixSocket"))
        self.server.stop()
        shutil.rmtree(self.server.folder / "data/catalog")
        for name in ("incarnation", "backup"):
            shutil.rmtree(self.server.folder / "data" / name, ignore_errors=True)
        self.server.command_line("backup", "verify", str(place), "--extents", "all")
        e = self.event(OperationName="backup-verify")
        check_schema(e)
        self.assertEqual((e["Target"], e["AuthenticationType"], e["Arguments"]["extents"], e["Outcome"]), (str(place), "CommandLine", "all", "Allowed"))
        with self.assertRaises(RuntimeError):
            self.server.command_line("backup", "restore", str(self.folder / "nowhere"))
        self.assertIn("nowhere", self.event(OperationName="backup-restore", Outcome="Failed")["Reason"])
        self.server.command_line("backup", "restore", str(place))
        e = self.event(OperationName="backup-restore", Outcome="Allowed")
        check_schema(e)
        self.assertEqual((e["Target"], e["AuthenticationType"]), (str(place), "CommandLine"))

    def test_what_a_command_cannot_record_it_does_not_do(self):
        self.gateway().stop()
        config = self.server.folder / "bascule.toml"
        config.write_text(config.read_text().replace('to = ["file"]', f'to = ["syslog"]\nsyslog_socket = "{self.folder}/log"\nwhen_unwritable = "refuse"'))
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as log, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as other:
            log.bind(f"{self.folder}/log")
            log.setblocking(False)
            other.connect(f"{self.folder}/log")
            other.setblocking(False)
            try:
                while True:   # nobody reads, and its queue is full
                    other.send(b"x")
            except BlockingIOError:
                pass
            with self.assertRaisesRegex(RuntimeError, "cannot be recorded"):
                self.server.command_line("account", "add", "acme")
            got = []
            try:
                while True:
                    got.append(log.recv(65536).decode())
            except BlockingIOError:
                pass
            self.assertNotIn("acme", self.server.command_line("account", "list"))
            self.server.command_line("account", "add", "acme")
            got = log.recv(65536).decode()
            self.assertIn('"OperationName":"CommandBegun"', got)
            check_schema(json.loads(got[got.index("{"):]))


class Unwritable(Case):
    """A file that may not grow is as good as a full disk."""

    def full(self, bytes_):
        resource.prlimit(self.server.process.pid, resource.RLIMIT_FSIZE, (bytes_, resource.RLIM_INFINITY))

    def metrics(self):
        with urllib.request.urlopen(f"http://{self.server.admin_address}/metrics", timeout=10) as answer:
            lines = answer.read().decode().splitlines()
        return {line.split(" ")[0]: float(line.split(" ")[1]) for line in lines if line.startswith("bascule_events")}

    def until(self, what):
        end = time.monotonic() + 10
        while not what():
            self.assertLess(time.monotonic(), end)
            time.sleep(0.02)

    def test_refuse(self):
        self.gateway('when_unwritable = "refuse"\n')
        client = self.client()
        self.assertEqual(client.send("PUT", "/cont?restype=container").status, 201)
        self.full(1)   # reads alone from here on: the catalog cannot grow either
        refused = 0
        for _ in range(500):
            answer = client.send("GET", "/cont?restype=container", {"x-ms-client-request-id": "full"})
            if answer.status == 503:
                self.assertEqual(answer.code(), "ServerBusy")
                refused += 1
                if refused == 5:
                    break
            time.sleep(0.005)
        self.assertEqual(refused, 5)
        self.assertEqual(self.metrics()["bascule_events_failing"], 1)
        self.full(resource.RLIM_INFINITY)
        self.until(lambda: client.send("GET", "/cont?restype=container", {"x-ms-client-request-id": "again"}).status == 200)
        said = self.event(OperationName="RequestsRefused")
        self.assertGreaterEqual(said["Details"]["Requests"], 5)
        # All that was admitted is there, in spite of the full disk.
        stream = self.event(ClientRequestId="again")["Stream"]
        numbers = [e["Sequence"] for e in self.events(Stream=stream)]
        self.assertEqual(numbers, list(range(numbers[0], numbers[0] + len(numbers))))
        self.assertEqual(self.metrics()["bascule_events_dropped_total"], 0)

    def test_count(self):
        self.gateway()
        client = self.client()
        client.send("PUT", "/cont?restype=container")
        self.event(OperationName="CreateContainer")
        self.full(1)
        for _ in range(7):
            self.assertEqual(client.send("GET", "/cont?restype=container").status, 200)
        self.until(lambda: self.metrics()["bascule_events_dropped_total"] == 7)
        self.full(resource.RLIM_INFINITY)
        client.send("GET", "/cont?restype=container", {"x-ms-client-request-id": "again"})
        self.assertEqual(self.event(OperationName="EventsLost")["Details"], {"Target": "file", "Lines": 7})
        self.event(ClientRequestId="again")


if __name__ == "__main__":
    unittest.main()
