"""Structured messages: writes whose content carries CRC64s, and reads that ask for them."""
import struct
from urllib.parse import quote

from case import BLOCK_BLOB, Step, Table, put, require
from lib import azure

table = Table("structured")
case = table.case
FORM = "XSM/1.0; properties=crc64"
VERSION = "2025-01-05"


def raw_crc(data):
    import base64
    return base64.b64decode(azure.crc64(data))


def message(data, segment=4 * 1024 * 1024, version=1, flags=1, length=None, segments=None, break_crc=None, break_total=False):
    pieces = [data[at:at + segment] for at in range(0, len(data), segment)] or [b""]
    total = 13 + sum(18 + len(piece) for piece in pieces) + 8
    out = struct.pack("<BQHH", version, total if length is None else length, flags, len(pieces) if segments is None else segments)
    for number, piece in enumerate(pieces, 1):
        crc = raw_crc(piece)
        if number == break_crc:
            crc = bytes([crc[0] ^ 1]) + crc[1:]
        out += struct.pack("<HQ", number, len(piece)) + piece + crc
    crc = raw_crc(data)
    return out + (bytes([crc[0] ^ 1]) + crc[1:] if break_total else crc)


def read_message(data):
    """The content of a message, every byte of its framing checked."""
    version, total, flags, segments = struct.unpack_from("<BQHH", data)
    require((version, total, flags) == (1, len(data), 1) and segments >= 1, f"header {(version, total, flags, segments)}")
    at, content = 13, b""
    for number in range(1, segments + 1):
        found, size = struct.unpack_from("<HQ", data, at)
        require(found == number, f"segment {found}")
        piece = data[at + 10:at + 10 + size]
        require(data[at + 10 + size:at + 18 + size] == raw_crc(piece), f"CRC64 of segment {number}")
        content += piece
        at += 18 + size
    require(data[at:] == raw_crc(content), "CRC64 of the whole")
    return content


