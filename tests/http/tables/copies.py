"""Copy Blob within the account, and from elsewhere as a pending copy; Abort Copy."""
import re
import uuid

from case import ETAG, OLD, RFC1123, Step, Table, put, require
from lib import azure, source as elsewhere
from lib.azure import GUID, block_id, block_list

table = Table("copies")
case = table.case
SOURCE = "http://{address}/{account}/{c}/b"


def copy(status=202, source=SOURCE, to="copy", headers=None, **more):
    return Step(f"PUT /{{c}}/{to}", {"x-ms-copy-source": source, **(headers or {})}, b"", status, **more)


case("Copy Blob", "copy",
     put(b"content"), copy(has={"x-ms-copy-id": GUID, "x-ms-copy-status": "success", "ETag": ETAG, "Last-Modified": True,
                                "Content-Length": "0"}, hasnt=("x-ms-request-server-encrypted", "Content-MD5", "x-ms-content-crc64")),
     Step("GET /{c}/copy", content=b"content"), ref="R8 R10.2")
case("Copy Blob", "properties-and-metadata-come-along",
     put(b"content", headers={"x-ms-meta-a": "1", "x-ms-blob-content-type": "text/plain", "x-ms-blob-content-language": "fr",
                              "x-ms-blob-cache-control": "no-store"}), copy(),
     Step("HEAD /{c}/copy", has={"x-ms-meta-a": "1", "Content-Type": "text/plain", "Content-Language": "fr",
                                  "Cache-Control": "no-store", "Content-MD5": azure.md5(b"content")}), ref="R8")
case("Copy Blob", "given-metadata-replaces",
     put(headers={"x-ms-meta-a": "1"}), copy(headers={"x-ms-meta-b": "2"}),
     Step("HEAD /{c}/copy", has={"x-ms-meta-b": "2"}, hasnt=("x-ms-meta-a",)), ref="R8")
case("Copy Blob", "the-copy-remembers",
     put(b"content"), copy(save={"id": "x-ms-copy-id"}),
     Step("HEAD /{c}/copy", has={"x-ms-copy-id": "{id}", "x-ms-copy-status": "success", "x-ms-copy-progress": "7/7",
                                  "x-ms-copy-source": re.compile(r"/b$"), "x-ms-copy-completion-time": RFC1123},
          order=("x-ms-blob-type", "x-ms-copy-id", "x-ms-copy-source", "x-ms-copy-status", "x-ms-copy-progress",
                 "x-ms-copy-completion-time", "x-ms-server-encrypted")), ref="A20 R6")
case("Copy Blob", "list-shows-copy-when-asked",
     put(b"content"), copy(save={"id": "x-ms-copy-id"}),
     Step("GET /{c}?restype=container&comp=list&include=copy&prefix=copy", xml={
         "Blobs/Blob/Properties/CopyId": "{id}", "Blobs/Blob/Properties/CopyStatus": "success",
         "Blobs/Blob/Properties/CopyProgress": "7/7", "Blobs/Blob/Properties/CopySource": re.compile("/b$"),
         "Blobs/Blob/Properties/CopyCompletionTime": True}), ref="R5")
case("Copy Blob", "list-hides-copy-otherwise", put(b"content"), copy(),
     Step("GET /{c}?restype=container&comp=list&prefix=copy", differs=True,
          check=lambda r, s: require(b"CopyId" not in r.body, "CopyId is there")), ref="R5")
case("Copy Blob", "metadata-keeps-copy-headers", put(), copy(), Step("PUT /{c}/copy?comp=metadata", {"x-ms-meta-a": "1"}),
     Step("HEAD /{c}/copy", has={"x-ms-copy-status": "success"}), ref="S43")
case("Copy Blob", "set-properties-clears-copy-headers", put(), copy(),
     Step("PUT /{c}/copy?comp=properties", {"x-ms-blob-content-type": "a/b"}),
     Step("HEAD /{c}/copy", hasnt=("x-ms-copy*",), differs=True), ref="S43")
case("Copy Blob", "put-clears-copy-headers", put(), copy(), put(name="copy"), Step("HEAD /{c}/copy", hasnt=("x-ms-copy*",)),
     ref="S43")
case("Copy Blob", "onto-itself", put(b"content", headers={"x-ms-meta-a": "1"}), copy(to="b", headers={"x-ms-meta-b": "2"}),
     Step("GET /{c}/b", content=b"content", has={"x-ms-meta-b": "2"}))
