"""Block blobs: put, get, head, delete, metadata, headers, names."""
import re
import urllib.parse

from case import BLOCK_BLOB, ETAG, L1, Step, Table, put, require
from lib import azure

table = Table("blobs")
case = table.case
HELLO = b"hello, world"
READ_ORDER = ("Content-Length", "Content-Type", "Last-Modified", "Accept-Ranges", "ETag", "x-ms-request-id",
              "x-ms-version", "x-ms-creation-time", "x-ms-lease-status", "x-ms-lease-state", "x-ms-blob-type",
              "x-ms-server-encrypted", "Date")
HUNDRED_NS = re.compile(r"^[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$")

case("Put Blob", "put", Step("PUT /{c}/b", BLOCK_BLOB, HELLO, 201, has={
    "ETag": ETAG, "Last-Modified": True, "Content-MD5": azure.md5(HELLO), "x-ms-request-server-encrypted": "true",
    "Content-Length": "0"}, hasnt=("x-ms-blob-type", "x-ms-access-tier", "x-ms-lease*", "x-ms-meta*", "Content-Type"),
    order=("Content-Length", "Content-MD5", "Last-Modified", "ETag", "x-ms-request-id", "x-ms-version", "Date")),
     ref="R6 A2")
case("Put Blob", "crc64-beside-md5",
     Step("PUT /{c}/b", BLOCK_BLOB, HELLO, 201, has={"x-ms-content-crc64": azure.crc64(HELLO),
                                                      "Content-MD5": azure.md5(HELLO)}, differs=True), ref="A11 R6")
case("Put Blob", "before-2019-02-02-no-crc64",
     Step("PUT /{c}/b", BLOCK_BLOB, HELLO, 201, has={"Content-MD5": azure.md5(HELLO)}, hasnt=("x-ms-content-crc64",),
          version="2018-03-28"), ref="R6")
case("Put Blob", "before-2012-02-12-no-md5-unless-sent",
     Step("PUT /{c}/b", BLOCK_BLOB, HELLO, 201, hasnt=("Content-MD5",), version="2011-08-18", differs=True),
     Step("HEAD /{c}/b", hasnt=("Content-MD5",), differs=True),
     Step("PUT /{c}/b", {**BLOCK_BLOB, "Content-MD5": azure.md5(HELLO)}, HELLO, 201, version="2011-08-18", differs=True,
          has={"Content-MD5": azure.md5(HELLO)}),
     Step("HEAD /{c}/b", has={"Content-MD5": azure.md5(HELLO)}, differs=True), ref="Put Blob: Content-MD5")
case("Put Blob", "empty",
     Step("PUT /{c}/b", BLOCK_BLOB, b"", 201, has={"Content-MD5": azure.md5(b"")}),
     Step("GET /{c}/b", has={"Content-Length": "0", "Content-MD5": azure.md5(b"")}, content=b""), ref="R6")
case("Put Blob", "one-byte", put(b"x"), Step("GET /{c}/b", has={"Content-Length": "1"}, content=b"x"))
case("Put Blob", "overwrite-replaces-everything",
     put(b"first", headers={"x-ms-meta-a": "1", "x-ms-blob-content-type": "text/css", "x-ms-blob-cache-control": "no-store"}),
     Step("PUT /{c}/b", BLOCK_BLOB, b"second", 201, check=lambda r, s: require(r.header("ETag") != s["etag"], "same ETag")),
     Step("GET /{c}/b", has={"Content-Type": "application/octet-stream"}, hasnt=("x-ms-meta-a", "Cache-Control"),
          content=b"second"), ref="A1")
case("Put Blob", "content-md5-right",
     Step("PUT /{c}/b", {**BLOCK_BLOB, "Content-MD5": azure.md5(HELLO)}, HELLO, 201, has={"Content-MD5": azure.md5(HELLO)}))
case("Put Blob", "content-md5-wrong",
     Step("PUT /{c}/b", {**BLOCK_BLOB, "Content-MD5": azure.md5(b"other")}, HELLO, 400, code="Md5Mismatch", differs=True,
          xml={"UserSpecifiedMd5": azure.md5(b"other"), "ServerCalculatedMd5": azure.md5(HELLO)}),
     Step("HEAD /{c}/b", status=404), ref="R1")
