"""Containers: create, properties, metadata, delete."""
from case import ETAG, L1, OLD, Step, Table, require

table = Table("containers")
case = table.case
CREATED = ("Last-Modified", "ETag", "x-ms-request-id", "x-ms-version", "Date")

case("Create Container", "create",
     Step("PUT /{c}?restype=container", status=201, has={"ETag": ETAG, "Last-Modified": True, "Content-Length": "0"},
          hasnt=("x-ms-request-server-encrypted", "Content-Type", "x-ms-lease*"), order=CREATED),
     Step("DELETE /{c}?restype=container", status=202), ref="R4", container=False)
case("Create Container", "create-again", Step("PUT /{c}?restype=container", status=409, code="ContainerAlreadyExists"),
     ref="R4")
case("Create Container", "create-with-metadata-and-access",
     Step("PUT /{c}?restype=container", {"x-ms-meta-UPPER": "Value", "x-ms-blob-public-access": "blob"}, status=201),
     Step("GET /{c}?restype=container", has={"x-ms-meta-UPPER": "Value", "x-ms-blob-public-access": "blob"}),
     Step("DELETE /{c}?restype=container", status=202), ref="A14", container=False)
case("Create Container", "create-with-unknown-access",
     Step("PUT /{c}?restype=container", {"x-ms-blob-public-access": "everybody"}, status=400, code="InvalidHeaderValue",
          xml={"HeaderName": "x-ms-blob-public-access", "HeaderValue": "everybody"}, differs=True), ref="R1",
     container=False)

for name, path, code in [
        ("capitals", "UPPER", "InvalidResourceName"), ("underscore", "foo_bar", "InvalidResourceName"),
        ("space", "foo%20bar", "InvalidResourceName"), ("two-hyphens", "foo--bar", "InvalidResourceName"),
        ("leading-hyphen", "-foo", "InvalidResourceName"), ("trailing-hyphen", "foo-", "InvalidResourceName"),
        ("two-letters", "ab", "OutOfRangeInput"), ("64-letters", "a" * 64, "OutOfRangeInput")]:
    case("Create Container", f"name-{name}", Step(f"PUT /{path}?restype=container", status=400, code=code,
                                                  differs=name in ("two-hyphens", "leading-hyphen", "trailing-hyphen")),
         ref="R1", container=False)
for name in ("abc", "a" * 63, "0-9-a"):
    case("Create Container", f"good-name-{len(name)}-letters",
         Step(f"HEAD /{name}?restype=container", status=404, code="ContainerNotFound"), container=False)

case("Get Container Properties", "properties",
     Step("GET /{c}?restype=container", has={
         "ETag": ETAG, "Last-Modified": True, "Content-Length": "0", "x-ms-lease-status": "unlocked",
         "x-ms-lease-state": "available", "x-ms-has-immutability-policy": "false", "x-ms-has-legal-hold": "false"},
          hasnt=("x-ms-lease-duration", "x-ms-blob-public-access", "Content-Type", "x-ms-meta*"), content=b""), ref="R4")
case("Get Container Properties", "properties-encryption-scope",
     Step("GET /{c}?restype=container", has={
         "x-ms-default-encryption-scope": "$account-encryption-key", "x-ms-deny-encryption-scope-override": "false",
         "x-ms-immutable-storage-with-versioning-enabled": "false"}, differs=True), ref="R4")
case("Get Container Properties", "head-is-get-without-body",
     Step("HEAD /{c}?restype=container", has={"ETag": True, "x-ms-lease-state": "available"}), ref="R4")
case("Get Container Properties", "properties-missing", Step("GET /absent-container?restype=container", status=404,
                                                code="ContainerNotFound"),
     Step("HEAD /absent-container?restype=container", status=404, code="ContainerNotFound", content=b"",
          hasnt=("Content-Type",), differs=True), ref="R1 R4", container=False)
case("Get Container Metadata", "metadata",
     Step("PUT /{c}?restype=container&comp=metadata", {"x-ms-meta-a": "1", "x-ms-meta-B": "two"}),
     Step("GET /{c}?restype=container&comp=metadata", has={"x-ms-meta-a": "1", "x-ms-meta-B": "two", "ETag": ETAG}),
     Step("HEAD /{c}?restype=container&comp=metadata", has={"x-ms-meta-a": "1"}), ref="A14")