def message_bytes(size):
    return 13 + 18 * max(1, -(-size // (4 * 1024 * 1024))) + size + 8


def headers(data, **more):
    return {"x-ms-structured-body": FORM, "x-ms-structured-content-length": str(len(data)), **more}


def write(data, body=None, status=201, name="b", more=None, **kind):
    return Step(f"PUT /{{c}}/{name}", {**BLOCK_BLOB, **headers(data), **(more or {})}, message(data) if body is None else body,
                status, version=kind.pop("version", VERSION), **kind)


def block(data, body=None, status=201, **kind):
    return Step(f"PUT /{{c}}/b?comp=block&blockid={quote(azure.block_id(1), safe='')}", headers(data),
                message(data) if body is None else body, status, version=VERSION, **kind)


def read(data, path="/{c}/b", more=None, status=200, **kind):
    def checked(response, saved):
        require(read_message(response.body) == data, "another content")
    return Step(f"GET {path}", {"x-ms-structured-body": FORM, **(more or {})}, status=status, version=VERSION,
                has={"x-ms-structured-body": FORM, "x-ms-structured-content-length": str(len(data)),
                     "Content-Length": str(message_bytes(len(data)))}, check=checked, **kind)


DATA = b"0123456789abcdef" * 100
LARGE = bytes(range(256)) * 4 * 1024 * 5   # 5 MiB: two segments
OPERATION = "Structured messages"
case(OPERATION, "put-blob",
     write(DATA, has={"x-ms-structured-body": FORM, "x-ms-content-crc64": azure.crc64(DATA), "Content-MD5": azure.md5(DATA)}),
     Step("GET /{c}/b", content=DATA, has={"Content-MD5": azure.md5(DATA)}, hasnt=("x-ms-structured-*",)), ref="S42")
case(OPERATION, "put-blob-of-several-segments",
     write(LARGE, lambda _: message(LARGE, 1024 * 1024)), Step("GET /{c}/b", content=LARGE), ref="S42")
case(OPERATION, "put-blob-of-tiny-segments",
     write(DATA, message(DATA, 1)), Step("GET /{c}/b", content=DATA), ref="S42")
case(OPERATION, "put-blob-of-nothing", write(b""), Step("GET /{c}/b", content=b""), ref="S42")
case(OPERATION, "put-block",
     block(DATA, has={"x-ms-structured-body": FORM, "x-ms-content-crc64": azure.crc64(DATA)}),
     Step("PUT /{c}/b?comp=blocklist", {}, azure.block_list([("Latest", azure.block_id(1))]), 201),
     Step("GET /{c}/b", content=DATA), ref="S42")
case(OPERATION, "get-blob", put(DATA), read(DATA), ref="S42")
case(OPERATION, "get-blob-of-several-segments", put(LARGE), read(LARGE), ref="S42")
case(OPERATION, "get-blob-of-nothing", put(b""), read(b""), ref="S42")
case(OPERATION, "get-range",
     put(DATA), read(DATA[5:100], more={"x-ms-range": "bytes=5-99"}, status=206), ref="S42")
case(OPERATION, "get-range-has-its-place",
     put(DATA), Step("GET /{c}/b", {"x-ms-structured-body": FORM, "Range": "bytes=5-99"}, status=206, version=VERSION,
                     has={"Content-Range": f"bytes 5-99/{len(DATA)}"}), ref="S42")
case(OPERATION, "get-range-beyond-the-end",
     put(DATA), Step("GET /{c}/b", {"x-ms-structured-body": FORM, "Range": "bytes=5000-"}, status=416, version=VERSION,
                     code="InvalidRange", hasnt=("x-ms-structured-*",)), ref="S42")


def wrong(name, body, status=400, code=None, data=DATA, **more):
    case(OPERATION, name, write(data, body, status, code=code, **more), Step("HEAD /{c}/b", status=404), ref="S42")


wrong("crc64-of-a-segment-differs", message(DATA, 600, break_crc=2), code="Crc64Mismatch",
      elements={".": ["Code", "Message", "UserSpecifiedCrc", "ServerCalculatedCrc"]})
wrong("crc64-of-the-whole-differs", message(DATA, break_total=True), code="Crc64Mismatch",
      xml={"ServerCalculatedCrc": azure.crc64(DATA)})
wrong("other-version-of-the-format", message(DATA, version=2), code="InvalidInput")
wrong("flags-without-crc64", message(DATA, flags=0), code="InvalidInput")
wrong("length-in-the-header-differs", message(DATA, length=5), code="InvalidInput")
wrong("number-of-segments-differs", message(DATA, segments=2), code="InvalidInput")
wrong("no-segment", message(DATA, segments=0), code="InvalidInput")
wrong("plain-content", DATA, code="InvalidInput")
wrong("announced-content-differs", message(DATA[1:]), code="InvalidInput")
wrong("md5-beside-it", message(DATA), code="InvalidHeaderValue", more={"Content-MD5": azure.md5(DATA)})
wrong("crc64-beside-it", message(DATA), code="InvalidHeaderValue", more={"x-ms-content-crc64": azure.crc64(DATA)})
wrong("unknown-form", message(DATA), code="InvalidHeaderValue", more={"x-ms-structured-body": "XSM/2.0; properties=crc64"},
      xml={"HeaderName": "x-ms-structured-body"})
wrong("no-content-length", message(DATA), code="MissingRequiredHeader", more={"x-ms-structured-content-length": None})
wrong("content-length-not-a-number", message(DATA), code="InvalidHeaderValue", more={"x-ms-structured-content-length": "many"})
wrong("content-length-without-a-message", DATA, code="InvalidHeaderValue", more={"x-ms-structured-body": None})
wrong("content-over-the-limit", message(DATA), 413, code="RequestBodyTooLarge",
      more={"x-ms-structured-content-length": str(5001 * 1024 * 1024)})
wrong("before-2025-01-05", message(DATA), 409, code="FeatureVersionMismatch", version="2024-11-04")
case(OPERATION, "a-block-that-is-wrong-leaves-nothing",
     block(DATA, message(DATA, break_crc=1), 400, code="Crc64Mismatch"),
     Step("GET /{c}/b?comp=blocklist&blocklisttype=uncommitted", status=404), ref="S42")
case(OPERATION, "read-with-a-range-hash",
     put(DATA), Step("GET /{c}/b", {"x-ms-structured-body": FORM, "x-ms-range": "bytes=0-9", "x-ms-range-get-content-md5": "true"},
                     status=400, version=VERSION, code="InvalidHeaderValue"), ref="S42")
case(OPERATION, "read-of-an-unknown-form",
     put(DATA), Step("GET /{c}/b", {"x-ms-structured-body": "XSM/9.0"}, status=400, version=VERSION, code="InvalidHeaderValue"),
     ref="S42")
case(OPERATION, "never-on-a-block-list",
     block(DATA),
     Step("PUT /{c}/b?comp=blocklist", headers(DATA), message(azure.block_list([("Latest", azure.block_id(1))])), 400,
          version=VERSION, code="UnsupportedHeader"), ref="S42")
