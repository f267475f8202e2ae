# SPDX-License-Identifier: Apache-2.0
"""Checks one vector of docs/formats/vectors (docs/formats/vectors/README.md describes their forms)."""
import hashlib

from cryptography.hazmat.primitives import hashes

import backup_reader
import bascule_reader as reader


def join(parts) -> bytes:
    """Hexadecimal strings, and numbers that stand for so many zero bytes."""
    return b"".join(bytes(part) if isinstance(part, int) else bytes.fromhex(part) for part in parts)


def attempt(action):
    try:
        return action()
    except reader.Damaged:
        return None


def judge(vector, result):
    """`result` is None where opening was refused."""
    if vector["expect"] == "failure":
        return None if result is None else "should have been refused"
    if result is None:
        return "should have opened"
    return None


def check_chunked_encryption(vector):
    message, key, context = join(vector["message"]), bytes.fromhex(vector["key"]), bytes.fromhex(vector["context"])
    salt, commitment, sealed = message[:24], message[24:56], message[56:]
    algorithm = {"SHA-256": hashes.SHA256, "SHA-512": hashes.SHA512}[vector["hash"]]

    def open_it():
        derived = reader.derive_piece(key, salt, context, algorithm)
        return derived, reader.open_chunks(derived, commitment, sealed)

    opened = attempt(open_it)
    problem = judge(vector, opened)
    if problem or opened is None:
        return problem
    (aead_key, base_nonce, _), plain = opened
    if aead_key.hex() != vector["aead_key"] or base_nonce.hex() != vector["base_nonce"]:
        return "another key or nonce was derived"
    if len(plain) != vector["payload_length"] or hashlib.sha256(plain).hexdigest() != vector["payload_sha256"]:
        return "opened to something else"
    return None


def check_piece(vector):
    context = reader.piece_context(vector["container_id"], bytes.fromhex(vector["piece_id"]))
    arguments = [bytes.fromhex(vector[name]) for name in ("key", "salt", "commitment")]
    sealed = join(vector["sealed"])

    def open_it():
        if reader.plain_size(len(sealed)) != vector["plain_length"]:
            raise reader.Damaged("the manifest says another length")
        return reader.open_piece(*arguments, context, sealed)

    plain = attempt(open_it)
    problem = judge(vector, plain)
    if problem or plain is None:
        return problem
    if hashlib.sha256(plain).hexdigest() != vector["plain_sha256"]:
        return "opened to something else"
    return None


def check_extent_name(vector):
    name_key = bytes.fromhex(vector["name_key"])
    if vector["expect"] == "failure":
        return judge(vector, attempt(lambda: reader.extent_id(name_key, vector["name_text"])))
    extent = (vector["incarnation"].to_bytes(6, "big") + vector["session"].to_bytes(4, "big") +
              vector["sequence"].to_bytes(6, "big"))
    if reader.extent_name(name_key, extent) != vector["name_text"]:
        return "named otherwise"
    return None if reader.extent_id(name_key, vector["name_text"]) == extent else "read back otherwise"


def check_unit_tag(vector):
    tag = reader.unit_tag(bytes.fromhex(vector["catalog_key"]), bytes.fromhex(vector["extent_id"]), vector["shard"],
                          vector["unit"], join(vector["content"]))
    same = tag.hex() == vector["tag"]
    return None if same == (vector["expect"] == "success") else "the tag is judged otherwise"


def check_keyring(vector):
    data = bytes.fromhex(vector["object"])

    def open_it():
        key_file = reader.KeyFile(vector["key_file"])
        if vector["kind"] == "root":
            return reader.open_root(key_file, data)
        return (reader.open_container(key_file, vector["container_id"], data),)

    keys = attempt(open_it)
    problem = judge(vector, keys)
    if problem or keys is None:
        return problem
    if [key.hex() for key in keys] != vector["keys"]:
        return "other keys were unwrapped"
    if vector["kind"] == "container":
        name = reader.container_object_name(bytes.fromhex(vector["name_key"]), vector["container_id"])
        if name != vector["object_name"]:
            return "the object is named otherwise"
    return None


def check_backup(vector):
    objects = {name: join(parts) for name, parts in vector["objects"].items()}
    read = attempt(lambda: backup_reader.read_backup(bytes.fromhex(vector["catalog_key"]), vector["manifest"], objects.__getitem__))
    problem = judge(vector, read)
    if problem or read is None:
        return problem
    state = {key.hex(): [version, value.hex()] for key, (version, value) in read["state"].items()}
    return None if state == vector["state"] else "another state was read"


CHECKS = {
    "chunked-encryption": check_chunked_encryption,
    "bascule-piece-1": check_piece,
    "bascule-extent-name-1": check_extent_name,
    "bascule-unit-tag-1": check_unit_tag,
    "bascule-keyring-1": check_keyring,
    "bascule-backup-1": check_backup,
}


def check(form, vector):
    return CHECKS[form](vector)
