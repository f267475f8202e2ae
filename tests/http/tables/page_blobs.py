"""Page blobs: Put Blob, Put Page, Set Blob Properties (size, sequence number), Get Page Ranges, its difference too."""
from case import BLOCK_BLOB, ETAG, L1, OLD, Step, Table, put
from lib import azure

table = Table("page_blobs")
case = table.case
PAGE = b"\x07" * 512


def create(size=4096, headers=None, status=201, **more):
    return Step("PUT /{c}/b", {"x-ms-blob-type": "PageBlob", "x-ms-blob-content-length": str(size), **(headers or {})}, b"",
                status, **more)


def write(span, data=PAGE, headers=None, status=201, **more):
    return Step("PUT /{c}/b?comp=page", {"x-ms-page-write": "update", "x-ms-range": f"bytes={span}", **(headers or {})}, data,
                status, **more)


def clear(span, headers=None, status=201, **more):
    return Step("PUT /{c}/b?comp=page", {"x-ms-page-write": "clear", "x-ms-range": f"bytes={span}", **(headers or {})}, b"",
                status, **more)


def properties(headers, status=200, **more):
    return Step("PUT /{c}/b?comp=properties", headers, b"", status, **more)


def ranges(*expected, query="", headers=None, **more):
    return Step(f"GET /{{c}}/b?comp=pagelist{query}", headers or {},
                xml={"PageRange/Start": [str(a) for a, _ in expected], "PageRange/End": [str(b) for _, b in expected],
                     **more.pop("xml", {})}, **more)


LEASE = Step("PUT /{c}/b?comp=lease", {"x-ms-lease-action": "acquire", "x-ms-lease-duration": "-1",
                                       "x-ms-proposed-lease-id": L1}, b"", 201)

case("Put Blob (page)", "zeros",
     create(1024, has={"ETag": ETAG, "Last-Modified": True, "x-ms-request-server-encrypted": "true"},
            hasnt=("Content-MD5", "x-ms-content-crc64")),
     Step("GET /{c}/b", content=b"\0" * 1024,
          has={"x-ms-blob-type": "PageBlob", "x-ms-blob-sequence-number": "0", "Content-Length": "1024"},
          hasnt=("x-ms-blob-committed-block-count",)), ref="R6 R7")
case("Put Blob (page)", "sequence-number",
     create(512, {"x-ms-blob-sequence-number": "7"}), Step("HEAD /{c}/b", has={"x-ms-blob-sequence-number": "7"}),
     Step("GET /{c}?restype=container&comp=list",
          xml={"Blobs/Blob/Properties/BlobType": "PageBlob", "Blobs/Blob/Properties/x-ms-blob-sequence-number": "7"}))
case("Put Blob (page)", "sequence-number-wrong",
     create(512, {"x-ms-blob-sequence-number": "-1"}, 400, code="InvalidHeaderValue", differs=True))
case("Put Blob (page)", "length-missing",
     Step("PUT /{c}/b", {"x-ms-blob-type": "PageBlob"}, b"", 400, code="MissingRequiredHeader", differs=True,
          xml={"HeaderName": "x-ms-blob-content-length"}))
case("Put Blob (page)", "length-not-in-pages", create(12, status=400, code="InvalidHeaderValue", differs=True,
                                                     xml={"HeaderName": "x-ms-blob-content-length"}), ref="R6")
case("Put Blob (page)", "length-over-8-tib",
     create((8 << 40) + 512, status=400, code="InvalidHeaderValue", differs=True), create(8 << 40), create(0))
case("Put Blob (page)", "with-a-body",
     Step("PUT /{c}/b", {"x-ms-blob-type": "PageBlob", "x-ms-blob-content-length": "512"}, PAGE, 400,
          code="InvalidHeaderValue", differs=True, xml={"HeaderName": "Content-Length"}))
case("Put Blob (page)", "premium-tier",
     create(512, {"x-ms-access-tier": "P10"}, 409, code="BlobAccessTierNotSupportedForAccountType", differs=True))
case("Put Blob (page)", "over-a-block-blob", put(), create(status=409, code="InvalidBlobType", differs=True), ref="S35")
case("Put Blob (page)", "a-block-blob-over-it",
     create(), Step("PUT /{c}/b", BLOCK_BLOB, b"x", 409, code="InvalidBlobType", differs=True), ref="S35")
case("Put Blob (page)", "only-if-absent",
     create(512, {"If-None-Match": "*"}), create(512, {"If-None-Match": "*"}, 409, code="BlobAlreadyExists"))