case("Copy Blob", "the-source-may-go", put(b"content"), copy(), Step("DELETE /{c}/b", status=202),
     Step("GET /{c}/copy", content=b"content"))
case("Copy Blob", "overwriting-the-source-leaves-the-copy", put(b"content"), copy(), put(b"other"),
     Step("GET /{c}/copy", content=b"content"))
case("Copy Blob", "block-list-comes-along",
     Step(f"PUT /{{c}}/b?comp=block&blockid={block_id(1).replace('=', '%3D')}", {}, b"one", 201),
     Step("PUT /{c}/b?comp=blocklist", {}, block_list([("Latest", block_id(1))]), 201), copy(),
     Step("GET /{c}/copy?comp=blocklist&blocklisttype=committed", xml={"CommittedBlocks/Block/Name": block_id(1)}))
OTHER = f"copy-{uuid.uuid4().hex[:12]}"
case("Copy Blob", "into-another-container",
     put(b"content"), Step(f"PUT /{OTHER}?restype=container", status=201),
     Step(f"PUT /{OTHER}/copy", {"x-ms-copy-source": SOURCE}, b"", 202), Step(f"GET /{OTHER}/copy", content=b"content"),
     Step(f"DELETE /{OTHER}?restype=container", status=202))
case("Copy Blob", "empty-blob", put(b""), copy(), Step("GET /{c}/copy", content=b""))
case("Copy Blob", "encoded-source-name",
     Step("PUT /{c}/a%20b%23%3F%25", {"x-ms-blob-type": "BlockBlob"}, b"odd", 201),
     copy(source="http://{address}/{account}/{c}/a%20b%23%3F%25"), Step("GET /{c}/copy", content=b"odd"), ref="A18")
case("Copy Blob", "missing-source",
     copy(404, code={"BlobNotFound", "CannotVerifyCopySource"}), Step("HEAD /{c}/copy", status=404), ref="R8")
case("Copy Blob", "missing-source-container",
     copy(404, source="http://{address}/{account}/absent-container/b", code={"ContainerNotFound", "CannotVerifyCopySource",
                                                                            "BlobNotFound"}, differs=True), ref="R8")
case("Copy Blob", "missing-destination-container",
     put(), Step("PUT /absent-container/copy", {"x-ms-copy-source": SOURCE}, b"", 404, code="ContainerNotFound"))
case("Copy Blob", "source-not-a-url",
     copy(400, source="nonsense", code="InvalidHeaderValue", xml={"HeaderName": "x-ms-copy-source"}, differs=True), ref="R8")
for name, headers, good in [
        ("source-if-match-same", {"x-ms-source-if-match": "{etag}"}, True),
        ("source-if-match-other", {"x-ms-source-if-match": '"0x1"'}, False),
        ("source-if-none-match-same", {"x-ms-source-if-none-match": "{etag}"}, False),
        ("source-if-none-match-other", {"x-ms-source-if-none-match": '"0x1"'}, True),
        ("source-if-modified-since-old", {"x-ms-source-if-modified-since": OLD}, True),
        ("source-if-modified-since-then", {"x-ms-source-if-modified-since": "{modified}"}, False),
        ("source-if-unmodified-since-old", {"x-ms-source-if-unmodified-since": OLD}, False),
        ("source-if-unmodified-since-then", {"x-ms-source-if-unmodified-since": "{modified}"}, True)]:
    case("Copy Blob", name, put(),
         copy(headers=headers) if good else copy(412, headers=headers, code="SourceConditionNotMet", differs=True), ref="A6 R8")
for name, headers, status, code in [
        ("target-if-match-other", {"If-Match": '"0x1"'}, 412, "TargetConditionNotMet"),
        ("target-if-none-match-same", {"If-None-Match": "{target}"}, 412, "TargetConditionNotMet"),
        ("target-if-modified-since-then", {"If-Modified-Since": "{target_time}"}, 412, "TargetConditionNotMet"),
        ("target-if-unmodified-since-old", {"If-Unmodified-Since": OLD}, 412, "TargetConditionNotMet"),
        ("target-if-none-match-star", {"If-None-Match": "*"}, 409, "BlobAlreadyExists"),
        ("target-if-match-same", {"If-Match": "{target}"}, 202, None)]:
    case("Copy Blob", name, put(), put(b"old", "copy", save={"target": "ETag", "target_time": "Last-Modified"}),
         copy(status, headers=headers, code=code, differs=status == 412), ref="A6 R8")
