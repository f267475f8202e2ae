"""Snapshots: taking, reading, listing, copying and deleting them, in an account as a new one is."""
import re

from case import ETAG, L1, RFC1123, Step, Table, put, require
from lib import azure
from lib.azure import account_sas, block_id, block_list, service_sas

table = Table("snapshots")
case = table.case
TIME = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z$")
LIST = "GET /{c}?restype=container&comp=list&include=snapshots"
SNAPSHOT_PARAMETER = "This operation is only allowed on the root blob. Snapshot should not be provided."
BLOCK = block_id(1).replace("=", "%3D")
WRITES = {
    "metadata": ("Set Blob Metadata", "PUT /{c}/b?comp=metadata&snapshot={s}", {}),
    "properties": ("Set Blob Properties", "PUT /{c}/b?comp=properties&snapshot={s}", {}),
    "lease": ("Lease Blob", "PUT /{c}/b?comp=lease&snapshot={s}", {"x-ms-lease-action": "acquire", "x-ms-lease-duration": "15"}),
    "content": ("Put Blob", "PUT /{c}/b?snapshot={s}", {"x-ms-blob-type": "BlockBlob"}),
    "block": ("Put Block", f"PUT /{{c}}/b?comp=block&blockid={BLOCK}&snapshot={{s}}", {}),
    "blocklist": ("Put Block List", "PUT /{c}/b?comp=blocklist&snapshot={s}", {}),
}


def snap(name="b", save="s", headers=None, status=201, **more):
    return Step(f"PUT /{{c}}/{name}?comp=snapshot", headers or {}, b"", status, save={save: "x-ms-snapshot"}, **more)


def gone(query="snapshot={s}"):
    return Step(f"GET /{{c}}/b?{query}", status=404, code="BlobNotFound")


case("Snapshot Blob", "take", put(b"one"),
     snap(has={"x-ms-snapshot": TIME, "ETag": "{etag}", "Last-Modified": "{modified}", "Content-Length": "0",
               "x-ms-request-server-encrypted": "false"}, hasnt=("x-ms-version-id", "Content-MD5", "x-ms-content-crc64"),
          order=("Last-Modified", "ETag", "x-ms-version", "x-ms-snapshot", "x-ms-request-server-encrypted")), ref="R6")
case("Snapshot Blob", "keeps-content", put(b"one"), snap(), put(b"another"),
     Step("GET /{c}/b?snapshot={s}", content=b"one", has={"Content-MD5": azure.md5(b"one"), "x-ms-blob-type": "BlockBlob"},
          hasnt=("x-ms-lease-*", "x-ms-version-id", "x-ms-is-current-version", "x-ms-snapshot")),
     Step("GET /{c}/b", content=b"another"), ref="R6")
case("Snapshot Blob", "keeps-metadata-and-properties",
     put(headers={"x-ms-meta-a": "1", "x-ms-blob-content-type": "text/plain", "x-ms-blob-cache-control": "no-store"}), snap(),
     Step("PUT /{c}/b?comp=metadata", {"x-ms-meta-a": "2"}), Step("PUT /{c}/b?comp=properties", {"x-ms-blob-content-type": "a/b"}),
     Step("HEAD /{c}/b?snapshot={s}", has={"x-ms-meta-a": "1", "Content-Type": "text/plain", "Cache-Control": "no-store",
                                            "ETag": "{etag}", "Last-Modified": "{modified}"}),
     Step("GET /{c}/b?comp=metadata&snapshot={s}", has={"x-ms-meta-a": "1", "ETag": "{etag}"}))
case("Snapshot Blob", "given-metadata-replaces", put(headers={"x-ms-meta-a": "1"}),
     snap(headers={"x-ms-meta-b": "2"}, has={"ETag": ETAG},
          check=lambda r, s: require(r.header("ETag") != s["etag"], "the ETag is the blob's")),
     Step("HEAD /{c}/b?snapshot={s}", has={"x-ms-meta-b": "2"}, hasnt=("x-ms-meta-a",)),
     Step("HEAD /{c}/b", has={"x-ms-meta-a": "1", "ETag": "{etag}"}, hasnt=("x-ms-meta-b",)))