case("Put Blob (page)", "leased", create(), LEASE, create(status=412, code="LeaseIdMissing"), create(headers={"x-ms-lease-id": L1}))
case("Put Blob (page)", "replaces-its-like", create(512), write("0-511"), create(512), Step("GET /{c}/b", content=b"\0" * 512))

case("Put Page", "update",
     create(), write("512-1023", has={"ETag": ETAG, "Last-Modified": True, "x-ms-content-crc64": azure.crc64(PAGE),
                                      "x-ms-blob-sequence-number": "0", "x-ms-request-server-encrypted": "true"},
                     hasnt=("Content-MD5",), differs=True),
     Step("GET /{c}/b", content=b"\0" * 512 + PAGE + b"\0" * 3072),
     Step("GET /{c}/b", {"Range": "bytes=500-520"}, status=206, content=b"\0" * 12 + PAGE[:9]), ref="R6")
case("Put Page", "over-what-was-there",
     create(), write("0-2047", b"a" * 2048), write("512-1535", b"b" * 1024), clear("1024-2047"),
     Step("GET /{c}/b", content=b"a" * 512 + b"b" * 512 + b"\0" * 3072))
case("Put Page", "clear",
     create(), write("0-511"), clear("0-511", has={"ETag": ETAG, "Last-Modified": True, "x-ms-blob-sequence-number": "0"},
                                     hasnt=("x-ms-request-server-encrypted", "x-ms-content-crc64", "Content-MD5"), differs=True),
     Step("GET /{c}/b", content=b"\0" * 4096), ranges(), ref="R6")
case("Put Page", "clear-all-of-8-tib", create(8 << 40), clear(f"0-{(8 << 40) - 1}"), ref="S11")
case("Put Page", "clear-with-a-body",
     create(), Step("PUT /{c}/b?comp=page", {"x-ms-page-write": "clear", "x-ms-range": "bytes=0-511"}, PAGE, 400,
                    code="InvalidHeaderValue", differs=True))
case("Put Page", "range-header-too",
     create(), Step("PUT /{c}/b?comp=page", {"x-ms-page-write": "update", "Range": "bytes=0-511"}, PAGE, 201))
case("Put Page", "md5-sent-md5-back",
     create(), write("0-511", headers={"Content-MD5": azure.md5(PAGE)}, has={"Content-MD5": azure.md5(PAGE)},
                     hasnt=("x-ms-content-crc64",), differs=True), ref="A11")
case("Put Page", "md5-wrong",
     create(), write("0-511", headers={"Content-MD5": azure.md5(b"x")}, status=400, code="Md5Mismatch", differs=True), ranges())
case("Put Page", "crc64-wrong",
     create(), write("0-511", headers={"x-ms-content-crc64": azure.crc64(b"x")}, status=400, code="Crc64Mismatch", differs=True), ranges())
case("Put Page", "write-missing",
     create(), Step("PUT /{c}/b?comp=page", {"x-ms-range": "bytes=0-511"}, PAGE, 400, code="MissingRequiredHeader", differs=True,
                    xml={"HeaderName": "x-ms-page-write"}))
case("Put Page", "write-unknown",
     create(), Step("PUT /{c}/b?comp=page", {"x-ms-page-write": "erase", "x-ms-range": "bytes=0-511"}, PAGE, 400,
                    code="InvalidHeaderValue", differs=True))
case("Put Page", "range-missing",
     create(), Step("PUT /{c}/b?comp=page", {"x-ms-page-write": "update"}, PAGE, 400, code="MissingRequiredHeader", differs=True))
case("Put Page", "range-not-in-pages",
     create(), write("0-512", PAGE + b"x", status=400, code="InvalidHeaderValue", xml={"HeaderName": "Range"}, differs=True),
     write("1-511", PAGE[1:], status=400, code="InvalidHeaderValue", differs=True), ref="R6")
case("Put Page", "range-open-ended", create(), write("0-", status=400, code="InvalidHeaderValue", differs=True))
case("Put Page", "range-beyond-the-end",
     create(1024), write("1024-1535", status=416, code="InvalidPageRange", differs=True),
     write("512-1535", PAGE * 2, status=416, code="InvalidPageRange", differs=True),
     clear("512-1535", status=416, code="InvalidPageRange", differs=True))
case("Put Page", "length-is-not-the-range", create(), write("0-1023", PAGE, status=400, code="InvalidHeaderValue", differs=True))
case("Put Page", "over-4-mib",
     create(8 << 20), write("0-4194815", b"", {"Expect": "100-continue", "Content-Length": str((4 << 20) + 512)}, 413,
                            code="RequestBodyTooLarge", differs=True), write("0-4194303", b"z" * (4 << 20)), ref="S11")