case("Put Blob", "content-md5-malformed",
     Step("PUT /{c}/b", {**BLOCK_BLOB, "Content-MD5": "bm90IDE2IGJ5dGVz"}, HELLO, 400,
          code={"InvalidMd5", "InvalidHeaderValue"}, differs=True))
case("Put Blob", "content-crc64-right",
     Step("PUT /{c}/b", {**BLOCK_BLOB, "x-ms-content-crc64": azure.crc64(HELLO)}, HELLO, 201,
          has={"x-ms-content-crc64": azure.crc64(HELLO)}, differs=True), ref="A11")
case("Put Blob", "content-crc64-wrong",
     Step("PUT /{c}/b", {**BLOCK_BLOB, "x-ms-content-crc64": azure.crc64(b"other")}, HELLO, 400, code="Crc64Mismatch",
          xml={"UserSpecifiedCrc": azure.crc64(b"other"), "ServerCalculatedCrc": azure.crc64(HELLO)}, differs=True),
     Step("HEAD /{c}/b", status=404, differs=True), ref="R1")
case("Put Blob", "both-hashes",
     Step("PUT /{c}/b", {**BLOCK_BLOB, "x-ms-content-crc64": azure.crc64(HELLO), "Content-MD5": azure.md5(HELLO)}, HELLO,
          400, code="BothCrc64AndMd5HeaderPresent", differs=True), ref="A11")
case("Put Blob", "declared-md5-is-kept",
     Step("PUT /{c}/b", {**BLOCK_BLOB, "x-ms-blob-content-md5": azure.md5(HELLO)}, HELLO, 201),
     Step("HEAD /{c}/b", has={"Content-MD5": azure.md5(HELLO)}), ref="A11")
case("Put Blob", "declared-md5-is-checked",
     Step("PUT /{c}/b", {**BLOCK_BLOB, "x-ms-blob-content-md5": azure.md5(b"other")}, HELLO, 400, code="Md5Mismatch",
          xml={"UserSpecifiedMd5": azure.md5(b"other"), "ServerCalculatedMd5": azure.md5(HELLO)}, differs=True),
     Step("HEAD /{c}/b", status=404, differs=True), ref="azure-sdk-for-python test_upload_blob_content_md5")
case("Put Blob", "declared-md5-beside-another",
     Step("PUT /{c}/b", {**BLOCK_BLOB, "Content-MD5": azure.md5(HELLO), "x-ms-blob-content-md5": azure.md5(b"other")}, HELLO,
          400, code="Md5Mismatch", differs=True), Step("HEAD /{c}/b", status=404, differs=True))
case("Put Blob", "declared-md5-beside-crc64",
     Step("PUT /{c}/b", {**BLOCK_BLOB, "x-ms-content-crc64": azure.crc64(HELLO), "x-ms-blob-content-md5": azure.md5(HELLO)},
          HELLO, 201, differs=True), Step("HEAD /{c}/b", has={"Content-MD5": azure.md5(HELLO)}, differs=True))
case("Put Blob", "no-blob-type", Step("PUT /{c}/b", {}, HELLO, 400, differs=True,
                                           code={"MissingRequiredHeader", "InvalidHeaderValue"}))
case("Put Blob", "unknown-blob-type",
     Step("PUT /{c}/b", {"x-ms-blob-type": "Elephant"}, HELLO, 400, code="InvalidHeaderValue",
          xml={"HeaderName": "x-ms-blob-type", "HeaderValue": "Elephant"}, differs=True), ref="R1")
case("Put Blob", "page-headers-on-block-blob",
     Step("PUT /{c}/b", {**BLOCK_BLOB, "x-ms-blob-content-length": "512"}, b"", 400, differs=True), ref="S35")
case("Put Blob", "missing-container",
     Step("PUT /absent-container/b", BLOCK_BLOB, HELLO, 404, code="ContainerNotFound"), container=False)
