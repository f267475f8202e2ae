"""Attacks on the admin API and on approvals, each refused with its own answer; what is secret stays out of log and list."""
import json
import socket
import ssl
import time
import unittest

import support

WAIT = 40


class Api(support.Case):
    def test_tls_alone_and_not_an_old_one(self):
        host, _, port = self.server.api_address.rpartition(":")
        with socket.create_connection((host, int(port)), 10) as plain:
            plain.sendall(b"GET /v1/status HTTP/1.1\r\nHost: x\r\n\r\n")
            self.assertNotIn(b"HTTP/1.1 200", plain.recv(4096))
        old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
        old.minimum_version, old.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
        old.set_ciphers("ALL:@SECLEVEL=0")
        with socket.create_connection((host, int(port)), 10) as plain, self.assertRaises((ssl.SSLError, ConnectionError)):
            old.wrap_socket(plain)

    def test_it_does_not_start_without_a_certificate(self):
        run = self.bascule("serve", "--listen", "127.0.0.1:0", "--set", "admin.api_certificate=", "--set", "admin.api_key=", "--set",
                           "admin.api_listen=127.0.0.1:0", exit_code=2)
        self.assertIn("TLS alone", run.stderr)

    def test_ways_of_showing_a_token_that_are_none(self):
        token = self.tokens["operator"]
        for headers in ({"Authorization": token}, {"Authorization": f"Basic {token}"}, {"Authorization": f"Bearer  {token}"}, {"X-Token": token},
                        {"Authorization": f"Bearer {token} "[:-2]}, {"Cookie": f"token={token}"}, {"Authorization": f"Bearer {token.upper()}"}):
            with self.subTest(headers=list(headers)):
                self.assertIn(self.server.api("GET", "/v1/whoami", headers=headers).status, (401, 429))
        self.assertIn(self.server.api("GET", f"/v1/whoami?token={token}").status, (401, 429))
        self.assertEqual(self.server.api("GET", "/v1/whoami", headers={"Authorization": f"bearer {token}"}).status, 200)
        host, _, port = self.server.api_address.rpartition(":")
        with self.server.context().wrap_socket(socket.create_connection((host, int(port)), 10), server_hostname=host) as twice:
            twice.sendall(f"GET /v1/whoami HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nAuthorization: Bearer {token}\r\n\r\n".encode())
            self.assertRegex(twice.recv(4096), rb"^HTTP/1.1 4(01|29|00)")

    def test_tokens_are_guessed_in_vain_and_slowly(self):
        begin = self.tokens["operator"][:24]
        statuses = [self.server.api("GET", "/v1/accounts", begin + format(i, "043x")).status for i in range(30)]
        self.assertEqual(statuses[-10:], [429] * 10)
        self.assertLessEqual(set(statuses), {401, 429})
        self.assertEqual(self.server.api("GET", "/v1/accounts", begin + "0" * 43).header("Retry-After"), "60")
        # Who has one is not kept out by that.
        self.assertEqual(self.server.api("GET", "/v1/whoami", self.tokens["operator"]).status, 200)
        self.assertEqual(self.server.log.read_text().count("admin token refused"), self.server.log.read_text().count("shut_out"))
        self.assertLessEqual(self.server.log.read_text().count("admin token refused"), 20)

    def test_paths_that_mean_another_place(self):
        token = self.tokens["operator"]
        for path, status in (("/v1/accounts/../tokens", 404), ("/v1/accounts/%2e%2e", 400), ("/v1//accounts", 404), ("/v1/accounts/", 404),
                             ("/v1/accounts/a%2Fkeys", 400), ("/v1/accounts/%00", 400), ("/", 404), ("/v1/ACCOUNTS", 404), ("/v1/accounts?name=a", 400),
                             ("/v1/accounts/devstoreaccount1?name=other", 400), ("/v1/accounts/devstoreaccount1/containers/..%2f/immutability", 400)):
            with self.subTest(path=path):
                answer = self.server.api("GET", path, token)
                self.assertEqual(answer.status, status, answer.body)
                self.assertIn("error", answer.json)
        self.assertEqual(self.server.api("DELETE", "/v1/accounts", token).status, 405)
        self.assertEqual(self.server.api("DELETE", "/v1/accounts", token).header("Allow"), "GET, POST")
        # A key officer's request dressed as an operator's.
        for method, path in (("GET", "/v1/accounts/devstoreaccount1/keys"), ("POST", "/v1/accounts/devstoreaccount1/keys/1")):
            answer = self.server.api(method, path, token, headers={"X-HTTP-Method-Override": "GET", "X-Original-URL": "/v1/accounts"})
            self.assertEqual((answer.status, answer.json["code"]), (403, "permission_denied"))

    def test_bodies(self):
        token = self.tokens["operator"]
        json_type = {"Content-Type": "application/json"}
        for body, headers, status in ((b"{" + b" " * (1024 * 1024) + b"}", json_type, 413), (b"[]", json_type, 400), (b"{", json_type, 400),
                                      (b'{"name": "a", "name": "b", "x": 1}', json_type, 400), (b'{"name": ["a"]}', json_type, 400),
                                      (b'{"name":"abc"}', {"Content-Type": "text/plain"}, 415), (b'{"name":"abc"}', {}, 415),
                                      (b'{"a":' * 5000 + b"1" + b"}" * 5000, json_type, 400), (b'{"name": "' + b"a" * 100_000 + b'"}', json_type, 400),
                                      (b'{"name":"abc","alone":"x"}', json_type, 400)):
            with self.subTest(body=body[:20], size=len(body)):
                answer = self.server.api("POST", "/v1/accounts", token, headers=headers, body=body)
                self.assertEqual(answer.status, status, answer.body)
        self.assertNotIn("abc", json.dumps(self.server.api("GET", "/v1/accounts", token).json))

    def test_a_large_body_is_not_read_from_who_may_not_send_it(self):
        host, _, port = self.server.api_address.rpartition(":")
        with self.server.context().wrap_socket(socket.create_connection((host, int(port)), 10), server_hostname=host) as sent:
            sent.sendall(f"POST /v1/accounts HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {self.tokens['auditor']}\r\n"
                         "Content-Type: application/json\r\nContent-Length: 1000000000\r\n\r\n".encode())
            self.assertTrue(sent.recv(4096).startswith(b"HTTP/1.1 403 "))

    def test_slow_clients_are_left(self):
        host, _, port = self.server.api_address.rpartition(":")
        begin = time.monotonic()
        slow = [self.server.context().wrap_socket(socket.create_connection((host, int(port)), WAIT), server_hostname=host) for _ in range(3)]
        slow[0].sendall(b"GET /v1/sta")                                     # a head that does not end
        slow[1].sendall(f"POST /v1/accounts HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {self.tokens['operator']}\r\n"
                        "Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{".encode())   # a body that does not
        self.assertEqual(self.server.api("GET", "/v1/whoami", self.tokens["auditor"]).status, 200)   # others are served meanwhile
        for one in slow[:2]:
            try:
                while one.recv(4096):
                    pass
            except (ConnectionError, ssl.SSLError):
                pass
        self.assertLess(time.monotonic() - begin, 15)
        for one in slow:
            one.close()

    def test_what_only_the_owner_may_give(self):
        answer = self.server.api("POST", "/v1/migrations", self.tokens["operator"], {"from": "x", "ca_file": "/etc/shadow"})
        self.assertEqual((answer.status, answer.json["code"]), (403, "permission_denied"))
        lock = "/v1/accounts/devstoreaccount1/containers/none/immutability/lock"
        answer = self.server.api("POST", lock, self.tokens["operator"], {"days": 1, "alone": "I say so"})
        self.assertEqual((answer.status, answer.json["code"]), (403, "permission_denied"))

    def test_no_secret_in_lists_or_in_the_log(self):
        token = self.server.token("secretive", "operator")
        self.server.api("GET", "/v1/whoami", token)
        self.server.api("GET", "/v1/whoami", token[:-1] + ("A" if token[-1] != "A" else "B"))
        for text in (self.bascule("admin", "token", "list", "--json").stdout, self.server.log.read_text()):
            self.assertNotIn(token[24:], text)
            self.assertNotIn("bscadm_", text)
        for file in (self.server.folder / "data/catalog").iterdir():
            self.assertNotIn(token[24:].encode(), file.read_bytes())


