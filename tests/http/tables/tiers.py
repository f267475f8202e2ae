"""Tiers, the archive and the way back from it; expiry."""
import datetime
import email.utils
import re

from case import BLOCK_BLOB, L1, L2, OLD, RFC1123, Step, Table, put
from lib import azure

table = Table("tiers")
case = table.case
TIER = "PUT /{c}/b?comp=tier"
EXPIRY = "PUT /{c}/b?comp=expiry"
SOURCE = "http://{address}/{account}/{c}/b"


def set_tier(tier, status=200, headers=None, **more):
    return Step(TIER, {"x-ms-access-tier": tier, **(headers or {})}, status=status, **more)


def head(tier=None, has=None, **more):
    return Step("HEAD /{c}/b", has={**({"x-ms-access-tier": tier} if tier else {}), **(has or {})}, **more)


ARCHIVED = [put(b"kept"), set_tier("Archive")]

# --- Set Blob Tier ---------------------------------------------------------------------------------------------------
for tier in ("Hot", "Cool", "Cold", "Archive"):
    case("Set Blob Tier", tier.lower(), put(),
         set_tier(tier, hasnt=("ETag", "Last-Modified")),
         head(tier, {"ETag": "{etag}", "Last-Modified": "{modified}", "x-ms-access-tier-change-time": RFC1123},
              hasnt=("x-ms-access-tier-inferred", "x-ms-archive-status")), ref="A1 A21 R7")
case("Set Blob Tier", "any-case", put(), set_tier("cOOL"), head("Cool"))
case("Set Blob Tier", "no-tier", put(), Step(TIER, status=400, code="MissingRequiredHeader", xml={"HeaderName": "x-ms-access-tier"}, differs=True))
for tier in ("Elephant", "P4", "Premium"):
    case("Set Blob Tier", f"unknown-tier-{tier}", put(), set_tier(tier, 400, code="InvalidHeaderValue", differs=True,
                                                                   xml={"HeaderName": "x-ms-access-tier", "HeaderValue": tier}))
case("Set Blob Tier", "missing-blob", set_tier("Cool", 404, code="BlobNotFound"), ref="R6")
case("Set Blob Tier", "missing-container", Step("PUT /absent-container/b?comp=tier", {"x-ms-access-tier": "Cool"}, status=404,
                                                code="ContainerNotFound"), container=False)
case("Set Blob Tier", "before-2017-04-17", put(), set_tier("Cool", 400, code="InvalidQueryParameterValue", version="2016-05-31", differs=True))
case("Set Blob Tier", "priority-unknown", put(), set_tier("Cool", 400, {"x-ms-rehydrate-priority": "Urgent"}, code="InvalidHeaderValue", differs=True))
case("Set Blob Tier", "under-a-lease", put(),
     Step("PUT /{c}/b?comp=lease", {"x-ms-lease-action": "acquire", "x-ms-lease-duration": "-1", "x-ms-proposed-lease-id": L1}, status=201),
     set_tier("Cool", 412, code="LeaseIdMissing"),
     set_tier("Cool", 412, {"x-ms-lease-id": L2}, code="LeaseIdMismatchWithBlobOperation"),
     set_tier("Cool", headers={"x-ms-lease-id": L1}), head("Cool"))
case("Set Blob Tier", "condition-x-ms-if-tags", put(headers={"x-ms-tags": "a=1"}),
     set_tier("Cool", 412, {"x-ms-if-tags": "a='2'"}, code="ConditionNotMet", differs=True),
     set_tier("Cool", headers={"x-ms-if-tags": "a='1'"}), head("Cool"))
for letters, status in (("w", 200), ("racdt", 403)):
    case("Set Blob Tier", f"sas-{letters}", put(),
         set_tier("Cool", status, auth=lambda s, l=letters: azure.service_sas(f"/{s['c']}/b", sp=l), differs=status == 403,
                  code="AuthorizationPermissionMismatch" if status == 403 else None))
case("Set Blob Tier", "keeps-what-else-there-is", put(headers={"x-ms-meta-a": "b", "x-ms-tags": "k=v"}), set_tier("Cold"),
     head("Cold", {"x-ms-meta-a": "b", "x-ms-tag-count": "1"}))

