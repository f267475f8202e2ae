"""Conditional requests: every header alone and in pairs, for reads and for writes."""
from case import BLOCK_BLOB, OLD, Step, Table, put
from lib.azure import block_id, block_list

table = Table("conditions")
case = table.case
NOT_MODIFIED, FAILED = (304, None), (412, "ConditionNotMet")
OTHER = '"0x8D000000000000F"'
IM, INM, IMS, IUS = "If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since"

# name: (headers, answer of a read, answer of a write that needs the blob); None: as without conditions.
SINGLE = {
    "if-match-same": ({IM: "{etag}"}, None, None),
    "if-match-other": ({IM: OTHER}, FAILED, FAILED),
    "if-match-star": ({IM: "*"}, None, None),
    "if-none-match-same": ({INM: "{etag}"}, NOT_MODIFIED, FAILED),
    "if-none-match-other": ({INM: OTHER}, None, None),
    "if-modified-since-old": ({IMS: OLD}, None, None),
    "if-modified-since-then": ({IMS: "{modified}"}, NOT_MODIFIED, FAILED),
    "if-unmodified-since-old": ({IUS: OLD}, FAILED, FAILED),
    "if-unmodified-since-then": ({IUS: "{modified}"}, None, None),
}
# S13: a read asks If-Match AND If-Unmodified-Since AND (If-None-Match OR If-Modified-Since).
READ_PAIRS = {
    "none-match-false-modified-true": ({INM: "{etag}", IMS: OLD}, None),
    "none-match-true-modified-false": ({INM: OTHER, IMS: "{modified}"}, None),
    "none-match-false-modified-false": ({INM: "{etag}", IMS: "{modified}"}, NOT_MODIFIED),
    "match-true-unmodified-false": ({IM: "{etag}", IUS: OLD}, FAILED),
    "match-false-unmodified-true": ({IM: OTHER, IUS: "{modified}"}, FAILED),
    "match-true-unmodified-true": ({IM: "{etag}", IUS: "{modified}"}, None),
    "match-true-none-match-false": ({IM: "{etag}", INM: "{etag}"}, NOT_MODIFIED),
    "match-false-none-match-false": ({IM: OTHER, INM: "{etag}"}, FAILED),
    "match-true-modified-false": ({IM: "{etag}", IMS: "{modified}"}, NOT_MODIFIED),
    "several-match-one-right": ({IM: OTHER + ", {etag}"}, None),
    "several-match-none-right": ({IM: OTHER + ', "0x1"'}, FAILED),
    "several-none-match-one-same": ({INM: OTHER + ", {etag}"}, NOT_MODIFIED),
    "several-none-match-all-other": ({INM: OTHER + ', "0x1"'}, None),
}
# S14: elsewhere two pairs may come together, and the ETag decides; anything else is refused.
REFUSED = (400, "MultipleConditionHeadersNotSupported")
WRITE_PAIRS = {
    "none-match-true-modified-false": ({INM: OTHER, IMS: "{modified}"}, None),
    "none-match-false-modified-true": ({INM: "{etag}", IMS: OLD}, FAILED),
    "match-true-unmodified-false": ({IM: "{etag}", IUS: OLD}, None),
    "match-false-unmodified-true": ({IM: OTHER, IUS: "{modified}"}, FAILED),
    "match-and-none-match": ({IM: "{etag}", INM: OTHER}, REFUSED),
    "match-and-modified": ({IM: "{etag}", IMS: OLD}, REFUSED),
    "none-match-and-unmodified": ({INM: OTHER, IUS: "{modified}"}, REFUSED),
    "both-dates": ({IMS: OLD, IUS: "{modified}"}, REFUSED),
}
READS = {"Get Blob": ("GET /{c}/b", 200), "Get Blob Properties": ("HEAD /{c}/b", 200)}
WRITES = {
    "Set Blob Metadata": ("PUT /{c}/b?comp=metadata", {"x-ms-meta-a": "1"}, b"", 200),
    "Set Blob Properties": ("PUT /{c}/b?comp=properties", {"x-ms-blob-content-type": "a/b"}, b"", 200),
    "Put Blob": ("PUT /{c}/b", BLOCK_BLOB, b"new", 201),
    "Put Block List": ("PUT /{c}/b?comp=blocklist", {}, block_list([("Latest", block_id(1))]), 201),
    "Lease Blob": ("PUT /{c}/b?comp=lease", {"x-ms-lease-action": "acquire", "x-ms-lease-duration": "15"}, b"", 201),
    "Delete Blob": ("DELETE /{c}/b", {}, b"", 202),
}


def read(operation, name, conditions, answer, **more):
    request, good = READS[operation]
    status, code = answer or (good, None)
    case(operation, name, put(), Step(request, conditions, status=status, code=code, **more), ref="A6 S13 R6")


