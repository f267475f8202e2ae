"""Append blobs: Put Blob, Append Block, Append Blob Seal."""
from case import BLOCK_BLOB, ETAG, L1, L2, OLD, Step, Table, put
from lib import azure

table = Table("append_blobs")
case = table.case
APPEND_BLOB = {"x-ms-blob-type": "AppendBlob"}


def create(headers=None, status=201, **more):
    return Step("PUT /{c}/b", {**APPEND_BLOB, **(headers or {})}, b"", status, **more)


def append(data=b"abc", headers=None, status=201, **more):
    return Step("PUT /{c}/b?comp=appendblock", headers or {}, data, status, **more)


def seal(headers=None, status=200, **more):
    return Step("PUT /{c}/b?comp=seal", headers or {}, b"", status, **more)


def get(content, **more):
    return Step("GET /{c}/b", content=content, **more)


LEASE = Step("PUT /{c}/b?comp=lease", {"x-ms-lease-action": "acquire", "x-ms-lease-duration": "-1",
                                       "x-ms-proposed-lease-id": L1}, b"", 201)

case("Put Blob (append)", "empty",
     create(has={"ETag": ETAG, "Last-Modified": True, "x-ms-request-server-encrypted": "true", "Content-Length": "0"},
            hasnt=("Content-MD5", "x-ms-content-crc64")),
     Step("GET /{c}/b", content=b"", has={"x-ms-blob-type": "AppendBlob", "x-ms-blob-committed-block-count": "0",
                                          "Content-Type": "application/octet-stream"},
          hasnt=("x-ms-access-tier", "x-ms-blob-sealed", "x-ms-blob-sequence-number")),
     Step("HEAD /{c}/b", has={"x-ms-blob-committed-block-count": "0"}, hasnt=("x-ms-access-tier",)), ref="R6 R7")
case("Put Blob (append)", "properties-and-metadata",
     create({"x-ms-blob-content-type": "text/x", "x-ms-blob-cache-control": "no-store", "x-ms-meta-a": "1"}),
     Step("HEAD /{c}/b", has={"Content-Type": "text/x", "Cache-Control": "no-store", "x-ms-meta-a": "1"}))
case("Put Blob (append)", "with-a-body",
     Step("PUT /{c}/b", APPEND_BLOB, b"x", 400, code="InvalidHeaderValue", xml={"HeaderName": "Content-Length"},
          differs=True), Step("HEAD /{c}/b", status=404))
case("Put Blob (append)", "with-a-length",
     create({"x-ms-blob-content-length": "512"}, 400, code="InvalidHeaderValue", differs=True,
            xml={"HeaderName": "x-ms-blob-content-length"}), ref="S35")
case("Put Blob (append)", "replaces-its-like",
     create(), append(), create(), get(b"", has={"x-ms-blob-committed-block-count": "0"}))
case("Put Blob (append)", "over-a-block-blob", put(), create(status=409, code="InvalidBlobType", differs=True), ref="S35")
case("Put Blob (append)", "a-block-blob-over-it",
     create(), Step("PUT /{c}/b", BLOCK_BLOB, b"x", 409, code="InvalidBlobType", differs=True), ref="S35")
case("Put Blob (append)", "only-if-absent",
     create({"If-None-Match": "*"}), create({"If-None-Match": "*"}, 409, code="BlobAlreadyExists"))
case("Put Blob (append)", "condition-not-met",
     create(), create({"If-Match": '"0x1"'}, 412, code="ConditionNotMet"))
case("Put Blob (append)", "leased", create(), LEASE, create(status=412, code="LeaseIdMissing"),
     create({"x-ms-lease-id": L1}))
case("Put Blob (append)", "before-2015-02-21",
     Step("PUT /{c}/b", APPEND_BLOB, b"x", 409, code="FeatureVersionMismatch", version="2014-02-14", differs=True), ref="S6")
case("Put Blob (append)", "missing-container",
     Step("PUT /absent-container/b", APPEND_BLOB, b"", 404, code="ContainerNotFound"), container=False)

