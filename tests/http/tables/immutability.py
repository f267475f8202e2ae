"""Immutability policies and legal holds: of single blobs and versions over HTTP, of containers as `bascule immutability` sets
them, and what both forbid. src/jobs/holds_test.cc attacks them in every way; here is what a client is told."""
from case import BLOCK_BLOB, OLD, Immutability, Step, Table, put, require
from lib import azure
from lib.azure import block_id, block_list

table = Table("immutability")
case = table.case
POLICY, HOLD = "/{c}/b?comp=immutabilityPolicies", "/{c}/b?comp=legalhold"
FAR_DATE, FARTHER_DATE = "Fri, 01 Jan 2100 00:00:00 GMT", "Sat, 01 Jan 2101 00:00:00 GMT"
FAR = {"x-ms-immutability-policy-until-date": FAR_DATE}
LOCKED, UNLOCKED = {**FAR, "x-ms-immutability-policy-mode": "Locked"}, {**FAR, "x-ms-immutability-policy-mode": "Unlocked"}
LIST = "GET /{c}?restype=container&comp=list"
VERSIONED = {"versioning": "on"}
DUE_TO_HOLD, DUE_TO_POLICY = "BlobImmutableDueToLegalHold", "BlobImmutableDueToPolicy"
PAGE_BLOB = {"x-ms-blob-type": "PageBlob", "x-ms-blob-content-length": "1024"}
APPEND_BLOB = {"x-ms-blob-type": "AppendBlob"}

# --- where the container has none of its own ---
case("Set Immutability Policy", "container-without", put(), Step(f"PUT {POLICY}", FAR, status=409, code="BlobOperationNotSupported", differs=True))
case("Delete Immutability Policy", "container-without", put(), Step(f"DELETE {POLICY}", status=409, code="BlobOperationNotSupported", differs=True))
case("Set Legal Hold", "container-without", put(),
     Step(f"PUT {HOLD}", {"x-ms-legal-hold": "true"}, status=409, code="BlobOperationNotSupported", differs=True))
case("Set Immutability Policy", "no-date", put(), Step(f"PUT {POLICY}", status=400, code="MissingRequiredHeader", differs=True,
                                                       xml={"HeaderName": "x-ms-immutability-policy-until-date"}))
case("Set Immutability Policy", "mode-without-date", put(),
     Step(f"PUT {POLICY}", {"x-ms-immutability-policy-mode": "Locked"}, status=400, code="MissingRequiredHeader", differs=True), ref="S54")
for name, headers in [("date", {"x-ms-immutability-policy-until-date": "soon"}), ("mode", {**FAR, "x-ms-immutability-policy-mode": "Mutable"})]:
    case("Set Immutability Policy", f"wrong-{name}", put(), Step(f"PUT {POLICY}", headers, status=400, code="InvalidHeaderValue", differs=True))
case("Set Legal Hold", "no-header", put(), Step(f"PUT {HOLD}", status=400, code="MissingRequiredHeader", xml={"HeaderName": "x-ms-legal-hold"}, differs=True))
case("Set Legal Hold", "wrong-value", put(), Step(f"PUT {HOLD}", {"x-ms-legal-hold": "maybe"}, status=400, code="InvalidHeaderValue", differs=True))
for operation, request, headers in [("Set Immutability Policy", f"PUT {POLICY}", FAR), ("Delete Immutability Policy", f"DELETE {POLICY}", {}),
                                    ("Set Legal Hold", f"PUT {HOLD}", {"x-ms-legal-hold": "true"})]:
    case(operation, "before-2020-06-12", put(), Step(request, headers, status=400, code="InvalidQueryParameterValue", version="2020-04-08", differs=True))
    case(operation, "missing-container", Step(request.replace("/{c}", "/absent-container"), headers, status=404, code="ContainerNotFound", differs=True),
         container=False)
    case(operation, "missing-blob", Step(request, headers, status=404, code="BlobNotFound", differs=True))
    case(operation, "wrong-snapshot", put(), Step(request + "&snapshot=yesterday", headers, status=400, code="InvalidQueryParameterValue", differs=True))
    for letters, status in (("i", 409), ("rwd", 403)):
        case(operation, f"sas-{letters}", put(),
             Step(request, headers, status=status, auth=lambda s, l=letters: azure.service_sas(f"/{s['c']}/b", sp=l), differs=True,
                  code="AuthorizationPermissionMismatch" if status == 403 else "BlobOperationNotSupported"))
