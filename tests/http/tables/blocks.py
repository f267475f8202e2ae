"""Put Block, Put Block List, Get Block List."""
import base64
from urllib.parse import quote

from case import ETAG, L1, Step, Table, put
from lib import azure
from lib.azure import block_id, block_list

table = Table("blocks")
case = table.case
A, B, C = block_id(1), block_id(2), block_id(3)


def block(identifier, data, status=201, headers=None, **more):
    return Step(f"PUT /{{c}}/b?comp=block&blockid={quote(identifier, safe='')}", headers or {}, data, status, **more)


def commit(*entries, headers=None, status=201, **more):
    return Step("PUT /{c}/b?comp=blocklist", headers or {}, block_list(entries), status, **more)


def listing(kind, committed=None, uncommitted=None, **more):
    shape = ([] if committed is None else ["CommittedBlocks"]) + ([] if uncommitted is None else ["UncommittedBlocks"])
    xml = {}
    for name, entries in (("CommittedBlocks", committed), ("UncommittedBlocks", uncommitted)):
        if entries is not None:
            xml[f"{name}/Block/Name"] = [identifier for identifier, _ in entries]
            xml[f"{name}/Block/Size"] = [str(size) for _, size in entries]
    return Step(f"GET /{{c}}/b?comp=blocklist&blocklisttype={kind}", elements={".": shape}, xml=xml, **more)


case("Put Block", "put-block",
     block(A, b"one", has={"x-ms-request-server-encrypted": "true", "Content-Length": "0"},
           hasnt=("ETag", "Last-Modified", "Content-Type")), ref="R6")
case("Put Block", "crc64-unless-md5-is-sent",
     block(A, b"one", has={"x-ms-content-crc64": azure.crc64(b"one")}, hasnt=("Content-MD5",), differs=True), ref="A11 R6")
case("Put Block", "md5-sent-md5-back",
     block(A, b"one", headers={"Content-MD5": azure.md5(b"one")}, has={"Content-MD5": azure.md5(b"one")},
           hasnt=("x-ms-content-crc64",), differs=True), ref="A11")
case("Put Block", "md5-sent-both-back-from-2026-10-06",
     block(A, b"one", headers={"Content-MD5": azure.md5(b"one")}, version="2026-10-06", differs=True,
           has={"x-ms-content-crc64": azure.crc64(b"one")}), ref="S36")
case("Put Block", "md5-always-before-2019-02-02",
     block(A, b"one", has={"Content-MD5": azure.md5(b"one")}, hasnt=("x-ms-content-crc64",), version="2018-03-28",
           differs=True), ref="R6 S36")
case("Put Block", "md5-wrong",
     block(A, b"one", 400, {"Content-MD5": azure.md5(b"two")}, code="Md5Mismatch", differs=True), ref="R1")
case("Put Block", "crc64-wrong",
     block(A, b"one", 400, {"x-ms-content-crc64": azure.crc64(b"two")}, code="Crc64Mismatch", differs=True), ref="R1")
case("Put Block", "both-hashes",
     block(A, b"one", 400, {"x-ms-content-crc64": azure.crc64(b"one"), "Content-MD5": azure.md5(b"one")},
           code="BothCrc64AndMd5HeaderPresent", differs=True), ref="A11")
case("Put Block", "id-not-base64",
     block("not!base64", b"one", 400, code="InvalidQueryParameterValue", differs=True,
           xml={"QueryParameterName": "blockid", "Reason": "Not a valid base64 string."}), ref="A10 R6")
case("Put Block", "id-over-64-bytes",
     block(base64.b64encode(b"x" * 65).decode(), b"one", 400, code={"InvalidQueryParameterValue", "OutOfRangeInput"},
           differs=True), ref="A10")
case("Put Block", "id-of-64-bytes",
     block(base64.b64encode(b"x" * 64).decode(), b"one"),
     commit(("Latest", base64.b64encode(b"x" * 64).decode())), Step("GET /{c}/b", content=b"one"), ref="A10")
case("Put Block", "id-of-another-length",
     block(A, b"one"), block(block_id(1, 9), b"one", 400, code="InvalidBlobOrBlock", differs=True), ref="A10")
case("Put Block", "id-missing", Step("PUT /{c}/b?comp=block", {}, b"one", 400, differs=True,
                                     code={"MissingRequiredQueryParameter", "InvalidQueryParameterValue"}), ref="A10")
case("Put Block", "empty-block",
     block(A, b"", 400, code="InvalidHeaderValue", xml={"HeaderName": "Content-Length", "HeaderValue": "0"}, differs=True),
     ref="A10")