case("Snapshot Blob", "range-of-a-snapshot", put(b"0123456789"), snap(), put(b"x"),
     Step("GET /{c}/b?snapshot={s}", {"Range": "bytes=2-4"}, status=206, content=b"234", has={"Content-Range": "bytes 2-4/10"}))
case("Snapshot Blob", "conditions-of-a-snapshot", put(), snap(), Step("PUT /{c}/b?comp=metadata"),
     Step("GET /{c}/b?snapshot={s}", {"If-None-Match": "{etag}"}, status=304),
     Step("GET /{c}/b?snapshot={s}", {"If-Match": '"0x1"'}, status=412, code="ConditionNotMet"))
case("Snapshot Blob", "block-list-of-a-snapshot",
     Step(f"PUT /{{c}}/b?comp=block&blockid={BLOCK}", {}, b"one", 201),
     Step("PUT /{c}/b?comp=blocklist", {}, block_list([("Latest", block_id(1))]), 201), snap(), put(b"x"),
     Step("GET /{c}/b?comp=blocklist&snapshot={s}", xml={"CommittedBlocks/Block/Name": block_id(1)}))
case("Snapshot Blob", "of-an-empty-blob", put(b""), snap(), Step("GET /{c}/b?snapshot={s}", content=b""))
case("Snapshot Blob", "two-in-a-row-differ", put(), snap(), snap(save="t"),
     Step(LIST, xml={"Blobs/Blob/Snapshot": lambda s: [s["s"], s["t"]], "Blobs/Blob/Name": ["b", "b", "b"]},
          check=lambda r, s: require(s["s"] < s["t"], "the later one is not later")), ref="R5 S56")
case("Snapshot Blob", "missing-blob", snap(status=404, code="BlobNotFound"), ref="R6")
case("Snapshot Blob", "uncommitted-blob", Step(f"PUT /{{c}}/b?comp=block&blockid={BLOCK}", {}, b"one", 201),
     snap(status=404, code="BlobNotFound"))
case("Snapshot Blob", "missing-container", Step("PUT /absent-container/b?comp=snapshot", {}, b"", 404, code="ContainerNotFound"))
case("Snapshot Blob", "of-a-snapshot", put(), snap(),
     Step("PUT /{c}/b?comp=snapshot&snapshot={s}", {}, b"", 400, code="InvalidQueryParameterValue",
          xml={"QueryParameterName": "snapshot", "Reason": SNAPSHOT_PARAMETER}, differs=True), ref="A13")
case("Snapshot Blob", "condition-not-met", put(), snap(headers={"If-Match": '"0x1"'}, status=412, code="ConditionNotMet"),
     snap(headers={"If-None-Match": "{etag}"}, status=412, code="ConditionNotMet"),
     snap(headers={"If-Modified-Since": "{modified}"}, status=412, code="ConditionNotMet"),
     snap(headers={"If-Match": "{etag}"}))
case("Snapshot Blob", "leased-needs-no-id", put(),
     Step("PUT /{c}/b?comp=lease", {"x-ms-lease-action": "acquire", "x-ms-lease-duration": "-1", "x-ms-proposed-lease-id": L1}, b"", 201),
     snap(), snap(headers={"x-ms-lease-id": L1}),
     snap(headers={"x-ms-lease-id": L1.replace("1", "9")}, status=412, code="LeaseIdMismatchWithBlobOperation"),
     Step("HEAD /{c}/b?snapshot={s}", hasnt=("x-ms-lease-*",)))
case("Snapshot Blob", "lease-id-where-none-is", put(),
     snap(headers={"x-ms-lease-id": L1}, status=412, code="LeaseNotPresentWithBlobOperation"), ref="S15")
case("Snapshot Blob", "bad-metadata", put(), snap(headers={"x-ms-meta-a-b": "1"}, status=400, code="InvalidMetadata"), ref="A14")