for name, headers in [("policy", FAR), ("hold", {"x-ms-legal-hold": "true"})]:
    case("Put Blob", f"with-{name}-where-there-are-none",
         Step("PUT /{c}/b", {**BLOCK_BLOB, **headers}, b"x", 409, code="BlobOperationNotSupported", differs=True), Step("HEAD /{c}/b", status=404, differs=True))
case("Get Container Properties", "immutability-headers",
     Step("GET /{c}?restype=container", has={"x-ms-has-immutability-policy": "false", "x-ms-has-legal-hold": "false",
                                             "x-ms-immutable-storage-with-versioning-enabled": "false"}, differs=True), ref="R4")


# --- of single blobs and versions ---
def versions(operation, name, *steps, account=VERSIONED, **more):
    case(operation, name, Immutability("version-level"), *steps, account=account, **more)


def policy(headers, **more):
    return Step(f"PUT {POLICY}", headers, **more)


def hold(text, **more):
    return Step(f"PUT {HOLD}", {"x-ms-legal-hold": text}, **more)


versions("Set Immutability Policy", "unlocked", put(save={"v": "x-ms-version-id"}),
         policy(FAR, has={"x-ms-immutability-policy-mode": "unlocked", "x-ms-immutability-policy-until-date": FAR_DATE}, hasnt=("ETag", "Last-Modified")),
         Step("HEAD /{c}/b", has={"ETag": "{etag}", "Last-Modified": "{modified}", "x-ms-version-id": "{v}", "x-ms-immutability-policy-mode": "unlocked",
                                  "x-ms-immutability-policy-until-date": FAR_DATE}, hasnt=("x-ms-legal-hold",)),
         Step("GET /{c}/b", has={"x-ms-immutability-policy-mode": "unlocked"}),
         Step("HEAD /{c}/b", hasnt=("x-ms-immutability-policy-mode",), version="2020-04-08"), ref="S54")
versions("Set Immutability Policy", "earlier-while-unlocked", put(), policy({"x-ms-immutability-policy-until-date": FARTHER_DATE}), policy(UNLOCKED),
         Step("HEAD /{c}/b", has={"x-ms-immutability-policy-until-date": FAR_DATE}))
versions("Set Immutability Policy", "locked-grows-alone", put(), policy(UNLOCKED), policy(LOCKED, has={"x-ms-immutability-policy-mode": "locked"}),
         policy({**LOCKED, "x-ms-immutability-policy-until-date": "Thu, 01 Jan 2099 00:00:00 GMT"}, status=409, code=DUE_TO_POLICY),
         policy(UNLOCKED, status=409, code=DUE_TO_POLICY),
         policy({**LOCKED, "x-ms-immutability-policy-until-date": FARTHER_DATE}, has={"x-ms-immutability-policy-until-date": FARTHER_DATE}), ref="S54")
versions("Set Immutability Policy", "in-the-past", put(), policy({"x-ms-immutability-policy-until-date": OLD}, status=400, code="InvalidHeaderValue"))
versions("Set Immutability Policy", "if-unmodified-since", put(), policy({**FAR, "If-Unmodified-Since": OLD}, status=412, code="ConditionNotMet"),
         policy({**FAR, "If-Unmodified-Since": FAR_DATE}))