for name, headers in [("match-other", {"If-Match": '"0x1"'}), ("none-match-same", {"If-None-Match": "{target}"}),
                      ("modified-since-then", {"If-Modified-Since": "{target_time}"})]:
    case("Copy Blob", f"target-condition-from-2026-12-06-{name}", put(),
         put(b"old", "copy", save={"target": "ETag", "target_time": "Last-Modified"}),
         copy(412, headers=headers, code="ConditionNotMet", version="2026-12-06", differs=True),
         ref="azure-sdk-for-go TestBlobStartCopyDest*")
case("Copy Blob", "before-2012-02-12-created", put(b"content"),
     copy(201, version="2011-08-18", hasnt=("x-ms-copy-id", "x-ms-copy-status"), has={"ETag": ETAG}, differs=True,
          auth="{sas}", source=lambda s: "http://" + s["address"] + f"/{azure.ACCOUNT}/{s['c']}/b?" + s["sas"]),
     Step("GET /{c}/copy", content=b"content", differs=True), ref="Copy Blob: status codes")
case("Copy Blob", "target-if-modified-since-on-nothing", put(),
     copy(412, headers={"If-Modified-Since": OLD}, code="TargetConditionNotMet", differs=True))
case("Copy Blob", "target-leased", put(), put(b"old", "copy"),
     Step("PUT /{c}/copy?comp=lease", {"x-ms-lease-action": "acquire", "x-ms-lease-duration": "-1"}, status=201,
          save={"lease": "x-ms-lease-id"}),
     copy(412, code="LeaseIdMissing"), copy(headers={"x-ms-lease-id": "{lease}"}), ref="S15")
case("Copy Blob", "source-leased-is-read", put(),
     Step("PUT /{c}/b?comp=lease", {"x-ms-lease-action": "acquire", "x-ms-lease-duration": "-1"}, status=201), copy(),
     Step("HEAD /{c}/copy", has={"x-ms-lease-state": "available"}))
case("Copy Blob", "source-by-sas", put(b"content"),
     copy(source=lambda s: "http://" + s["address"] + f"/{azure.ACCOUNT}/{s['c']}/b?"
          + azure.service_sas(f"/{s['c']}/b", sp="r")), Step("GET /{c}/copy", content=b"content"), ref="R8")
case("Copy Blob", "signature-is-not-kept-in-copy-source", put(b"content"),
     copy(source=lambda s: "http://" + s["address"] + f"/{azure.ACCOUNT}/{s['c']}/b?"
          + azure.service_sas(f"/{s['c']}/b", sp="r")),
     Step("HEAD /{c}/copy", differs=True, check=lambda r, s: require("sig=" not in (r.header("x-ms-copy-source") or ""),
                                                                     "the signature is shown")), ref="R5")
case("Abort Copy Blob", "nothing-pending", put(), copy(save={"id": "x-ms-copy-id"}),
     Step("PUT /{c}/copy?comp=copy&copyid={id}", {"x-ms-copy-action": "abort"}, b"", 409, code="NoPendingCopyOperation"),
     ref="A20 R8")
case("Abort Copy Blob", "copyid-no-guid", put(), copy(),
     Step("PUT /{c}/copy?comp=copy&copyid=mine", {"x-ms-copy-action": "abort"}, b"", 400, code="InvalidQueryParameterValue",
          xml={"Reason": "copyid needs to be valid Guid."}, differs=True), ref="R8")

# --- from elsewhere: answered "pending", carried on beside requests (what becomes of it: tests/fromurl) -------------------
PLAIN = "http://{elsewhere}/plain?size=1000"
SLOW = "http://{elsewhere}/slow?size=100000000&rate=1000"
ABSENT = Step("HEAD /{c}/copy", status=404)
case("Copy Blob", "from-elsewhere-pending",
     copy(source=PLAIN, has={"x-ms-copy-id": GUID, "x-ms-copy-status": "pending", "ETag": ETAG, "Last-Modified": RFC1123, "Content-Length": "0"},
          hasnt=("x-ms-request-server-encrypted", "Content-MD5", "x-ms-content-crc64"), save={"id": "x-ms-copy-id"}),
     Step("HEAD /{c}/copy", wait_s=2, has={"x-ms-copy-id": "{id}", "x-ms-copy-status": "success", "x-ms-copy-progress": "1000/1000",
                                           "Content-Type": "text/x-source", "x-ms-meta-from": "elsewhere", "Content-Length": "1000"}),
     Step("GET /{c}/copy", content=elsewhere.content(1000)), ref="R8")