for query, code in (("snapshot=yesterday", "InvalidQueryParameterValue"), ("snapshot=2026-13-01T00:00:00.0000000Z", "InvalidQueryParameterValue"),
                    ("versionid=yesterday", "InvalidQueryParameterValue"),
                    ("snapshot=2020-01-01T00:00:00.0000000Z&versionid=2020-01-01T00:00:00.0000000Z", "InvalidQueryParameterValue")):
    case("Get Blob", f"wrong-{query.replace(':', '.')}", put(), Step(f"GET /{{c}}/b?{query}", status=400, code=code, differs=True), ref="R1")
case("Get Blob", "absent-snapshot", put(), snap(), gone("snapshot=2020-01-01T00:00:00.0000000Z"),
     Step("HEAD /{c}/b?snapshot=2020-01-01T00:00:00.0000000Z", status=404, has={"x-ms-error-code": "BlobNotFound"}),
     Step("GET /{c}/b?versionid={s}", status=404, code="BlobNotFound", differs=True), ref="R6")
for label, (operation, request, headers) in WRITES.items():
    case(operation, f"{label}-of-a-snapshot-is-refused", put(b"there"), snap(),
         Step(request, headers, b"x" if label in ("content", "block", "blocklist") else b"", 400, code="InvalidQueryParameterValue",
              xml={"QueryParameterName": "snapshot", "Reason": SNAPSHOT_PARAMETER}, differs=True),
         Step("GET /{c}/b", content=b"there", has={"ETag": "{etag}"}), ref="R6")

# Deleting
case("Delete Blob", "snapshots-present", put(), snap(), Step("DELETE /{c}/b", status=409, code="SnapshotsPresent"),
     Step("GET /{c}/b"), Step("GET /{c}/b?snapshot={s}"), ref="A13 R6")
case("Delete Blob", "with-snapshots", put(), snap(), snap(save="t"),
     Step("DELETE /{c}/b", {"x-ms-delete-snapshots": "include"}, b"", 202, has={"x-ms-delete-type-permanent": "true"}),
     gone(), gone("snapshot={t}"), gone(""), ref="A13")
case("Delete Blob", "snapshots-only", put(b"there"), snap(), snap(save="t"),
     Step("DELETE /{c}/b", {"x-ms-delete-snapshots": "only"}, b"", 202), gone(), gone("snapshot={t}"),
     Step("GET /{c}/b", content=b"there", has={"ETag": "{etag}"}), Step("DELETE /{c}/b", status=202), ref="A13")
case("Delete Blob", "one-snapshot", put(b"there"), snap(), snap(save="t"),
     Step("DELETE /{c}/b?snapshot={s}", status=202, has={"x-ms-delete-type-permanent": "true"}), gone(),
     Step("GET /{c}/b?snapshot={t}", content=b"there"), Step("DELETE /{c}/b", status=409, code="SnapshotsPresent"),
     Step("DELETE /{c}/b?snapshot={t}", status=202), Step("DELETE /{c}/b", status=202))
case("Delete Blob", "snapshot-with-the-header-for-base-blobs", put(), snap(),
     Step("DELETE /{c}/b?snapshot={s}", {"x-ms-delete-snapshots": "include"}, b"", 400, code="InvalidQueryParameterValue",
          xml={"QueryParameterName": "snapshot", "Reason": SNAPSHOT_PARAMETER}, differs=True),
     Step("GET /{c}/b?snapshot={s}"), ref="A13 R6")
case("Delete Blob", "absent-snapshot", put(), Step("DELETE /{c}/b?snapshot=2020-01-01T00:00:00.0000000Z", status=404, code="BlobNotFound"))
case("Delete Blob", "snapshot-under-condition", put(), snap(), put(b"new"),
     Step("DELETE /{c}/b?snapshot={s}", {"If-Match": '"0x1"'}, b"", 412, code="ConditionNotMet"),
     Step("DELETE /{c}/b?snapshot={s}", {"If-Match": lambda s: s["etag"]}, b"", 412, code="ConditionNotMet"), ref="A6")
