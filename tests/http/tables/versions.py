"""Versions, soft delete, undeleting: accounts of their own, set with `bascule account set`."""
import re

from case import ETAG, RFC1123, Step, Table, put, require
from lib import azure
from lib.azure import account_sas, block_id, block_list, service_sas

table = Table("versions")
TIME = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z$")
VERSIONED = {"versioning": "on"}
SOFT = {"delete-retention": 7}
BOTH = {"versioning": "on", "delete-retention": 7}
PERMANENT = {**BOTH, "permanent-delete": "on"}
LIST = "GET /{c}?restype=container&comp=list"
VERSION_PARAMETER = "This operation is only allowed on the root blob. Version id should not be provided."
BLOCK = block_id(1).replace("=", "%3D")


def versioned(operation, name, *steps, account=VERSIONED, **more):
    table.case(operation, name, *steps, account=account, **more)


def soft(operation, name, *steps, account=SOFT, **more):
    table.case(operation, name, *steps, account=account, **more)


def write(data, save="v", **more):
    return put(data, save={save: "x-ms-version-id", **more.pop("save", {})}, **more)


def snap(save="s", **more):
    return Step("PUT /{c}/b?comp=snapshot", status=201, save={save: "x-ms-snapshot", "sv": "x-ms-version-id"}, **more)


def gone(query=""):
    return Step("GET /{c}/b" + query, status=404, code="BlobNotFound")


DELETE = Step("DELETE /{c}/b", status=202, has={"x-ms-delete-type-permanent": "false"})
UNDELETE = Step("PUT /{c}/b?comp=undelete", status=200)

# --- versions ---
versioned("Put Blob", "version-id",
          write(b"one", has={"x-ms-version-id": TIME}), Step("GET /{c}/b", content=b"one", has={
              "x-ms-version-id": "{v}", "x-ms-is-current-version": "true"},
              order=("x-ms-version", "x-ms-version-id", "x-ms-is-current-version", "x-ms-creation-time")),
          Step("HEAD /{c}/b", has={"x-ms-version-id": "{v}", "x-ms-is-current-version": "true"}), ref="R6 S53")
versioned("Put Blob", "overwriting-keeps-the-version", write(b"one", headers={"x-ms-meta-a": "1"}), write(b"two", save="w"),
          Step("GET /{c}/b?versionid={v}", content=b"one", has={"x-ms-version-id": "{v}", "x-ms-meta-a": "1"},
               hasnt=("x-ms-is-current-version", "x-ms-lease-*")),
          Step("GET /{c}/b?versionid={w}", content=b"two", has={"x-ms-is-current-version": "true"}),
          Step("HEAD /{c}/b?versionid={v}", has={"Content-Length": "3", "Content-MD5": azure.md5(b"one")}),
          Step("GET /{c}/b?comp=metadata&versionid={v}", has={"x-ms-meta-a": "1"}),
          Step("GET /{c}/b", content=b"two",
               check=lambda r, s: require(s["v"] < s["w"], "version ids do not increase")), ref="R6 S53")
for kind in ({"x-ms-blob-type": "AppendBlob"}, {"x-ms-blob-type": "PageBlob", "x-ms-blob-content-length": "512"}):
    versioned("Put Blob", "version-id-" + kind["x-ms-blob-type"],
              Step("PUT /{c}/b", kind, b"", 201, has={"x-ms-version-id": TIME}, save={"v": "x-ms-version-id"}),
              Step("HEAD /{c}/b", has={"x-ms-version-id": "{v}", "x-ms-is-current-version": "true"}), ref="R6 S53")
versioned("Put Blob", "no-version-header-before-2019", Step("PUT /{c}/b", {"x-ms-blob-type": "BlockBlob"}, b"x", 201,
                                                              version="2019-07-07", hasnt=("x-ms-version-id",)), ref="S53")