case("Put Blob", "headers-are-kept",
     put(headers={"x-ms-blob-content-type": "text/plain; charset=utf-8", "x-ms-blob-content-encoding": "gzip",
                  "x-ms-blob-content-language": "fr", "x-ms-blob-cache-control": "max-age=3",
                  "x-ms-blob-content-disposition": 'attachment; filename="a b"'}),
     Step("HEAD /{c}/b", has={"Content-Type": "text/plain; charset=utf-8", "Content-Encoding": "gzip",
                               "Content-Language": "fr", "Cache-Control": "max-age=3",
                               "Content-Disposition": 'attachment; filename="a b"'},
          order=("Cache-Control", "Content-Type", "Content-Encoding", "Content-Language", "Content-MD5",
                 "Last-Modified", "Accept-Ranges", "ETag", "Content-Disposition", "Date")), ref="R6")
case("Put Blob", "standard-headers-when-no-x-ms",
     Step("PUT /{c}/b", {**BLOCK_BLOB, "Content-Type": "text/html", "Content-Language": "de",
                         "Cache-Control": "no-cache"}, HELLO, 201),
     Step("HEAD /{c}/b", has={"Content-Type": "text/html", "Content-Language": "de", "Cache-Control": "no-cache"},
          differs=True))
case("Put Blob", "x-ms-headers-beat-standard-ones",
     Step("PUT /{c}/b", {**BLOCK_BLOB, "Content-Type": "text/html", "x-ms-blob-content-type": "text/css"}, HELLO, 201),
     Step("HEAD /{c}/b", has={"Content-Type": "text/css"}))
case("Put Blob", "expect-100-continue",
     Step("PUT /{c}/b", {**BLOCK_BLOB, "Expect": "100-continue"}, HELLO, 201,
          check=lambda r, s: require(100 in r.interim, "no 100 Continue")),
     Step("GET /{c}/b", content=HELLO))
case("Put Blob", "expect-refused-before-body",
     Step("PUT /absent-container/b", {**BLOCK_BLOB, "Expect": "100-continue"}, HELLO, 404, differs=True,
          check=lambda r, s: require(100 not in r.interim, "asked for the body, then refused")), container=False)
case("Put Blob", "transfer-encoding-chunked",
     Step("PUT /{c}/b", {**BLOCK_BLOB, "Content-Length": None, "Transfer-Encoding": "chunked"},
          b"5\r\nhello\r\n7\r\n, world\r\n0\r\n\r\n", {201, 411}, early=True, differs=True, save={"chunked": "ETag"}),
     Step("GET /{c}/b", status={200, 404}, check=lambda r, s: require(
         (r.status == 200 and r.body == HELLO) if "chunked" in s else r.status == 404, "neither refused nor whole")),
     ref="A19")
case("Put Blob", "no-content-length",
     Step("PUT /{c}/b", {**BLOCK_BLOB, "Content-Length": None}, b"", 411, code="MissingContentLengthHeader", early=True,
          differs=True), ref="A19")

for name, size, version in [("64-MiB-before-2016", 64 << 20, "2015-04-05"),
                            ("256-MiB-before-2019-12-12", 256 << 20, "2018-11-09"), ("5000-MiB", 5000 << 20, "2023-11-03")]:
    case("Put Blob", f"over-{name}",
         Step("PUT /{c}/b", {**BLOCK_BLOB, "Expect": "100-continue", "Content-Length": str(size + 1)}, b"", 413,
              code="RequestBodyTooLarge", version=version,
              check=lambda r, s: require(100 not in r.interim, "asked for too large a body")), ref="S9 A19", differs=True)

case("Get Blob", "get",
     put(HELLO), Step("GET /{c}/b", has={
         "Content-Length": "12", "Content-Type": "application/octet-stream", "Content-MD5": azure.md5(HELLO),
         "ETag": "{etag}", "Last-Modified": "{modified}", "Accept-Ranges": "bytes", "x-ms-creation-time": HUNDRED_NS,
         "x-ms-lease-status": "unlocked", "x-ms-lease-state": "available", "x-ms-blob-type": "BlockBlob",
         "x-ms-server-encrypted": "true"}, hasnt=(
             "x-ms-request-server-encrypted", "x-ms-lease-duration", "x-ms-copy*", "x-ms-tag-count", "Content-Encoding",
             "Content-Language", "Cache-Control", "Content-Disposition", "Content-Range"),
          content=HELLO, order=READ_ORDER), ref="R6 A2")