case("Append Block", "one-after-another",
     create(save={"first": "ETag"}),
     append(b"abc", has={"x-ms-blob-append-offset": "0", "x-ms-blob-committed-block-count": "1", "ETag": ETAG,
                         "Last-Modified": True, "x-ms-request-server-encrypted": "true",
                         "x-ms-content-crc64": azure.crc64(b"abc")}, hasnt=("Content-MD5",), differs=True,
            check=lambda response, saved: response.header("ETag") != saved["first"]),
     append(b"defg", has={"x-ms-blob-append-offset": "3", "x-ms-blob-committed-block-count": "2"}),
     get(b"abcdefg", has={"x-ms-blob-committed-block-count": "2", "Content-Length": "7"}),
     Step("GET /{c}/b", {"Range": "bytes=2-4"}, status=206, content=b"cde", has={"Content-Range": "bytes 2-4/7"}), ref="R6")
case("Append Block", "md5-sent-md5-back",
     create(), append(headers={"Content-MD5": azure.md5(b"abc")}, has={"Content-MD5": azure.md5(b"abc")},
                      hasnt=("x-ms-content-crc64",), differs=True), ref="R6 A11")
case("Append Block", "md5-sent-both-back-from-2026-10-06",
     create(), append(headers={"Content-MD5": azure.md5(b"abc")}, version="2026-10-06", differs=True,
                      has={"Content-MD5": azure.md5(b"abc"), "x-ms-content-crc64": azure.crc64(b"abc")}), ref="S36")
case("Append Block", "md5-wrong",
     create(), append(headers={"Content-MD5": azure.md5(b"x")}, status=400, code="Md5Mismatch", differs=True), get(b""))
case("Append Block", "crc64-wrong",
     create(), append(headers={"x-ms-content-crc64": azure.crc64(b"x")}, status=400, code="Crc64Mismatch", differs=True), get(b""))
case("Append Block", "empty-block",
     create(), append(b"", status=400, code="InvalidHeaderValue", differs=True,
                      xml={"HeaderName": "Content-Length", "HeaderValue": "0"}), ref="R6")
case("Append Block", "at-a-position",
     create(), append(headers={"x-ms-blob-condition-appendpos": "0"}),
     append(headers={"x-ms-blob-condition-appendpos": "2"}, status=412, code="AppendPositionConditionNotMet"),
     append(b"d", headers={"x-ms-blob-condition-appendpos": "3"}), get(b"abcd"), ref="A22 R6")
case("Append Block", "position-is-no-number",
     create(), append(headers={"x-ms-blob-condition-appendpos": "x"}, status=400, code="InvalidHeaderValue", differs=True))
case("Append Block", "up-to-a-size",
     create(), append(headers={"x-ms-blob-condition-maxsize": "3"}),
     append(b"d", headers={"x-ms-blob-condition-maxsize": "3"}, status=412, code="MaxBlobSizeConditionNotMet"),
     append(b"d", headers={"x-ms-blob-condition-maxsize": "4"}), get(b"abcd"), ref="A22")
case("Append Block", "condition-not-met",
     create(), append(headers={"If-Match": '"0x1"'}, status=412, code="ConditionNotMet"),
     append(headers={"If-Unmodified-Since": OLD}, status=412, code="ConditionNotMet"), get(b""))
case("Append Block", "leased",
     create(), LEASE, append(status=412, code="LeaseIdMissing"),
     append(headers={"x-ms-lease-id": L2}, status=412, code="LeaseIdMismatchWithBlobOperation"),
     append(headers={"x-ms-lease-id": L1}), get(b"abc"))
case("Append Block", "lease-where-none-is",
     create(), append(headers={"x-ms-lease-id": L1}, status=412, code="LeaseNotPresentWithBlobOperation"))
case("Append Block", "no-blob", append(status=404, code="BlobNotFound"))
case("Append Block", "to-a-block-blob", put(), append(status=409, code="InvalidBlobType"))
case("Append Block", "too-large-before-2022-11-02",
     create(), append(b"", {"Expect": "100-continue", "Content-Length": str((4 << 20) + 1)}, 413,
                      version="2021-12-02", code="RequestBodyTooLarge", differs=True), ref="S11")
case("Append Block", "too-large",
     create(), append(b"", {"Expect": "100-continue", "Content-Length": str((100 << 20) + 1)}, 413,
                      code="RequestBodyTooLarge", differs=True), ref="S11")
case("Append Block", "before-2015-02-21",
     create(), append(status=409, code="FeatureVersionMismatch", version="2014-02-14", differs=True), ref="S6")