versioned("Put Block List", "version-id", Step(f"PUT /{{c}}/b?comp=block&blockid={BLOCK}", {}, b"one", 201, hasnt=("x-ms-version-id",)),
          Step("PUT /{c}/b?comp=blocklist", {}, block_list([("Latest", block_id(1))]), 201, save={"v": "x-ms-version-id"}, has={"x-ms-version-id": TIME}),
          Step("PUT /{c}/b?comp=blocklist", {}, block_list([]), 201),
          Step("GET /{c}/b?comp=blocklist&versionid={v}", xml={"CommittedBlocks/Block/Name": block_id(1)}),
          Step("GET /{c}/b?versionid={v}", content=b"one"), Step("GET /{c}/b", content=b""), ref="S53")
versioned("Set Blob Metadata", "makes-a-version", write(b"one"),
          Step("PUT /{c}/b?comp=metadata", {"x-ms-meta-a": "1"}, has={"x-ms-version-id": TIME}, save={"w": "x-ms-version-id"},
               order=("ETag", "x-ms-version-id", "x-ms-request-server-encrypted")),
          Step("HEAD /{c}/b?versionid={v}", hasnt=("x-ms-meta-a",), has={"ETag": "{etag}"}),
          Step("GET /{c}/b?versionid={w}", content=b"one", has={"x-ms-meta-a": "1"}), ref="R6 S53")
versioned("Set Blob Properties", "makes-none", write(b"one"), Step("PUT /{c}/b?comp=properties", {"x-ms-blob-content-type": "a/b"}),
          Step("HEAD /{c}/b", has={"x-ms-version-id": "{v}", "Content-Type": "a/b"}), ref="S53")
versioned("Lease Blob", "makes-none", write(b"one"),
          Step("PUT /{c}/b?comp=lease", {"x-ms-lease-action": "acquire", "x-ms-lease-duration": "15"}, b"", 201),
          Step("HEAD /{c}/b?versionid={v}", has={"x-ms-is-current-version": "true", "x-ms-lease-state": "leased"}), ref="S53")
versioned("Copy Blob", "version-of-the-copy", write(b"one"), write(b"old", save="old", name="copy"),
          Step("PUT /{c}/copy", {"x-ms-copy-source": "http://{address}/{account}/{c}/b"}, b"", 202, has={"x-ms-version-id": TIME}),
          Step("GET /{c}/copy", content=b"one"), Step("GET /{c}/copy?versionid={old}", content=b"old"), ref="S53")
versioned("Copy Blob", "promote-a-version", write(b"one"), write(b"two", save="w"),
          Step("PUT /{c}/b", {"x-ms-copy-source": "http://{address}/{account}/{c}/b?versionid={v}"}, b"", 202),
          Step("GET /{c}/b", content=b"one"), Step("GET /{c}/b?versionid={w}", content=b"two"))
versioned("Copy Blob", "from-an-absent-version", write(b"one"),
          Step("PUT /{c}/copy", {"x-ms-copy-source": "http://{address}/{account}/{c}/b?versionid=2020-01-01T00:00:00.0000000Z"}, b"", 404))
versioned("Snapshot Blob", "makes-a-version-too", write(b"one"),
          snap(has={"x-ms-version-id": TIME, "ETag": "{etag}"}, order=("ETag", "x-ms-version-id", "x-ms-snapshot"),
               check=lambda r, s: require(s["v"] < r.header("x-ms-snapshot") < r.header("x-ms-version-id"), "order of the times")),
          Step("HEAD /{c}/b", has={"x-ms-version-id": "{sv}"}),
          Step("GET /{c}/b?versionid={v}", content=b"one", hasnt=("x-ms-is-current-version",)),
          Step("GET /{c}/b?snapshot={s}", content=b"one", hasnt=("x-ms-version-id",)), ref="R6")
versioned("Get Blob", "absent-version", write(b"one"), gone("?versionid=2020-01-01T00:00:00.0000000Z"),
          Step("GET /{c}/b?snapshot={v}", status=404, code="BlobNotFound"))
versioned("Get Blob", "conditions-of-a-version", write(b"one"), write(b"two", save="w"),
          Step("GET /{c}/b?versionid={v}", {"If-Match": "{etag}"}, status=412, code="ConditionNotMet"),
          Step("GET /{c}/b?versionid={w}", {"If-None-Match": "{etag}"}, status=304))