case("Get Blob", "no-tier-headers-nor-second-md5",
     put(), Step("GET /{c}/b", hasnt=("x-ms-access-tier*", "x-ms-blob-content-md5"), differs=True), ref="R6")
case("Get Blob", "tier-headers-from-2026-10-06",
     put(), Step("GET /{c}/b", version="2026-10-06", has={"x-ms-access-tier": "Hot", "x-ms-access-tier-inferred": "true"},
                 differs=True),
     put(headers={"x-ms-access-tier": "Cool"}),
     Step("GET /{c}/b", {"Range": "bytes=0-1"}, status=206, version="2026-10-06", differs=True,
          has={"x-ms-access-tier": "Cool", "x-ms-access-tier-change-time": True}, hasnt=("x-ms-access-tier-inferred",)),
     ref="azure-sdk-for-go TestDownloadStreamAccessTierHeaders")
case("Get Blob Properties", "tier-headers",
     put(), Step("HEAD /{c}/b", has={"x-ms-access-tier": "Hot", "x-ms-access-tier-inferred": "true"},
                 hasnt=("x-ms-access-tier-change-time",), content=b"", differs=True), ref="R6")
case("Get Blob Properties", "head",
     put(HELLO), Step("HEAD /{c}/b", has={"Content-Length": "12", "ETag": "{etag}", "Content-MD5": azure.md5(HELLO),
                                          "x-ms-server-encrypted": "true", "Accept-Ranges": "bytes"}, order=READ_ORDER),
     ref="R6")
case("Get Blob Properties", "head-missing",
     Step("HEAD /{c}/absent", status=404, code="BlobNotFound", content=b"", differs=True,
          hasnt=("Content-Type", "ETag", "Last-Modified")), ref="A5 R1")
case("Get Blob", "get-missing", Step("GET /{c}/absent", status=404, code="BlobNotFound"), ref="R6")
case("Get Blob", "get-missing-container", Step("GET /absent-container/b", status=404, code="ContainerNotFound"),
     container=False)
case("Get Blob", "etag-is-bare-before-2011",
     put(), Step("GET /{c}/b", version="2009-09-19", has={"ETag": re.compile("^0x[0-9A-F]+$")}, differs=True), ref="S4")
case("Get Blob", "error-header-only-from-2017",
     Step("GET /{c}/absent", status=404, version="2016-05-31", code="BlobNotFound", hasnt=("x-ms-error-code",),
          differs=True), ref="S3")
case("Get Blob", "snapshot-malformed",
     put(), Step("GET /{c}/b?snapshot=yesterday", status=400, code="InvalidQueryParameterValue", differs=True), ref="R1")

case("Delete Blob", "delete",
     put(), Step("DELETE /{c}/b", status=202, has={"Content-Length": "0"}, hasnt=("ETag", "Last-Modified")),
     Step("GET /{c}/b", status=404, code="BlobNotFound"), ref="R6")
case("Delete Blob", "delete-type-permanent",
     put(), Step("DELETE /{c}/b", status=202, has={"x-ms-delete-type-permanent": "true"}, differs=True), ref="S39 R6")
case("Delete Blob", "delete-missing", Step("DELETE /{c}/absent", status=404, code="BlobNotFound"), ref="R6")
case("Delete Blob", "delete-with-snapshots-include",
     put(), Step("DELETE /{c}/b", {"x-ms-delete-snapshots": "include"}, status=202), ref="A13")
case("Delete Blob", "delete-snapshots-header-wrong",
     put(), Step("DELETE /{c}/b", {"x-ms-delete-snapshots": "some"}, status=400, code="InvalidHeaderValue",
                 differs=True), ref="R1")

case("Get Blob Metadata", "metadata",
     put(headers={"x-ms-meta-UPPER": "Value", "x-ms-meta-_": "underscore"}),
     Step("GET /{c}/b?comp=metadata", has={"x-ms-meta-UPPER": "Value", "x-ms-meta-_": "underscore", "ETag": "{etag}"},
          differs=True, content=b""),
     Step("HEAD /{c}/b", has={"x-ms-meta-UPPER": "Value"},
          check=lambda r, s: require(("x-ms-meta-UPPER", "Value") in r.headers, "case of the name")), ref="A14 S59 R5")