versions("Set Immutability Policy", "of-a-version", put(b"one", save={"v": "x-ms-version-id"}), put(b"two"),
         Step(f"PUT {POLICY}&versionid={{v}}", UNLOCKED), Step("HEAD /{c}/b", hasnt=("x-ms-immutability-policy-mode",)),
         Step("HEAD /{c}/b?versionid={v}", has={"x-ms-immutability-policy-mode": "unlocked"}),
         Step("DELETE /{c}/b?versionid={v}", status=409, code=DUE_TO_POLICY), Step("DELETE /{c}/b", status=202),
         Step(f"DELETE {POLICY}&versionid={{v}}"), Step("DELETE /{c}/b?versionid={v}", status=202))
versions("Set Immutability Policy", "of-a-snapshot", put(), Step("PUT /{c}/b?comp=snapshot", status=201, save={"s": "x-ms-snapshot"}),
         Step(f"PUT {POLICY}&snapshot={{s}}", UNLOCKED), Step("DELETE /{c}/b?snapshot={s}", status=409, code=DUE_TO_POLICY),
         Step("DELETE /{c}/b", {"x-ms-delete-snapshots": "include"}, status=409, code=DUE_TO_POLICY),
         Step(f"DELETE {POLICY}&snapshot={{s}}"), Step("DELETE /{c}/b", {"x-ms-delete-snapshots": "include"}, status=202))
versions("Delete Immutability Policy", "unlocked", put(), policy(UNLOCKED), Step(f"DELETE {POLICY}", hasnt=("ETag",)),
         Step("HEAD /{c}/b", hasnt=("x-ms-immutability-policy-mode", "x-ms-immutability-policy-until-date")), Step("DELETE /{c}/b", status=202))
versions("Delete Immutability Policy", "none", put(), Step(f"DELETE {POLICY}"))
versions("Delete Immutability Policy", "locked", put(), policy(LOCKED), Step(f"DELETE {POLICY}", status=409, code="ImmutabilityPolicyDeleteOnLockedPolicy"))
versions("Set Legal Hold", "set-and-cleared", put(save={"v": "x-ms-version-id"}),
         hold("true", has={"x-ms-legal-hold": "true"}, hasnt=("ETag", "Last-Modified")),
         Step("HEAD /{c}/b", has={"ETag": "{etag}", "x-ms-version-id": "{v}", "x-ms-legal-hold": "true"}),
         Step("DELETE /{c}/b", status=409, code=DUE_TO_HOLD),
         hold("false", has={"x-ms-legal-hold": "false"}), Step("HEAD /{c}/b", hasnt=("x-ms-legal-hold",)), Step("DELETE /{c}/b", status=202), ref="R6")
versions("Set Legal Hold", "of-a-version", put(b"one", save={"v": "x-ms-version-id"}), put(b"two"),
         Step(f"PUT {HOLD}&versionid={{v}}", {"x-ms-legal-hold": "true"}), Step("DELETE /{c}/b?versionid={v}", status=409, code=DUE_TO_HOLD),
         Step(f"PUT {HOLD}&versionid={{v}}", {"x-ms-legal-hold": "false"}), Step("DELETE /{c}/b?versionid={v}", status=202))
versions("List Blobs", "immutability", put(), policy(LOCKED), hold("true"),
         Step(LIST + "&include=immutabilitypolicy,legalhold",
              xml={"Blobs/Blob/Properties/ImmutabilityPolicyUntilDate": FAR_DATE, "Blobs/Blob/Properties/ImmutabilityPolicyMode": "locked",
                   "Blobs/Blob/Properties/LegalHold": "true"}),
         Step(LIST, check=lambda r, s: require(b"Immutability" not in r.body and b"LegalHold" not in r.body, "it was not asked for")))
versions("Delete Container", "with-version-level-policies", put(),
         Step("DELETE /{c}?restype=container", status=409, code="ContainerImmutableStorageWithVersioningEnabled"),
         Step("GET /{c}?restype=container", has={"x-ms-immutable-storage-with-versioning-enabled": "true", "x-ms-has-immutability-policy": "false"}))