for label, request, headers in (("metadata", "PUT /{c}/b?comp=metadata&versionid={v}", {}),
                                ("snapshot", "PUT /{c}/b?comp=snapshot&versionid={v}", {}),
                                ("lease", "PUT /{c}/b?comp=lease&versionid={v}", {"x-ms-lease-action": "acquire", "x-ms-lease-duration": "15"})):
    versioned("Get Blob", f"{label}-of-a-version-is-refused", write(b"one"),
              Step(request, headers, status=400, code="InvalidQueryParameterValue",
                   xml={"QueryParameterName": "versionid", "Reason": VERSION_PARAMETER}), ref="R6")

versioned("Delete Blob", "the-current-version-becomes-a-former-one", write(b"one"), DELETE, gone(),
          Step("GET /{c}/b?versionid={v}", content=b"one", hasnt=("x-ms-is-current-version",)), gone("?versionid=2020-01-01T00:00:00.0000000Z"),
          Step("DELETE /{c}/b", status=404, code="BlobNotFound"), write(b"two", save="w"), Step("GET /{c}/b", content=b"two"), ref="R6")
versioned("Delete Blob", "current-version-by-its-id", write(b"one"),
          Step("DELETE /{c}/b?versionid={v}", status=403, code="OperationNotAllowedOnRootBlob"), Step("GET /{c}/b", content=b"one"), ref="R6")
versioned("Delete Blob", "former-version", write(b"one"), write(b"two", save="w"),
          Step("DELETE /{c}/b?versionid={v}", status=202, has={"x-ms-delete-type-permanent": "true"}), gone("?versionid={v}"),
          Step("DELETE /{c}/b?versionid={v}", status=404, code="BlobNotFound"), Step("GET /{c}/b", content=b"two"), ref="R6")
versioned("Delete Blob", "version-with-the-header-for-base-blobs", write(b"one"), write(b"two", save="w"),
          Step("DELETE /{c}/b?versionid={v}", {"x-ms-delete-snapshots": "include"}, b"", 400, code="InvalidQueryParameterValue",
               xml={"QueryParameterName": "versionid", "Reason": VERSION_PARAMETER}), ref="R6")
versioned("Delete Blob", "snapshots-present-under-versioning", write(b"one"), snap(),
          Step("DELETE /{c}/b", status=409, code="SnapshotsPresent"),
          Step("DELETE /{c}/b", {"x-ms-delete-snapshots": "include"}, b"", 202), gone(), gone("?snapshot={s}"),
          Step("GET /{c}/b?versionid={v}", content=b"one"))
versioned("Put Blob", "deleted-name-under-conditions", write(b"one"), DELETE,
          Step("PUT /{c}/b", {"x-ms-blob-type": "BlockBlob", "If-Match": "*"}, b"x", 412, code="ConditionNotMet"),
          Step("PUT /{c}/b", {"x-ms-blob-type": "BlockBlob", "If-None-Match": "*"}, b"x", 201))

versioned("List Blobs", "versions", write(b"one"), write(b"two!", save="w"), write(b"", save="x", name="c"),
          Step(LIST + "&include=versions,metadata", xml={
              "Blobs/Blob/Name": ["b", "b", "c"], "Blobs/Blob/VersionId": lambda s: [s["v"], s["w"], s["x"]],
              "Blobs/Blob/IsCurrentVersion": ["true", "true"], "Blobs/Blob/Properties/Content-Length": ["3", "4", "0"]},
              elements={"Blobs/Blob": ["Name", "VersionId", "IsCurrentVersion?", "Properties", "Metadata", "OrMetadata"]}), ref="R5")
versioned("List Blobs", "former-versions-have-no-lease", write(b"one"), write(b"two", save="w"),
          Step(LIST + "&include=versions", xml={"Blobs/Blob/Properties/LeaseStatus": ["unlocked"]}), ref="R5")
versioned("List Blobs", "current-version-without-asking", write(b"one"), write(b"two", save="w"),
          Step(LIST, xml={"Blobs/Blob/VersionId": "{w}", "Blobs/Blob/IsCurrentVersion": "true"}))
