"""List Containers and List Blobs: shape, order, paging, delimiters, what is included."""
import re
import urllib.parse
import uuid

from case import BLOCK_BLOB, ETAG, RFC1123, Step, Table, put, require
from lib import azure
from lib.azure import block_id

table = Table("lists")
case = table.case
LIST = "GET /{c}?restype=container&comp=list"
BARE_ETAG = re.compile("^0x[0-9A-F]+$")
PROPERTIES = ["Creation-Time", "Last-Modified", "Etag", "Content-Length", "Content-Type", "Content-Encoding",
              "Content-Language", "Content-CRC64", "Content-MD5", "Cache-Control", "Content-Disposition", "LastAccessTime?",
              "BlobType", "AccessTier", "AccessTierInferred?", "AccessTierChangeTime?", "LeaseStatus", "LeaseState",
              "LeaseDuration?", "ServerEncrypted"]
CONTAINER_PROPERTIES = ["Last-Modified", "Etag", "LeaseStatus", "LeaseState", "LeaseDuration?", "PublicAccess?",
                        "DefaultEncryptionScope", "DenyEncryptionScopeOverride", "HasImmutabilityPolicy", "HasLegalHold",
                        "ImmutableStorageWithVersioningEnabled"]


def blobs(*names):
    return [Step(f"PUT /{{c}}/{urllib.parse.quote(name)}", BLOCK_BLOB, b"x", 201) for name in names]


def names(*expected):
    return {"Blobs/Blob/Name": list(expected)}


case("List Blobs", "empty",
     Step(LIST, has={"Content-Type": "application/xml"}, hasnt=("ETag", "Last-Modified"), elements={".": ["Blobs", "NextMarker"]},
          xml={"NextMarker": "", "@ContainerName": "{c}"}, differs=True), ref="R5")
case("List Blobs", "root-attributes",
     Step(LIST, xml={"@ServiceEndpoint": re.compile(r"^http://.+"), "@ContainerName": "{c}"}), ref="R5 S7")
case("List Blobs", "lists-are-chunked", Step(LIST, has={"Transfer-Encoding": "chunked"}, hasnt=("Content-Length",)), ref="R1")
case("List Blobs", "blob-children-and-properties",
     put(b"hello", headers={"x-ms-blob-content-language": "fr", "x-ms-blob-content-type": "text/plain"}),
     Step(LIST, elements={"Blobs/Blob": ["Name", "Properties", "OrMetadata?"], "Blobs/Blob/Properties": PROPERTIES}, xml={
         "Blobs/Blob/Properties/Etag": lambda s: s["etag"].strip('"'), "Blobs/Blob/Properties/Last-Modified": "{modified}",
         "Blobs/Blob/Properties/Creation-Time": RFC1123, "Blobs/Blob/Properties/Content-Length": "5",
         "Blobs/Blob/Properties/Content-Type": "text/plain", "Blobs/Blob/Properties/Content-Encoding": "",
         "Blobs/Blob/Properties/Content-Language": "fr", "Blobs/Blob/Properties/Content-CRC64": "",
         "Blobs/Blob/Properties/Content-MD5": azure.md5(b"hello"), "Blobs/Blob/Properties/Cache-Control": "",
         "Blobs/Blob/Properties/Content-Disposition": "", "Blobs/Blob/Properties/BlobType": "BlockBlob",
         "Blobs/Blob/Properties/AccessTier": "Hot", "Blobs/Blob/Properties/AccessTierInferred": "true",
         "Blobs/Blob/Properties/LeaseStatus": "unlocked", "Blobs/Blob/Properties/LeaseState": "available",
         "Blobs/Blob/Properties/ServerEncrypted": "true"}, differs=True), ref="R5 A1")
case("List Blobs", "etag-has-no-quotes", put(), Step(LIST, xml={"Blobs/Blob/Properties/Etag": BARE_ETAG}), ref="A1 R10.1")
case("List Blobs", "no-metadata-unless-asked", put(headers={"x-ms-meta-a": "1"}),
     Step(LIST, check=lambda r, s: require(b"<Metadata" not in r.body, "Metadata is there")), ref="R5")
case("List Blobs", "include-metadata", put(headers={"x-ms-meta-UPPER": "<1>"}),
     Step(LIST + "&include=metadata", xml={"Blobs/Blob/Metadata/UPPER": "<1>"},
          elements={"Blobs/Blob": ["Name", "Properties", "Metadata", "OrMetadata?"]}, differs=True), ref="R5")
case("List Blobs", "include-metadata-of-none", put(),
     Step(LIST + "&include=metadata", xml={"Blobs/Blob/Metadata": ""}, differs=True), ref="R5")
