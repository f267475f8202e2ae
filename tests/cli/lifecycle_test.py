"""`bascule lifecycle`: set, show, run, remove; beside a server and without one; killed and gone on."""
import json
import pathlib
import signal
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from cli_test import Case  # noqa: E402
from lib import azure  # noqa: E402

ACCOUNT = azure.ACCOUNT


def policy(actions, **filters):
    return {"rules": [{"name": "r", "type": "Lifecycle", "definition": {
        "actions": actions, "filters": {"blobTypes": ["blockBlob"], **filters}}}]}


DELETE = {"baseBlob": {"delete": {"daysAfterModificationGreaterThan": 0}}}


class Lifecycle(Case):
    def write(self, document):
        file = self.folder / "policy.json"
        file.write_text(document if isinstance(document, str) else json.dumps(document, indent=1))
        return file

    def put(self, client, *names):
        client.send("PUT", "/box?restype=container")
        for name in names:
            self.assertEqual(client.send("PUT", f"/box/{name}", {"x-ms-blob-type": "BlockBlob"}, b"x").status, 201)

    def names(self, client):
        return client.send("GET", "/box?restype=container&comp=list").xml_text("Blobs/Blob/Name")

    def test_set_show_run_remove(self):
        gateway = self.gateway()
        client = azure.Client(gateway.address)
        self.addCleanup(client.close)
        self.put(client, "logs/1", "logs/2", "kept")
        self.beside(gateway, "lifecycle", "show", ACCOUNT, exit_code=1)
        self.beside(gateway, "lifecycle", "run", ACCOUNT, exit_code=1)
        file = self.write(policy(DELETE, prefixMatch=["box/logs/"]))
        self.assertIn("not run yet", self.beside(gateway, "lifecycle", "set", ACCOUNT, "--file", file).stdout)
        shown = json.loads(self.beside(gateway, "lifecycle", "show", ACCOUNT, "--json").stdout)
        self.assertEqual(shown["policy"], policy(DELETE, prefixMatch=["box/logs/"]))
        time.sleep(1.1)   # more than 0 days
        lines = [json.loads(line) for line in self.beside(gateway, "lifecycle", "run", ACCOUNT, "--json").stdout.splitlines()]
        self.assertIn("progress", lines[0])
        self.assertEqual((lines[-1]["run"]["looked"], lines[-1]["run"]["deleted"]), (3, 2))
        self.assertEqual(self.names(client), ["kept"])
        self.assertIn("2 deleted", self.beside(gateway, "lifecycle", "show", ACCOUNT).stdout)
        gateway.stop()
        self.beside(gateway, "lifecycle", "set", ACCOUNT, "--file", self.write(policy(DELETE)))
        self.assertIn("1 deleted", self.beside(gateway, "lifecycle", "run", ACCOUNT).stdout)
        self.beside(gateway, "lifecycle", "remove", ACCOUNT)
        self.beside(gateway, "lifecycle", "show", ACCOUNT, exit_code=1)

    def test_wrong_policies_say_where(self):
        gateway = self.gateway()
        for document, says in [("{", "not JSON"), ("", "empty"), ({"rules": []}, "1 to 100 rules"),
                               (policy({"baseBlob": {"tierToWarm": {}}}), "rules[0].definition.actions.baseBlob"),
                               (policy({"baseBlob": {"delete": {"daysAfterModificationGreaterThan": "3"}}}), "number of days"),
                               (policy(DELETE, prefixMatch="box"), "prefixMatch")]:
            with self.subTest(document=document):
                run = self.beside(gateway, "lifecycle", "set", ACCOUNT, "--file", self.write(document), exit_code=2)
                self.assertIn(says, run.stderr)
        self.beside(gateway, "lifecycle", "set", "nobody", "--file", self.write(policy(DELETE)), exit_code=1)
        self.beside(gateway, "lifecycle", "set", ACCOUNT, "--file", self.folder / "absent.json", exit_code=1)

    def test_every_kind_of_rule(self):
        gateway = self.gateway()
        client = azure.Client(gateway.address)
        self.addCleanup(client.close)
        self.put(client, "cool", "tagged", "kept")
        client.send("PUT", "/box/tagged?comp=tags", body=b"<Tags><TagSet><Tag><Key>gone</Key><Value>yes</Value></Tag></TagSet></Tags>")
        client.send("PUT", "/box/kept?comp=snapshot")
        rule = policy({"baseBlob": {"tierToCool": {"daysAfterModificationGreaterThan": 0}}}, prefixMatch=["box/cool"])["rules"]
        rule += policy(DELETE, blobIndexMatch=[{"name": "gone", "op": "==", "value": "yes"}])["rules"]
        rule += policy({"snapshot": {"delete": {"daysAfterCreationGreaterThan": 0}}, "version": {"delete": {"daysAfterCreationGreaterThan": 90}}})["rules"]
        for i, one in enumerate(rule):
            one["name"] = f"r{i}"
        self.beside(gateway, "lifecycle", "set", ACCOUNT, "--file", self.write({"rules": rule}))
        time.sleep(1.1)
        self.assertIn("4 looked, 2 deleted, 1 moved, 0 refused, 0 failed", self.beside(gateway, "lifecycle", "run", ACCOUNT).stdout)
        self.assertEqual(client.send("HEAD", "/box/cool").header("x-ms-access-tier"), "Cool")
        listed = client.send("GET", "/box?restype=container&comp=list&include=snapshots")
        self.assertEqual(listed.xml_text("Blobs/Blob/Name"), ["cool", "kept"])

    def test_a_killed_run_goes_on_by_itself(self):
        gateway = self.gateway()
        client = azure.Client(gateway.address)
        self.put(client, *[f"b{i:04}" for i in range(1100)])
        client.close()
        self.beside(gateway, "lifecycle", "set", ACCOUNT, "--file", self.write(policy(DELETE)))
        deadline = time.monotonic() + 60
        while not json.loads(self.beside(gateway, "lifecycle", "show", ACCOUNT, "--json").stdout).get("run", {}).get("deleted"):
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.05)
        gateway.stop(signal.SIGKILL)
        gateway.start()
        while True:
            run = json.loads(self.beside(gateway, "lifecycle", "show", ACCOUNT, "--json").stdout)["run"]
            if run["finished"]:
                break
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.2)
        client = azure.Client(gateway.address)
        self.assertEqual(self.names(client), [])
        client.close()


if __name__ == "__main__":
    unittest.main()