case("Append Block", "missing-container",
     Step("PUT /absent-container/b?comp=appendblock", {}, b"x", 404, code="ContainerNotFound"), container=False)
case("Append Block", "properties-stay",
     create({"x-ms-meta-a": "1", "x-ms-blob-content-type": "text/x"}), append(),
     Step("HEAD /{c}/b", has={"x-ms-meta-a": "1", "Content-Type": "text/x", "Content-Length": "3"}))
case("Append Block", "listed",
     create(), append(),
     Step("GET /{c}?restype=container&comp=list",
          xml={"Blobs/Blob/Properties/BlobType": "AppendBlob", "Blobs/Blob/Properties/Content-Length": "3",
               "Blobs/Blob/Properties/AccessTier": []}), ref="R4")

case("Append Blob Seal", "sealed",
     create(), append(save={"before": "ETag"}),
     seal(has={"x-ms-blob-sealed": "true", "ETag": ETAG, "Last-Modified": True},
          check=lambda response, saved: response.header("ETag") != saved["before"]),
     append(status=409, code="BlobIsSealed", differs=True),
     get(b"abc", has={"x-ms-blob-sealed": "true"}, differs=True),
     Step("GET /{c}?restype=container&comp=list", xml={"Blobs/Blob/Properties/Sealed": "true"}, differs=True),
     seal(), ref="R6")
case("Append Blob Seal", "metadata-goes-on",
     create(), seal(), Step("PUT /{c}/b?comp=metadata", {"x-ms-meta-a": "1"}), Step("HEAD /{c}/b", has={"x-ms-blob-sealed": "true"}))
case("Append Blob Seal", "at-a-position",
     create(), append(), seal({"x-ms-blob-condition-appendpos": "2"}, 412, code="AppendPositionConditionNotMet", differs=True),
     seal({"x-ms-blob-condition-appendpos": "3"}))
case("Append Blob Seal", "condition-not-met", create(), seal({"If-Match": '"0x1"'}, 412, code="ConditionNotMet", differs=True))
case("Append Blob Seal", "leased", create(), LEASE, seal(status=412, code="LeaseIdMissing", differs=True), seal({"x-ms-lease-id": L1}))
case("Append Blob Seal", "a-block-blob", put(), seal(status=409, code="InvalidBlobType", differs=True))
case("Append Blob Seal", "no-blob", seal(status=404, code="BlobNotFound"))
case("Append Blob Seal", "created-anew", create(), append(), seal(), create(), append(), get(b"abc", hasnt=("x-ms-blob-sealed",)))

# --- Copy Blob and the seal ---------------------------------------------------------------------------------------------
COPY = {"x-ms-copy-source": "http://{address}/{account}/{c}/b"}
MORE = Step("PUT /{c}/copy?comp=appendblock", {}, b"d", 409, code="BlobIsSealed")
case("Copy Blob", "seals-the-copy", create(), append(), Step("PUT /{c}/copy", {**COPY, "x-ms-seal-blob": "true"}, b"", 202),
     Step("HEAD /{c}/copy", has={"x-ms-blob-sealed": "true"}), MORE, Step("HEAD /{c}/b", hasnt=("x-ms-blob-sealed",)), differs=True)
case("Copy Blob", "of-a-sealed-blob", create(), append(), seal(), Step("PUT /{c}/copy", {**COPY, "x-ms-seal-blob": "false"}, b"", 202), MORE,
     differs=True)
case("Copy Blob", "seals-no-block-blob", put(), Step("PUT /{c}/copy", {**COPY, "x-ms-seal-blob": "true"}, b"", 409, code="InvalidBlobType"),
     Step("HEAD /{c}/copy", status=404), differs=True)
case("Copy Blob", "seal-is-true-or-false", create(), Step("PUT /{c}/copy", {**COPY, "x-ms-seal-blob": "maybe"}, b"", 400,
                                                          code="InvalidHeaderValue", xml={"HeaderName": "x-ms-seal-blob"}), differs=True)
case("Copy Blob From URL", "seal-is-refused", create(), Step("PUT /{c}/copy", {**COPY, "x-ms-requires-sync": "true", "x-ms-seal-blob": "true"}, b"",
                                                            400, code="UnsupportedHeader"), differs=True)