case("List Blobs", "include-several", put(headers={"x-ms-meta-a": "1"}),
     Step(LIST + "&include=metadata,uncommittedblobs,copy", xml={"Blobs/Blob/Metadata/a": "1"}), ref="R5")
case("List Blobs", "include-unknown", Step(LIST + "&include=everything", status=400, code="InvalidQueryParameterValue",
                                           xml={"QueryParameterName": "include"}, differs=True), ref="R1")
case("List Blobs", "order-is-bytewise", *blobs("b", "B", "a", "Z", "é", "~", "0", "a-1", "a/1", "a.1", "🚀", "\uff01"),
     Step(LIST, xml=names("0", "B", "Z", "a", "a-1", "a.1", "a/1", "b", "~", "é", "\uff01", "🚀"), differs=True), ref="A8")
case("List Blobs", "prefix", *blobs("a", "ab", "abc", "b"),
     Step(LIST + "&prefix=ab", xml={"Prefix": "ab", **names("ab", "abc")}), ref="A8")
case("List Blobs", "prefix-with-nothing", *blobs("a"), Step(LIST + "&prefix=zz", xml={**names(), "NextMarker": ""}), ref="A8")
case("List Blobs", "prefix-encoded", *blobs("a b/c", "a+b"), Step(LIST + "&prefix=a%20b%2F", xml=names("a b/c")), ref="A18")
case("List Blobs", "delimiter",
     *blobs("a", "d/1", "d/2", "d/e/3", "f"),
     Step(LIST + "&delimiter=/", xml={"Delimiter": "/", "Blobs/BlobPrefix/Name": "d/", **names("a", "f")},
          elements={"Blobs/BlobPrefix": ["Name"]}), ref="R5")
case("List Blobs", "delimiter-mixed-in-name-order", *blobs("a", "d/1", "f"),
     Step(LIST + "&delimiter=/", elements={"Blobs": ["Blob", "BlobPrefix", "Blob"]}, differs=True), ref="R5")
case("List Blobs", "delimiter-and-prefix", *blobs("d/1", "d/e/3", "d/e/4", "d/z", "x"),
     Step(LIST + "&delimiter=/&prefix=d/", xml={"Blobs/BlobPrefix/Name": "d/e/", **names("d/1", "d/z")}), ref="R5")
case("List Blobs", "delimiter-of-two-letters", *blobs("a--1", "a--2", "b"),
     Step(LIST + "&delimiter=--", xml={"Blobs/BlobPrefix/Name": "a--", **names("b")}, differs=True), ref="R5")
case("List Blobs", "delimiter-double-slash", *blobs("a//b", "a/c"),
     Step(LIST + "&delimiter=/&prefix=a/", xml={"Blobs/BlobPrefix/Name": "a//", **names("a/c")}), ref="A18")
case("List Blobs", "parameters-are-echoed", *blobs("a1", "a2"),
     Step(LIST + "&prefix=a&maxresults=1&delimiter=/",
          elements={".": ["Prefix", "MaxResults", "Delimiter", "Blobs", "NextMarker"]},
          xml={"MaxResults": "1", "Prefix": "a", "Delimiter": "/"}, differs=True), ref="R5")
case("List Blobs", "paging", *blobs("a", "b", "c", "d", "e"),
     Step(LIST + "&maxresults=2", xml={**names("a", "b"), "NextMarker": re.compile(".+")}, save={"m": "xml:NextMarker"}),
     Step(LIST + "&maxresults=2&marker={m}", xml={**names("c", "d"), "Marker": "{m}", "NextMarker": re.compile(".+")},
          save={"m": "xml:NextMarker"}, differs=True),
     Step(LIST + "&maxresults=2&marker={m}", xml={**names("e"), "NextMarker": ""}, differs=True), ref="A8")
case("List Blobs", "page-that-just-fits", *blobs("a", "b"),
     Step(LIST + "&maxresults=2", xml={**names("a", "b"), "NextMarker": ""}), ref="A8")
case("List Blobs", "prefixes-count-in-a-page", *blobs("a/1", "a/2", "b/1", "c"),
     Step(LIST + "&delimiter=/&maxresults=2", xml={"Blobs/BlobPrefix/Name": ["a/", "b/"], **names()},
          save={"m": "xml:NextMarker"}),
     Step(LIST + "&delimiter=/&maxresults=2&marker={m}", xml={"Blobs/BlobPrefix/Name": [], **names("c"), "NextMarker": ""},
          differs=True), ref="A8")
