"""`bascule account show` and `account set`, beside a server and without one; static websites on their own host and listener."""
import json
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from cli_test import KEY64, Case  # noqa: E402
from lib import azure, server  # noqa: E402

BLOCK_BLOB = {"x-ms-blob-type": "BlockBlob"}


class Settings(Case):
    def settings(self, gateway, name="acme"):
        settings = json.loads(self.beside(gateway, "account", "show", name, "--json").stdout)["settings"]
        self.assertEqual(len(settings.pop("keys_since")), 2)
        return settings

    def test_shown_and_set_beside_a_server_and_without_one(self):
        gateway = self.gateway()
        self.beside(gateway, "account", "add", "acme")
        self.assertEqual(self.settings(gateway), {
            "versioning": False, "delete_retention_days": 0, "allow_permanent_delete": False,
            "container_delete_retention_days": 0, "name_quarantine_seconds": 30, "last_access_tracking": False,
            "default_service_version": "", "cors_rules": 0, "static_website": {"enabled": False},
            "shared_key_access": True, "public_access": True, "https_only": False, "minimum_tls_version": "", "sas_expiry_period": "",
            "sas_expiry_action": "Log", "key_expiry_days": 0, "expired_keys": [], "default_network_action": "Allow",
            "allowed_networks": []})
        self.assertEqual(self.settings(gateway, "devstoreaccount1")["name_quarantine_seconds"], 0)
        shown = self.beside(gateway, "account", "set", "acme", "--versioning", "on", "--delete-retention", "14",
                            "--container-delete-retention", "7", "--name-quarantine", "off").stdout
        self.assertRegex(shown, r"versioning +on\n")
        self.assertRegex(shown, r"delete retention +14 days\n")
        gateway.stop()
        after = self.settings(gateway)
        self.assertEqual((after["versioning"], after["delete_retention_days"], after["container_delete_retention_days"],
                          after["name_quarantine_seconds"]), (True, 14, 7, 0))
        self.beside(gateway, "account", "set", "acme", "--versioning", "off", "--delete-retention", "off", "--permanent-delete", "on",
                    "--last-access-tracking", "on")
        after = self.settings(gateway)
        self.assertEqual((after["versioning"], after["delete_retention_days"], after["allow_permanent_delete"],
                          after["last_access_tracking"]), (False, 0, True, True))

    def test_who_may_come(self):
        gateway = self.gateway()
        self.beside(gateway, "account", "add", "acme", "--keys-from-stdin", text=f"{KEY64}\n")
        shown = self.beside(gateway, "account", "set", "acme", "--public-access", "off", "--https-only", "off", "--minimum-tls-version", "1.3",
                            "--sas-expiry-period", "1.12:05:06", "--sas-expiry-action", "Block", "--key-expiry", "90", "--default-network-action", "Deny",
                            "--allowed-networks", "127.0.0.1, 10.1.0.0/16,2001:db8::/32", "--default-service-version", "2026-04-06").stdout
        self.assertIn("1.12:05:06, Block", shown)
        self.assertIn("only 127.0.0.1, 10.1.0.0/16, 2001:db8::/32", shown)
        after = self.settings(gateway)
        self.assertEqual((after["public_access"], after["minimum_tls_version"], after["key_expiry_days"], after["default_service_version"]),
                         (False, "1.3", 90, "2026-04-06"))
        client = azure.Client(gateway.address, account="acme", key=KEY64)
        self.assertEqual(client.send("GET", "/?comp=list").status, 200)
        self.beside(gateway, "account", "set", "acme", "--shared-key-access", "off")
        self.assertEqual(client.send("GET", "/?comp=list").code(), "KeyBasedAuthenticationNotPermitted")
        client.close()
        self.beside(gateway, "account", "set", "acme", "--allowed-networks", "off", "--sas-expiry-period", "off", "--minimum-tls-version", "off")
        after = self.settings(gateway)
        self.assertEqual((after["allowed_networks"], after["sas_expiry_period"], after["minimum_tls_version"]), ([], "", ""))
        for arguments, says in [(["--allowed-networks", "10.0.0.1/8"], "10.0.0.1/8"), (["--sas-expiry-period", "7 days"], "DAYS.HH:MM:SS"),
                                (["--default-service-version", "new"], "version"), (["--key-expiry", "3651"], "3650")]:
            self.assertIn(says, self.beside(gateway, "account", "set", "acme", *arguments, exit_code=2).stderr)

    def test_taken_over_from_azure(self):
        gateway = self.gateway()
        self.beside(gateway, "account", "add", "acme")
        resource = {"name": "acme", "kind": "StorageV2", "location": "westeurope", "properties": {
            "allowSharedKeyAccess": False, "allowBlobPublicAccess": False, "supportsHttpsTrafficOnly": True, "minimumTlsVersion": "TLS1_2",
            "sasPolicy": {"sasExpirationPeriod": "7.00:00:00", "expirationAction": "Block"}, "keyPolicy": {"keyExpirationPeriodInDays": 60},
            "networkAcls": {"defaultAction": "Deny", "bypass": "AzureServices", "ipRules": [{"value": "192.0.2.0/24", "action": "Allow"}],
                            "virtualNetworkRules": [{"id": "/subnets/x"}]},
            "isHnsEnabled": True, "isSftpEnabled": False, "allowCrossTenantReplication": True, "somethingNew": {"enabled": True}}}
        done = self.beside(gateway, "account", "set", "acme", "--from-azure", "-", "--https-only", "off", "--json", text=json.dumps(resource))
        answer = json.loads(done.stdout)
        settings = answer["settings"]
        self.assertEqual((settings["shared_key_access"], settings["public_access"], settings["https_only"], settings["sas_expiry_action"],
                          settings["key_expiry_days"], settings["allowed_networks"]), (False, False, False, "Block", 60, ["192.0.2.0/24"]))
        named = {line.split(":")[0] for line in answer["not_carried"]}
        self.assertEqual(named, {"networkAcls.virtualNetworkRules", "networkAcls.bypass", "isHnsEnabled", "allowCrossTenantReplication", "somethingNew"})
        flat = {"isVersioningEnabled": True, "deleteRetentionPolicy": {"enabled": True, "days": 9, "allowPermanentDelete": False},
                "containerDeleteRetentionPolicy": {"enabled": False, "days": None}, "defaultServiceVersion": None}
        self.beside(gateway, "account", "set", "acme", "--from-azure", "-", text=json.dumps(flat))
        after = self.settings(gateway)
        self.assertEqual((after["versioning"], after["delete_retention_days"], after["shared_key_access"]), (True, 9, False))
        self.beside(gateway, "account", "set", "acme", "--from-azure", "-", text="[]", exit_code=2)
        self.beside(gateway, "account", "set", "acme", "--from-azure", "-", text="{}", exit_code=2)

    def test_what_is_not_allowed(self):
        gateway = self.gateway()
        self.beside(gateway, "account", "add", "acme")
        before = self.settings(gateway)
        for arguments, code, says in [
                (["acme"], 2, "nothing to set"), (["acme", "--versioning", "perhaps"], 2, "versioning"),
                (["acme", "--delete-retention", "366"], 2, "365"), (["acme", "--delete-retention", "some"], 2, "--delete-retention"),
                (["acme", "--container-delete-retention", "-1"], 2, "--container-delete-retention"),
                (["acme", "--name-quarantine", "86401"], 2, "86400"), (["absent", "--versioning", "on"], 1, "absent")]:
            with self.subTest(arguments=arguments):
                self.assertIn(says, self.beside(gateway, "account", "set", *arguments, exit_code=code).stderr)
        self.beside(gateway, "account", "show", "absent", exit_code=1)
        self.assertEqual(self.settings(gateway), before)

    def test_an_account_that_keeps_deleted_containers_is_not_removed(self):
        gateway = self.gateway()
        self.beside(gateway, "account", "add", "acme", "--keys-from-stdin", text=f"{KEY64}\n")
        self.beside(gateway, "account", "set", "acme", "--container-delete-retention", "3")
        client = azure.Client(gateway.address, account="acme", key=KEY64)
        client.send("PUT", "/one?restype=container")
        self.assertEqual(client.send("DELETE", "/one?restype=container").status, 202)
        client.close()
        self.assertIn("deleted containers", self.beside(gateway, "account", "remove", "acme", exit_code=1).stderr)
        self.assertIn("(deleted", self.check_of_a_lost_deleted_container(gateway))

    def check_of_a_lost_deleted_container(self, gateway):
        """What can be restored is checked like everything else: an object is taken away, and its blob is named."""
        client = azure.Client(gateway.address, account="acme", key=KEY64)
        client.send("PUT", "/two?restype=container")
        client.send("PUT", "/two/b", BLOCK_BLOB, b"x" * 300_000)
        client.send("DELETE", "/two?restype=container")
        client.close()
        self.beside(gateway, "check")
        gateway.stop()
        data = gateway.folder / "data"
        for file in data.rglob("*"):
            if file.is_file() and 290_000 < file.stat().st_size < 400_000 and "catalog" not in file.parts:
                file.unlink()
        return self.beside(gateway, "check", exit_code=1).stdout