WITH = {**UNLOCKED, "x-ms-legal-hold": "true"}
KEPT = Step("HEAD /{c}/b", has={"x-ms-immutability-policy-mode": "unlocked", "x-ms-immutability-policy-until-date": FAR_DATE, "x-ms-legal-hold": "true"})
versions("Put Blob", "kept-from-the-start", put(headers=WITH), KEPT, Step("DELETE /{c}/b", status=409, code=DUE_TO_HOLD))
versions("Put Blob", "overwriting-keeps-the-version", put(b"one", headers=LOCKED, save={"v": "x-ms-version-id"}), put(b"two"),
         Step("GET /{c}/b", content=b"two", hasnt=("x-ms-immutability-policy-mode",)),
         Step("GET /{c}/b?versionid={v}", content=b"one", has={"x-ms-immutability-policy-mode": "locked"}))
versions("Put Blob", "policy-in-the-past", Step("PUT /{c}/b", {**BLOCK_BLOB, "x-ms-immutability-policy-until-date": OLD}, b"x", 400, code="InvalidHeaderValue"),
         Step("HEAD /{c}/b", status=404))
versions("Put Block List", "kept-from-the-start", Step("PUT /{c}/b?comp=block&blockid=" + block_id(1).replace("=", "%3D"), body=b"one", status=201),
         Step("PUT /{c}/b?comp=blocklist", WITH, block_list([("Latest", block_id(1))]), 201), KEPT)
versions("Put Blob (append)", "kept-from-the-start", Step("PUT /{c}/b", {**APPEND_BLOB, **WITH}, status=201), KEPT,
         Step("PUT /{c}/b?comp=appendblock", body=b"x", status=409, code=DUE_TO_HOLD))
versions("Put Blob (page)", "kept-from-the-start", Step("PUT /{c}/b", {**PAGE_BLOB, **WITH}, status=201), KEPT,
         Step("PUT /{c}/b?comp=page", {"x-ms-range": "bytes=0-511", "x-ms-page-write": "update"}, bytes(512), 409, code=DUE_TO_HOLD))
SOURCE = {"x-ms-copy-source": "http://{address}/{account}/{c}/other"}
versions("Copy Blob", "kept-from-the-start", put(name="other"), Step("PUT /{c}/b", {**SOURCE, **WITH}, status=202), KEPT)
versions("Copy Blob", "does-not-take-what-keeps-the-source", put(name="other", headers=WITH), Step("PUT /{c}/b", SOURCE, status=202),
         Step("HEAD /{c}/b", hasnt=("x-ms-immutability-policy-mode", "x-ms-legal-hold")))
for operation, more, status in [("Copy Blob From URL", {"x-ms-requires-sync": "true"}, 202), ("Put Blob From URL", BLOCK_BLOB, 201)]:
    versions(operation, "kept-from-the-start", put(name="other"),
             Step("PUT /{c}/b", {**SOURCE, **WITH, **more,
                  "x-ms-copy-source": lambda s: f"http://{s['address']}/{s['account']}/{s['c']}/other?" +
                  azure.service_sas(f"/{s['c']}/other", sp="r", account=s["account"])}, status=status), KEPT)

# --- what is not permitted while something stands ---
ATTACKS = [
    ("Put Blob", Step("PUT /{c}/b", BLOCK_BLOB, b"new", 409)),
    ("Put Block List", Step("PUT /{c}/b?comp=blocklist", body=block_list([]), status=409)),
    ("Copy Blob", Step("PUT /{c}/b", SOURCE, status=409)),
    ("Set Blob Metadata", Step("PUT /{c}/b?comp=metadata", {"x-ms-meta-a": "b"}, status=409)),
    ("Set Blob Properties", Step("PUT /{c}/b?comp=properties", {"x-ms-blob-content-type": "a/b"}, status=409)),
    ("Set Blob Expiry", Step("PUT /{c}/b?comp=expiry", {"x-ms-expiry-option": "RelativeToNow", "x-ms-expiry-time": "1000"}, status=409)),
    ("Delete Blob", Step("DELETE /{c}/b", status=409)),
    ("Snapshot Blob", Step("PUT /{c}/b?comp=snapshot", status=409)),
]
ALLOWED = [Step("PUT /{c}/b?comp=tags", body=b"<Tags><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tags>", status=204),
           Step("PUT /{c}/b?comp=tier", {"x-ms-access-tier": "Cool"}),
           Step("PUT /{c}/b?comp=block&blockid=" + block_id(1).replace("=", "%3D"), body=b"one", status=201),
           Step("PUT /{c}/new", BLOCK_BLOB, b"new", 201), Step("GET /{c}/b", content=b"kept", has={"ETag": "{etag}"})]


