"""What cannot begin says what to do, with its exit code, and changes nothing."""
import base64
import json
import pathlib
import time
import unittest

import support
from lib import azure, server
from support import Account, Case, connection_string, sas_url

WRONG_KEY = base64.b64encode(b"x" * 64).decode()


class Refused(Case):
    kind = "azurite"

    @classmethod
    def setUpClass(cls):
        cls.server = server.Server(cls.kind)
        cls.server.start()
        cls.address = cls.server.address
        cls.source = Account(cls.address)
        cls.source.container("box")
        cls.source.put("box", "one", b"1")

    @classmethod
    def tearDownClass(cls):
        cls.source.client.close()
        cls.server.__exit__()

    def refused(self, source, *arguments, says=(), exit_code=2):
        """On no folder: none is made. On a served one: it stays empty. Says the same in JSON."""
        for beside in (None, self.gateway()):
            run = self.migrate(source, *arguments, exit_code=exit_code, beside=beside)
            for words in says:
                self.assertIn(words, run.stderr)
            self.assertNotIn("sig=", run.stderr)
            self.assertNotIn(WRONG_KEY, run.stderr)
        self.assertFalse((self.folder / "data").exists(), "a refused run made a data folder")
        self.assertFalse((self.folder / "data.key").exists(), "a refused run made a key")
        self.assertEqual(Account(self.one.address).containers(), [])
        self.assertFalse((self.one.folder / "data/migrate").exists(), "a refused run began a log")
        run = self.migrate(source, *arguments, "--json", exit_code=exit_code)
        last = json.loads(run.stdout.splitlines()[-1])
        self.assertEqual((last["event"], last["exit_code"]), ("error", exit_code))

    def gateway(self):
        if not hasattr(self, "one"):
            self.one = self.bascule()
        return self.one

    def test_wrong_key(self):
        self.refused(connection_string(self.address, WRONG_KEY), says=["403", "AccountKey"])

    def test_unknown_account(self):
        self.refused(connection_string(self.address, account="nobody"), says=["nobody"])

    def test_expired_sas(self):
        self.refused(sas_url(self.address, sas=azure.account_sas(sp="rl", st=azure.iso(-7200), se=azure.iso(-3600))),
                     says=["403", "the SAS expired on"])

    def test_sas_without_the_right_to_list(self):
        self.refused(sas_url(self.address, sas=azure.account_sas(sp="r")), says=["403", "sp=rl"])

    def test_tampered_sas(self):
        self.refused(sas_url(self.address, sas=azure.account_sas(sp="rl", tamper=True)), says=["403", "copied whole"])

    def test_expired_container_sas(self):
        sas = azure.service_sas("/box", sr="c", sp="rl", se=azure.iso(-60))
        self.refused(sas_url(self.address, "/box", sas), says=["403", "the SAS expired on"])

    def test_source_away(self):
        began = time.monotonic()
        self.refused(connection_string(f"127.0.0.1:{server.free_port()}"), says=["refused", "reachable"])
        self.assertLess(time.monotonic() - began, 20)

    def test_unknown_host(self):
        self.refused("DefaultEndpointsProtocol=https;AccountName=acme;AccountKey=YQ==;EndpointSuffix=nowhere.invalid",
                     says=["acme.blob.nowhere.invalid", "is the account's name right"])

    def test_unknown_container(self):
        self.refused(connection_string(self.address), "--container", "absent", says=["absent", "404"])

    def test_not_a_connection_string(self):
        for text in ("nonsense", "AccountName=a", "https://acme.blob.core.windows.net/", "AccountName=a;AccountKey=%%%"):
            self.refused(text)

    def test_no_such_account_here(self):
        run = self.migrate(connection_string(self.address), "--account", "nobody", exit_code=2, beside=self.gateway())
        self.assertIn("bascule account add", run.stderr)

    def test_the_folder_of_a_server_that_does_not_answer(self):
        gateway = self.gateway()
        (gateway.folder / "data/admin.sock").unlink()
        run = self.migrate(connection_string(self.address), exit_code=4, beside=gateway)
        self.assertIn("another process holds", run.stderr)

    def test_help_documents_the_exit_codes(self):
        text = support.subprocess.run([support.PROGRAM, "migrate", "--help"], capture_output=True, text=True, check=True).stdout
        for code in range(5):
            self.assertRegex(text, rf"(?m)^  {code}  \w")


if __name__ == "__main__":
    unittest.main()