# --- the archive -----------------------------------------------------------------------------------------------------
for operation, request, headers, body in [
        ("Get Blob", "GET /{c}/b", {}, b""), ("Get Blob", "GET /{c}/b?part", {"Range": "bytes=0-1"}, b""),
        ("Set Blob Metadata", "PUT /{c}/b?comp=metadata", {"x-ms-meta-a": "b"}, b""),
        ("Set Blob Properties", "PUT /{c}/b?comp=properties", {"x-ms-blob-content-type": "a/b"}, b""),
        ("Copy Blob", "PUT /{c}/copy", {"x-ms-copy-source": SOURCE}, b"")]:
    case(operation, "archived" + ("-range" if headers.get("Range") else ""), *ARCHIVED,
         Step(request.replace("?part", ""), headers, body, 409, code="BlobArchived", differs=True),
         head("Archive", {"ETag": "{etag}", "Content-Length": "4"}), ref="A21")
case("Get Blob Properties", "archived", *ARCHIVED, head("Archive", {"Content-Length": "4"}),
     Step("GET /{c}/b?comp=metadata"), Step("GET /{c}/b?comp=tags"), ref="A21")
case("Set Blob Tags", "archived", *ARCHIVED,
     Step("PUT /{c}/b?comp=tags", {}, b"<Tags><TagSet><Tag><Key>a</Key><Value>1</Value></Tag></TagSet></Tags>", 204))
case("Delete Blob", "archived", *ARCHIVED, Step("DELETE /{c}/b", status=202), head(status=404))
case("Put Blob", "over-an-archived-one", *ARCHIVED, put(b"new"), Step("GET /{c}/b", content=b"new"), head("Hot", {"x-ms-access-tier-inferred": "true"}))
case("Put Blob", "into-the-archive", put(headers={"x-ms-access-tier": "Archive"}), head("Archive"),
     Step("GET /{c}/b", status=409, code="BlobArchived", differs=True), ref="A21")
case("Put Block List", "into-the-archive", Step("PUT /{c}/b?comp=blocklist", {"x-ms-access-tier": "Archive"}, b"<BlockList/>", 201), head("Archive"))
case("Put Block List", "committed-blocks-of-an-archived-one",
     Step(f"PUT /{{c}}/b?comp=block&blockid={azure.block_id(1).replace('=', '%3D')}", {}, b"x", 201),
     Step("PUT /{c}/b?comp=blocklist", {}, f"<BlockList><Latest>{azure.block_id(1)}</Latest></BlockList>".encode(), 201), set_tier("Archive"),
     Step("PUT /{c}/b?comp=blocklist", {}, f"<BlockList><Committed>{azure.block_id(1)}</Committed></BlockList>".encode(), 409,
          code="BlobArchived", differs=True))
case("Lease Blob", "archived", *ARCHIVED, Step("PUT /{c}/b?comp=lease", {"x-ms-lease-action": "acquire", "x-ms-lease-duration": "15"}, status=201))
for tier in ("Hot", "Cool", "Cold"):
    case("Set Blob Tier", f"back-to-{tier.lower()}", *ARCHIVED, set_tier(tier, 202),
         head("Archive", {"x-ms-archive-status": f"rehydrate-pending-to-{tier.lower()}", "x-ms-rehydrate-priority": "Standard",
                          "ETag": "{etag}"}, differs=True),
         Step("GET /{c}/b", status=409, code="BlobArchived", differs=True),
         Step("GET /{c}?restype=container&comp=list", differs=True, xml={
             "Blobs/Blob/Properties/AccessTier": "Archive", "Blobs/Blob/Properties/RehydratePriority": "Standard",
             "Blobs/Blob/Properties/ArchiveStatus": f"rehydrate-pending-to-{tier.lower()}"}), ref="A21")
HIGH = {"x-ms-rehydrate-priority": "High"}
case("Set Blob Tier", "back-in-time", *ARCHIVED, set_tier("Cool", 202, HIGH),
     head("Archive", {"x-ms-rehydrate-priority": "High", "x-ms-archive-status": "rehydrate-pending-to-cool"}, differs=True),
     Step("GET /{c}/b", content=b"kept", wait_s=1.5, differs=True),
     head("Cool", {"x-ms-access-tier-change-time": RFC1123, "ETag": "{etag}"}, hasnt=("x-ms-archive-status", "x-ms-rehydrate-priority")),
     set_tier("Archive"), Step("GET /{c}/b", status=409, code="BlobArchived", differs=True), ref="A21 S46")
case("Set Blob Tier", "back-raised-to-high", *ARCHIVED, set_tier("Hot", 202), set_tier("Hot", 202, HIGH),
     head("Archive", {"x-ms-rehydrate-priority": "High"}, differs=True), set_tier("Hot", 202, {"x-ms-rehydrate-priority": "Standard"}),
     head("Archive", {"x-ms-rehydrate-priority": "High"}, differs=True), Step("GET /{c}/b", content=b"kept", wait_s=1.5, differs=True), ref="S46")
