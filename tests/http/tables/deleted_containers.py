"""Containers that were deleted: the quarantine of their names, soft delete, restoring; and renaming. Accounts of their own."""
import re

from case import L1, L2, RFC1123, Step, Table, put, require
from lib import azure

table = Table("deleted_containers")
KEPT = {"container-delete-retention": 7, "name-quarantine": 0}
LIST = "GET /?comp=list&include=deleted"
VERSION = re.compile(r"^[0-9A-F]{16}$")
DELETE = Step("DELETE /{c}?restype=container", status=202)
FOUND = Step(LIST, save={"version": "xml:Containers/Container/Version"})


def case(operation, name, *steps, account=None, **more):
    table.case(operation, name, *steps, account=KEPT if account is None else account, **more)


def restore(into="{c}", name="{c}", version="{version}", status=201, **more):
    return Step(f"PUT /{into}?restype=container&comp=undelete",
                {"x-ms-deleted-container-name": name, "x-ms-deleted-container-version": version}, status=status, **more)


case("Create Container", "name-is-held-after-deletion", put(), DELETE,
     Step("PUT /{c}?restype=container", status=409, code="ContainerBeingDeleted"),
     Step("GET /{c}?restype=container", status=404, code="ContainerNotFound"),
     Step("GET /{c}/b", status=404, code="ContainerNotFound"), account={}, ref="A15")
case("Create Container", "name-is-free-after-the-quarantine", put(), DELETE,
     Step("PUT /{c}?restype=container", status=409, code="ContainerBeingDeleted"),
     Step("PUT /{c}?restype=container", status=201, wait_s=2.1), Step("GET /{c}/b", status=404, code="BlobNotFound"),
     account={"name-quarantine": 2}, ref="A15")
case("List Containers", "deleted", Step("PUT /{c}?restype=container&comp=metadata", {"x-ms-meta-a": "1"}), DELETE,
     Step("GET /?comp=list", xml={"Containers/Container/Name": []}),
     Step(LIST + ",metadata", xml={
         "Containers/Container/Deleted": "true", "Containers/Container/Version": VERSION,
         "Containers/Container/Properties/DeletedTime": RFC1123, "Containers/Container/Properties/RemainingRetentionDays": "6",
         "Containers/Container/Properties/LeaseState": "expired", "Containers/Container/Metadata/a": "1"},
          elements={"Containers/Container": ["Name", "Deleted", "Version", "Properties", "Metadata"]}), ref="R3")
case("List Containers", "several-deleted-of-one-name", DELETE, Step("PUT /{c}?restype=container", status=201), DELETE,
     Step("PUT /{c}?restype=container", status=201),
     Step(LIST, xml={"Containers/Container/Name": ["{c}", "{c}", "{c}"], "Containers/Container/Deleted": ["true", "true"]}),
     Step(LIST + "&maxresults=1", xml={"Containers/Container/Deleted": "true"}, save={"next": "xml:NextMarker"}),
     Step(LIST + "&maxresults=1&marker={next}", xml={"Containers/Container/Deleted": "true"}, save={"next": "xml:NextMarker"}),
     Step(LIST + "&maxresults=1&marker={next}", xml={"Containers/Container/Name": ["{c}"], "Containers/Container/Deleted": [],
                                                    "NextMarker": ""}), ref="R3")

RESTORE = "Restore Container"
case(RESTORE, "with-its-content", Step("PUT /{c}?restype=container&comp=metadata", {"x-ms-meta-a": "1"}),
     Step("PUT /{c}?restype=container&comp=acl", {"x-ms-blob-public-access": "blob"}), put(b"content"), DELETE, FOUND,
     restore(has={"Content-Length": "0"}), Step("GET /{c}/b", content=b"content", has={"ETag": "{etag}"}),
     Step("GET /{c}?restype=container", has={"x-ms-meta-a": "1", "x-ms-lease-state": "available", "x-ms-blob-public-access": "blob"}),
     Step(LIST, xml={"Containers/Container/Deleted": []}), ref="docs Restore Container")
case(RESTORE, "during-the-quarantine", put(b"content"), DELETE, FOUND, restore(), Step("GET /{c}/b", content=b"content"),
     account={"container-delete-retention": 7})
case(RESTORE, "under-another-name", put(b"content"), DELETE, FOUND, restore(into="other"), Step("GET /other/b", content=b"content"),
     Step("GET /{c}?restype=container", status=404, code="ContainerNotFound"), ref="docs Restore Container")