case("Put Block", "missing-container",
     Step(f"PUT /absent-container/b?comp=block&blockid={A.replace('=', '%3D')}", {}, b"one", 404,
          code="ContainerNotFound"), container=False)
case("Put Block", "too-large-before-2016",
     block(A, b"", 413, {"Expect": "100-continue", "Content-Length": str((4 << 20) + 1)}, version="2015-04-05",
           code="RequestBodyTooLarge"), ref="S10", differs=True)
case("Put Block", "too-large-before-2019-12-12",
     block(A, b"", 413, {"Expect": "100-continue", "Content-Length": str((100 << 20) + 1)}, version="2019-07-07",
           code="RequestBodyTooLarge"), ref="S10", differs=True)
case("Put Block", "too-large",
     block(A, b"", 413, {"Expect": "100-continue", "Content-Length": str((4000 << 20) + 1)},
           code="RequestBodyTooLarge"), ref="S10", differs=True)
case("Put Block", "replaces-one-of-the-same-id",
     block(A, b"old"), block(A, b"newer"), commit(("Latest", A)), Step("GET /{c}/b", content=b"newer"), ref="A10")
case("Put Block", "leaves-the-blob-alone",
     put(b"whole"), block(A, b"one"), Step("GET /{c}/b", has={"ETag": "{etag}"}, content=b"whole"), ref="A9")

case("Put Block List", "commit",
     block(A, b"one"), block(B, b"two"),
     commit(("Latest", A), ("Latest", B), has={"ETag": ETAG, "Last-Modified": True, "x-ms-request-server-encrypted": "true",
                                               "Content-Length": "0"}),
     Step("GET /{c}/b", content=b"onetwo", has={"Content-Length": "6"}),
     Step("HEAD /{c}/b", hasnt=("Content-MD5",), differs=True), ref="R6 A11")
case("Put Block List", "crc64-of-the-list",
     block(A, b"one"), commit(("Latest", A), differs=True, hasnt=("Content-MD5",),
                              has={"x-ms-content-crc64": azure.crc64(block_list([("Latest", A)]))}), ref="R6 R10.4")
case("Put Block List", "md5-of-the-list-before-2019",
     block(A, b"one"), commit(("Latest", A), version="2018-03-28", differs=True, hasnt=("x-ms-content-crc64",),
                              has={"Content-MD5": azure.md5(block_list([("Latest", A)]))}), ref="R6 R10.4")
case("Put Block List", "content-md5-covers-the-list",
     block(A, b"one"),
     commit(("Latest", A), headers={"Content-MD5": azure.md5(b"else")}, status=400, code="Md5Mismatch", differs=True),
     commit(("Latest", A), headers={"Content-MD5": azure.md5(block_list([("Latest", A)]))}),
     Step("HEAD /{c}/b", hasnt=("Content-MD5",), differs=True), ref="A11")
case("Put Block List", "declared-md5-is-kept",
     block(A, b"one"), commit(("Latest", A), headers={"x-ms-blob-content-md5": azure.md5(b"one")}),
     Step("HEAD /{c}/b", has={"Content-MD5": azure.md5(b"one")}), ref="A11")
case("Put Block List", "order-and-repetition",
     block(A, b"a"), block(B, b"b"), commit(("Latest", B), ("Latest", A), ("Latest", B)),
     Step("GET /{c}/b", content=b"bab"), 
     listing("committed", [(B, 1), (A, 1), (B, 1)], differs=True), ref="A10")
case("Put Block List", "50001-entries", block(A, b"one"), commit(*[("Latest", A)] * 50001, status=400,
                                                                 code="BlockListTooLong", differs=True),
     listing("all", [], [(A, 3)]), ref="S12")
case("Put Block List", "50000-times-one-block", block(A, b"abc"), commit(*[("Latest", A)] * 50000),
     Step("GET /{c}/b", {"Range": "bytes=149997-"}, status=206, content=b"abc",
          has={"Content-Range": "bytes 149997-149999/150000"}),
     commit(*[("Committed", A)] * 50000), Step("HEAD /{c}/b", has={"Content-Length": "150000"}), ref="S12 A10")
case("Put Block List", "ids-of-another-length-after-a-commit",
     block(A, b"a"), commit(("Latest", A)), block(block_id(1, 12), b"b"),
     commit(("Committed", A), ("Latest", block_id(1, 12))), Step("GET /{c}/b", content=b"ab"), ref="A10")
case("Put Block List", "latest-prefers-uncommitted",
     block(A, b"old"), commit(("Latest", A)), block(A, b"newer"), commit(("Latest", A)),
     Step("GET /{c}/b", content=b"newer"), ref="A10")
