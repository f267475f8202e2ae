"""Writes or reads a blob of the server on 127.0.0.1: probe.py put|get PORT NAME. In another network namespace than the tests."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from lib import azure  # noqa: E402

what, port, name = sys.argv[1:4]
client = azure.Client(f"127.0.0.1:{port}", "acme", azure.KEY)
if what == "put":
    client.send("PUT", "/box?restype=container")
    answer = client.send("PUT", f"/box/{name}", {"x-ms-blob-type": "BlockBlob"}, name.encode() * 1000)
    sys.exit(0 if answer.status == 201 else f"{answer.status} {answer.body}")
answer = client.send("GET", f"/box/{name}")
sys.exit(0 if answer.status == 200 and answer.body == name.encode() * 1000 else f"{answer.status} {answer.body[:300]}")