def write(operation, name, conditions, answer, **more):
    request, headers, body, good = WRITES[operation]
    status, code = answer or (good, None)
    steps = [put()]
    if operation == "Put Block List":
        steps.append(Step("PUT /{c}/b?comp=block&blockid=" + block_id(1).replace("=", "%3D"), {}, b"new", 201))
    steps.append(Step(request, {**headers, **conditions}, body, status, code=code, **more))
    if status >= 400:  # A refused write changes nothing.
        steps.append(Step("GET /{c}/b", content=b"0123456789abcdef", has={"ETag": "{etag}"}))
    case(operation, name, *steps, ref="A6 S14 R6")


for label, (wanted, on_read, on_write) in SINGLE.items():
    for kind in READS:
        read(kind, label, wanted, on_read)
    for kind in WRITES:
        write(kind, label, wanted, on_write)
for label, (wanted, outcome) in READ_PAIRS.items():
    for kind in READS:
        read(kind, label, wanted, outcome, differs=True)
for label, (wanted, outcome) in WRITE_PAIRS.items():
    for kind in WRITES:
        write(kind, label, wanted, outcome, differs=True)

for kind, (call, _) in READS.items():
    case(kind, "if-none-match-star", put(), Step(call, {INM: "*"}, status=400, code="UnsatisfiableCondition"), ref="A6")
    case(kind, "missing-blob-wins", Step(call, {IM: OTHER}, status=404, code="BlobNotFound", differs=True), ref="R6")
    case(kind, "date-twice", put(), Step(call, {IMS: [OLD, OLD]}, status=400, auth="{sas}", differs=True), ref="S13")
case("Get Blob", "date-malformed", put(), Step("GET /{c}/b", {IMS: "yesterday"}, status={200, 400}, differs=True))
case("Get Blob", "range-under-condition", put(),
     Step("GET /{c}/b", {"Range": "bytes=0-3", IM: OTHER}, status=412, code="ConditionNotMet"),
     Step("GET /{c}/b", {"Range": "bytes=0-3", INM: "{etag}"}, status=304, content=b""),
     Step("GET /{c}/b", {"Range": "bytes=0-3", IM: "{etag}"}, status=206, content=b"0123"), ref="A6")
case("Get Blob", "unquoted-etag", put(),
     Step("GET /{c}/b", {IM: lambda s: s["etag"].strip('"')}, differs=True), ref="S4")
case("Put Blob", "create-only",
     Step("PUT /{c}/b", {**BLOCK_BLOB, INM: "*"}, b"first", 201),
     Step("PUT /{c}/b", {**BLOCK_BLOB, INM: "*"}, b"second", 409, code="BlobAlreadyExists"),
     Step("GET /{c}/b", content=b"first"), ref="A6 R6")
case("Put Blob", "if-match-on-nothing",
     Step("PUT /{c}/b", {**BLOCK_BLOB, IM: OTHER}, b"first", 412, code="ConditionNotMet"),
     Step("HEAD /{c}/b", status=404), ref="A6")
case("Put Blob", "if-match-star-on-nothing",
     Step("PUT /{c}/b", {**BLOCK_BLOB, IM: "*"}, b"first", 412, code="ConditionNotMet", differs=True), ref="A6")
for kind, (_, headers, body, _) in WRITES.items():
    if kind not in ("Put Blob", "Put Block List"):  # they create; the others need what is there
        write(kind, "none-match-star", {INM: "*"}, FAILED, differs=True)
for label, date, answer in (("modified-since-on-nothing", {IMS: OLD}, FAILED),
                            ("unmodified-since-on-nothing", {IUS: OLD}, (201, None))):
    case("Put Blob", label, Step("PUT /{c}/new", {**BLOCK_BLOB, **date}, b"first", answer[0], code=answer[1], differs=True))
    case("Put Block List", label,
         Step("PUT /{c}/new?comp=block&blockid=" + block_id(1).replace("=", "%3D"), {}, b"new", 201),
         Step("PUT /{c}/new?comp=blocklist", date, block_list([("Latest", block_id(1))]), answer[0], code=answer[1],
              differs=True), ref="azure-sdk-for-go TestBlobPutBlockListIfModifiedSinceFalse")
case("Put Blob", "none-match-star-with-the-right-lease-overwrites", put(),
     Step("PUT /{c}/b?comp=lease", {"x-ms-lease-action": "acquire", "x-ms-lease-duration": "-1"}, status=201,
          save={"lease": "x-ms-lease-id"}),
     Step("PUT /{c}/b", {**BLOCK_BLOB, INM: "*", "x-ms-lease-id": "{lease}"}, b"second", 201, differs=True),
     Step("GET /{c}/b", content=b"second", differs=True), ref="R6 R10.6")
case("Put Blob", "if-tags-without-tags", put(),
     Step("PUT /{c}/b", {**BLOCK_BLOB, "x-ms-if-tags": "\"a\" = 'b'"}, b"second", {412, 400, 501}, differs=True),
     Step("GET /{c}/b", content=b"0123456789abcdef", differs=True), ref="A6")