case("Put Block List", "committed-means-the-old-one",
     block(A, b"old"), commit(("Latest", A)), block(A, b"newer"), block(B, b"+b"),
     commit(("Committed", A), ("Uncommitted", B)), Step("GET /{c}/b", content=b"old+b"), ref="A10")
case("Put Block List", "uncommitted-must-be-there",
     block(A, b"old"), commit(("Latest", A)), commit(("Uncommitted", A), status=400, code="InvalidBlockList"),
     Step("GET /{c}/b", content=b"old"), ref="A10")
case("Put Block List", "committed-must-be-there",
     block(A, b"new"), commit(("Committed", A), status=400, code="InvalidBlockList"), ref="A10")
case("Put Block List", "unknown-block",
     block(A, b"one"), commit(("Latest", A), ("Latest", B), status=400, code="InvalidBlockList"),
     Step("GET /{c}/b", status=404), listing("all", [], [(A, 3)]), ref="A10 R6")
case("Put Block List", "empty-list-makes-an-empty-blob", commit(), Step("GET /{c}/b", content=b""),
     listing("committed", [], differs=True), ref="A10")
case("Put Block List", "uncommitted-die-at-commit",
     block(A, b"one"), block(B, b"two"), commit(("Latest", A)), listing("all", [(A, 3)], []),
     commit(("Latest", B), status=400, code="InvalidBlockList"), ref="A9")
case("Put Block List", "uncommitted-die-at-put-blob",
     block(A, b"one"), put(b"whole"), listing("all", [], []), commit(("Latest", A), status=400, code="InvalidBlockList"),
     ref="A9", differs=True)
case("Put Block List", "not-xml",
     Step("PUT /{c}/b?comp=blocklist", {}, b"<BlockList><Latest>", 400, code="InvalidXmlDocument",
          differs=True), ref="R1")
case("Put Block List", "wrong-root",
     Step("PUT /{c}/b?comp=blocklist", {}, b"<Blocks/>", 400, code={"InvalidXmlDocument", "InvalidXmlNodeValue"},
          differs=True), ref="R1")
case("Put Block List", "unknown-kind",
     block(A, b"one"), commit(("Newest", A), status=400, differs=True, code={"InvalidXmlDocument", "InvalidXmlNodeValue"}),
     ref="R1")
case("Put Block List", "document-type-is-refused",
     Step("PUT /{c}/b?comp=blocklist", {}, b'<!DOCTYPE x [<!ENTITY e "AAAA">]><BlockList><Latest>&e;</Latest></BlockList>',
          400, differs=True), ref="R1")
LIST = f"<BlockList><Latest>{A}</Latest></BlockList>"
for label, document in {
        "two-roots": LIST + LIST, "text-after-the-root": LIST + "more", "text-before-the-root": "before" + LIST,
        "text-in-the-list": LIST.replace("<Latest>", "text<Latest>", 1), "empty-body": "",
        "unknown-entity": LIST.replace(A, "&other;"), "lower-case": LIST.lower(), "id-empty": LIST.replace(A, ""),
        "id-not-base64": LIST.replace(A, "***")}.items():
    case("Put Block List", f"refused-{label}", block(A, b"one"), Step(
        "PUT /{c}/b?comp=blocklist", {}, document.encode(), 400, differs=True,
        code={"InvalidXmlDocument", "InvalidXmlNodeValue", "InvalidBlockId", "InvalidBlockList", "InvalidInput"}),
         listing("all", [], [(A, 3)], differs=True), ref="R1")
for label, document in {
        "utf-16": LIST.encode("utf-16"), "white-space": f"\n <BlockList>\n\t<Latest>\n {A} </Latest>\n</BlockList>\n".encode(),
        "comments": f"<!-- a --><BlockList><!-- b --><Latest>{A}</Latest></BlockList><!-- c -->".encode(),
        "cdata": LIST.replace(A, f"<![CDATA[{A}]]>").encode(), "namespace": LIST.replace("List>", 'List xmlns="urn:x">', 1).encode(),
        "character-references": LIST.replace(A, "".join(f"&#{ord(letter)};" for letter in A)).encode()}.items():
    case("Put Block List", f"accepted-{label}", block(A, b"one"),
         Step("PUT /{c}/b?comp=blocklist", {}, document, 201, differs=True), Step("GET /{c}/b", content=b"one", differs=True))
case("Put Block List", "with-byte-order-mark",
     block(A, b"one"), Step("PUT /{c}/b?comp=blocklist", {}, azure.BOM + block_list([("Latest", A)]), 201))
