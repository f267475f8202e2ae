#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Reads what Bascule keeps, from the specifications in docs/formats alone.

    bascule_reader.py cat --key FILE --objects DIR MANIFEST.json    plaintext to standard output
    bascule_reader.py backup --key FILE --objects DIR PLACE         reads the newest backup in a folder, and says what it holds
    bascule_reader.py verify VECTORS.json...                        checks published vectors

Needs Python 3.11 and the package `cryptography` (41 or later), of which only AES, HMAC and HKDF-Expand are used.
Exit codes: 0 fine; 1 damaged, or not sealed under these keys; 2 used wrongly, or a file cannot be read.
"""
import argparse
import base64
import binascii
import hmac
import json
import os
import re
import sys

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

CHUNK = 16384
TAG = 16
SEALED_CHUNK = CHUNK + TAG
MAX_OBJECT = 32 * 1024 * 1024


class Damaged(Exception):
    """The bytes are not what was sealed, or not for this place, or not under this key."""


def expand(key: bytes, info: bytes, length: int, algorithm=hashes.SHA512) -> bytes:
    return HKDFExpand(algorithm=algorithm(), length=length, info=info).derive(key)


def subkey(parent: bytes, label: bytes, context: bytes = b"") -> bytes:
    return expand(parent, label + b"\x00" + context, 32)


# Pieces: docs/formats/piece.md


def piece_context(container_id: int, piece_id: bytes) -> bytes:
    return b"bascule/piece\x01" + container_id.to_bytes(8, "big") + piece_id


def derive_piece(input_key: bytes, salt: bytes, context: bytes, algorithm=hashes.SHA512):
    """The AEAD's key, the base nonce and the commitment."""
    if len(input_key) != 32 or len(salt) != 24:
        raise Damaged("a key has 32 bytes and a salt 24")
    okm = expand(input_key, b"c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\x00" + salt + context, 76, algorithm)
    return okm[:32], okm[32:44], okm[44:]


def chunk_nonce(base_nonce: bytes, chunk: int) -> bytes:
    return (int.from_bytes(base_nonce, "big") ^ chunk).to_bytes(12, "big")


def plain_size(sealed_size: int) -> int:
    last = sealed_size % SEALED_CHUNK
    if last < TAG:
        raise Damaged("truncated: no piece has this length")
    return sealed_size // SEALED_CHUNK * CHUNK + last - TAG


def open_piece(input_key: bytes, salt: bytes, commitment: bytes, context: bytes, sealed: bytes) -> bytes:
    return open_chunks(derive_piece(input_key, salt, context), commitment, sealed)