case("Delete Blob", "leased-base-with-snapshots", put(), snap(),
     Step("PUT /{c}/b?comp=lease", {"x-ms-lease-action": "acquire", "x-ms-lease-duration": "-1", "x-ms-proposed-lease-id": L1}, b"", 201),
     Step("DELETE /{c}/b", {"x-ms-delete-snapshots": "include"}, b"", 412, code="LeaseIdMissing"),
     Step("DELETE /{c}/b?snapshot={s}", status=202),   # a lease is the base's
     Step("DELETE /{c}/b", {"x-ms-delete-snapshots": "include", "x-ms-lease-id": L1}, b"", 202))
case("Delete Blob", "permanent-is-off", put(), snap(),
     Step("DELETE /{c}/b?snapshot={s}&deletetype=permanent", status=409, code="PermanentDeleteIsOff"),
     Step("DELETE /{c}/b?deletetype=permanent", status=409, code="PermanentDeleteIsOff"),
     Step("DELETE /{c}/b?snapshot={s}&deletetype=some", status=400, code="InvalidQueryParameterValue"), ref="S39", differs=True)
case("Undelete Blob", "nothing-is-deleted", put(), Step("PUT /{c}/b?comp=undelete", status=200, has={"Content-Length": "0"}, hasnt=("ETag", "Last-Modified")),
     Step("GET /{c}/b", has={"ETag": "{etag}"}), ref="R6", differs=True)
case("Undelete Blob", "missing-blob", Step("PUT /{c}/b?comp=undelete", status=404, code="BlobNotFound"), ref="R6", differs=True)
case("Undelete Blob", "deleted-for-good", put(), Step("DELETE /{c}/b", status=202),
     Step("PUT /{c}/b?comp=undelete", status=404, code="BlobNotFound"), differs=True)
case("Undelete Blob", "source-is-for-hierarchical-namespaces", put(),
     Step("PUT /{c}/b?comp=undelete", {"x-ms-undelete-source": "b?deletionid=1"}, status=400, code="InvalidHeaderValue"), differs=True)

# Copies
COPY = "http://{address}/{account}/{c}/b?snapshot={s}"
case("Copy Blob", "from-a-snapshot", put(b"one", headers={"x-ms-meta-a": "1"}), snap(), put(b"two"),
     Step("PUT /{c}/copy", {"x-ms-copy-source": COPY}, b"", 202, has={"x-ms-copy-status": "success"}),
     Step("GET /{c}/copy", content=b"one", has={"x-ms-meta-a": "1", "x-ms-copy-source": re.compile(r"\?snapshot=")}, hasnt=("x-ms-snapshot",)))
case("Copy Blob", "promote-a-snapshot", put(b"one"), snap(), put(b"two"),
     Step("PUT /{c}/b", {"x-ms-copy-source": COPY}, b"", 202), Step("GET /{c}/b", content=b"one"),
     Step("DELETE /{c}/b", {"x-ms-delete-snapshots": "only"}, b"", 202), Step("GET /{c}/b", content=b"one"))
case("Copy Blob", "from-an-absent-snapshot", put(),
     Step("PUT /{c}/copy", {"x-ms-copy-source": COPY.replace("{s}", "2020-01-01T00:00:00.0000000Z")}, b"", 404,
          code={"BlobNotFound", "CannotVerifyCopySource"}, differs=True))
case("Copy Blob", "source-condition-of-a-snapshot", put(), snap(), put(b"new"),
     Step("PUT /{c}/copy", {"x-ms-copy-source": COPY, "x-ms-source-if-match": "{etag}"}, b"", 412, code="SourceConditionNotMet"))

# Listings
case("List Blobs", "snapshots-before-their-base", put(b"one", headers={"x-ms-meta-a": "1"}), snap(), put(b"another"), put(b"", name="a"), put(b"", name="c"),
     Step(LIST + ",metadata", xml={"Blobs/Blob/Name": ["a", "b", "b", "c"], "Blobs/Blob/Snapshot": ["{s}"],
                                   "Blobs/Blob/Properties/Content-Length": ["0", "3", "7", "0"], "Blobs/Blob/Metadata/a": ["1"]},
          elements={"Blobs/Blob": ["Name", "Snapshot?", "Properties", "Metadata", "OrMetadata"]},
          check=lambda r, s: require(b"<Deleted>" not in r.body and b"<VersionId>" not in r.body, "more than snapshots")), ref="R5 S56")