case("Put Block List", "without-headers-resets",
     put(headers={"x-ms-meta-a": "1", "x-ms-blob-content-type": "text/css", "x-ms-blob-cache-control": "no-store"}),
     block(A, b"one"), commit(("Latest", A)),
     Step("HEAD /{c}/b", has={"Content-Type": "application/octet-stream"}, hasnt=("x-ms-meta*", "Cache-Control")), ref="S37")
case("Put Block List", "headers-and-metadata",
     block(A, b"one"),
     commit(("Latest", A), headers={"x-ms-meta-a": "1", "x-ms-blob-content-type": "text/css"}),
     Step("HEAD /{c}/b", has={"x-ms-meta-a": "1", "Content-Type": "text/css"}), ref="S37")
case("Put Block List", "if-none-match-star-on-existing",
     put(), block(A, b"one"), commit(("Latest", A), headers={"If-None-Match": "*"}, status=409, code="BlobAlreadyExists"),
     Step("GET /{c}/b", content=b"0123456789abcdef"), ref="A6")
case("Put Block List", "if-match",
     put(), block(A, b"one"), commit(("Latest", A), headers={"If-Match": '"0x1"'}, status=412, code="ConditionNotMet"),
     commit(("Latest", A), headers={"If-Match": "{etag}"}), ref="A6")
case("Put Block List", "leased",
     put(), Step("PUT /{c}/b?comp=lease", {"x-ms-lease-action": "acquire", "x-ms-lease-duration": "-1",
                                           "x-ms-proposed-lease-id": L1}, status=201),
     block(A, b"one", 412, code="LeaseIdMissing"), block(A, b"one", headers={"x-ms-lease-id": L1}),
     commit(("Latest", A), status=412, code="LeaseIdMissing"),
     commit(("Latest", A), headers={"x-ms-lease-id": L1}), ref="S15")
case("Put Block List", "creation-time-stays",
     put(save={"etag": "ETag"}), Step("HEAD /{c}/b", save={"created": "x-ms-creation-time"}), block(A, b"x"),
     commit(("Latest", A)), Step("HEAD /{c}/b", has={"x-ms-creation-time": "{created}"}, differs=True))

case("Get Block List", "committed-is-the-default",
     block(A, b"one"), commit(("Latest", A)), block(B, b"two"),
     Step("GET /{c}/b?comp=blocklist", elements={".": ["CommittedBlocks"], "CommittedBlocks/Block": ["Name", "Size"]},
          has={"x-ms-blob-content-length": "3", "ETag": ETAG, "Last-Modified": True, "Content-Type": "application/xml"},
          xml={"CommittedBlocks/Block/Name": A}, differs=True), ref="R6")
case("Get Block List", "committed", block(A, b"one"), commit(("Latest", A)), block(B, b"two"),
     listing("committed", [(A, 3)], differs=True), ref="R6")
case("Get Block List", "uncommitted", block(A, b"one"), commit(("Latest", A)), block(B, b"two!"),
     listing("uncommitted", None, [(B, 4)], differs=True), ref="R6")
case("Get Block List", "all", block(A, b"one"), commit(("Latest", A)), block(B, b"two!"),
     listing("all", [(A, 3)], [(B, 4)]), ref="R6")
case("Get Block List", "uncommitted-blob-has-no-etag", block(A, b"one"),
     listing("all", [], [(A, 3)], hasnt=("ETag", "Last-Modified"), has={"x-ms-blob-content-length": "0"}, differs=True),
     ref="A9")
case("Get Block List", "of-a-put-blob", put(), listing("all", [], []), ref="R6")
case("Get Block List", "missing", Step("GET /{c}/absent?comp=blocklist", status=404, code="BlobNotFound"), ref="R6")
case("Get Block List", "kind-unknown",
     put(), Step("GET /{c}/b?comp=blocklist&blocklisttype=some", status=400, code="InvalidQueryParameterValue",
                 xml={"QueryParameterName": "blocklisttype", "QueryParameterValue": "some"}, differs=True), ref="R1")
case("Get Blob", "uncommitted-is-404", block(A, b"one"), Step("GET /{c}/b", status=404, code="BlobNotFound"),
     Step("HEAD /{c}/b", status=404, code="BlobNotFound"), ref="A9")
case("Delete Blob", "uncommitted-blob", block(A, b"one"),
     Step("DELETE /{c}/b", status=202, differs=True), Step("GET /{c}/b?comp=blocklist", status=404, code="BlobNotFound", differs=True),
     ref="S38 R6")