case("Copy Blob", "while-pending",
     copy(source=SLOW, save={"id": "x-ms-copy-id"}),
     Step("HEAD /{c}/copy", has={"x-ms-copy-id": "{id}", "x-ms-copy-status": "pending", "x-ms-copy-progress": re.compile(r"^\d+/100000000$"),
                                 "Content-Length": "0"}, hasnt=("x-ms-copy-completion-time",)),
     Step("GET /{c}?restype=container&comp=list&include=copy", xml={"Blobs/Blob/Properties/CopyStatus": "pending",
                                                                     "Blobs/Blob/Properties/CopyId": "{id}"}),
     Step("PUT /{c}/copy", {"x-ms-blob-type": "BlockBlob"}, b"x", 409, code="PendingCopyOperation",
          xml={"Message": re.compile("^There is currently a pending copy operation.")}),
     Step("DELETE /{c}/copy", status=409, code="PendingCopyOperation"), ref="S44 A20")
case("Copy Blob", "from-elsewhere-given-metadata-and-tier",
     copy(source=PLAIN, headers={"x-ms-meta-mine": "1", "x-ms-access-tier": "Cool"}),
     Step("HEAD /{c}/copy", has={"x-ms-meta-mine": "1", "x-ms-access-tier": "Cool"}, hasnt=("x-ms-meta-from",)))
for status in (401, 403, 404, 409):
    case("Copy Blob", f"elsewhere-answers-{status}",
         copy(status, source=f"http://{{elsewhere}}/status/{status}", code="CannotVerifyCopySource",
              xml={"Message": re.compile(rf"^The source says {status}\.")}), ABSENT, ref="R8 S48")
case("Copy Blob", "elsewhere-answers-404-told-from-2024-08-04",
     copy(404, source="http://{elsewhere}/status/404", version="2024-08-04", code="CannotVerifyCopySource",
          has={"x-ms-copy-source-status-code": "404", "x-ms-copy-source-error-code": "SourceSays404"}), ABSENT, ref="R8 S48")
case("Copy Blob", "elsewhere-no-length", copy(409, source="http://{elsewhere}/nolength", code="CannotVerifyCopySource"), ABSENT)
case("Copy Blob", "elsewhere-redirect", copy(409, source="http://{elsewhere}/redirect?to=http://{elsewhere}/plain",
                                             code="CannotVerifyCopySource"), ABSENT)
case("Copy Blob", "elsewhere-before-2012-02-12",
     copy(409, source=PLAIN, version="2011-08-18", auth="{sas}", code="CopyAcrossAccountsNotSupported"), ABSENT)
case("Copy Blob", "elsewhere-token-not-supported",
     copy(400, source="http://{elsewhere}/bearer", headers={"x-ms-copy-source-authorization": "Bearer good"}, code="UnsupportedHeader",
          xml={"HeaderName": "x-ms-copy-source-authorization"}, check=lambda r, s: require(b"good" not in r.body, "the token is repeated")), ABSENT)
for name, headers, good in [
        ("if-match-same", {"x-ms-source-if-match": elsewhere.ETAG}, True), ("if-match-other", {"x-ms-source-if-match": '"0x1"'}, False),
        ("if-none-match-same", {"x-ms-source-if-none-match": elsewhere.ETAG}, False),
        ("if-modified-since-then", {"x-ms-source-if-modified-since": elsewhere.MODIFIED}, False),
        ("if-unmodified-since-old", {"x-ms-source-if-unmodified-since": OLD}, False)]:
    case("Copy Blob", f"elsewhere-source-{name}",
         copy(source=PLAIN, headers=headers) if good else copy(412, source=PLAIN, headers=headers, code="SourceConditionNotMet"), ref="A6 R8")
for name, headers, status, code in [
        ("if-match-other", {"If-Match": '"0x1"'}, 412, "TargetConditionNotMet"), ("if-none-match-star", {"If-None-Match": "*"}, 409, "BlobAlreadyExists"),
        ("if-match-same", {"If-Match": "{target}"}, 202, None)]:
    case("Copy Blob", f"elsewhere-target-{name}", put(b"old", "copy", save={"target": "ETag"}),
         copy(status, source=PLAIN, headers=headers, code=code), ref="A6 R8")