case("List Blobs", "snapshots-have-no-lease", put(), snap(), Step(LIST, xml={"Blobs/Blob/Properties/LeaseStatus": ["unlocked"]}, differs=True), ref="R5")
case("List Blobs", "without-snapshots", put(), snap(), Step("GET /{c}?restype=container&comp=list", xml={"Blobs/Blob/Name": "b", "Blobs/Blob/Snapshot": []}))
case("List Blobs", "pages-of-snapshots", put(), snap(), snap(save="t"), put(name="c"),
     Step(LIST + "&maxresults=2", xml={"Blobs/Blob/Snapshot": lambda s: [s["s"], s["t"]], "NextMarker": True}, save={"m": "xml:NextMarker"}),
     Step(LIST + "&maxresults=1&marker={m}", xml={"Blobs/Blob/Name": "b", "Blobs/Blob/Snapshot": []}, save={"m": "xml:NextMarker"}),
     Step(LIST + "&maxresults=2&marker={m}", xml={"Blobs/Blob/Name": "c", "NextMarker": ""}), ref="A8")
case("List Blobs", "snapshots-with-delimiter", put(name="a/b"), snap(name="a/b"), put(name="c"), snap(name="c"),
     Step(LIST + "&delimiter=%2F", xml={"Blobs/BlobPrefix/Name": "a/", "Blobs/Blob/Name": ["c", "c"]}),
     Step(LIST + "&delimiter=%2F", version="2021-04-10", status=400, code="InvalidQueryParameterValue"), ref="S56", differs=True)

# Signatures: from 2018-11-09 each kind of state has its own.
def of_snapshot(letters, **more):
    return lambda s: service_sas(f"/{s['c']}/b", sr="bs", sp=letters, snapshot=s["s"], account=s["account"], **more)


case("Service SAS", "snapshot-read", put(b"one"), snap(), put(b"two"),
     Step("GET /{c}/b?snapshot={s}", auth=of_snapshot("r"), content=b"one"),
     Step("GET /{c}/b", auth=of_snapshot("r"), status=403), Step("DELETE /{c}/b?snapshot={s}", auth=of_snapshot("r"), status=403,
                                                                  code="AuthorizationPermissionMismatch"), ref="S25")
case("Service SAS", "snapshot-delete", put(), snap(), Step("DELETE /{c}/b?snapshot={s}", auth=of_snapshot("d"), status=202), gone())
case("Service SAS", "blob-does-not-cover-snapshots", put(), snap(),
     Step("GET /{c}/b?snapshot={s}", auth=lambda s: service_sas(f"/{s['c']}/b", sp="r"), status=403,
          code="AuthorizationResourceTypeMismatch", differs=True),
     Step("GET /{c}/b?snapshot={s}", auth=lambda s: service_sas(f"/{s['c']}", sr="c", sp="r")), ref="S25")
case("Service SAS", "take-a-snapshot", put(), snap(auth=lambda s: service_sas(f"/{s['c']}/b", account=s["account"], sp="r"), status=403, code="AuthorizationPermissionMismatch"),
     snap(auth=lambda s: service_sas(f"/{s['c']}/b", account=s["account"], sp="c")), snap(auth=lambda s: service_sas(f"/{s['c']}/b", account=s["account"], sp="w")))
case("Service SAS", "permanent-delete-needs-y", put(), snap(),
     Step("DELETE /{c}/b?snapshot={s}&deletetype=permanent", auth=of_snapshot("d"), status=403, code="AuthorizationPermissionMismatch"),
     Step("DELETE /{c}/b?snapshot={s}&deletetype=permanent", auth=of_snapshot("y"), status=409, code="PermanentDeleteIsOff"), ref="S39", differs=True)
case("Account SAS", "delete-version-needs-x", put(), snap(),
     Step("DELETE /{c}/b?versionid={s}", auth=lambda s: account_sas(sp="d"), status=403, code="AuthorizationPermissionMismatch"),
     Step("DELETE /{c}/b?versionid={s}", auth=lambda s: account_sas(sp="x"), status=404, code="BlobNotFound"), ref="S53", differs=True)