class Website(Case):
    PAGES = {"index.html": b"<h1>home</h1>", "docs/index.html": b"<h1>docs</h1>", "style.css": b"h1 { color: red }",
             "errors/404.html": b"<h1>lost</h1>", "a b.txt": b"spaced"}
    ENABLED = (b"<StorageServiceProperties><StaticWebsite><Enabled>true</Enabled><IndexDocument>index.html</IndexDocument>"
               b"<ErrorDocument404Path>errors/404.html</ErrorDocument404Path></StaticWebsite></StorageServiceProperties>")

    def setUp(self):
        super().setUp()
        self.web = f"127.0.0.1:{server.free_port()}"
        self.one = self.gateway(config=f'[web]\nlisten = ["{self.web}"]\ndomains = ["web.localhost"]\n'
                                       f'hosts = ["www.example.org=devstoreaccount1"]\naccount = "devstoreaccount1"\n')
        self.client = azure.Client(self.one.address)
        self.addCleanup(self.client.close)

    def enable(self, body=ENABLED):
        self.assertEqual(self.client.send("PUT", "/?restype=service&comp=properties", body=body).status, 202)
        for name, content in self.PAGES.items():
            kind = "text/css" if name.endswith(".css") else "text/html"
            path = "/$web/" + name.replace(" ", "%20")
            self.assertEqual(self.client.send("PUT", path, {**BLOCK_BLOB, "x-ms-blob-content-type": kind}, content).status, 201)

    def get(self, path, headers=None, host=None, address=None, method="GET"):
        connection = azure.Connection(address or self.web)
        lines = "".join(f"{name}: {value}\r\n" for name, value in {"Host": host or self.web, **(headers or {})}.items())
        connection.write(f"{method} {path} HTTP/1.1\r\n{lines}Connection: close\r\n\r\n".encode())
        answer = connection.read(method)
        connection.close()
        return answer

    def test_pages_index_and_error_documents(self):
        self.assertEqual(self.get("/").status, 404)
        self.assertEqual(self.get("/").header("x-ms-error-code"), "WebsiteDisabled")
        self.enable()
        for path, page in [("/", "index.html"), ("/index.html", "index.html"), ("/docs/", "docs/index.html"), ("/docs", "docs/index.html"),
                           ("/style.css", "style.css"), ("/a%20b.txt", "a b.txt"), ("/style.css?v=3", "style.css")]:
            answer = self.get(path)
            self.assertEqual((answer.status, answer.body), (200, self.PAGES[page]), path)
        self.assertEqual(self.get("/style.css").header("Content-Type"), "text/css")
        lost = self.get("/absent/page.html")
        self.assertEqual((lost.status, lost.body, lost.header("x-ms-error-code")), (404, b"<h1>lost</h1>", "WebContentNotFound"))
        self.assertEqual(self.get("/INDEX.html").status, 404)   # names have case
        head = self.get("/index.html", method="HEAD")
        self.assertEqual((head.status, head.header("Content-Length"), head.body), (200, "13", b""))
        for method in ("PUT", "DELETE", "POST", "OPTIONS"):
            self.assertEqual(self.get("/index.html", {"Content-Length": "0"}, method=method).status, 405)

    def test_without_an_error_document_a_page_of_ours(self):
        self.enable(b"<StorageServiceProperties><StaticWebsite><Enabled>true</Enabled>"
                    b"<DefaultIndexDocumentPath>docs/index.html</DefaultIndexDocumentPath></StaticWebsite></StorageServiceProperties>")
        self.assertEqual(self.get("/").body, self.PAGES["docs/index.html"])
        self.assertEqual(self.get("/docs").status, 404)
        lost = self.get("/absent")
        self.assertEqual((lost.status, lost.header("Content-Type")), (404, "text/html"))
        self.assertIn(b"WebContentNotFound", lost.body)

    def test_conditions_and_ranges(self):
        self.enable()
        page = self.get("/index.html")
        etag, modified = page.header("ETag"), page.header("Last-Modified")
        self.assertEqual(self.get("/index.html", {"If-None-Match": etag}).status, 304)
        self.assertEqual(self.get("/index.html", {"If-Modified-Since": modified}).status, 304)
        self.assertEqual(self.get("/index.html", {"If-Match": '"0x1"'}).status, 412)
        part = self.get("/index.html", {"Range": "bytes=4-7"})
        self.assertEqual((part.status, part.body, part.header("Content-Range")), (206, b"home", "bytes 4-7/13"))
        self.assertEqual(self.get("/index.html", {"Range": "bytes=99-"}).status, 416)

    def test_hosts_name_accounts_on_every_address_and_the_storage_stays(self):
        self.enable()
        for host in ("devstoreaccount1.web.localhost", "devstoreaccount1.z22.web.localhost:10000", "www.example.org", "WWW.example.org"):
            for address in (self.web, self.one.address):
                self.assertEqual(self.get("/", host=host, address=address).body, self.PAGES["index.html"], (host, address))
        self.assertEqual(self.get("/", host="nobody.web.localhost", address=self.one.address).status, 404)
        # The storage's own addresses go on as before, with their own access.
        self.assertEqual(self.get("/devstoreaccount1/$web/index.html", {"x-ms-version": azure.VERSION}, address=self.one.address).status, 401)
        self.assertEqual(self.client.send("GET", "/$web/index.html").body, self.PAGES["index.html"])


if __name__ == "__main__":
    unittest.main()