class Approvals(support.Case):
    two_person = "on"

    def lock_asked(self, name):
        self.container("devstoreaccount1", name)
        self.bascule("immutability", "retain", f"devstoreaccount1/{name}", "--days", "10")
        answer = self.server.api("POST", f"/v1/accounts/devstoreaccount1/containers/{name}/immutability/lock", self.tokens["operator"], {"days": 10})
        self.assertEqual(answer.status, 202, answer.body)
        return answer.json["approval"]

    def approve(self, approval, token, **other):
        return self.server.api("POST", f"/v1/approvals/{approval['id']}/approve", token, {"digest": approval["digest"], **other})

    def locked(self, name):
        return self.server.api("GET", f"/v1/accounts/devstoreaccount1/containers/{name}/immutability", self.tokens["auditor"]).json["locked"]

    def test_the_attacks(self):
        second = self.server.token("operator-2", "operator")
        time.sleep(0.01)
        approval = self.lock_asked("ledgers")
        other = self.lock_asked("other")
        refused = [
            ("one's own", self.approve(approval, self.tokens["operator"]), 403),
            ("another's digest", self.server.api("POST", f"/v1/approvals/{approval['id']}/approve", second, {"digest": other["digest"]}), 400),
            ("no digest", self.server.api("POST", f"/v1/approvals/{approval['id']}/approve", second, {}), 400),
            ("members in the approval", self.approve(approval, second, days=1), 400),
            ("an auditor", self.approve(approval, self.tokens["auditor"]), 403),
            ("a key officer", self.approve(approval, self.tokens["key-officer"]), 403),
            ("a token made for it", self.approve(approval, self.server.token("operator-3", "operator")), 403),
            ("another token of the same person", self.approve(approval, self.server.token("operator-1", "operator")), 403),
            ("an unknown one", self.server.api("POST", f"/v1/approvals/{'0' * 16}/approve", second, {"digest": approval["digest"]}), 404),
            ("a path", self.server.api("POST", f"/v1/approvals/..%2f{approval['id']}/approve", second, {"digest": approval["digest"]}), 400),
        ]
        for name, answer, status in refused:
            with self.subTest(attack=name):
                self.assertEqual(answer.status, status, answer.body)
        self.assertFalse(self.locked("ledgers"))

        self.assertEqual(self.approve(approval, second).status, 200)
        self.assertTrue(self.locked("ledgers"))
        again = self.approve(approval, second)
        self.assertEqual((again.status, again.json["code"]), (409, "conflict"))
        self.assertFalse(self.locked("other"))

    def test_a_revoked_ones_request_is_void(self):
        third = self.server.token("leaving", "operator")
        second = self.server.token("staying", "operator")
        time.sleep(0.01)
        self.container("devstoreaccount1", "left")
        self.bascule("immutability", "retain", "devstoreaccount1/left", "--days", "10")
        approval = self.server.api("POST", "/v1/accounts/devstoreaccount1/containers/left/immutability/lock", third, {"days": 10}).json["approval"]
        tokens = json.loads(self.bascule("admin", "token", "list", "--json").stdout)["tokens"]
        self.bascule("admin", "token", "revoke", next(one["id"] for one in tokens if one["name"] == "leaving"))
        self.assertEqual(self.approve(approval, second).status, 403)
        self.assertEqual(self.approve(approval, third).status, 401)
        self.assertFalse(self.locked("left"))

    def test_what_was_decided_outlives_the_server(self):
        second = self.server.token("later", "operator")
        time.sleep(0.01)
        approval = self.lock_asked("lasting")
        self.server.stop()
        self.server.start()
        self.assertEqual(self.approve(approval, second).status, 200)
        self.assertTrue(self.locked("lasting"))


if __name__ == "__main__":
    unittest.main()