def refused(step, code):
    return Step(f"{step.method} {step.path}", step.request_headers, step.body, step.status, code=code)


for name, rules, code in [("legal-hold", [Immutability("hold", "--tag", "case42")], DUE_TO_HOLD),
                          ("retention", [Immutability("retain", "--days", "10")], DUE_TO_POLICY),
                          ("locked-retention", [Immutability("retain", "--days", "10"), Immutability("lock")], DUE_TO_POLICY)]:
    for operation, step in ATTACKS:
        case(operation, f"container-with-{name}", put(name="other"), put(b"kept"), *rules, refused(step, code), *ALLOWED, account={})
    container_code = "ContainerHasLegalHold" if name == "legal-hold" else "ContainerImmutabilityPolicyLocked"
    case("Delete Container", f"with-{name}", put(), *rules, Step("DELETE /{c}?restype=container", status=409, code=container_code), account={})
    case("Delete Container", f"empty-with-{name}", *rules, Step("DELETE /{c}?restype=container", status=202), account={})
    case("Get Container Properties", f"with-{name}", *rules, Step("GET /{c}?restype=container", has={
        "x-ms-has-immutability-policy": "false" if name == "legal-hold" else "true", "x-ms-has-legal-hold": "true" if name == "legal-hold" else "false"}),
        account={})
    case("Append Block", f"container-with-{name}", Step("PUT /{c}/b", APPEND_BLOB, status=201), *rules,
         Step("PUT /{c}/b?comp=appendblock", body=b"x", status=409, code=code), account={})
    case("Put Page", f"container-with-{name}", Step("PUT /{c}/b", PAGE_BLOB, status=201), *rules,
         Step("PUT /{c}/b?comp=page", {"x-ms-range": "bytes=0-511", "x-ms-page-write": "update"}, bytes(512), 409, code=code), account={})
    case("Put Page", f"clear-in-a-container-with-{name}", Step("PUT /{c}/b", PAGE_BLOB, status=201), *rules,
         Step("PUT /{c}/b?comp=page", {"x-ms-range": "bytes=0-511", "x-ms-page-write": "clear"}, status=409, code=code), account={})
case("Append Block", "let-through-by-the-retention", Step("PUT /{c}/b", APPEND_BLOB, status=201),
     Immutability("retain", "--days", "10", "--appends", "append-blobs"), Step("PUT /{c}/b?comp=appendblock", body=b"x", status=201),
     Step("DELETE /{c}/b", status=409, code=DUE_TO_POLICY), account={})
case("List Containers", "immutability", Immutability("retain", "--days", "10"), Immutability("hold", "--tag", "case42"),
     Step("GET /?comp=list&prefix={c}", xml={"Containers/Container/Properties/HasImmutabilityPolicy": "true",
                                             "Containers/Container/Properties/HasLegalHold": "true"}), account={})
for operation, step in ATTACKS:
    if operation in ("Set Blob Metadata", "Set Blob Expiry", "Delete Blob"):
        versions(operation, "of-a-kept-version", put(b"kept"), policy(UNLOCKED), refused(step, DUE_TO_POLICY), hold("true"), refused(step, DUE_TO_HOLD),
                 Step("GET /{c}/b", content=b"kept", has={"ETag": "{etag}"}))
