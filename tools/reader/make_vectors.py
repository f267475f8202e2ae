#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes docs/formats/vectors/*.json from the specifications (never from Bascule's own program).

    make_vectors.py OUT_DIR [--published vectors.json] [--interop]

`--published` is chunked-encryption/vectors.json of the PyPI package cryptography-vectors: its vectors with
AEAD_AES_256_GCM (derived with SHA-256) are carried over, long runs of zeros shortened. `--interop` makes
cobblestone_256.json with the Cobblestone-256 of the PyPI package cryptography (50 or later), whose salts are random; all
else is fixed, so that every run gives the same.
"""
import argparse
import base64
import hashlib
import json
import os
import zlib

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

import backup_reader as backups
import bascule_reader as reader
import vector_checks

CHUNK, TAG = reader.CHUNK, reader.TAG
LICENCE = "Apache-2.0"


def fixed(what: str, length: int) -> bytes:
    return hashlib.shake_256(b"bascule vectors: " + what.encode()).digest(length)


def split(data: bytes):
    """Hexadecimal strings, and numbers for runs of 64 zero bytes or more."""
    parts, at = [], 0
    while at < len(data):
        run = data.find(bytes(64), at)
        if run < 0:
            parts.append(data[at:].hex())
            break
        if run > at:
            parts.append(data[at:run].hex())
        end = run
        while end < len(data) and data[end] == 0:
            end += 1
        parts.append(end - run)
        at = end
    return parts


def keystream_zeros(key: bytes, nonce: bytes, length: int) -> bytes:
    """The plaintext whose ciphertext is all zeros: it keeps the files small and tests nothing less."""
    counter = Cipher(algorithms.AES(key), modes.CTR(nonce + (2).to_bytes(4, "big"))).encryptor()
    return counter.update(bytes(length)) + counter.finalize()


class Piece:
    def __init__(self, name: str, length: int, container_id: int = 7):
        self.key, self.salt = fixed("container key", 32), fixed("salt " + name, 24)
        self.container_id, self.piece_id = container_id, fixed("piece id " + name, 16)
        aead_key, nonce, self.commitment = reader.derive_piece(
            self.key, self.salt, reader.piece_context(container_id, self.piece_id))
        aead, chunks, plain = AESGCM(aead_key), [], []
        for chunk in range(length // CHUNK + 1):
            size = min(CHUNK, length - chunk * CHUNK)
            at = reader.chunk_nonce(nonce, chunk)
            text = keystream_zeros(aead_key, at, size)
            plain.append(text)
            chunks.append(aead.encrypt(at, text, None))
        self.chunks, self.plain, self.length = chunks, b"".join(plain), length
        self.aead, self.nonce = aead, nonce

    def vector(self, name, comment, expect="success", sealed=None, **changes):
        entry = {
            "name": name, "comment": comment, "expect": expect, "key": self.key.hex(),
            "container_id": self.container_id, "piece_id": self.piece_id.hex(), "salt": self.salt.hex(),
            "commitment": self.commitment.hex(), "plain_length": self.length,
        }
        if expect == "success":
            entry["plain_sha256"] = hashlib.sha256(self.plain).hexdigest()
        entry.update(changes)
        entry["sealed"] = split(b"".join(self.chunks) if sealed is None else sealed)
        return entry


def flipped(data: bytes, at: int, bit: int = 0) -> bytes:
    changed = bytearray(data)
    changed[at] ^= 1 << bit
    return bytes(changed)


def pieces():
    made = []
    for name, length, comment in (
            ("empty", 0, "one empty chunk"),
            ("one_byte", 1, "one short chunk"),
            ("short", 4096, "one short chunk"),
            ("chunk_less_one", CHUNK - 1, "the longest single chunk"),
            ("chunk", CHUNK, "a full chunk, then an empty one: the last is always shorter"),
            ("chunk_and_one", CHUNK + 1, "a full chunk, then one of a byte"),
            ("three_chunks", 3 * CHUNK, "three full chunks, then an empty one"),
            ("eight_mib", 8 * 1024 * 1024, "the longest piece that Bascule writes: 512 full chunks and an empty one")):
        made.append(Piece(name, length).vector(name, comment))
    top = Piece("greatest_ids", 100, container_id=2 ** 63 - 1)
    made.append(top.vector("great_container_id", "a container id that needs all its bytes"))

    two = Piece("two", CHUNK + 100)
    first, last = two.chunks
    whole = first + last
    made.append(two.vector("two", "a full chunk, then 100 bytes: the piece that the failures below start from"))
    other = Piece("another", CHUNK + 100)
    full = Piece("full", 2 * CHUNK)

    def bad(name, comment, piece=two, **changes):
        made.append(piece.vector(name, comment, "failure", **changes))

    bad("wrong_key", "another container's key", key=fixed("another key", 32).hex())
    bad("wrong_commitment", "one bit of the commitment", commitment=flipped(two.commitment, 31).hex())
    bad("wrong_salt", "one bit of the salt", salt=flipped(two.salt, 0).hex())
    bad("wrong_piece_id", "another piece of the same container", piece_id=flipped(two.piece_id, 15).hex())
    bad("wrong_container_id", "the same key, another container", container_id=8)
    bad("flipped_tag_first", "one bit of the first chunk's tag", sealed=flipped(whole, CHUNK))
    bad("flipped_tag_last", "one bit of the last chunk's tag", sealed=flipped(whole, len(whole) - 1, 7))
    bad("flipped_first_byte", "one bit of ciphertext", sealed=flipped(whole, 0))
    bad("flipped_last_chunk", "one bit of the last chunk's ciphertext", sealed=flipped(whole, CHUNK + TAG + 50))
    bad("swapped_chunks", "two full chunks in the wrong order", full,
        sealed=full.chunks[1] + full.chunks[0] + full.chunks[2])
    bad("repeated_chunk", "the first full chunk twice", full, sealed=full.chunks[0] + full.chunks[0] + full.chunks[2])
    bad("chunk_of_another_piece", "the same place in another piece of the same container", sealed=other.chunks[0] + last)
    bad("truncated_at_chunk_edge", "the last chunk is missing", sealed=first, plain_length=CHUNK)
    bad("missing_empty_last_chunk", "full chunks only: the empty last one is missing", full,
        sealed=full.chunks[0] + full.chunks[1])
    bad("dropped_middle_chunk", "the empty last chunk moved up", full, sealed=full.chunks[0] + full.chunks[2],
        plain_length=CHUNK)
    bad("cut_within_last_chunk", "the last chunk lacks its last byte", sealed=whole[:-1], plain_length=CHUNK + 99)
    bad("cut_within_tag", "the last chunk is shorter than a tag", sealed=first + last[:TAG - 1], plain_length=CHUNK)
    bad("trailing_byte", "a byte too many", sealed=whole + b"\0", plain_length=CHUNK + 101)
    bad("nothing", "no chunk at all", sealed=b"", plain_length=0)
    bad("shorter_than_manifest", "rightly sealed, but not as long as the manifest says", plain_length=CHUNK + 101)
    key, nonce, _ = reader.derive_piece(two.key, two.salt, reader.piece_context(two.container_id, two.piece_id))
    text = keystream_zeros(key, reader.chunk_nonce(nonce, 0), CHUNK)
    only = AESGCM(key).encrypt(reader.chunk_nonce(nonce, 0), text, None)
    bad("full_last_chunk", "a full chunk as the last one: a valid tag, but not a valid piece", sealed=only,
        plain_length=CHUNK)
    longer = AESGCM(key).encrypt(reader.chunk_nonce(nonce, 0), text + b"\0", None)
    bad("overlong_chunk", "one chunk of 16385 bytes", sealed=longer, plain_length=CHUNK + 1)
    return made


def extent_names():
    made, name_key = [], fixed("name key", 32)
    for incarnation, session, sequence in ((1, 1, 1), (1, 1, 2), (1, 2, 1), (2, 1, 1), (0, 0, 0),
                                           (2 ** 48 - 1, 2 ** 32 - 1, 2 ** 48 - 1), (0x010203040506, 0x0708090A, 0x0B0C0D0E0F10)):
        block = incarnation.to_bytes(6, "big") + session.to_bytes(4, "big") + sequence.to_bytes(6, "big")
        made.append({"name": f"{incarnation}_{session}_{sequence}", "expect": "success", "name_key": name_key.hex(),
                     "incarnation": incarnation, "session": session, "sequence": sequence,
                     "name_text": reader.extent_name(name_key, block)})
    good = made[0]["name_text"]
    for name, text in (("too_short", good[:-1]), ("too_long", good + "0"), ("upper_case", "ABCDEF" + good[6:]),
                       ("not_hexadecimal", "g" + good[1:]), ("empty", "")):
        made.append({"name": name, "expect": "failure", "name_key": name_key.hex(), "name_text": text})
    return made


def unit_tags():
    catalog_key, extent = fixed("catalog key", 32), fixed("extent id", 16)
    made = []

    def add(name, comment, content, shard=0, unit=0, expect="success", tag=None, given=extent):
        right = reader.unit_tag(catalog_key, extent, shard, unit, content)
        made.append({"name": name, "comment": comment, "expect": expect, "catalog_key": catalog_key.hex(),
                     "extent_id": given.hex(), "shard": shard, "unit": unit, "content": split(content),
                     "tag": (tag or right).hex()})
        return right

    whole = add("full", "a full unit", bytes(65536))
    add("second", "the same content one unit later", bytes(65536), unit=1)
    add("another_shard", "the same content in another coded part", bytes(65536), shard=1)
    short = add("short", "a last unit", fixed("unit", 33), unit=255)
    add("one_byte", "the shortest unit", b"\x01")
    add("moved", "a unit in another's place", bytes(65536), unit=2, expect="failure", tag=whole)
    add("shortened", "one byte less", fixed("unit", 32), unit=255, expect="failure", tag=short)
    add("zero_more", "one zero byte more", fixed("unit", 33) + b"\0", unit=255, expect="failure", tag=short)
    add("flipped_content", "one bit of content", flipped(fixed("unit", 33), 0), unit=255, expect="failure", tag=short)
    add("flipped_tag", "one bit of the tag", fixed("unit", 33), unit=255, expect="failure", tag=flipped(short, 15))
    add("another_extent", "the same place in another extent", fixed("unit", 33), unit=255, expect="failure", tag=short,
        given=flipped(extent, 15))
    return made


def keyrings():
    file_id = fixed("key file id", 8)
    roots = {1: fixed("root 1", 32), 2: fixed("root 2", 32)}

    def key_file(versions=(1, 2), identity=file_id, keys=roots):
        lines = ["bascule-key-1", "# keep a copy", "id " + identity.hex()]
        lines += [f"root {v} 2026-11-22T12:00:00Z {base64.b64encode(keys[v]).decode()}" for v in versions]
        return "\n".join(lines) + "\n"

    def wrap(what, key, context, version=2):
        head = b"BKW1" + file_id + version.to_bytes(4, "big")
        nonce = fixed("wrap nonce " + what, 12)
        sealed = AESGCM(reader.subkey(roots[version], b"bascule/wrap/1")).encrypt(nonce, key, head + context)
        return head + nonce + sealed

    def sized(wrapped):
        return len(wrapped).to_bytes(2, "big") + wrapped

    catalog, name_key, container_key = (fixed(n, 32) for n in ("catalog key", "name key", "container key"))
    catalog_wrapped = wrap("catalog", catalog, reader.keyring_context(b"catalog"))
    name_wrapped = wrap("name", name_key, reader.keyring_context(b"name"))
    root = b"BKR1" + sized(catalog_wrapped) + sized(name_wrapped)
    made = []

    def add(name, comment, kind, data, expect="success", file=None, **more):
        entry = {"name": name, "comment": comment, "expect": expect, "kind": kind, "key_file": file or key_file(),
                 "object": data.hex()}
        if kind == "container":
            entry.update(container_id=7, name_key=name_key.hex(),
                         object_name=reader.container_object_name(name_key, 7))
        if expect == "success":
            entry["keys"] = [catalog.hex(), name_key.hex()] if kind == "root" else [container_key.hex()]
        entry.update(more)
        made.append(entry)

    def container(context_id=7, version=2, written_id=7):
        return (b"BKC1" + written_id.to_bytes(8, "big") +
                sized(wrap("container", container_key, reader.container_context(context_id), version)))

    add("root", "catalog key and name key", "root", root)
    add("container", "one container's key, under the newest root key", "container", container())
    add("container_old_root", "the same, under the older root key", "container", container(version=1))
    bad = {"expect": "failure"}
    add("root_swapped", "catalog and name key exchanged", "root",
        b"BKR1" + sized(name_wrapped) + sized(catalog_wrapped), **bad)
    add("root_flipped", "one bit of a tag", "root", flipped(root, len(root) - 1), **bad)
    add("root_version_changed", "the root version in the wrapped form changed", "root", flipped(root, 4 + 2 + 15, 0),
        **bad)
    add("root_trailing", "a byte too many", "root", root + b"\0", **bad)
    add("root_cut", "a byte too few", "root", root[:-1], **bad)
    add("root_magic", "another kind of object", "root", b"BKC1" + root[4:], **bad)
    add("root_empty", "nothing", "root", b"", **bad)
    add("other_key_file", "wrapped under another key file", "root", root, file=key_file(identity=fixed("other", 8)), **bad)
    add("other_root_key", "the key file's id, another key", "root", root,
        file=key_file(keys={1: roots[1], 2: fixed("other root", 32)}), **bad)
    add("missing_root_version", "the key file is an older copy", "root", root, file=key_file(versions=(1,)), **bad)
    add("container_moved", "another container's object under this name", "container", container(written_id=8), **bad)
    add("container_renamed", "another container's wrapped key, the id rewritten", "container", container(context_id=8), **bad)
    add("container_catalog", "the catalog key offered as a container's", "container",
        b"BKC1" + (7).to_bytes(8, "big") + sized(catalog_wrapped), **bad)
    for name, text in (("file_cut", key_file()[:-1]), ("file_header", key_file().replace("key-1", "key-2", 1)),
                       ("file_no_root", key_file(versions=())), ("file_roots_descend", key_file(versions=(2, 1))),
                       ("file_no_id", key_file().replace("id ", "# ", 1)),
                       ("file_unknown_line", key_file() + "more\n"),
                       ("file_base64", key_file().replace("=\n", "\n", 1))):
        add(name, "a key file that must be refused", "root", root, file=text, **bad)
    return made


class Place:
    """Two backups: a whole one of two segments, and one of what changed. What is asked for differs from that."""

    KEY = fixed("backup catalog key", 32)
    TARGET = fixed("backup target", 16)

    def __init__(self):
        self.objects = {}

    def segment(self, salt, index, entries, what, magic=b"BKS1"):
        plain, last = b"", b""
        for key, version, value in entries:
            shared = len(os.path.commonprefix([key, last])) if plain else 0
            plain += backups.varint(shared) + backups.varint(len(key) - shared) + key[shared:] + version.to_bytes(8, "little")
            if version:
                plain += backups.varint(len(value)) + value
            last = key
        data = magic + backups.run_key(self.KEY, salt).encrypt(backups.segment_nonce(index), plain, magic)
        identity = fixed("backup segment " + what, 16)
        self.objects["segment-" + identity.hex()] = data
        return identity + backups.varint(len(data)) + backups.varint(len(entries)) + backups.varint(len(entries[0][0])) + entries[0][0]

    def manifest(self, number, runs, state, form=1, trail=b"", bound=None, **changes):
        """`runs`: (salt, [segment's bytes]); `changes`: records, bytes, digest."""
        digest = hashlib.sha256(b"".join(backups.varint(len(k)) + k + v.to_bytes(8, "little") for k, (v, _) in sorted(state.items()))).digest()
        identity = fixed(f"backup {number}", 16)
        plain = bytes([form]) + self.TARGET + identity + backups.varint(number) + (bytes(48) if number == 1 else fixed("previous", 48))
        plain += (0xABCDEF).to_bytes(8, "little") + (3).to_bytes(4, "little") + backups.varint(number)
        plain += (17_000_000_000_000_000 + number).to_bytes(8, "little") + (17_000_000_000_000_500 + number).to_bytes(8, "little")
        plain += backups.varint(changes.get("records", len(state)))
        plain += backups.varint(changes.get("bytes", sum(len(k) + len(v) for k, (_, v) in state.items())))
        plain += changes.get("digest", digest) + backups.varint(len(runs))
        for salt, segments in runs:
            plain += salt + backups.varint(len(segments)) + b"".join(segments)
        plain += trail
        name, salt = f"backup-{number:010d}-{identity.hex()}", fixed(f"backup manifest salt {number}", 32)
        self.objects[name] = b"BKM1" + salt + backups.manifest_key(self.KEY, salt).encrypt(
            bytes(12), plain, b"BKM1" + salt + (bound or name).encode())
        return name


def backup_places():
    made = []
    salts = [fixed(f"backup run salt {i}", 32) for i in range(2)]
    first = [(b"Aacme", 0x10000000005, b"sealed account"), (b"B" + bytes(7) + b"\x07photos/a.jpg", 0x10000000007, b"sealed head a")]
    second = [(b"B" + bytes(7) + b"\x07photos/b.jpg", 0x10000000008, b"sealed head b"), (b"Mcheck", 0x10000000002, b"sealed check"),
              (b"S" + bytes(7) + b"\x01", 0x10000000001, b"a session")]
    changes = [(first[1][0], 0, b""), (second[0][0], 0x20000000009, b"another head b"), (b"B" + bytes(7) + b"\x07photos/c.jpg", 0x2000000000A, b"")]
    whole = {k: (v, value) for k, v, value in first + second}
    after = {k: v for k, v in whole.items() if k != first[1][0]} | {k: (v, value) for k, v, value in changes if v}

    def add(name, comment, place, manifest, expect="success", state=None):
        vector = {"name": name, "comment": comment, "catalog_key": Place.KEY.hex(), "manifest": manifest, "expect": expect,
                  "objects": {n: split(d) for n, d in sorted(place.objects.items())}}
        if state is not None:
            vector["state"] = {k.hex(): [v, value.hex()] for k, (v, value) in sorted(state.items())}
        made.append(vector)

    def both(first_entries=first, second_entries=second, change_entries=changes, state=after, **more):
        place = Place()
        lower = [place.segment(salts[0], 0, first_entries, "a"), place.segment(salts[0], 1, second_entries, "b")]
        one = place.manifest(1, [(salts[0], lower)], whole)
        upper = [place.segment(salts[1], 0, change_entries, "c")]
        two = place.manifest(2, [(salts[0], lower), (salts[1], upper)], state, **more)
        return place, one, two

    place, one, two = both()
    add("whole", "one run of two segments", place, one, state=whole)
    add("changes", "a run that changes, adds and removes, laid over the first", place, two, state=after)
    a, b, c = ("segment-" + fixed("backup segment " + w, 16).hex() for w in "abc")

    def bad(name, comment, change):
        place, _, two = both()
        change(place.objects, two)
        add(name, comment, place, two, "failure")

    def put(objects, name, data):
        objects[name] = data

    bad("manifest_flipped", "a bit of the manifest is wrong", lambda o, n: put(o, n, flipped(o[n], 60)))
    bad("manifest_salt", "a bit of its salt is wrong", lambda o, n: put(o, n, flipped(o[n], 10)))
    bad("manifest_cut", "its last byte is missing", lambda o, n: put(o, n, o[n][:-1]))
    bad("manifest_magic", "of a later format", lambda o, n: put(o, n, b"BKM2" + o[n][4:]))
    bad("manifest_replayed", "an older one under the newest's name", lambda o, n: put(o, n, o[one]))
    bad("segment_missing", "a segment is not there", lambda o, n: o.pop(b))
    bad("segment_flipped", "a bit of a segment is wrong", lambda o, n: put(o, c, flipped(o[c], 20)))
    bad("segment_cut", "its last byte is missing", lambda o, n: put(o, a, o[a][:-1]))
    bad("segment_longer", "a byte was added", lambda o, n: put(o, a, o[a] + b"\0"))
    bad("segments_swapped", "of one run", lambda o, n: o.update({a: o[b], b: o[a]}))
    bad("segment_of_another_run", "as long as the one that should be there", lambda o, n: put(o, c, (o[a] + bytes(99))[:len(o[c])]))

    def other(name, comment, **more):
        place, _, two = both(**more)
        add(name, comment, place, two, "failure")

    other("manifest_format", "an unknown format within", form=2)
    other("manifest_trail", "bytes behind its end", trail=b"\0")
    other("manifest_bound_elsewhere", "sealed for another name", bound="backup-0000000002-" + "0" * 32)
    other("records", "another count than what stands", records=4)
    other("bytes", "other bytes than what stands", bytes=1)
    other("digest", "another digest than what stands", digest=bytes(32))
    other("descending", "keys that do not ascend", change_entries=[changes[0], changes[2], changes[1]])
    other("twice", "a key twice", change_entries=[changes[0], changes[0], changes[1]])
    other("removed_below", "the first run removes", first_entries=[first[0], (first[1][0], 0, b"")])
    other("runs_overlap", "the second segment begins before the first ends", second_entries=[(b"A", 5, b"x")] + second)
    return made


def published(path):
    with open(path, encoding="utf-8") as file:
        source = json.load(file)["vectors"]
    made = []
    for vector in source:
        if vector["aead"] != "AEAD_AES_256_GCM":
            continue
        message = base64.b64decode(vector["ciphertext"] or "")
        if vector.get("compressed"):
            message = zlib.decompress(message, 47)
        entry = {name: vector[name] for name in ("name", "comment", "expect", "key", "aead_key", "base_nonce",
                                                 "payload_length", "payload_sha256") if name in vector}
        entry["hash"] = "SHA-256"
        entry["context"] = vector["context"].encode().hex()
        entry["message"] = split(message)
        made.append(entry)
    return made


def interop():
    from cryptography.cobblestone import Cobblestone256Encryptor
    made = []
    for length in (0, 20, CHUNK, CHUNK + 50):
        key, payload, context = fixed(f"interop {length}", 32), bytes(length), reader.piece_context(length, bytes(16))
        encryptor = Cobblestone256Encryptor(key, context)
        message = encryptor.update(payload) + encryptor.finalize()
        aead_key, base_nonce, _ = reader.derive_piece(key, message[:24], context)
        made.append({"name": f"length_{length}", "comment": f"{length} zero bytes", "expect": "success",
                     "key": key.hex(), "aead_key": aead_key.hex(), "base_nonce": base_nonce.hex(),
                     "payload_length": length, "payload_sha256": hashlib.sha256(payload).hexdigest(),
                     "hash": "SHA-512", "context": context.hex(), "message": split(message)})
    return made


def check_with_cobblestone(vectors):
    """A second opinion on the pieces, where the installed package has one."""
    try:
        from cryptography.cobblestone import Cobblestone256Decryptor
    except ImportError:
        print("pieces.json: not checked against the package's own Cobblestone-256, which needs cryptography 50")
        return
    for vector in vectors:
        context = reader.piece_context(vector["container_id"], bytes.fromhex(vector["piece_id"]))
        decryptor = Cobblestone256Decryptor(bytes.fromhex(vector["key"]), context)
        message = (bytes.fromhex(vector["salt"]) + bytes.fromhex(vector["commitment"]) +
                   vector_checks.join(vector["sealed"]))
        try:
            plain = decryptor.update(message) + decryptor.finalize()
        except Exception:  # whatever it raises for what it refuses
            plain = None
        if plain is not None and len(plain) != vector["plain_length"]:
            plain = None  # the manifest knows the length; the message alone does not
        assert (plain is not None) == (vector["expect"] == "success"), vector["name"]


def write(folder, name, form, comment, vectors):
    seen = set()
    for vector in vectors:
        problem = vector_checks.check(form, vector)
        assert not problem, (vector["name"], problem)
        assert vector["name"] not in seen, vector["name"]
        seen.add(vector["name"])
    with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
        json.dump({"format": form, "licence": LICENCE, "comment": comment, "vectors": vectors}, file, indent=1)
        file.write("\n")
    print(f"{name}: {len(vectors)} vectors")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder")
    parser.add_argument("--published")
    parser.add_argument("--interop", action="store_true")
    options = parser.parse_args()
    own = "Made by tools/reader/make_vectors.py from the specification."
    made = pieces()
    check_with_cobblestone(made)
    write(options.folder, "pieces.json", "bascule-piece-1", own, made)
    write(options.folder, "extent_names.json", "bascule-extent-name-1", own, extent_names())
    write(options.folder, "unit_tags.json", "bascule-unit-tag-1", own, unit_tags())
    write(options.folder, "keyrings.json", "bascule-keyring-1", own, keyrings())
    write(options.folder, "backups.json", "bascule-backup-1", own, backup_places())
    if options.published:
        write(options.folder, "chunked_encryption.json", "chunked-encryption",
              "The AEAD_AES_256_GCM vectors of cryptography-vectors 50.0.2, chunked-encryption/vectors.json "
              "(Apache-2.0 OR BSD-3-Clause, the Python Cryptographic Authority and its contributors), with the contexts "
              "and messages written out in hexadecimal and long runs of zeros shortened. They derive with SHA-256.",
              published(options.published))
    if options.interop:
        write(options.folder, "cobblestone_256.json", "chunked-encryption",
              "Made with Cobblestone256Encryptor of the PyPI package cryptography 50.0.2.", interop())


if __name__ == "__main__":
    main()