case("List Blobs", "marker-survives-a-delete", *blobs("a", "b", "c"),
     Step(LIST + "&maxresults=1", save={"m": "xml:NextMarker"}), Step("DELETE /{c}/b", status=202),
     Step(LIST + "&marker={m}", xml=names("c"), differs=True), ref="A8")
for value, status in (("0", 400), ("-1", 400), ("many", 400), ("5001", 200), ("100000", 200)):
    case("List Blobs", f"maxresults-{value}", *blobs("a"),
         Step(LIST + f"&maxresults={value}", status=status, differs=True,
              code={"OutOfRangeQueryParameterValue", "InvalidQueryParameterValue"} if status == 400 else None), ref="A8")
case("List Blobs", "marker-not-ours", Step(LIST + "&marker=%21%21%21", status={200, 400}, differs=True), ref="A8")
case("List Blobs", "uncommitted-only-when-asked",
     Step(f"PUT /{{c}}/u?comp=block&blockid={block_id(1).replace('=', '%3D')}", {}, b"x", 201), put(name="v"),
     Step(LIST, xml=names("v")),
     Step(LIST + "&include=uncommittedblobs", xml={**names("u", "v"), "Blobs/Blob/Properties/Content-Length": ["0", "16"]}),
     ref="A9 R5")
case("List Blobs", "uncommitted-shape",
     Step(f"PUT /{{c}}/u?comp=block&blockid={block_id(1).replace('=', '%3D')}", {}, b"x", 201),
     Step(LIST + "&include=uncommittedblobs", differs=True, elements={"Blobs/Blob/Properties": [
         "Content-Length", "BlobType", "AccessTier", "AccessTierInferred", "LeaseStatus", "LeaseState", "ServerEncrypted"]},
          xml={"Blobs/Blob/Properties/ServerEncrypted": "false"}), ref="R5")
case("List Blobs", "names-that-xml-cannot-carry",
     Step("PUT /{c}/a%EF%BF%BF%2Fb", BLOCK_BLOB, b"x", 201), put(name="plain"),
     Step(LIST, xml=names("a%EF%BF%BF%2Fb", "plain"), differs=True, check=lambda r, s: require(
         [n.attrib.get("Encoded") for n in r.xml().findall("Blobs/Blob/Name")] == ["true", None], "Encoded")), ref="A8 R5")
case("List Blobs", "names-with-control-letters",
     Step("PUT /{c}/a%01b", BLOCK_BLOB, b"x", 201, differs=True),
     Step(LIST, xml=names("a%01b"), differs=True, check=lambda r, s: require(
         r.xml().find("Blobs/Blob/Name").attrib.get("Encoded") == "true", "Encoded")), ref="A8")
case("List Blobs", "names-are-escaped", Step("PUT /{c}/a%26%3Cb%3E%22", BLOCK_BLOB, b"x", 201), Step(LIST, xml=names('a&<b>"')))
case("List Blobs", "missing-container", Step("GET /absent-container?restype=container&comp=list", status=404,
                                             code="ContainerNotFound"), container=False, ref="R4")
case("List Blobs", "leased-shows", put(),
     Step("PUT /{c}/b?comp=lease", {"x-ms-lease-action": "acquire", "x-ms-lease-duration": "-1"}, status=201),
     Step(LIST, xml={"Blobs/Blob/Properties/LeaseStatus": "locked", "Blobs/Blob/Properties/LeaseState": "leased",
                     "Blobs/Blob/Properties/LeaseDuration": "infinite"}), ref="R5")
case("List Blobs", "deleted-are-not-listed", put(), Step("DELETE /{c}/b", status=202), Step(LIST, xml=names()))
case("List Blobs", "before-2013-08-15-each-blob-has-a-url", put(),
     Step(LIST, version="2012-02-12", xml={"Blobs/Blob/Url": re.compile(r"^http://.*/b$")}, differs=True,
          check=lambda r, s: require("ServiceEndpoint" not in r.xml().attrib, "ServiceEndpoint before its time")), ref="S7")
case("List Blobs", "start-from", *blobs("a", "b", "c"),
     Step(LIST + "&startFrom=b", xml=names("b", "c"), differs=True), ref="S56")
case("List Blobs", "end-before", *blobs("a", "b", "c", "d", "d/1", "e"),
     Step(LIST + "&startFrom=b&endBefore=d", version="2026-10-06", xml={**names("b", "c"), "NextMarker": ""}, differs=True),
     Step(LIST + "&endBefore=c&maxresults=1", version="2026-10-06", xml=names("a"), save={"m": "xml:NextMarker"}, differs=True),
     Step(LIST + "&endBefore=c&maxresults=1&marker={m}", version="2026-10-06", xml={**names("b"), "NextMarker": ""},
          differs=True), ref="azure-sdk-for-go TestContainerListBlobsFlatArrowStartFromEndBefore")
