"""What administrators do, as its access events have it: both persons, refused connections; and how `status` tells of them."""
import json
import pathlib
import ssl
import tempfile
import time
import unittest

import support


class Recorded(support.Case):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="bascule-admin-"))
        cls.server = support.AdminServer("auto", folder=cls.folder, config=f'[events]\nto = ["file"]\nfile = "{cls.folder}/access.jsonl"\nflush = "10ms"\n')
        cls.server.given = False
        cls.server.start()
        cls.addClassCleanup(cls.server.__exit__)
        cls.tokens = {role: cls.server.token(role + "-1", role) for role in support.ROLES}

    def events(self, count, **wanted):
        """So many, once they are there."""
        end = time.monotonic() + 10
        found = []
        while time.monotonic() < end:
            lines = (self.folder / "access.jsonl").read_text().splitlines()
            found = [e for e in map(json.loads, lines) if all(e.get(k) == v for k, v in wanted.items())]
            if len(found) >= count:
                break
            time.sleep(0.02)
        self.assertEqual(len(found), count, found)
        return found

    def test_both_persons_are_named(self):
        second = self.server.token("operator-2", "operator")
        time.sleep(0.01)
        self.container("devstoreaccount1", "con")
        self.bascule("immutability", "retain", "devstoreaccount1/con", "--days", "5", role="operator")
        self.bascule("immutability", "lock", "devstoreaccount1/con", role="operator", exit_code=5)
        asked = self.events(1, OperationName="immutability-lock")[0]
        self.assertEqual((asked["Outcome"], asked["Caller"], asked["Target"]), ("Failed", "operator-1", "devstoreaccount1/con"))
        self.assertIn("waits", asked["Reason"])
        self.assertNotIn("Approver", asked)
        approval = asked["CorrelationId"]
        self.bascule("approvals", "approve", approval, role="operator", exit_code=1)
        refused = self.events(1, OperationName="approvals-approve")[0]
        self.assertEqual((refused["Outcome"], refused["Caller"], refused["Target"]), ("Denied", "operator-1", approval))
        self.bascule("approvals", "approve", approval, token=second)
        done = self.events(2, OperationName="immutability-lock", CorrelationId=approval)[1]
        self.assertEqual((done["Outcome"], done["Caller"], done["CallerRole"], done["Approver"], done["AuthenticationType"], done["Target"]),
                         ("Allowed", "operator-1", "operator", "operator-2", "AdminToken", "devstoreaccount1/con"))
        self.assertEqual(self.events(1, OperationName="approvals-approve", Outcome="Allowed")[0]["Caller"], "operator-2")

    def test_who_does_not_come_to_a_request(self):
        with self.assertRaises(ssl.SSLError):   # the client does not know the certificate
            host, _, port = self.server.api_address.rpartition(":")
            import socket
            with socket.create_connection((host, int(port))) as raw:
                ssl.create_default_context().wrap_socket(raw, server_hostname=host)
        # Not the one of who only looked whether the port is open.
        self.events(1, OperationName="TlsHandshakeFailed", Reason="the TLS handshake failed: tlsv1 alert unknown ca")
        self.assertEqual(self.server.api("GET", "/v1/accounts", "bscadm_0").status, 401)
        self.events(1, OperationName="authenticate", Outcome="Denied")
        self.assertEqual(self.server.api("GET", "/v1/account-keys", self.tokens["auditor"]).status, 403)
        self.events(1, OperationName="account-list-keys", Outcome="Denied", Caller="auditor-1")

    def test_no_character_that_a_terminal_obeys(self):
        why = "a\u009b31m\u007f\u202e\r\nb"
        self.assertEqual(self.server.api("POST", "/v1/approvals/0000000000000000/reject", self.tokens["operator"], {"why": why}).status, 404)
        self.assertEqual(self.events(1, OperationName="approvals-reject")[0]["Arguments"]["why"], why)
        raw = (self.folder / "access.jsonl").read_bytes().decode()
        self.assertFalse([c for c in raw if c != "\n" and (ord(c) < 0x20 or 0x7F <= ord(c) < 0xA0)])

    def test_status_says_whether_it_is_recorded(self):
        self.assertIn("written", next(line for line in self.bascule("status", "--once").stdout.splitlines() if line.startswith("events")))
        figures = json.loads(self.bascule("status", "--once", "--json").stdout)
        self.assertEqual((figures["events"]["failing"], figures["events"]["dropped"]), (False, 0))


if __name__ == "__main__":
    unittest.main()