for header, right, wrong in [("le", ("5", "6"), ("4",)), ("lt", ("6",), ("5", "4")), ("eq", ("5",), ("4", "6"))]:
    case("Put Page", f"if-sequence-number-{header}", create(512, {"x-ms-blob-sequence-number": "5"}),
         *(write("0-511", headers={f"x-ms-if-sequence-number-{header}": n}, has={"x-ms-blob-sequence-number": "5"}) for n in right),
         *(write("0-511", headers={f"x-ms-if-sequence-number-{header}": n}, status=412, code="SequenceNumberConditionNotMet")
           for n in wrong),
         clear("0-511", {f"x-ms-if-sequence-number-{header}": wrong[0]}, 412, code="SequenceNumberConditionNotMet"), ref="A22 R6")
case("Put Page", "sequence-condition-is-no-number",
     create(), write("0-511", headers={"x-ms-if-sequence-number-eq": "x"}, status=400, code="InvalidHeaderValue", differs=True))
case("Put Page", "condition-not-met",
     create(), write("0-511", headers={"If-Match": '"0x1"'}, status=412, code="ConditionNotMet"),
     write("0-511", headers={"If-Unmodified-Since": OLD}, status=412, code="ConditionNotMet"), ranges())
case("Put Page", "leased", create(), LEASE, write("0-511", status=412, code="LeaseIdMissing"),
     write("0-511", headers={"x-ms-lease-id": L1}))
case("Put Page", "no-blob", write("0-511", status=404, code="BlobNotFound"))
case("Put Page", "to-a-block-blob", put(), write("0-511", status=409, code="InvalidBlobType", differs=True))
case("Put Page", "missing-container",
     Step("PUT /absent-container/b?comp=page", {"x-ms-page-write": "update", "x-ms-range": "bytes=0-511"}, PAGE, 404,
          code="ContainerNotFound"), container=False)

case("Set Blob Properties (page)", "resize",
     create(1024), write("0-1023", PAGE * 2),
     properties({"x-ms-blob-content-length": "512"}, has={"ETag": ETAG, "Last-Modified": True, "x-ms-blob-sequence-number": "0"}),
     Step("GET /{c}/b", content=PAGE), properties({"x-ms-blob-content-length": "1536"}),
     Step("GET /{c}/b", content=PAGE + b"\0" * 1024), ref="R6")
case("Set Blob Properties (page)", "resize-keeps-properties",
     create(512, {"x-ms-blob-content-type": "text/x"}), properties({"x-ms-blob-content-length": "1024"}),
     Step("HEAD /{c}/b", has={"Content-Type": "text/x"}),
     properties({"x-ms-blob-content-length": "512", "x-ms-blob-cache-control": "no-store"}),
     Step("HEAD /{c}/b", has={"Cache-Control": "no-store", "Content-Length": "512"}, hasnt=("Content-Type",), differs=True), ref="S37")
case("Set Blob Properties (page)", "resize-not-in-pages",
     create(), properties({"x-ms-blob-content-length": "12"}, 400, code="InvalidHeaderValue", differs=True,
                          xml={"HeaderName": "x-ms-blob-content-length"}), ref="R6")
case("Set Blob Properties (page)", "resize-a-block-blob",
     put(), properties({"x-ms-blob-content-length": "512"}, 400, code="InvalidHeaderValue", differs=True), ref="S35")
case("Set Blob Properties (page)", "sequence-number",
     create(512, {"x-ms-blob-sequence-number": "5"}),
     properties({"x-ms-sequence-number-action": "increment"}, has={"x-ms-blob-sequence-number": "6"}),
     properties({"x-ms-sequence-number-action": "max", "x-ms-blob-sequence-number": "4"}, has={"x-ms-blob-sequence-number": "6"}),
     properties({"x-ms-sequence-number-action": "max", "x-ms-blob-sequence-number": "9"}, has={"x-ms-blob-sequence-number": "9"}),
     properties({"x-ms-sequence-number-action": "update", "x-ms-blob-sequence-number": "1"}, has={"x-ms-blob-sequence-number": "1"}),
     ref="R6")