case("Set Blob Metadata", "set",
     put(headers={"x-ms-meta-old": "1"}),
     Step("PUT /{c}/b?comp=metadata", {"x-ms-meta-new": "2"}, has={"ETag": ETAG, "Last-Modified": True,
                                                                   "x-ms-request-server-encrypted": "true"},
          check=lambda r, s: require(r.header("ETag") != s["etag"], "same ETag")),
     Step("HEAD /{c}/b", has={"x-ms-meta-new": "2"}, hasnt=("x-ms-meta-old",)), ref="R6 A1 A2")
case("Set Blob Metadata", "set-none-clears", put(headers={"x-ms-meta-old": "1"}), Step("PUT /{c}/b?comp=metadata"),
     Step("HEAD /{c}/b", hasnt=("x-ms-meta*",)))
case("Set Blob Metadata", "set-keeps-headers-and-content",
     put(HELLO, headers={"x-ms-blob-content-type": "text/plain"}),
     Step("PUT /{c}/b?comp=metadata", {"x-ms-meta-a": "1"}),
     Step("GET /{c}/b", has={"Content-Type": "text/plain", "x-ms-meta-a": "1", "Content-MD5": azure.md5(HELLO)},
          content=HELLO))
case("Set Blob Metadata", "missing", Step("PUT /{c}/absent?comp=metadata", {"x-ms-meta-a": "1"}, status=404,
                                          code="BlobNotFound"))
for name, header, code in [("hyphen", "x-ms-meta-a-b", "InvalidMetadata"), ("digit-first", "x-ms-meta-1a", "InvalidMetadata"),
                           ("empty", "x-ms-meta-", "EmptyMetadataKey")]:
    for operation, where, more in (("Put Blob", "PUT /{c}/b", BLOCK_BLOB),
                                   ("Set Blob Metadata", "PUT /{c}/b?comp=metadata", {})):
        case(operation, f"metadata-name-{name}-{'set' if 'comp' in where else 'put'}", put(),
             Step(where, {**more, header: "1"}, b"", 400, code=code, differs=True), ref="A14 R1")
case("Set Blob Metadata", "metadata-too-large",
     put(), Step("PUT /{c}/b?comp=metadata", {"x-ms-meta-a": "v" * 4100, "x-ms-meta-b": "v" * 4100}, status=400,
                 code="MetadataTooLarge", differs=True), ref="A14")
case("Set Blob Metadata", "metadata-8-KiB-fits",
     put(), Step("PUT /{c}/b?comp=metadata", {"x-ms-meta-a": "v" * 4000, "x-ms-meta-b": "v" * 4000}),
     Step("HEAD /{c}/b", has={"x-ms-meta-b": "v" * 4000}), ref="A14")
case("Set Blob Metadata", "duplicate-names-join",
     put(), Step("PUT /{c}/b?comp=metadata", {"x-ms-meta-a": ["1", "2"]}, status={200, 400}, save={"joined": "ETag"},
                 auth=azure.account_sas()),
     Step("HEAD /{c}/b", check=lambda r, s: require(
         r.header("x-ms-meta-a") in (("1,2", "1, 2") if "joined" in s else (None,)),
         "neither joined nor refused")), ref="A14 S-open")

case("Set Blob Properties", "set",
     put(HELLO, headers={"x-ms-blob-cache-control": "no-store", "x-ms-meta-a": "1"}),
     Step("PUT /{c}/b?comp=properties", {"x-ms-blob-content-type": "text/plain"}, has={"ETag": ETAG},
          hasnt=("x-ms-request-server-encrypted", "x-ms-blob-sequence-number"), differs=True,
          check=lambda r, s: require(r.header("ETag") != s["etag"], "same ETag")),
     Step("GET /{c}/b", has={"Content-Type": "text/plain", "x-ms-meta-a": "1"}, hasnt=("Cache-Control", "Content-MD5"),
          content=HELLO, differs=True), ref="S37 R10.2")