versioned("List Blobs", "no-version-ids-before-2019", write(b"one"), Step(LIST, version="2019-07-07", xml={"Blobs/Blob/VersionId": []}))
versioned("List Blobs", "names-of-which-versions-are-left", write(b"one", headers={"x-ms-meta-a": "1"}), DELETE, write(b"", save="x", name="c"),
          Step(LIST, xml={"Blobs/Blob/Name": "c"}), Step(LIST + "&include=deleted", xml={"Blobs/Blob/Name": "c"}),
          Step(LIST + "&include=deletedwithversions", xml={
              "Blobs/Blob/Name": ["b", "c"], "Blobs/Blob/HasVersionsOnly": "true", "Blobs/Blob/Properties/Content-Length": ["3", "0"],
              "Blobs/Blob/Properties/LeaseStatus": ["unlocked", "unlocked"]},
              elements={"Blobs/Blob": ["Name", "VersionId?", "IsCurrentVersion?", "HasVersionsOnly?", "Properties", "OrMetadata"]}),
          Step(LIST + "&include=versions", xml={"Blobs/Blob/Name": ["b", "c"], "Blobs/Blob/IsCurrentVersion": "true"}), ref="R5")
versioned("List Blobs", "pages-of-versions", write(b"1"), write(b"2", save="w"), write(b"3", save="x"),
          Step(LIST + "&include=versions&maxresults=1", xml={"Blobs/Blob/VersionId": "{v}"}, save={"m": "xml:NextMarker"}),
          Step(LIST + "&include=versions&maxresults=1&marker={m}", xml={"Blobs/Blob/VersionId": "{w}"}, save={"m": "xml:NextMarker"}),
          Step(LIST + "&include=versions&maxresults=1&marker={m}", xml={"Blobs/Blob/VersionId": "{x}", "NextMarker": ""}), ref="A8")
versioned("List Blobs", "snapshots-and-versions", write(b"1"), snap(),
          Step(LIST + "&include=snapshots,versions", xml={"Blobs/Blob/Name": ["b", "b", "b"], "Blobs/Blob/Snapshot": "{s}",
                                                          "Blobs/Blob/VersionId": lambda s: [s["v"], s["sv"]]}), ref="R5")


def of_version(letters):
    return lambda s: service_sas(f"/{s['c']}/b", sr="bv", sp=letters, snapshot=s["v"], account=s["account"])


versioned("Service SAS", "version-read", write(b"one"), write(b"two", save="w"),
          Step("GET /{c}/b?versionid={v}", auth=of_version("r"), content=b"one"), Step("GET /{c}/b", auth=of_version("r"), status=403),
          Step("GET /{c}/b?versionid={v}", auth=lambda s: service_sas(f"/{s['c']}/b", sp="r", account=s["account"]), status=403,
               code="AuthorizationResourceTypeMismatch"), ref="S25")
versioned("Service SAS", "version-delete-needs-x", write(b"one"), write(b"two", save="w"),
          Step("DELETE /{c}/b?versionid={v}", auth=of_version("d"), status=403, code="AuthorizationPermissionMismatch"),
          Step("DELETE /{c}/b?versionid={v}", auth=of_version("x"), status=202), ref="S53")
versioned("Account SAS", "version-delete-needs-x", write(b"one"), write(b"two", save="w"),
          Step("DELETE /{c}/b?versionid={v}", auth=lambda s: account_sas(sp="d", account=s["account"]), status=403, code="AuthorizationPermissionMismatch"),
          Step("DELETE /{c}/b?versionid={v}", auth=lambda s: account_sas(sp="x", account=s["account"]), status=202), ref="S53")
versioned("Account SAS", "versions-as-the-blob", write(b"one"), write(b"two", save="w"),
          Step("GET /{c}/b?versionid={v}", auth=lambda s: account_sas(sp="r", account=s["account"]), content=b"one"))

