"""What the requested version decides: each change shows from its version on, and not to the one before it.

The other tables have what needs more than one answer's look: sizes, conditions, copies, tags, hashes.
"""
from case import Step, Table, put

table = Table("protocol_versions")
BLOB, RANGE = "HEAD /{c}/b", {"Range": "bytes=0-3"}
LIST = "GET /{c}?restype=container&comp=list"
CONTAINER = "HEAD /{c}?restype=container"
CONTAINERS = "GET /?comp=list&prefix={c}"

# operation, what changed, the request, its headers, its status; from which version, and the one before
HEADERS = [
    ("Get Blob Properties", "x-ms-creation-time", BLOB, {}, 200, "2017-11-09", "2017-07-29"),
    ("Get Blob Properties", "x-ms-server-encrypted", BLOB, {}, 200, "2015-12-11", "2015-07-08"),
    ("Get Blob Properties", "x-ms-access-tier", BLOB, {}, 200, "2017-04-17", "2016-05-31"),
    ("Get Blob Properties", "x-ms-lease-state", BLOB, {}, 200, "2012-02-12", "2011-08-18"),
    ("Get Blob Properties", "Content-Disposition", BLOB, {}, 200, "2013-08-15", "2012-02-12"),
    ("Get Blob", "Accept-Ranges", "GET /{c}/b", {}, 200, "2011-08-18", "2009-09-19"),
    ("Get Blob", "x-ms-blob-content-md5", "GET /{c}/b", RANGE, 206, "2016-05-31", "2015-12-11"),
    ("Get Blob", "x-ms-access-tier", "GET /{c}/b", {}, 200, "2026-10-06", "2026-06-06"),
    ("Set Blob Metadata", "x-ms-request-server-encrypted", "PUT /{c}/b?comp=metadata", {"x-ms-meta-a": "1"}, 200, "2015-12-11", "2015-07-08"),
    ("Delete Blob", "x-ms-delete-type-permanent", "DELETE /{c}/b", {}, 202, "2017-07-29", "2017-04-17"),
    ("Get Container Properties", "x-ms-has-legal-hold", CONTAINER, {}, 200, "2017-11-09", "2017-07-29"),
    ("Get Container Properties", "x-ms-has-immutability-policy", CONTAINER, {}, 200, "2017-11-09", "2017-07-29"),
    ("Get Container Properties", "x-ms-default-encryption-scope", CONTAINER, {}, 200, "2019-07-07", "2019-02-02"),
    ("Get Container Properties", "x-ms-immutable-storage-with-versioning-enabled", CONTAINER, {}, 200, "2020-10-02", "2020-08-04"),
    ("Get Container Properties", "x-ms-lease-state", CONTAINER, {}, 200, "2012-02-12", "2011-08-18"),
    ("Get Account Information", "x-ms-is-hns-enabled", "GET /?restype=account&comp=properties", {}, 200, "2019-07-07", "2019-02-02"),
]
for operation, header, request, headers, status, first, before in HEADERS:
    for version, shown in ((first, True), (before, False)):
        table.case(operation, f"{header.lower()}-{version}", put(headers={"x-ms-blob-content-disposition": "inline"}),
                   Step(request, headers, status=status, version=version, differs=True,
                        **({"has": {header: True}} if shown else {"hasnt": (header,)})), ref="S1")

PROPERTIES = "Blobs/Blob/Properties/"
OF_CONTAINERS = "Containers/Container/Properties/"
ELEMENTS = [
    ("List Blobs", PROPERTIES + "Creation-Time", LIST, "2017-11-09", "2017-07-29"),
    ("List Blobs", PROPERTIES + "ServerEncrypted", LIST, "2015-12-11", "2015-07-08"),
    ("List Blobs", PROPERTIES + "AccessTier", LIST, "2017-04-17", "2016-05-31"),
    ("List Blobs", PROPERTIES + "LeaseState", LIST, "2012-02-12", "2011-08-18"),
    ("List Blobs", PROPERTIES + "Content-Disposition", LIST, "2013-08-15", "2012-02-12"),
    ("List Blobs", PROPERTIES + "Content-CRC64", LIST, "2019-02-02", "2018-11-09"),
    ("List Blobs", "Blobs/Blob/OrMetadata", LIST, "2020-06-12", "2020-04-08"),
    ("List Containers", OF_CONTAINERS + "HasLegalHold", CONTAINERS, "2017-11-09", "2017-07-29"),
    ("List Containers", OF_CONTAINERS + "DefaultEncryptionScope", CONTAINERS, "2019-07-07", "2019-02-02"),
    ("List Containers", OF_CONTAINERS + "ImmutableStorageWithVersioningEnabled", CONTAINERS, "2020-10-02", "2020-08-04"),
    ("List Containers", OF_CONTAINERS + "LeaseState", CONTAINERS, "2012-02-12", "2011-08-18"),
]
for operation, element, request, first, before in ELEMENTS:
    parent, name = element.rsplit("/", 1)
    for version, shown in ((first, True), (before, False)):
        table.case(operation, f"{name.lower()}-{version}", put(),
                   Step(request, version=version, differs=True, xml={element: True if shown else []}), ref="S1")

# An operation that a version does not know.
for operation, request, headers, body, first, before in [
        ("Set Blob Tier", "PUT /{c}/b?comp=tier", {"x-ms-access-tier": "Cool"}, b"", "2017-04-17", "2016-05-31"),
        ("Set Blob Expiry", "PUT /{c}/b?comp=expiry", {"x-ms-expiry-option": "RelativeToNow", "x-ms-expiry-time": "3600000"}, b"", "2020-02-10", "2019-12-12")]:
    table.case(operation, f"known-from-{first}", put(), Step(request, headers, body, 200, version=first, differs=True), ref="S1")
    table.case(operation, f"unknown-to-{before}", put(), Step(request, headers, body, 400, version=before, differs=True), ref="S6")

# Before 2012-02-12 a lease had one duration, and none was named.
table.case("Lease Blob", "without-a-duration-2011-08-18", put(), Step("PUT /{c}/b?comp=lease", {"x-ms-lease-action": "acquire"}, b"", 201,
                                                                    version="2011-08-18", differs=True), ref="S1")
table.case("Lease Blob", "without-a-duration-2012-02-12", put(), Step("PUT /{c}/b?comp=lease", {"x-ms-lease-action": "acquire"}, b"", 400,
                                                                    version="2012-02-12", differs=True, code="MissingRequiredHeader"), ref="S1")
# Open ranges: an older version does not know the form, and gives everything.
table.case("Get Blob", "open-range-2011-08-18", put(b"0123456789"), Step("GET /{c}/b", {"Range": "bytes=5-"}, status=206, content=b"56789",
                                                                          version="2011-08-18", differs=True), ref="S1")
table.case("Get Blob", "open-range-2009-09-19", put(b"0123456789"), Step("GET /{c}/b", {"Range": "bytes=5-"}, status=200, content=b"0123456789",
                                                                          version="2009-09-19", differs=True), ref="S1")
# Newer than any that is known: as the newest.
table.case("Versions", "newer-than-known", put(), Step("GET /{c}/b", version="2099-01-01", differs=True, has={
    "x-ms-version": "2099-01-01", "x-ms-access-tier": True, "x-ms-creation-time": True}), ref="A1")