case("Set Blob Properties (page)", "sequence-number-wrong",
     create(), properties({"x-ms-sequence-number-action": "update"}, 400, code="MissingRequiredHeader", differs=True),
     properties({"x-ms-blob-sequence-number": "1"}, 400, code="MissingRequiredHeader", differs=True),
     properties({"x-ms-sequence-number-action": "increment", "x-ms-blob-sequence-number": "1"}, 400, code="InvalidHeaderValue", differs=True),
     properties({"x-ms-sequence-number-action": "lower", "x-ms-blob-sequence-number": "1"}, 400, code="InvalidHeaderValue", differs=True))
case("Set Blob Properties (page)", "increment-overflows",
     create(), properties({"x-ms-sequence-number-action": "update", "x-ms-blob-sequence-number": str(2**63 - 1)}),
     properties({"x-ms-sequence-number-action": "increment"}, 409, code="SequenceNumberIncrementTooLarge", differs=True))
case("Set Blob Properties (page)", "conditions",
     create(), properties({"x-ms-blob-content-length": "512", "If-Match": '"0x1"'}, 412, code="ConditionNotMet"), LEASE,
     properties({"x-ms-blob-content-length": "512"}, 412, code="LeaseIdMissing"),
     properties({"x-ms-blob-content-length": "512", "x-ms-lease-id": L1}))

case("Get Page Ranges", "written-and-not-cleared",
     create(8192), write("0-511"), write("512-1023"), write("4096-5119", PAGE * 2), clear("4096-4607"),
     ranges((0, 1023), (4608, 5119), has={"ETag": ETAG, "Last-Modified": True, "x-ms-blob-content-length": "8192",
                                          "Content-Type": "application/xml"}, elements={".": ["PageRange*"]}), ref="R6")
case("Get Page Ranges", "none", create(), ranges(elements={".": []}))
case("Get Page Ranges", "of-a-range",
     create(8192), write("0-1023", PAGE * 2), write("4096-4607"), ranges((512, 1023), headers={"Range": "bytes=512-2047"}))
case("Get Page Ranges", "range-beyond-the-end",
     create(512), Step("GET /{c}/b?comp=pagelist", {"Range": "bytes=512-1023"}, status=416, code="InvalidRange", differs=True))
case("Get Page Ranges", "in-pages",
     create(8192), write("0-511"), write("1024-1535"), write("2048-2559"),
     ranges((0, 511), (1024, 1535), query="&maxresults=2", xml={"NextMarker": True}, version="2021-04-10", differs=True,
            check=lambda response, saved: saved.update(marker=response.xml().findtext("NextMarker"))),
     ranges((2048, 2559), query="&maxresults=2&marker={marker}", version="2021-04-10", differs=True), ref="S59")
case("Get Page Ranges", "maxresults-out-of-range",
     create(), Step("GET /{c}/b?comp=pagelist&maxresults=0", status=400, code="OutOfRangeQueryParameterValue",
                    version="2021-04-10", differs=True))
case("Get Page Ranges", "marker-unknown",
     create(), Step("GET /{c}/b?comp=pagelist&marker=x", status=400, code="InvalidQueryParameterValue",
                    version="2021-04-10", differs=True))
case("Get Page Ranges", "conditions",
     create(), Step("GET /{c}/b?comp=pagelist", {"If-Match": '"0x1"'}, status=412, code="ConditionNotMet"),
     Step("GET /{c}/b?comp=pagelist", {"x-ms-lease-id": L1}, status=412, code="LeaseNotPresentWithBlobOperation"))
case("Get Page Ranges", "of-a-block-blob", put(), Step("GET /{c}/b?comp=pagelist", status=409, code="InvalidBlobType", differs=True))
case("Get Page Ranges", "no-blob", Step("GET /{c}/b?comp=pagelist", status=404, code="BlobNotFound"))


def snap(name="s"):
    return Step("PUT /{c}/b?comp=snapshot", {}, b"", 201, save={name: "x-ms-snapshot"})


def since(written, cleared=(), at="&prevsnapshot={s}", **more):
    return Step(f"GET /{{c}}/b?comp=pagelist{at}",
                xml={f"{kind}/{end}": [str(pair[i]) for pair in pairs] for kind, pairs in (("PageRange", written), ("ClearRange", cleared))
                     for i, end in enumerate(("Start", "End"))}, **more)