for name, tier in (("another-tier", "Cool"), ("the-archive", "Archive")):
    case("Set Blob Tier", f"on-the-way-back-{name}", *ARCHIVED, set_tier("Hot", 202),
         set_tier(tier, 409, code="BlobBeingRehydrated", differs=True))
for operation, step in [
        ("Put Blob", Step("PUT /{c}/b", BLOCK_BLOB, b"new", 409, code="BlobBeingRehydrated", differs=True)),
        ("Put Block List", Step("PUT /{c}/b?comp=blocklist", {}, b"<BlockList/>", 409, code="BlobBeingRehydrated", differs=True)),
        ("Copy Blob", Step("PUT /{c}/b", {"x-ms-copy-source": "http://{address}/{account}/{c}/other"}, status=409,
                           code="BlobBeingRehydrated", differs=True))]:
    case(operation, "over-one-on-its-way-back", put(b"other", "other"), *ARCHIVED, set_tier("Hot", 202), step)
case("Delete Blob", "on-its-way-back", *ARCHIVED, set_tier("Hot", 202), Step("DELETE /{c}/b", status=202), head(status=404))
case("Copy Blob", "out-of-the-archive", *ARCHIVED,
     Step("PUT /{c}/copy", {"x-ms-copy-source": SOURCE, "x-ms-access-tier": "Hot", **HIGH}, status=202),
     Step("HEAD /{c}/copy", has={"x-ms-access-tier": "Archive", "x-ms-archive-status": "rehydrate-pending-to-hot"}, differs=True),
     Step("GET /{c}/copy", content=b"kept", wait_s=1.5, differs=True), head("Archive"), ref="S45")
case("Copy Blob", "out-of-the-archive-into-it", *ARCHIVED,
     Step("PUT /{c}/copy", {"x-ms-copy-source": SOURCE, "x-ms-access-tier": "Archive"}, status=409, code="BlobArchived", differs=True), ref="S45")

# --- Set Blob Expiry -------------------------------------------------------------------------------------------------
# Documented for accounts with a hierarchical namespace; here every account has it.


def expire(option, time=None, status=200, headers=None, **more):
    return Step(EXPIRY, {"x-ms-expiry-option": option, **({"x-ms-expiry-time": time} if time is not None else {}), **(headers or {})},
                status=status, differs=True, **more)


def in_seconds(seconds):
    return email.utils.format_datetime(datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds), usegmt=True)


case("Set Blob Expiry", "moves-nothing-and-is-shown", put(), expire("RelativeToNow", "3600000", has={"ETag": "{etag}", "Last-Modified": "{modified}"}),
     Step("HEAD /{c}/b", has={"x-ms-expiry-time": RFC1123}, differs=True), expire("NeverExpire"),
     Step("HEAD /{c}/b", hasnt=("x-ms-expiry-time",), differs=True), ref="R7")
GONE = [Step(request, headers, body, 404, code="BlobNotFound", wait_s=wait, differs=True) for request, headers, body, wait in [
    ("HEAD /{c}/b", {}, b"", 1.3), ("GET /{c}/b", {}, b"", 0), ("PUT /{c}/b?comp=metadata", {}, b"", 0), ("GET /{c}/b?comp=tags", {}, b"", 0),
    ("GET /{c}/b?comp=blocklist", {}, b"", 0), ("PUT /{c}/copy", {"x-ms-copy-source": SOURCE}, b"", 0), ("DELETE /{c}/b", {}, b"", 0)]]
GONE[5].code = {"CannotVerifyCopySource", "BlobNotFound"}
case("Set Blob Expiry", "after-it-nothing-is-there", put(headers={"x-ms-tags": "gone{c}=1"}), expire("RelativeToNow", "1000"), *GONE,
     Step("GET /{c}?restype=container&comp=list", xml={"Blobs/Blob/Name": []}, differs=True),
     Step("GET /{c}?restype=container&comp=blobs&where=gone{c}%3D%271%27", xml={"Blobs/Blob/Name": []}, differs=True),
     Step("PUT /{c}/b", {**BLOCK_BLOB, "If-None-Match": "*"}, b"new", 201, differs=True), Step("GET /{c}/b", content=b"new", differs=True))
