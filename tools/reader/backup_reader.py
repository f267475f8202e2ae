# SPDX-License-Identifier: Apache-2.0
"""Reads a backup of the catalog, from docs/formats/backup.md alone. Used by bascule_reader.py."""
import hashlib
import re

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from bascule_reader import Damaged, subkey

MOST_SEGMENT, MOST_KEY, MOST_VALUE = 8 << 20, 4096, 65536
MANIFEST_NAME = re.compile("backup-([0-9]{10})-([0-9a-f]{32})")


class Fields:
    """Little-endian numbers, varints and texts, one after another."""

    def __init__(self, data: bytes):
        self.data, self.at = data, 0

    def raw(self, size: int) -> bytes:
        if size > len(self.data) - self.at:
            raise Damaged("it ends early")
        self.at += size
        return self.data[self.at - size:self.at]

    def number(self, size: int) -> int:
        return int.from_bytes(self.raw(size), "little")

    def varint(self) -> int:
        value = 0
        for shift in range(0, 70, 7):
            byte = self.raw(1)[0]
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                if (byte == 0 and shift) or value >> 64:
                    break
                return value
        raise Damaged("a number is written in a form that nobody writes")

    def text(self) -> bytes:
        return self.raw(self.varint())

    def done(self) -> bool:
        return self.at == len(self.data)


def varint(value: int) -> bytes:
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes(out + bytes([value]))


def manifest_key(catalog_key: bytes, salt: bytes) -> AESGCM:
    return AESGCM(subkey(catalog_key, b"bascule/backup-manifest/1", salt))


def run_key(catalog_key: bytes, salt: bytes) -> AESGCM:
    return AESGCM(subkey(catalog_key, b"bascule/backup-run/1", salt))


def segment_nonce(index: int) -> bytes:
    return index.to_bytes(12, "big")


def open_aead(key: AESGCM, nonce: bytes, sealed: bytes, bound: bytes, what: str) -> bytes:
    try:
        return key.decrypt(nonce, sealed, bound)
    except InvalidTag:
        raise Damaged(f"{what} does not open") from None


def open_manifest(catalog_key: bytes, name: str, data: bytes) -> dict:
    if data[:4] != b"BKM1" or len(data) < 52:
        raise Damaged(f"{name} is no manifest of a known format")
    salt = data[4:36]
    plain = open_aead(manifest_key(catalog_key, salt), bytes(12), data[36:], b"BKM1" + salt + name.encode(), name)
    fields = Fields(plain)
    if fields.number(1) != 1:
        raise Damaged(f"{name} has an unknown format")
    m = {"target": fields.raw(16), "id": fields.raw(16), "number": fields.varint(), "previous": fields.raw(16),
         "previous_sha256": fields.raw(32), "incarnation": fields.number(8), "session": fields.number(4), "epoch": fields.varint(),
         "instant": fields.number(8), "finished": fields.number(8), "records": fields.varint(), "bytes": fields.varint(),
         "digest": fields.raw(32), "runs": []}
    for _ in range(fields.varint()):
        run = {"salt": fields.raw(32), "segments": []}
        for _ in range(fields.varint()):
            run["segments"].append({"id": fields.raw(16), "size": fields.varint(), "entries": fields.varint(), "first_key": fields.text()})
        m["runs"].append(run)
    if not fields.done() or not m["runs"]:
        raise Damaged(f"{name} is malformed")
    parsed = MANIFEST_NAME.fullmatch(name)
    if not parsed or int(parsed[1]) != m["number"] or parsed[2] != m["id"].hex():
        raise Damaged(f"{name} is another backup's than its name says")
    return m


def read_run(catalog_key: bytes, run: dict, read, lowest: bool):
    """(key, version, value) in the order of the keys."""
    key, before = run_key(catalog_key, run["salt"]), None
    for index, segment in enumerate(run["segments"]):
        name = "segment-" + segment["id"].hex()
        try:
            data = read(name)
        except (KeyError, FileNotFoundError):
            raise Damaged(f"{name} is missing") from None
        if len(data) != segment["size"] or data[:4] != b"BKS1" or len(data) > MOST_SEGMENT + 20:
            raise Damaged(f"{name} has another length than its manifest says, or is no segment")
        fields = Fields(open_aead(key, segment_nonce(index), data[4:], b"BKS1", name))
        last, count = b"", 0
        while not fields.done():
            shared = fields.varint()
            if shared > len(last) or (count == 0 and shared):
                raise Damaged(f"{name} is malformed")
            record_key = last[:shared] + fields.text()
            version = fields.number(8)
            value = fields.text() if version else b""
            if len(record_key) > MOST_KEY or len(value) > MOST_VALUE or (before is not None and record_key <= before) or \
                    (count == 0 and record_key != segment["first_key"]) or (lowest and not version):
                raise Damaged(f"{name} holds what no backup writes")
            yield record_key, version, value
            last, before, count = record_key, record_key, count + 1
        if count != segment["entries"]:
            raise Damaged(f"{name} has not the entries that its manifest says")


def read_backup(catalog_key: bytes, name: str, read) -> dict:
    """`read` gives an object's bytes by its name. The manifest, with "state": key -> (version, value)."""
    manifest = open_manifest(catalog_key, name, read(name))
    state = {}
    for index, run in enumerate(manifest["runs"]):
        for record_key, version, value in read_run(catalog_key, run, read, index == 0):
            if version:
                state[record_key] = (version, value)
            else:
                state.pop(record_key, None)
    digest, size = hashlib.sha256(), 0
    for record_key in sorted(state):
        version, value = state[record_key]
        digest.update(varint(len(record_key)) + record_key + version.to_bytes(8, "little"))
        size += len(record_key) + len(value)
    if (len(state), size, digest.digest()) != (manifest["records"], manifest["bytes"], manifest["digest"]):
        raise Damaged(f"{name}: what stands in it is not what it says")
    manifest["state"] = state
    return manifest


def names(state):
    """"account/container" and "container id/blob", as the keys of the catalog say them."""
    for record_key in sorted(state):
        if record_key[:1] == b"N":
            yield record_key[1:].replace(b"\0", b"/").decode(errors="replace")
        elif record_key[:1] == b"B":
            yield record_key[1:9].hex() + "/" + record_key[9:].decode(errors="replace")
