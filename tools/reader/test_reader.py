# SPDX-License-Identifier: Apache-2.0
import base64
import contextlib
import glob
import io
import json
import os
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

import bascule_reader as reader  # noqa: E402
import vector_checks  # noqa: E402
from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: E402

VECTORS = os.path.join(HERE, "..", "..", "docs", "formats", "vectors")


def load(name):
    with open(os.path.join(VECTORS, name), encoding="utf-8") as file:
        return json.load(file)


class Vectors(unittest.TestCase):
    def test_every_file(self):
        paths = glob.glob(os.path.join(VECTORS, "*.json"))
        self.assertGreaterEqual(len(paths), 6)
        for path in paths:
            document = load(os.path.basename(path))
            self.assertGreater(len(document["vectors"]), 3)
            for vector in document["vectors"]:
                with self.subTest(file=os.path.basename(path), vector=vector["name"]):
                    self.assertIsNone(vector_checks.check(document["format"], vector))

    def test_a_wrong_expectation_is_noticed(self):
        for name in ("pieces.json", "keyrings.json", "unit_tags.json", "extent_names.json", "chunked_encryption.json"):
            document = load(name)
            first = next(v for v in document["vectors"] if v["expect"] == "success")
            self.assertIsNotNone(vector_checks.check(document["format"], dict(first, expect="failure")), name)


class Store:
    """A store with two pieces in one extent, in a folder."""

    def __init__(self, folder):
        root, catalog, name_key, container = (bytes([n]) * 32 for n in (1, 2, 3, 4))
        file_id = bytes(8)
        self.key = os.path.join(folder, "key")
        with open(self.key, "w", encoding="utf-8") as file:
            file.write(f"bascule-key-1\nid {file_id.hex()}\nroot 1 2026-11-22T12:00:00Z "
                       f"{base64.b64encode(root).decode()}\n")

        def wrapped(key, context):
            head, nonce = b"BKW1" + file_id + (1).to_bytes(4, "big"), os.urandom(12)
            blob = head + nonce + AESGCM(reader.subkey(root, b"bascule/wrap/1")).encrypt(nonce, key, head + context)
            return len(blob).to_bytes(2, "big") + blob

        self.folder, self.container_id = os.path.join(folder, "objects"), 9
        os.mkdir(self.folder)
        self.put("keyring-root", b"BKR1" + wrapped(catalog, reader.keyring_context(b"catalog")) +
                 wrapped(name_key, reader.keyring_context(b"name")))
        self.put(reader.container_object_name(name_key, 9),
                 b"BKC1" + (9).to_bytes(8, "big") + wrapped(container, reader.container_context(9)))
        self.plain = [b"the first piece", b"x" * 40000]
        self.extent = reader.extent_name(name_key, bytes(16))
        pieces, extent = [], b""
        for number, plain in enumerate(self.plain):
            piece_id, salt = number.to_bytes(16, "big"), os.urandom(24)
            key, nonce, commitment = reader.derive_piece(container, salt, reader.piece_context(9, piece_id))
            sealed = b"".join(
                AESGCM(key).encrypt(reader.chunk_nonce(nonce, k), plain[k * 16384:(k + 1) * 16384], None)
                for k in range(len(plain) // 16384 + 1))
            pieces.append({"extent": self.extent, "offset": len(extent), "length": len(sealed),
                           "piece_id": piece_id.hex(), "salt": salt.hex(), "commitment": commitment.hex()})
            extent += sealed
        self.put(self.extent, extent)
        self.manifest = os.path.join(folder, "manifest.json")
        self.document = {"format": "bascule-manifest-1", "container_id": 9, "pieces": pieces}
        self.save()

    def save(self):
        with open(self.manifest, "w", encoding="utf-8") as file:
            json.dump(self.document, file)

    def put(self, name, content):
        with open(os.path.join(self.folder, name), "wb") as file:
            file.write(content)

    def cat(self):
        done = subprocess.run([sys.executable, os.path.join(HERE, "bascule_reader.py"), "cat", "--key", self.key,
                               "--objects", self.folder, self.manifest], capture_output=True, check=False)
        return done.returncode, done.stdout, done.stderr.decode()


class Cat(unittest.TestCase):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory()
        self.addCleanup(self.temporary.cleanup)
        self.store = Store(self.temporary.name)

    def test_prints_the_blob(self):
        self.assertEqual(self.store.cat(), (0, b"".join(self.store.plain), ""))

    def test_finds_objects_in_sub_folders(self):
        below = os.path.join(self.store.folder, "a", "b")
        os.makedirs(below)
        os.rename(os.path.join(self.store.folder, self.store.extent), os.path.join(below, self.store.extent))
        self.assertEqual(self.store.cat()[:2], (0, b"".join(self.store.plain)))

    def test_a_flipped_byte_is_refused_and_not_printed(self):
        path = os.path.join(self.store.folder, self.store.extent)
        with open(path, "rb") as file:
            content = bytearray(file.read())
        content[-20] ^= 1
        self.store.put(self.store.extent, content)
        code, out, error = self.store.cat()
        self.assertEqual((code, out), (1, self.store.plain[0]))
        self.assertIn("chunk 2", error)

    def test_pieces_cannot_be_exchanged(self):
        first, second = self.store.document["pieces"]
        for name in ("offset", "length"):
            first[name], second[name] = second[name], first[name]
        self.store.save()
        self.assertEqual(self.store.cat()[:2], (1, b""))

    def test_a_short_extent_is_refused(self):
        path = os.path.join(self.store.folder, self.store.extent)
        os.truncate(path, os.path.getsize(path) - 1)
        code, _, error = self.store.cat()
        self.assertEqual(code, 1)
        self.assertIn("shorter", error)

    def test_wrong_use_is_told_apart_from_damage(self):
        os.remove(os.path.join(self.store.folder, self.store.extent))
        self.assertEqual(self.store.cat()[0], 2)
        self.store.document["pieces"][0]["extent"] = "../../etc/passwd"
        self.store.save()
        self.assertEqual(self.store.cat()[0], 1)
        del self.store.document["container_id"]
        self.store.save()
        self.assertEqual(self.store.cat()[0], 2)

    def test_verify_counts_what_is_wrong(self):
        with tempfile.NamedTemporaryFile("w", suffix=".json", delete=False) as file:
            self.addCleanup(os.remove, file.name)
            document = load("unit_tags.json")
            document["vectors"][0]["tag"] = "00" * 16
            json.dump(document, file)
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()) as errors:
            self.assertEqual(reader.main(["verify", file.name]), 1)
            self.assertEqual(reader.main(["verify", os.path.join(VECTORS, "unit_tags.json")]), 0)
        self.assertIn("full", errors.getvalue())


if __name__ == "__main__":
    unittest.main()