case("Set Blob Expiry", "absolute", put(), expire("Absolute", lambda s: in_seconds(3600)), Step("HEAD /{c}/b", has={"x-ms-expiry-time": True}, differs=True))
case("Set Blob Expiry", "relative-to-creation", put(), expire("RelativeToCreation", "7200000"), Step("HEAD /{c}/b", has={"x-ms-expiry-time": True}, differs=True))
for name, option, time, code in [
        ("no-option", None, "1000", "MissingRequiredHeader"), ("unknown-option", "Sometime", "1000", "InvalidHeaderValue"),
        ("no-time", "RelativeToNow", None, "MissingRequiredHeader"), ("time-is-none", "RelativeToNow", "soon", "InvalidHeaderValue"),
        ("negative-time", "RelativeToNow", "-5", "InvalidHeaderValue"), ("date-is-none", "Absolute", "5", "InvalidHeaderValue"),
        ("past-date", "Absolute", "Thu, 01 Jan 2015 00:00:00 GMT", "InvalidHeaderValue"), ("time-and-never", "NeverExpire", "5", "InvalidHeaderValue")]:
    case("Set Blob Expiry", f"refused-{name}", put(),
         Step(EXPIRY, {k: v for k, v in (("x-ms-expiry-option", option), ("x-ms-expiry-time", time)) if v is not None}, status=400, code=code, differs=True))
case("Set Blob Expiry", "missing-blob", expire("NeverExpire", status=404, code="BlobNotFound"))
case("Set Blob Expiry", "missing-container", Step("PUT /absent-container/b?comp=expiry", {"x-ms-expiry-option": "NeverExpire"}, status=404,
                                                  code="ContainerNotFound", differs=True), container=False)
case("Set Blob Expiry", "under-a-lease", put(),
     Step("PUT /{c}/b?comp=lease", {"x-ms-lease-action": "acquire", "x-ms-lease-duration": "-1", "x-ms-proposed-lease-id": L1}, status=201),
     expire("NeverExpire", status=412, code="LeaseIdMissing"), expire("NeverExpire", headers={"x-ms-lease-id": L1}))
case("Set Blob Expiry", "goes-with-the-old-content", put(), expire("RelativeToNow", "1000"), put(b"new"), Step("GET /{c}/b", content=b"new", wait_s=1.3, differs=True))

# --- Delete Blob by the time at which the tier was set ------------------------------------------------------------------
TIMES, FUTURE = "2025-05-05", "Fri, 01 Jan 2100 00:00:00 GMT"
SINCE, UNSINCE = "x-ms-access-tier-if-modified-since", "x-ms-access-tier-if-unmodified-since"


def delete(headers, status=202, **more):
    return Step("DELETE /{c}/b", headers, status=status, **{"version": TIMES, **more})


for name, before in [("set", [put(), set_tier("Cool")]), ("inferred", [put()])]:
    case("Delete Blob", f"tier-{name}-modified-since-then", *before, delete({SINCE: OLD}))
    case("Delete Blob", f"tier-{name}-not-modified-since", *before, delete({SINCE: FUTURE}, 412, code="ConditionNotMet"), Step("HEAD /{c}/b"))
    case("Delete Blob", f"tier-{name}-unmodified-since", *before, delete({UNSINCE: FUTURE}))
    case("Delete Blob", f"tier-{name}-modified-since-a-time", *before, delete({UNSINCE: OLD}, 412, code="ConditionNotMet"), Step("HEAD /{c}/b"))
case("Delete Blob", "tier-both-times", put(), delete({SINCE: OLD, UNSINCE: FUTURE}, 400, code="MultipleConditionHeadersNotSupported"))
case("Delete Blob", "tier-time-not-a-date", put(), delete({SINCE: "yesterday"}, 400, code="InvalidHeaderValue", xml={"HeaderName": SINCE}))
case("Delete Blob", "tier-time-before-2025-05-05", put(), delete({SINCE: OLD}, 409, version="2025-01-05", code="FeatureVersionMismatch"))
case("Delete Blob", "tier-time-of-a-snapshot", put(), Step("PUT /{c}/b?comp=snapshot", status=201, save={"s": "x-ms-snapshot"}),
     Step("DELETE /{c}/b?snapshot={s}", {SINCE: FUTURE}, status=412, code="ConditionNotMet", version=TIMES),
     Step("DELETE /{c}/b?snapshot={s}", {SINCE: OLD}, status=202, version=TIMES))
case("Set Blob Metadata", "tier-time-refused", put(),
     Step("PUT /{c}/b?comp=metadata", {SINCE: OLD, "x-ms-meta-a": "1"}, status=400, code="UnsupportedHeader", version=TIMES))