# --- soft delete ---
soft("Delete Blob", "softly", put(b"one", headers={"x-ms-meta-a": "1"}), DELETE, gone(), Step("HEAD /{c}/b", status=404),
     Step("DELETE /{c}/b", status=404, code="BlobNotFound"), Step("PUT /{c}/b?comp=metadata", status=404, code="BlobNotFound"),
     Step("PUT /{c}/b?comp=snapshot", status=404, code="BlobNotFound"), UNDELETE,
     Step("GET /{c}/b", content=b"one", has={"x-ms-meta-a": "1", "ETag": "{etag}", "Last-Modified": "{modified}"}), ref="R6")
soft("Delete Blob", "snapshots-softly", put(b"one"), snap(), Step("DELETE /{c}/b", status=409, code="SnapshotsPresent"),
     Step("DELETE /{c}/b", {"x-ms-delete-snapshots": "include"}, b"", 202, has={"x-ms-delete-type-permanent": "false"}),
     gone("?snapshot={s}"), UNDELETE, Step("GET /{c}/b", content=b"one"), Step("GET /{c}/b?snapshot={s}", content=b"one"))
soft("Delete Blob", "one-snapshot-softly", put(b"one"), snap(),
     Step("DELETE /{c}/b?snapshot={s}", status=202, has={"x-ms-delete-type-permanent": "false"}), gone("?snapshot={s}"),
     Step("GET /{c}/b", content=b"one"), UNDELETE, Step("GET /{c}/b?snapshot={s}", content=b"one"))
soft("Delete Blob", "lease-ends-with-the-deletion", put(),
     Step("PUT /{c}/b?comp=lease", {"x-ms-lease-action": "acquire", "x-ms-lease-duration": "-1"}, b"", 201, save={"l": "x-ms-lease-id"}),
     Step("DELETE /{c}/b", status=412, code="LeaseIdMissing"), Step("DELETE /{c}/b", {"x-ms-lease-id": "{l}"}, b"", 202), UNDELETE,
     Step("HEAD /{c}/b", has={"x-ms-lease-state": "available"}))
soft("Put Blob", "overwriting-leaves-a-deleted-snapshot", put(b"one"), put(b"two"), Step(LIST + "&include=snapshots", xml={"Blobs/Blob/Name": "b", "Blobs/Blob/Snapshot": []}),
     Step(LIST + "&include=snapshots,deleted", xml={"Blobs/Blob/Name": ["b", "b"], "Blobs/Blob/Deleted": ["true"]}, save={"s": "xml:Blobs/Blob/Snapshot"}),
     gone("?snapshot={s}"), Step("DELETE /{c}/b", status=202), UNDELETE, Step("GET /{c}/b", content=b"two"), Step("GET /{c}/b?snapshot={s}", content=b"one"))
soft("Set Blob Metadata", "leaves-nothing", put(b"one"), Step("PUT /{c}/b?comp=metadata", {"x-ms-meta-a": "1"}, hasnt=("x-ms-version-id",)),
     Step(LIST + "&include=snapshots,deleted", xml={"Blobs/Blob/Name": "b"}))
soft("Put Blob", "a-new-blob-under-a-deleted-name", put(b"one"), DELETE,
     Step("PUT /{c}/b", {"x-ms-blob-type": "BlockBlob", "If-None-Match": "*"}, b"two", 201), Step("GET /{c}/b", content=b"two"), UNDELETE,
     Step(LIST + "&include=snapshots", xml={"Blobs/Blob/Name": ["b", "b"]}, save={"s": "xml:Blobs/Blob/Snapshot"}),
     Step("GET /{c}/b?snapshot={s}", content=b"one"), Step("GET /{c}/b", content=b"two"))
soft("List Blobs", "deleted", put(b"one", headers={"x-ms-meta-a": "1"}), DELETE, put(b"", name="c"),
     Step(LIST, xml={"Blobs/Blob/Name": "c"}),
     Step(LIST + "&include=deleted,metadata", xml={
         "Blobs/Blob/Name": ["b", "c"], "Blobs/Blob/Deleted": "true", "Blobs/Blob/Properties/DeletedTime": RFC1123,
         "Blobs/Blob/Properties/RemainingRetentionDays": "6", "Blobs/Blob/Properties/LeaseStatus": ["", "unlocked"],
         "Blobs/Blob/Properties/LeaseState": "available", "Blobs/Blob/Metadata/a": "1"},
         elements={"Blobs/Blob": ["Name", "Deleted?", "Properties", "Metadata", "OrMetadata"]}), ref="R5")