case("Copy Blob", "elsewhere-target-finite-lease", put(b"old", "copy"),
     Step("PUT /{c}/copy?comp=lease", {"x-ms-lease-action": "acquire", "x-ms-lease-duration": "60"}, status=201, save={"lease": "x-ms-lease-id"}),
     copy(412, source=PLAIN, code="LeaseIdMissing"),
     copy(412, source=PLAIN, headers={"x-ms-lease-id": "{lease}"}, code="InfiniteLeaseDurationRequired"), ref="S44")
case("Copy Blob", "elsewhere-target-infinite-lease", put(b"old", "copy"),
     Step("PUT /{c}/copy?comp=lease", {"x-ms-lease-action": "acquire", "x-ms-lease-duration": "-1"}, status=201, save={"lease": "x-ms-lease-id"}),
     copy(source=PLAIN, headers={"x-ms-lease-id": "{lease}"}), ref="S44")
case("Copy Blob", "elsewhere-create-permission-does-not-overwrite", put(b"old", "copy"),
     copy(403, source=PLAIN, code="UnauthorizedBlobOverwrite", auth=lambda s: azure.service_sas(f"/{s['c']}/copy", sp="c")))
case("Abort Copy Blob", "abort", put(b"old", "copy"), copy(source=SLOW, save={"id": "x-ms-copy-id", "begun": "ETag"}),
     Step("PUT /{c}/copy?comp=copy&copyid={id}", {"x-ms-copy-action": "abort"}, b"", 204, hasnt=("ETag", "Last-Modified")),
     Step("HEAD /{c}/copy", has={"x-ms-copy-status": "aborted", "x-ms-copy-progress": re.compile("^[0-9]+/100000000$"), "Content-Length": "0",
                                 "x-ms-copy-completion-time": RFC1123, "Content-Type": "text/x-source"},
          check=lambda r, s: require(r.header("ETag") != s["begun"], "the ETag did not move")),
     Step("PUT /{c}/copy?comp=copy&copyid={id}", {"x-ms-copy-action": "abort"}, b"", 409, code="NoPendingCopyOperation"), ref="A20 R8")
case("Abort Copy Blob", "another-copy", copy(source=SLOW, save={"id": "x-ms-copy-id"}),
     Step("PUT /{c}/copy?comp=copy&copyid=11111111-1111-4111-8111-111111111111", {"x-ms-copy-action": "abort"}, b"", 409, code="CopyIdMismatch"),
     Step("PUT /{c}/copy?comp=copy&copyid={id}", {"x-ms-copy-action": "abort"}, b"", 204), ref="Abort Copy Blob: status codes")
case("Abort Copy Blob", "missing-action", copy(source=SLOW, save={"id": "x-ms-copy-id"}),
     Step("PUT /{c}/copy?comp=copy&copyid={id}", {}, b"", 400, code="MissingRequiredHeader", xml={"HeaderName": "x-ms-copy-action"}),
     Step("PUT /{c}/copy?comp=copy&copyid={id}", {"x-ms-copy-action": "stop"}, b"", 400, code="InvalidHeaderValue"))
case("Abort Copy Blob", "missing-blob",
     Step("PUT /{c}/absent?comp=copy&copyid=11111111-1111-4111-8111-111111111111", {"x-ms-copy-action": "abort"}, b"", 404, code="BlobNotFound"))
case("Abort Copy Blob", "leased", copy(source=SLOW, save={"id": "x-ms-copy-id"}),
     Step("PUT /{c}/copy?comp=lease", {"x-ms-lease-action": "acquire", "x-ms-lease-duration": "15"}, status=412, code="InfiniteLeaseDurationRequired"),
     Step("PUT /{c}/copy?comp=lease", {"x-ms-lease-action": "acquire", "x-ms-lease-duration": "-1"}, status=201, save={"lease": "x-ms-lease-id"}),
     Step("PUT /{c}/copy?comp=copy&copyid={id}", {"x-ms-copy-action": "abort"}, b"", 412, code="LeaseIdMissing"),
     Step("PUT /{c}/copy?comp=copy&copyid={id}", {"x-ms-copy-action": "abort", "x-ms-lease-id": "{lease}"}, b"", 204), ref="S44")
case("Abort Copy Blob", "read-permission-is-not-enough", copy(source=SLOW, save={"id": "x-ms-copy-id"}),
     Step("PUT /{c}/copy?comp=copy&copyid={id}", {"x-ms-copy-action": "abort"}, b"", 403,
          auth=lambda s: azure.service_sas(f"/{s['c']}/copy", sp="r")))
