"""python client.py URL ROOT KEYS SECONDS NUMBER: writes, reads, lists and deletes with Azure's SDK, which may not retry.

Looks now and then which key is in use, as a program does whose key comes from a vault. Prints what it did as JSON.
"""
import json
import pathlib
import sys
import time

from azure.core.exceptions import AzureError
from azure.storage.blob import BlobServiceClient


class Program:
    def __init__(self, url, root, keys, number):
        self.url, self.root, self.keys = url, root, pathlib.Path(keys)
        self.name, self.text, self.service = f"cont{number}", None, None
        self.done = self.failed = 0
        self.errors = []

    def look(self):
        """A new client where the key is another, on new connections: they see the certificate that is presented now."""
        text = self.keys.read_text()
        if text == self.text:
            return
        self.text = text
        credential = {"account_name": "acme", "account_key": json.loads(text)["key"]}
        self.service = BlobServiceClient(self.url, credential=credential, retry_total=0, connection_verify=self.root)

    def attempt(self, what, *arguments, **named):
        try:
            result = what(*arguments, **named)
            self.done += 1
            return result
        except AzureError as error:
            self.failed += 1
            self.errors.append(f"{what.__name__}: {error}"[:600])
            return None

    def turn(self, number):
        container = self.service.get_container_client(self.name)
        blob = container.get_blob_client(f"b{number % 20}")
        content = b"%d " % number * (20_000 if number % 10 == 0 else 100)
        self.attempt(blob.upload_blob, content, overwrite=True)
        got = self.attempt(blob.download_blob)
        if got is not None and got.readall() != content:
            self.failed += 1
            self.errors.append("other content")
        if number % 5 == 0:
            self.attempt(lambda: list(container.list_blobs()))
        if number % 7 == 0:
            self.attempt(blob.delete_blob)

    def run(self, seconds):
        self.look()
        self.attempt(self.service.get_container_client(self.name).create_container)
        end, due, number = time.monotonic() + seconds, 0, 0
        while time.monotonic() < end:
            if time.monotonic() >= due:
                self.look()
                due = time.monotonic() + 0.2
            self.turn(number)
            number += 1
        print(json.dumps({"done": self.done, "failed": self.failed, "errors": self.errors[:20]}))


if __name__ == "__main__":
    Program(sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[5]).run(float(sys.argv[4]))
