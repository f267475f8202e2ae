"""Incremental Copy Blob: snapshots of a page blob taken over as snapshots of another one."""
from case import ETAG, L1, Step, Table, put

table = Table("incremental_copy")
NAME = "Incremental Copy Blob"
VERSION = "2021-06-08"
PAGE = b"\x07" * 512


def case(name, *steps, **more):
    for step in steps:
        step.differs = True   # the stand-in has no incremental copies
    table.case(NAME, name, *steps, differs=True, **more)


def create(blob="b", size=4096, **more):
    return Step(f"PUT /{{c}}/{blob}", {"x-ms-blob-type": "PageBlob", "x-ms-blob-content-length": str(size), "x-ms-meta-kind": "disk"}, b"",
                201, version=VERSION, **more)


def write(span, data=PAGE, blob="b", status=201, **more):
    return Step(f"PUT /{{c}}/{blob}?comp=page", {"x-ms-page-write": "update", "x-ms-range": f"bytes={span}"}, data, status,
                version=VERSION, **more)


def snap(name="s", blob="b"):
    return Step(f"PUT /{{c}}/{blob}?comp=snapshot", {}, b"", 201, save={name: "x-ms-snapshot"}, version=VERSION)


def copy(snapshot="{s}", blob="b", to="new", status=202, headers=None, **more):
    source = f"http://{{address}}/{{account}}/{{c}}/{blob}" + (f"?snapshot={snapshot}" if snapshot else "")
    return Step(f"PUT /{{c}}/{to}?comp=incrementalcopy", {"x-ms-copy-source": source, **(headers or {})}, b"", status,
                version=more.pop("version", VERSION), **more)


def get(path, *, method="GET", headers=None, body=b"", **more):
    return Step(f"{method} /{{c}}/{path}", headers or {}, body, version=VERSION, **more)


DONE = (create(), write("0-511"), snap(), copy())
FORBIDDEN = {"status": 409, "code": "OperationNotAllowedOnIncrementalCopyBlob"}

case("first", create(), write("512-1023"), snap(),
     copy(has={"ETag": ETAG, "Last-Modified": True, "x-ms-copy-id": True, "x-ms-copy-status": "success"}),
     get("new", method="HEAD", save={"d": "x-ms-copy-destination-snapshot"},
         has={"x-ms-incremental-copy": "true", "x-ms-blob-type": "PageBlob", "Content-Length": "4096", "x-ms-copy-status": "success",
              "x-ms-copy-progress": "4096/4096", "x-ms-meta-kind": "disk"}),
     get("new?snapshot={d}", content=b"\0" * 512 + PAGE + b"\0" * 3072),
     get("new?comp=pagelist&snapshot={d}", xml={"PageRange/Start": "512", "PageRange/End": "1023"}), ref="50")
case("what-changed", *DONE, get("new", method="HEAD", save={"d": "x-ms-copy-destination-snapshot"}), write("1024-1535"), snap("t"), copy("{t}"),
     get("new", method="HEAD", save={"e": "x-ms-copy-destination-snapshot"}),
     get("new?comp=pagelist&snapshot={e}&prevsnapshot={d}", xml={"PageRange/Start": "1024", "PageRange/End": "1535"}),
     get("new?snapshot={d}", content=PAGE + b"\0" * 3584), get("new?snapshot={e}", content=PAGE + b"\0" * 512 + PAGE + b"\0" * 2560))
case("listed", *DONE,
     get("?restype=container&comp=list&include=snapshots,copy&prefix=new",
         xml={"Blobs/Blob/Properties/IncrementalCopy": ["true", "true"], "Blobs/Blob/Properties/CopyStatus": ["success", "success"]}))
for what, step in {
        "read": get("new", **FORBIDDEN), "range": get("new", headers={"Range": "bytes=0-511"}, **FORBIDDEN),
        "page-ranges": get("new?comp=pagelist", **FORBIDDEN), "page": write("0-511", blob="new", **FORBIDDEN),
        "create": Step("PUT /{c}/new", {"x-ms-blob-type": "PageBlob", "x-ms-blob-content-length": "512"}, b"", 409,
                       code="OperationNotAllowedOnIncrementalCopyBlob", version=VERSION),
        "snapshot": get("new?comp=snapshot", method="PUT", **FORBIDDEN), "metadata": get("new?comp=metadata", method="PUT", **FORBIDDEN),
        "properties": get("new?comp=properties", method="PUT", headers={"x-ms-blob-content-length": "512"}, **FORBIDDEN),
        "source": get("third", method="PUT", headers={"x-ms-copy-source": "http://{address}/{account}/{c}/new"}, **FORBIDDEN),
        "target": get("new", method="PUT", headers={"x-ms-copy-source": "http://{address}/{account}/{c}/b"}, **FORBIDDEN)}.items():
    case(f"not-for-{what}", *DONE, step)