def open_chunks(derived, commitment: bytes, sealed: bytes) -> bytes:
    key, base_nonce, expected = derived
    if not hmac.compare_digest(expected, commitment):
        raise Damaged("the commitment does not match: wrong key, container, piece or salt")
    size = plain_size(len(sealed))
    aead, plain = AESGCM(key), []
    for chunk in range(size // CHUNK + 1):
        part = sealed[chunk * SEALED_CHUNK:(chunk + 1) * SEALED_CHUNK]
        try:
            plain.append(aead.decrypt(chunk_nonce(base_nonce, chunk), part, None))
        except InvalidTag:
            raise Damaged(f"chunk {chunk} does not open") from None
    return b"".join(plain)


# Extents: docs/formats/extent.md and names.md


def extent_name(name_key: bytes, extent_id: bytes) -> str:
    key = subkey(name_key, b"bascule/extent-name/1")
    block = Cipher(algorithms.AES(key), modes.ECB()).encryptor()
    return (block.update(extent_id) + block.finalize()).hex()


def extent_id(name_key: bytes, name: str) -> bytes:
    if not re.fullmatch("[0-9a-f]{32}", name):
        raise Damaged("an extent's name has 32 lower-case hexadecimal digits")
    key = subkey(name_key, b"bascule/extent-name/1")
    block = Cipher(algorithms.AES(key), modes.ECB()).decryptor()
    return block.update(bytes.fromhex(name)) + block.finalize()


def unit_tag(catalog_key: bytes, extent: bytes, shard: int, unit: int, content: bytes) -> bytes:
    tags_key = subkey(catalog_key, b"bascule/unit-tags/1")
    nonce = shard.to_bytes(4, "big") + unit.to_bytes(8, "big")
    return AESGCM(expand(tags_key, extent, 32)).encrypt(nonce, b"", content)


# Keys: docs/formats/keyring.md


class KeyFile:
    def __init__(self, text: str):
        if not text.endswith("\n"):
            raise Damaged("key file: cut off")
        lines = text.split("\n")[:-1]
        if not lines or lines[0] != "bascule-key-1":
            raise Damaged("key file: not one, or of a later version")
        self.id, self.roots = None, {}
        for line in lines[1:]:
            if not line or line.startswith("#"):
                continue
            words = line.split(" ")
            if words[0] == "id" and self.id is None and len(words) == 2 and re.fullmatch("[0-9a-f]{16}", words[1]):
                self.id = bytes.fromhex(words[1])
            elif words[0] == "root" and len(words) == 4 and re.fullmatch("[1-9][0-9]{0,9}", words[1]):
                version, key = int(words[1]), decode_base64(words[3])
                if len(key) != 32 or version >= 2 ** 32 or any(version <= v for v in self.roots):
                    raise Damaged("key file: a root key is malformed or out of order")
                self.roots[version] = key
            else:
                raise Damaged("key file: a line is malformed")
        if self.id is None or not self.roots:
            raise Damaged("key file: the id or the root key is missing")

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        if len(wrapped) != 76 or wrapped[:4] != b"BKW1":
            raise Damaged("a wrapped key is malformed")
        if wrapped[4:12] != self.id:
            raise Damaged(f"wrapped under another key file: {wrapped[4:12].hex()}")
        root = self.roots.get(int.from_bytes(wrapped[12:16], "big"))
        if root is None:
            raise Damaged("the key file lacks this root key's version")
        try:
            return AESGCM(subkey(root, b"bascule/wrap/1")).decrypt(wrapped[16:28], wrapped[28:], wrapped[:16] + context)
        except InvalidTag:
            raise Damaged("a wrapped key does not open: damaged, or for another purpose") from None


def decode_base64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise Damaged("not Base64") from None


def take_wrapped(data: bytes):
    size = int.from_bytes(data[:2], "big")
    if len(data) < 2 or not 0 < size <= 4096 or len(data) - 2 < size:
        raise Damaged("keyring: an object is malformed")
    return data[2:2 + size], data[2 + size:]


def keyring_context(what: bytes) -> bytes:
    return b"bascule/keyring/1\x00" + what


def container_context(container_id: int) -> bytes:
    return keyring_context(b"container\x00") + container_id.to_bytes(8, "big")


def open_root(key_file: KeyFile, data: bytes):
    """The catalog key and the name key."""
    if data[:4] != b"BKR1":
        raise Damaged("keyring-root: malformed")
    catalog, rest = take_wrapped(data[4:])
    name, rest = take_wrapped(rest)
    if rest:
        raise Damaged("keyring-root: malformed")
    return key_file.unwrap(catalog, keyring_context(b"catalog")), key_file.unwrap(name, keyring_context(b"name"))


def container_object_name(name_key: bytes, container_id: int) -> str:
    return "keyring-" + subkey(name_key, b"bascule/keyring-name/1", container_id.to_bytes(8, "big"))[:16].hex()


def open_container(key_file: KeyFile, container_id: int, data: bytes) -> bytes:
    if data[:4] != b"BKC1" or data[4:12] != container_id.to_bytes(8, "big"):
        raise Damaged("keyring: a container's object is malformed, or another's")
    wrapped, rest = take_wrapped(data[12:])
    if rest:
        raise Damaged("keyring: a container's object is malformed")
    return key_file.unwrap(wrapped, container_context(container_id))


# Commands


class Store:
    """The objects of one provider, as files of one folder and of the folders in it."""

    def __init__(self, folder: str):
        self.folder, self.paths = folder, None

    def path(self, name: str) -> str:
        direct = os.path.join(self.folder, name)
        if os.path.isfile(direct):
            return direct
        if self.paths is None:
            self.paths = {file: os.path.join(where, file) for where, _, files in os.walk(self.folder) for file in files}
        if name not in self.paths:
            raise FileNotFoundError(2, "no such object", direct)
        return self.paths[name]

    def read(self, name: str, offset: int = 0, size: int = MAX_OBJECT) -> bytes:
        if not re.fullmatch("[a-z0-9-]{1,128}", name):
            raise Damaged(f"not the name of an object: {name!r}")
        with open(self.path(name), "rb") as file:
            file.seek(offset)
            return file.read(size)


def manifest_pieces(manifest):
    if not isinstance(manifest, dict) or manifest.get("format") != "bascule-manifest-1":
        raise Damaged('manifest: "format" is not "bascule-manifest-1"')
    for entry in manifest["pieces"]:
        piece = {
            "extent": entry["extent"],
            "offset": int(entry["offset"]),
            "length": int(entry["length"]),
            "piece_id": bytes.fromhex(entry["piece_id"]),
            "salt": bytes.fromhex(entry["salt"]),
            "commitment": bytes.fromhex(entry["commitment"]),
        }
        lengths = (len(piece["piece_id"]), len(piece["salt"]), len(piece["commitment"]))
        if lengths != (16, 24, 32) or piece["offset"] < 0 or not 0 < piece["length"] <= MAX_OBJECT:
            raise Damaged("manifest: a piece is malformed")
        yield piece


def cat(key_path: str, folder: str, manifest_path: str, out) -> None:
    with open(key_path, encoding="utf-8") as file:
        key_file = KeyFile(file.read())
    with open(manifest_path, encoding="utf-8") as file:
        manifest = json.load(file)
    pieces, container = list(manifest_pieces(manifest)), int(manifest["container_id"])
    store = Store(folder)
    _, name_key = open_root(key_file, store.read("keyring-root"))
    key = open_container(key_file, container, store.read(container_object_name(name_key, container)))
    for piece in pieces:
        sealed = store.read(piece["extent"], piece["offset"], piece["length"])
        if len(sealed) != piece["length"]:
            raise Damaged(f"extent {piece['extent']} is shorter than its manifest says")
        context = piece_context(container, piece["piece_id"])
        out.write(open_piece(key, piece["salt"], piece["commitment"], context, sealed))


def backup(key_path: str, folder: str, place: str, with_names: bool, out) -> None:
    import backup_reader  # beside this file
    with open(key_path, encoding="utf-8") as file:
        catalog_key, _ = open_root(KeyFile(file.read()), Store(folder).read("keyring-root"))
    objects = Store(place)
    manifests = [file for _, _, files in os.walk(place) for file in files if backup_reader.MANIFEST_NAME.fullmatch(file)]
    if not manifests:
        raise FileNotFoundError(2, "no backup", place)
    read = backup_reader.read_backup(catalog_key, max(manifests), lambda name: objects.read(name, size=1 << 27))
    out.write(f"backup {read['number']}: {read['records']} records, {read['bytes']} bytes, incarnation {read['incarnation']:012x}\n")
    for name in backup_reader.names(read["state"]) if with_names else ():
        out.write(name + "\n")


def verify(paths) -> int:
    from vector_checks import check  # beside this file; knows the vectors' forms
    wrong = 0
    for path in paths:
        with open(path, encoding="utf-8") as file:
            document = json.load(file)
        for vector in document["vectors"]:
            problem = check(document["format"], vector)
            if problem:
                wrong += 1
                print(f"{os.path.basename(path)}: {vector['name']}: {problem}", file=sys.stderr)
        print(f"{os.path.basename(path)}: {len(document['vectors'])} vectors")
    return wrong


def main(arguments=None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("cat", help="print what a manifest describes")
    one.add_argument("--key", required=True, help="the key file")
    one.add_argument("--objects", required=True, help="a folder that holds the provider's objects, by name")
    one.add_argument("manifest", help="JSON, as docs/formats/piece.md describes it")
    three = commands.add_parser("backup", help="read a backup of the catalog")
    three.add_argument("--key", required=True, help="the key file")
    three.add_argument("--objects", required=True, help="a folder that holds keyring-root")
    three.add_argument("--names", action="store_true", help="print the names of containers and blobs, too")
    three.add_argument("place", help="the folder that backups went to")
    two = commands.add_parser("verify", help="check vectors")
    two.add_argument("vectors", nargs="+")
    options = parser.parse_args(arguments)
    try:
        if options.command == "verify":
            return 1 if verify(options.vectors) else 0
        if options.command == "backup":
            backup(options.key, options.objects, options.place, options.names, sys.stdout)
            return 0
        cat(options.key, options.objects, options.manifest, sys.stdout.buffer)
        sys.stdout.buffer.flush()
        return 0
    except Damaged as error:
        print(f"bascule_reader: {error}", file=sys.stderr)
        return 1
    except (OSError, ValueError, KeyError, TypeError) as error:
        print(f"bascule_reader: {error.__class__.__name__}: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.modules["bascule_reader"] = sys.modules["__main__"]  # one Damaged for all
    sys.exit(main())