case(RESTORE, "a-name-in-use", DELETE, FOUND, Step("PUT /{c}?restype=container", status=201),
     restore(status=409, code="ContainerAlreadyExists"), ref="docs Restore Container")
case(RESTORE, "a-lease-has-ended",
     Step("PUT /{c}?restype=container&comp=lease", {"x-ms-lease-action": "acquire", "x-ms-lease-duration": "-1", "x-ms-proposed-lease-id": L1},
          status=201),
     Step("DELETE /{c}?restype=container", {"x-ms-lease-id": L1}, status=202), FOUND, restore(),
     Step("GET /{c}?restype=container", has={"x-ms-lease-state": "available"}))
case(RESTORE, "unknown-version", DELETE, restore(version="01D685BC91A88F22", status=404, code="ContainerNotFound"),
     restore(version="nonsense", status=404, code="ContainerNotFound"), ref="docs Restore Container")
case(RESTORE, "unknown-name", restore(name="absent", into="new", version="01D685BC91A88F22", status=404, code="ContainerNotFound"))
case(RESTORE, "twice", DELETE, FOUND, restore(), restore(into="other", status=404, code="ContainerNotFound"))
case(RESTORE, "without-retention-nothing-is-kept", put(), DELETE, Step(LIST, xml={"Containers/Container/Name": []}),
     account={"name-quarantine": 0})
for header in ("x-ms-deleted-container-name", "x-ms-deleted-container-version"):
    case(RESTORE, f"without-{header}",
         Step("PUT /new?restype=container&comp=undelete",
              {h: "x" for h in ("x-ms-deleted-container-name", "x-ms-deleted-container-version") if h != header}, status=400,
              code="MissingRequiredHeader", xml={"HeaderName": header}), ref="common error codes")
case(RESTORE, "before-its-version", DELETE, FOUND,
     Step("PUT /{c}?restype=container&comp=undelete",
          {"x-ms-deleted-container-name": "{c}", "x-ms-deleted-container-version": "{version}"}, status=409,
          code="FeatureVersionMismatch", version="2019-07-07"), ref="S6")
case(RESTORE, "with-sas", DELETE, FOUND,
     restore(status=403, code="AuthorizationPermissionMismatch", auth=lambda s: azure.account_sas(sp="r", account=s["account"])),
     restore(auth=lambda s: azure.account_sas(sp="w", srt="c", account=s["account"])), ref="Create an account SAS")
case(RESTORE, "invalid-destination", restore(into="UPPER", version="01D685BC91A88F22", status=400, code="InvalidResourceName"))

RENAME = "Rename Container"


def rename(to, source="{c}", status=200, headers=None, **more):
    return Step(f"PUT /{to}?restype=container&comp=rename", {"x-ms-source-container-name": source, **(headers or {})}, status=status, **more)


case(RENAME, "with-everything", put(b"content"), Step("GET /{c}?restype=container", save={"old": "ETag"}),
     rename("renamed", has={"Content-Length": "0"}, hasnt=("ETag",)), Step("GET /renamed/b", content=b"content", has={"ETag": "{etag}"}),
     Step("GET /renamed?restype=container", check=lambda r, s: require(r.header("ETag") != s["old"], "the ETag did not move")),
     Step("GET /{c}/b", status=404, code="ContainerNotFound"), Step("PUT /{c}?restype=container", status=201), ref="R4")
case(RENAME, "leased",
     Step("PUT /{c}?restype=container&comp=lease", {"x-ms-lease-action": "acquire", "x-ms-lease-duration": "-1", "x-ms-proposed-lease-id": L1},
          status=201),
     rename("renamed", status=412, code="LeaseIdMissing"),
     rename("renamed", status=412, code="LeaseIdMismatchWithContainerOperation", headers={"x-ms-source-lease-id": L2}),
     rename("renamed", headers={"x-ms-source-lease-id": L1}),
     Step("GET /renamed?restype=container", has={"x-ms-lease-state": "available", "x-ms-lease-status": "unlocked"}), ref="R4")
case(RENAME, "onto-another", Step("PUT /taken?restype=container", status=201), rename("taken", status=409, code="ContainerAlreadyExists"))
case(RENAME, "missing-source", rename("renamed", "absent", 404, code="ContainerNotFound"))
case(RENAME, "without-source", Step("PUT /renamed?restype=container&comp=rename", status=400, code="MissingRequiredHeader",
                                    xml={"HeaderName": "x-ms-source-container-name"}))