DIFFERENCE = "Get Page Ranges (difference)"
WRITTEN = (create(8192), write("0-1023", PAGE * 2), write("4096-5119", PAGE * 2), snap())
case(DIFFERENCE, "written-and-cleared-since", *WRITTEN, write("512-1535", PAGE * 2), clear("4096-4607"), clear("7168-7679"), snap("t"),
     write("0-511"),
     since([(0, 1535)], [(4096, 4607)], has={"ETag": ETAG, "Last-Modified": True, "x-ms-blob-content-length": "8192",
                                             "Content-Type": "application/xml"}),
     since([(512, 1535)], [(4096, 4607)], "&snapshot={t}&prevsnapshot={s}"),
     since([(0, 511)], at="&prevsnapshot={t}"), since([], at="&snapshot={t}&prevsnapshot={t}"), ref="50 R6", differs=True)
case(DIFFERENCE, "in-the-order-of-offsets", *WRITTEN, clear("0-511"), write("512-1023"), clear("4096-4607"), write("4608-5119"),
     Step("GET /{c}/b?comp=pagelist&prevsnapshot={s}", elements={".": ["ClearRange", "PageRange", "ClearRange", "PageRange"]}), differs=True)
case(DIFFERENCE, "of-a-range", *WRITTEN, write("0-8191", PAGE * 16),
     Step("GET /{c}/b?comp=pagelist&prevsnapshot={s}", {"x-ms-range": "bytes=1024-2047"},
          xml={"PageRange/Start": "1024", "PageRange/End": "2047"}), differs=True)
case(DIFFERENCE, "in-pages", *WRITTEN, clear("0-511"), write("1024-1535"), clear("4096-4607"),
     since([(1024, 1535)], [(0, 511)], "&prevsnapshot={s}&maxresults=2", version="2021-04-10",
           check=lambda response, saved: saved.update(marker=response.xml().findtext("NextMarker"))),
     since([], [(4096, 4607)], "&prevsnapshot={s}&maxresults=2&marker={marker}", version="2021-04-10"), ref="S59", differs=True)
case(DIFFERENCE, "cut-off", *WRITTEN, properties({"x-ms-blob-content-length": "4608"}), properties({"x-ms-blob-content-length": "8192"}),
     since([], [(4608, 5119)]), differs=True)
case(DIFFERENCE, "by-url", *WRITTEN, write("512-1023"),
     Step("GET /{c}/b?comp=pagelist", {"x-ms-previous-snapshot-url": "http://{address}/{account}/{c}/b?snapshot={s}"},
          xml={"PageRange/Start": "512", "PageRange/End": "1023"}, version="2021-04-10", differs=True),
     Step("GET /{c}/b?comp=pagelist", {"x-ms-previous-snapshot-url": "http://{address}/{account}/{c}/other?snapshot={s}"},
          status=400, code="InvalidHeaderValue", version="2021-04-10", differs=True),
     Step("GET /{c}/b?comp=pagelist", {"x-ms-previous-snapshot-url": "http://{address}/{account}/{c}/b"},
          status=400, code="InvalidHeaderValue", version="2021-04-10", differs=True))
case(DIFFERENCE, "before-its-versions", *WRITTEN,
     Step("GET /{c}/b?comp=pagelist&prevsnapshot={s}", xml={"PageRange/Start": ["0", "4096"]}, version="2014-02-14", differs=True),
     Step("GET /{c}/b?comp=pagelist", {"x-ms-previous-snapshot-url": "http://{address}/{account}/{c}/b?snapshot={s}"},
          xml={"PageRange/Start": ["0", "4096"]}, version="2018-11-09", differs=True))
case(DIFFERENCE, "snapshot-malformed", *WRITTEN,
     Step("GET /{c}/b?comp=pagelist&prevsnapshot=yesterday", status=400, code="InvalidQueryParameterValue", differs=True,
          xml={"QueryParameterName": "prevsnapshot"}))
case(DIFFERENCE, "no-such-snapshot", *WRITTEN,
     Step("GET /{c}/b?comp=pagelist&prevsnapshot=2020-01-01T00:00:00.0000000Z", status=409, code="PreviousSnapshotNotFound", differs=True))
case(DIFFERENCE, "snapshot-newer", *WRITTEN, snap("t"),
     Step("GET /{c}/b?comp=pagelist&snapshot={s}&prevsnapshot={t}", status=400, code="PreviousSnapshotCannotBeNewer", differs=True))
case(DIFFERENCE, "overwritten", *WRITTEN, create(8192),
     Step("GET /{c}/b?comp=pagelist&prevsnapshot={s}", status=409, code="BlobOverwritten", differs=True), ref="50")
case(DIFFERENCE, "conditions", *WRITTEN,
     Step("GET /{c}/b?comp=pagelist&prevsnapshot={s}", {"If-Match": '"0x1"'}, status=412, code="ConditionNotMet", differs=True))