case("Set Container Metadata", "set-replaces-all",
     Step("PUT /{c}?restype=container&comp=metadata", {"x-ms-meta-a": "1"}, has={"ETag": ETAG}, save={"etag": "ETag"},
          hasnt=("x-ms-request-server-encrypted", "x-ms-meta*")),
     Step("PUT /{c}?restype=container&comp=metadata", {"x-ms-meta-b": "2"},
          check=lambda r, saved: _moved(r, saved)),
     Step("GET /{c}?restype=container", has={"x-ms-meta-b": "2"}, hasnt=("x-ms-meta-a",)), ref="A1")
case("Set Container Metadata", "set-none-clears",
     Step("PUT /{c}?restype=container&comp=metadata", {"x-ms-meta-a": "1"}),
     Step("PUT /{c}?restype=container&comp=metadata"),
     Step("GET /{c}?restype=container", hasnt=("x-ms-meta*",)))
case("Set Container Metadata", "hyphen-in-name",
     Step("PUT /{c}?restype=container&comp=metadata", {"x-ms-meta-a-b": "1"}, status=400, code="InvalidMetadata",
          differs=True), ref="R1 A14")
case("Set Container Metadata", "empty-name",
     Step("PUT /{c}?restype=container&comp=metadata", {"x-ms-meta-": "1"}, status=400, code="EmptyMetadataKey",
          differs=True), ref="A14")
case("Set Container Metadata", "too-large",
     Step("PUT /{c}?restype=container&comp=metadata", {"x-ms-meta-a": "v" * 5000, "x-ms-meta-b": "v" * 4000}, status=400,
          code="MetadataTooLarge", differs=True), ref="A14")
case("Set Container Metadata", "missing-container",
     Step("PUT /absent-container?restype=container&comp=metadata", status=404, code="ContainerNotFound"), container=False)
case("Set Container Metadata", "if-modified-since",
     Step("GET /{c}?restype=container", save={"modified": "Last-Modified"}),
     Step("PUT /{c}?restype=container&comp=metadata", {"If-Modified-Since": "{modified}"}, status=412,
          code="ConditionNotMet"),
     Step("PUT /{c}?restype=container&comp=metadata", {"If-Modified-Since": OLD}))

case("Delete Container", "delete",
     Step("DELETE /{c}?restype=container", status=202, has={"Content-Length": "0"}, hasnt=("ETag", "Last-Modified")),
     Step("GET /{c}?restype=container", status=404, code="ContainerNotFound"),
     Step("GET /{c}/b", status=404, code={"ContainerNotFound"}), ref="R4")
# Azure holds a deleted name for about 30 seconds (A15; tables/deleted_containers.py). The development account does not:
# tools make containers anew at once there.
case("Delete Container", "name-is-free-at-once-on-the-development-account",
     Step("DELETE /{c}?restype=container", status=202),
     Step("PUT /{c}?restype=container", status=201),
     Step("GET /{c}/b", status=404, code="BlobNotFound"), ref="A15")
case("Delete Container", "delete-missing", Step("DELETE /absent-container?restype=container", status=404,
                                         code="ContainerNotFound"), ref="R4", container=False)
case("Delete Container", "if-unmodified-since-fails",
     Step("DELETE /{c}?restype=container", {"If-Unmodified-Since": OLD}, status=412, code="ConditionNotMet"))
case("Delete Container", "leased-without-id",
     Step("PUT /{c}?restype=container&comp=lease",
          {"x-ms-lease-action": "acquire", "x-ms-lease-duration": "-1", "x-ms-proposed-lease-id": L1}, status=201),
     Step("DELETE /{c}?restype=container", status=412, code="LeaseIdMissing"),
     Step("DELETE /{c}?restype=container", {"x-ms-lease-id": L1}, status=202), needs="Lease Container", ref="R4")
case("Delete Container", "blobs-go-with-it",
     Step("PUT /{c}/b", {"x-ms-blob-type": "BlockBlob"}, b"x", 201),
     Step("DELETE /{c}?restype=container", status=202),
     Step("HEAD /{c}/b", status=404, code={"ContainerNotFound"}), ref="R4")
case("Unknown operation", "container-comp-unknown",
     Step("PUT /{c}?restype=container&comp=nonsense", status=400, code={"InvalidQueryParameterValue"}, early=True,
          differs=True), ref="R1")
case("Unknown operation", "service-restype-container",
     Step("PUT /?restype=container", status=400, early=True, differs=True), ref="R1", container=False)
case("Unknown operation", "method-unknown",
     Step("PATCH /{c}/b", status={400, 405}, early=True, differs=True), ref="R1")


def _moved(response, saved):
    require(response.header("ETag") != saved["etag"], "the ETag did not move")
