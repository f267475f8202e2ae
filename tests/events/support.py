"""A server that records its events, and the events as they stand in its file."""
import json
import pathlib
import shutil
import signal
import sys
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))
from lib import azure, server  # noqa: E402,F401

SCHEMA = json.loads((ROOT / "docs/schemas/access-event.schema.json").read_text(encoding="utf-8"))
BLOCK_BLOB = {"x-ms-blob-type": "BlockBlob"}


def check_schema(event):
    """Against the schema, which lets unknown fields pass; a server of this version has none."""
    import jsonschema
    jsonschema.Draft202012Validator(SCHEMA).validate(event)
    kind = next(one for one in SCHEMA["oneOf"] if one["properties"]["Type"]["const"] == event["Type"])
    unknown = set(event) - set(kind["properties"])
    if unknown:
        raise AssertionError(f"fields that the schema does not have: {unknown}")


class Case(unittest.TestCase):
    maxDiff = None
    kind = server.Server

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="bascule-events-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def settings(self, more=""):
        return f'[events]\nto = ["file"]\nfile = "{self.folder}/access.jsonl"\nflush = "10ms"\n' + more

    def gateway(self, more="", **other):
        one = self.kind("bascule", folder=self.folder / "gateway", config=self.settings(more), **other)
        self.addCleanup(one.stop)
        one.folder.mkdir()
        one.start()
        self.server = one
        return one

    def client(self, **more):
        one = azure.Client(self.server.address, **more)
        self.addCleanup(one.close)
        return one

    def events(self, name="access.jsonl", **wanted):
        """Those whose fields are as wanted."""
        path = self.folder / name
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        found = [json.loads(line) for line in lines]
        return [event for event in found if all(event.get(key) == value for key, value in wanted.items())]

    def event(self, seconds=10, **wanted):
        """The one event that is as wanted, once it is there."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            found = self.events(**wanted)
            if found:
                self.assertEqual(len(found), 1, found)
                return found[0]
            time.sleep(0.02)
        self.fail(f"no event {wanted}; there are {self.events()}")

    def reload(self, config=None, operation="ConfigurationReloaded"):
        """Writes a configuration, sends SIGHUP, and waits for the event that says what came of it."""
        if config is not None:
            (self.server.folder / "bascule.toml").write_text(config)
        before = len(self.events(OperationName=operation))
        self.server.process.send_signal(signal.SIGHUP)
        end = time.monotonic() + 10
        while len(self.events(OperationName=operation)) == before:
            self.assertLess(time.monotonic(), end, f"no {operation}\n" + self.server.log.read_text())
            time.sleep(0.02)
        return self.events(OperationName=operation)[-1]