soft("List Blobs", "deleted-under-a-prefix", put(b"one", name="a/b"), Step("DELETE /{c}/a/b", status=202), put(b"", name="c"),
     Step(LIST + "&delimiter=%2F", xml={"Blobs/Blob/Name": "c", "Blobs/BlobPrefix": []}),
     Step(LIST + "&delimiter=%2F&include=deleted", xml={"Blobs/Blob/Name": "c", "Blobs/BlobPrefix/Name": "a/"}))
soft("Copy Blob", "deleted-source", put(b"one"), DELETE,
     Step("PUT /{c}/copy", {"x-ms-copy-source": "http://{address}/{account}/{c}/b"}, b"", 404, code={"BlobNotFound", "CannotVerifyCopySource"}))
soft("Copy Blob", "overwriting-leaves-a-deleted-snapshot", put(b"one"), put(b"two", name="c"),
     Step("PUT /{c}/b", {"x-ms-copy-source": "http://{address}/{account}/{c}/c"}, b"", 202), UNDELETE,
     Step(LIST + "&include=snapshots&prefix=b", xml={"Blobs/Blob/Name": ["b", "b"]}, save={"s": "xml:Blobs/Blob/Snapshot"}),
     Step("GET /{c}/b?snapshot={s}", content=b"one"))

# --- both ---
soft("Delete Blob", "version-softly", write(b"one"), write(b"two", save="w"),
     Step("DELETE /{c}/b?versionid={v}", status=202, has={"x-ms-delete-type-permanent": "false"}), gone("?versionid={v}"),
     Step(LIST + "&include=versions", xml={"Blobs/Blob/VersionId": "{w}"}),
     Step(LIST + "&include=versions,deleted", xml={"Blobs/Blob/VersionId": lambda s: [s["v"], s["w"]], "Blobs/Blob/Deleted": "true",
                                                   "Blobs/Blob/Properties/RemainingRetentionDays": "6"}),
     UNDELETE, Step("GET /{c}/b?versionid={v}", content=b"one"), Step("GET /{c}/b", content=b"two"), account=BOTH, ref="R6")
soft("Undelete Blob", "brings-no-version-forward", write(b"one"), DELETE, UNDELETE, gone(),
     Step("GET /{c}/b?versionid={v}", content=b"one"), Step(LIST + "&include=deleted", xml={"Blobs/Blob": []}), account=BOTH)
soft("Put Blob", "overwriting-makes-a-version-and-nothing-deleted", write(b"one"), write(b"two", save="w"),
     Step(LIST + "&include=versions,snapshots,deleted", xml={"Blobs/Blob/VersionId": lambda s: [s["v"], s["w"]], "Blobs/Blob/Deleted": []}), account=BOTH)
soft("Delete Blob", "permanently", write(b"one"), write(b"two", save="w"),
     Step("DELETE /{c}/b?versionid={v}&deletetype=permanent", status=409, code="BlobSnapshotNotSoftDeleted"),
     Step("DELETE /{c}/b?deletetype=permanent", status=409),
     Step("DELETE /{c}/b?versionid={v}", status=202),
     Step("DELETE /{c}/b?versionid={v}&deletetype=permanent", auth=lambda s: account_sas(sp="dx", account=s["account"]), status=403,
          code="AuthorizationPermissionMismatch"),
     Step("DELETE /{c}/b?versionid={v}&deletetype=permanent", auth=lambda s: account_sas(sp="y", account=s["account"]), status=202,
          has={"x-ms-delete-type-permanent": "true"}),
     UNDELETE, gone("?versionid={v}"), account=PERMANENT, ref="S39")
soft("Delete Blob", "permanently-while-it-is-off", write(b"one"), write(b"two", save="w"), Step("DELETE /{c}/b?versionid={v}", status=202),
     Step("DELETE /{c}/b?versionid={v}&deletetype=permanent", status=409, code="PermanentDeleteIsOff"), account=BOTH, ref="R6")