for only in ("deleted", "files", "directories"):
    case("List Blobs", f"showonly-{only}", put(),
         Step(LIST + f"&showonly={only}", status=400, code="InvalidQueryParameterValue", version="2021-06-08",
              xml={"QueryParameterName": "showonly"}, differs=True), ref="List Blobs: URI parameters")
case("List Blobs", "arrow-falls-back-to-xml", put(),
     Step(LIST, {"Accept": "application/vnd.apache.arrow.stream,application/xml"}, has={"Content-Type": "application/xml"},
          xml=names("b")), ref="AZURE operations")

# A service-wide listing sees every container, so each case asks for a prefix of its own.
OWN = f"l{uuid.uuid4().hex[:12]}"
SERVICE = "GET /?comp=list&prefix={c}"
case("List Containers", "shape",
     Step(SERVICE, has={"Content-Type": "application/xml"}, elements={
         ".": ["Prefix", "Containers", "NextMarker"], "Containers/Container": ["Name", "Properties"],
         "Containers/Container/Properties": CONTAINER_PROPERTIES}, xml={
             "Containers/Container/Name": "{c}", "NextMarker": "", "Prefix": "{c}",
             "Containers/Container/Properties/Etag": ETAG, "Containers/Container/Properties/LeaseStatus": "unlocked",
             "Containers/Container/Properties/DefaultEncryptionScope": "$account-encryption-key",
             "Containers/Container/Properties/LeaseState": "available"}, differs=True), ref="R3")
case("List Containers", "name", Step(SERVICE, xml={"Containers/Container/Name": "{c}"}), ref="R3")
case("List Containers", "metadata-only-when-asked",
     Step("PUT /{c}?restype=container&comp=metadata", {"x-ms-meta-a": "1"}),
     Step(SERVICE, check=lambda r, s: require(b"<Metadata" not in r.body, "Metadata is there")),
     Step(SERVICE + "&include=metadata", xml={"Containers/Container/Metadata/a": "1"},
          elements={"Containers/Container": ["Name", "Properties", "Metadata"]}), ref="R3")
case("List Containers", "public-access",
     Step("PUT /{c}?restype=container&comp=acl", {"x-ms-blob-public-access": "container"}),
     Step(SERVICE, xml={"Containers/Container/Properties/PublicAccess": "container"}), ref="R3")
case("List Containers", "paging",
     *[Step(f"PUT /{OWN}p{letter}?restype=container", status=201) for letter in "abc"],
     Step(f"GET /?comp=list&prefix={OWN}p&maxresults=2", xml={"Containers/Container/Name": [OWN + "pa", OWN + "pb"],
                                                             "MaxResults": "2"}, save={"m": "xml:NextMarker"}),
     Step(f"GET /?comp=list&prefix={OWN}p&maxresults=2&marker={{m}}",
          xml={"Containers/Container/Name": [OWN + "pc"], "NextMarker": ""}),
     *[Step(f"DELETE /{OWN}p{letter}?restype=container", status=202) for letter in "abc"], ref="R3 A8", container=False)
case("List Containers", "next-marker-names-account-and-container",
     *[Step(f"PUT /{OWN}m{letter}?restype=container", status=201) for letter in "ab"],
     Step(f"GET /?comp=list&prefix={OWN}m&maxresults=1", xml={"NextMarker": f"/{azure.ACCOUNT}/{OWN}mb"}, differs=True),
     *[Step(f"DELETE /{OWN}m{letter}?restype=container", status=202) for letter in "ab"], ref="R3", container=False)
for value in ("0", "-1", "many"):
    case("List Containers", f"maxresults-{value}",
         Step(f"GET /?comp=list&maxresults={value}", status=400, differs=True,
              code={"OutOfRangeQueryParameterValue", "InvalidQueryParameterValue"}), ref="A8", container=False)
case("List Containers", "deleted-are-not-listed", Step("DELETE /{c}?restype=container", status=202),
     Step(SERVICE, xml={"Containers/Container": []}), ref="R3")
case("List Containers", "before-2013-08-15-account-name",
     Step(SERVICE, version="2012-02-12", differs=True, check=lambda r, s: require(
         "AccountName" in r.xml().attrib and "ServiceEndpoint" not in r.xml().attrib
         and r.xml().findtext("Containers/Container/Url"), "the old form")), ref="S7")