case("Set Blob Properties", "set-all",
     put(HELLO),
     Step("PUT /{c}/b?comp=properties", {
         "x-ms-blob-content-type": "text/plain", "x-ms-blob-content-encoding": "br", "x-ms-blob-content-language": "nl",
         "x-ms-blob-cache-control": "max-age=9", "x-ms-blob-content-disposition": "inline",
         "x-ms-blob-content-md5": azure.md5(HELLO)}),
     Step("HEAD /{c}/b", has={"Content-Type": "text/plain", "Content-Encoding": "br", "Content-Language": "nl",
                               "Cache-Control": "max-age=9", "Content-Disposition": "inline",
                               "Content-MD5": azure.md5(HELLO)}), ref="S37")
case("Set Blob Properties", "missing", Step("PUT /{c}/absent?comp=properties", status=404, code="BlobNotFound"),)
case("Unknown operation", "blob-comp-unknown",
     put(), Step("PUT /{c}/b?comp=nonsense", status=400, early=True, differs=True), ref="R1")

# Names: what is on the wire, and what a listing says.
for label, name in [
        ("percent", "100%"), ("percent-escape-itself", "a%20b"), ("question-mark", "what?"), ("hash", "a#b"),
        ("double-slash", "a//b"), ("leading-slash", "/a"), ("trailing-slash", "a/"), ("trailing-dot", "a."),
        ("dot-segments", "a/./b"), ("space", "a b"), ("plus", "a+b"), ("ampersand", "a&b=c"), ("emoji", "rocket-🚀"),
        ("accents", "été-ÄÖ"), ("quotes", "a'b\"c"), ("angle", "<a>"), ("colon", "a:b"), ("tilde", "~a"), ("semicolon", "a;b"),
        ("1024-letters", "n" * 1024), ("cjk", "日本語/文件")]:
    wire = urllib.parse.quote(name, safe="/~")
    case("Put Blob", f"name-{label}",
         Step(f"PUT /{{c}}/{wire}", BLOCK_BLOB, HELLO, 201), Step(f"GET /{{c}}/{wire}", content=HELLO),
         Step("GET /{c}?restype=container&comp=list", xml={"Blobs/Blob/Name": name}),
         Step(f"DELETE /{{c}}/{wire}", status=202), ref="A18", differs=label in ("dot-segments", "leading-slash"))
case("Put Blob", "name-backslash-becomes-slash",
     Step("PUT /{c}/a%5Cb", BLOCK_BLOB, HELLO, 201), Step("GET /{c}/a/b", content=HELLO, differs=True),
     Step("GET /{c}?restype=container&comp=list", xml={"Blobs/Blob/Name": "a/b"}, differs=True), ref="A18")
case("Put Blob", "name-1025-letters",
     Step("PUT /{c}/" + "n" * 1025, BLOCK_BLOB, HELLO, 400, code={"OutOfRangeInput", "InvalidUri", "InvalidResourceName"},
          differs=True), ref="A18")
case("Put Blob", "name-not-utf8", Step("PUT /{c}/a%FFb", BLOCK_BLOB, HELLO, 400, early=True, differs=True))
case("Put Blob", "name-case-matters",
     put(b"lower", "name"), put(b"UPPER", "NAME"), Step("GET /{c}/name", content=b"lower"),
     Step("GET /{c}/NAME", content=b"UPPER"))
case("Put Blob", "root-container",
     Step("PUT /$root?restype=container", status={201, 409}),
     Step("PUT /$root/in-root", BLOCK_BLOB, HELLO, 201), Step("GET /in-root", content=HELLO, differs=True),
     Step("DELETE /$root/in-root", status=202), ref="A18", container=False)
case("Put Blob", "leased-without-id",
     put(), Step("PUT /{c}/b?comp=lease", {"x-ms-lease-action": "acquire", "x-ms-lease-duration": "-1",
                                           "x-ms-proposed-lease-id": L1}, status=201),
     Step("PUT /{c}/b", BLOCK_BLOB, b"new", 412, code="LeaseIdMissing"),
     Step("PUT /{c}/b", {**BLOCK_BLOB, "x-ms-lease-id": L1}, b"new", 201),
     Step("HEAD /{c}/b", has={"x-ms-lease-state": "leased", "x-ms-lease-status": "locked",
                               "x-ms-lease-duration": "infinite"}), ref="S15")