case("snapshot-is-like-others", *DONE, get("new", method="HEAD", save={"d": "x-ms-copy-destination-snapshot"}),
     get("third", method="PUT", headers={"x-ms-copy-source": "http://{address}/{account}/{c}/new?snapshot={d}"}, status=202),
     get("third", content=PAGE + b"\0" * 3584, hasnt=("x-ms-incremental-copy",)),
     get("new?snapshot={d}", method="DELETE", status=202), get("new", method="DELETE", status=202), create("new"))
case("abort-when-done", *DONE, get("new", method="HEAD", save={"id": "x-ms-copy-id"}),
     get("new?comp=copy&copyid={id}", method="PUT", headers={"x-ms-copy-action": "abort"}, status=409, code="NoPendingCopyOperation"))
case("source-malformed",
     get("new?comp=incrementalcopy", method="PUT", headers={"x-ms-copy-source": "nonsense"}, status=400, code="InvalidHeaderValue"))
case("source-no-snapshot", create(), copy("", status=409, code="IncrementalCopySourceMustBeSnapshot"), ref="50")
case("source-gone", create(), copy("2020-01-01T00:00:00.0000000Z", status=404, code="BlobNotFound"),
     copy("2020-01-01T00:00:00.0000000Z", status=404, code="CannotVerifyCopySource", version="2024-08-04"), ref="R8")
case("source-block-blob", put(), snap(), copy(status=409, code="InvalidSourceBlobType"))
for name, query, code in [("no-snapshot", "", "IncrementalCopySourceMustBeSnapshot"),
                          ("no-page-blob", "?snapshot=2020-01-01T00:00:00.0000000Z", "InvalidSourceBlobType")]:
    case(f"elsewhere-{name}", Step("PUT /{c}/new?comp=incrementalcopy", {"x-ms-copy-source": "http://{elsewhere}/plain" + query}, b"", 409,
                                   code=code, version=VERSION), Step("HEAD /{c}/new", status=404))
case("elsewhere-not-there", Step("PUT /{c}/new?comp=incrementalcopy", {"x-ms-copy-source": "http://{elsewhere}/status/404?snapshot=2020-01-01T00:00:00.0000000Z"},
                                 b"", 404, code="CannotVerifyCopySource", version=VERSION), Step("HEAD /{c}/new", status=404))
case("earlier-snapshot", create(), snap(), snap("t"), copy("{t}"),
     copy("{s}", status=409, code="IncrementalCopyOfEarlierVersionSnapshotNotAllowed"), ref="50")
case("another-blob", *DONE, create("other"), snap("o", "other"), copy("{o}", "other", status=409, code="IncrementalCopyBlobMismatch"), ref="50")
case("onto-an-ordinary-blob", create(), snap(), create("new"), copy(status=409, code="IncrementalCopyBlobMismatch"))
case("onto-a-block-blob", create(), snap(), Step("PUT /{c}/new", {"x-ms-blob-type": "BlockBlob"}, b"x", 201, version=VERSION),
     copy(status=409, code="InvalidBlobType"))
case("former-snapshot-gone", *DONE, snap("t"), get("b?snapshot={s}", method="DELETE", status=202),
     copy("{t}", status=409, code="PreviousSnapshotNotFound"))
case("source-recreated", *DONE, create(), snap("t"), copy("{t}", status=409, code="BlobOverwritten"))
case("conditions", *DONE, copy(headers={"If-Match": '"0x1"'}, status=412, code="TargetConditionNotMet"),
     copy(headers={"If-None-Match": "*"}, status=409, code="BlobAlreadyExists"),
     Step("PUT /{c}/new?comp=lease", {"x-ms-lease-action": "acquire", "x-ms-lease-duration": "-1", "x-ms-proposed-lease-id": L1}, b"", 201,
          version=VERSION),
     copy(status=412, code="LeaseIdMissing"), copy(headers={"x-ms-lease-id": L1}))
