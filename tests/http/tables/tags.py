"""Tags: Set and Get Blob Tags, x-ms-tags and x-ms-if-tags wherever they are taken, Find Blobs by Tags, listings with tags."""
import re
import urllib.parse

from case import BLOCK_BLOB, L1, L2, Step, Table, put, require
from lib import azure

table = Table("tags")
case = table.case
TAGS = "/{c}/b?comp=tags"
LIST = "GET /{c}?restype=container&comp=list"


def document(*tags):
    inner = "".join(f"<Tag><Key>{k}</Key><Value>{v}</Value></Tag>" for k, v in tags)
    return f'<?xml version="1.0" encoding="utf-8"?><Tags><TagSet>{inner}</TagSet></Tags>'.encode()


def set_tags(*tags, headers=None, status=204, body=None, path=TAGS, **more):
    return Step(f"PUT {path}", {"Content-Type": "application/xml", **(headers or {})}, document(*tags) if body is None else body,
                status, **more)


def tags_are(*tags, path=TAGS, **more):
    return Step(f"GET {path}", xml={"TagSet/Tag/Key": [k for k, _ in tags], "TagSet/Tag/Value": [v for _, v in tags]}, **more)


def put_with(headers, status, **more):
    return Step("PUT /{c}/b", {**BLOCK_BLOB, **headers}, b"x", status, **more)


def tagged(tags="a=1", name="b", **more):
    return put(name=name, headers={"x-ms-tags": tags, **more.pop("headers", {})}, **more)


# --- Set, Get --------------------------------------------------------------------------------------------------------
case("Set Blob Tags", "answers-204-and-moves-nothing", put(),
     set_tags(("a", "1"), ("b b", "x +-./:=_"), hasnt=("ETag", "Last-Modified", "Content-Length")),
     Step("HEAD /{c}/b", has={"ETag": "{etag}", "Last-Modified": "{modified}", "x-ms-tag-count": "2"}), ref="R7 S57")
case("Set Blob Tags", "replaces-all", tagged("a=1&b=2"), set_tags(("c", "3")), tags_are(("c", "3")))
case("Set Blob Tags", "an-empty-set-removes-all", tagged("a=1&b=2"), set_tags(), tags_are(),
     Step("HEAD /{c}/b", hasnt=("x-ms-tag-count",)))
case("Set Blob Tags", "keys-and-values-have-case", put(), set_tags(("A", "x"), ("a", "X")), tags_are(("A", "x"), ("a", "X")))
case("Set Blob Tags", "an-empty-value", put(), set_tags(("a", "")), tags_are(("a", "")))
case("Set Blob Tags", "spaces-are-kept", put(), set_tags((" a ", " ")), tags_are((" a ", " ")))
case("Set Blob Tags", "as-long-as-may-be", put(), set_tags(*[(f"{i}" + "k" * 127, "v" * 256) for i in range(10)]),
     Step("HEAD /{c}/b", has={"x-ms-tag-count": "10"}), ref="S57")
for name, tags, code in [
        ("eleven", [(chr(97 + i), "") for i in range(11)], "TagsTooLarge"),
        ("long-key", [("k" * 129, "")], "TagsTooLarge"),
        ("long-value", [("k", "v" * 257)], "TagsTooLarge"),
        ("empty-key", [("", "v")], "EmptyTagName"),
        ("foreign-character-in-key", [("a*b", "v")], "InvalidTag"),
        ("foreign-character-in-value", [("a", "v,w")], "InvalidTag"),
        ("not-ascii", [("a", "ü")], "InvalidTag"),
        ("twice", [("a", "1"), ("a", "2")], "DuplicateTagNames")]:
    case("Set Blob Tags", f"refused-{name}", tagged("old=1"), set_tags(*tags, status=400, code=code, differs=True),
         tags_are(("old", "1")), ref="S57")
for name, body in [("no-xml", b"a=1"), ("empty", b""), ("other-root", b"<TagSet/>"), ("no-set", b"<Tags/>"),
                   ("no-value", b"<Tags><TagSet><Tag><Key>a</Key></Tag></TagSet></Tags>"),
                   ("unclosed", b"<Tags><TagSet>")]:
    case("Set Blob Tags", f"refused-document-{name}", tagged("old=1"),
         set_tags(body=body, status=400, code="InvalidXmlDocument", differs=True), tags_are(("old", "1")))
case("Set Blob Tags", "content-md5", put(), set_tags(("a", "1"), headers={"Content-MD5": azure.md5(document(("a", "1")))}),
     set_tags(("a", "2"), headers={"Content-MD5": azure.md5(b"other")}, status=400, code="Md5Mismatch", differs=True),
     tags_are(("a", "1"), differs=True))
case("Set Blob Tags", "content-crc64", put(), set_tags(("a", "1"), headers={"x-ms-content-crc64": azure.crc64(document(("a", "1")))}),
     set_tags(("a", "2"), headers={"x-ms-content-crc64": azure.crc64(b"other")}, status=400, code="Crc64Mismatch", differs=True))
case("Set Blob Tags", "missing-blob", set_tags(("a", "1"), status=404, code="BlobNotFound"))
case("Set Blob Tags", "missing-container", set_tags(("a", "1"), path="/absent-container/b?comp=tags", status=404,
                                                    code="ContainerNotFound"), container=False)
case("Set Blob Tags", "before-2019-12-12", put(),
     set_tags(("a", "1"), status=400, code="InvalidQueryParameterValue", version="2019-07-07", differs=True))
case("Get Blob Tags", "form", tagged("b=2&a=1"),
     Step(f"GET {TAGS}", has={"Content-Type": "application/xml", "Content-Length": True}, hasnt=("ETag", "Last-Modified"),
          elements={".": ["TagSet"], "TagSet": ["Tag*"], "TagSet/Tag": ["Key", "Value"]},
          xml={"TagSet/Tag/Key": ["a", "b"], "TagSet/Tag/Value": ["1", "2"]}), ref="R7")
case("Get Blob Tags", "none", put(), Step(f"GET {TAGS}", elements={".": ["TagSet"], "TagSet": []}))
case("Get Blob Tags", "missing-blob", Step(f"GET {TAGS}", status=404, code="BlobNotFound"))
case("Get Blob Tags", "missing-container", Step("GET /absent-container/b?comp=tags", status=404, code="ContainerNotFound"), container=False)
case("Get Blob Tags", "before-2019-12-12", put(),
     Step(f"GET {TAGS}", status=400, code="InvalidQueryParameterValue", version="2019-07-07", differs=True))
LEASE = Step("PUT /{c}/b?comp=lease", {"x-ms-lease-action": "acquire", "x-ms-lease-duration": "-1", "x-ms-proposed-lease-id": L1}, status=201)
case("Set Blob Tags", "under-a-lease", tagged(), LEASE,
     set_tags(("a", "2"), status=412, code="LeaseIdMissing"),
     set_tags(("a", "2"), headers={"x-ms-lease-id": L2}, status=412, code="LeaseIdMismatchWithBlobOperation"),
     tags_are(("a", "1")), set_tags(("a", "2"), headers={"x-ms-lease-id": L1}), tags_are(("a", "2")), ref="R8 S20")
case("Get Blob Tags", "under-a-lease", tagged(), LEASE, tags_are(("a", "1")), tags_are(("a", "1"), headers={"x-ms-lease-id": L1}),
     Step(f"GET {TAGS}", {"x-ms-lease-id": L2}, status=412, code="LeaseIdMismatchWithBlobOperation"), ref="R8 S20")
for verb, operation in (("GET", "Get Blob Tags"), ("PUT", "Set Blob Tags")):
    good, body = (200, b"") if verb == "GET" else (204, document(("a", "1")))
    for header, right, wrong in [
            ("x-ms-if-tags", "a = '1'", "a = '2'"), ("x-ms-blob-if-match", "{etag}", '"0x1"'),
            ("x-ms-blob-if-none-match", '"0x1"', "{etag}"),
            ("x-ms-blob-if-unmodified-since", "{modified}", "Thu, 01 Jan 2015 00:00:00 GMT"),
            ("x-ms-blob-if-modified-since", "Thu, 01 Jan 2015 00:00:00 GMT", "{modified}")]:
        case(operation, f"condition-{header}", tagged(),
             Step(f"{verb} {TAGS}", {header: right}, body, good, differs="blob-if" in header),
             Step(f"{verb} {TAGS}", {header: wrong}, body, 412, code="ConditionNotMet", differs="blob-if" in header), ref="R6")
    case(operation, "condition-malformed", tagged(),
         Step(f"{verb} {TAGS}", {"x-ms-if-tags": "a == '1'"}, body, 400, code="InvalidHeaderValue",
              xml={"HeaderName": "x-ms-if-tags", "HeaderValue": "a == '1'"}, differs=True))
    for letters, status in (("t", good), ("racwdx", 403)):
        case(operation, f"sas-{letters}", tagged(),
             Step(f"{verb} {TAGS}", {}, body, status, auth=lambda s, l=letters: azure.service_sas(f"/{s['c']}/b", sp=l),
                  code="AuthorizationPermissionMismatch" if status == 403 else None, differs=status == 403))

# --- x-ms-tags -------------------------------------------------------------------------------------------------------
case("Put Blob", "tags", tagged("a%20b=x%3Dy&c+d=e%2Bf"), tags_are(("a b", "x=y"), ("c d", "e+f"), differs=True),
     Step("HEAD /{c}/b", has={"x-ms-tag-count": "2"}), Step("GET /{c}/b", has={"x-ms-tag-count": "2"}), ref="S57")
case("Put Blob", "tags-go-with-the-old-content", tagged(), put(b"new"), tags_are())
case("Put Blob", "tag-count-before-the-metadata", tagged(headers={"x-ms-meta-m": "n"}),
     Step("HEAD /{c}/b", order=("x-ms-version", "x-ms-tag-count", "x-ms-meta-m", "x-ms-creation-time")), ref="R6")
case("Put Blob", "tag-count-before-2019-12-12", tagged(), Step("HEAD /{c}/b", hasnt=("x-ms-tag-count",), version="2019-07-07", differs=True))
for name, text, code in [("eleven", "&".join(f"k{i}=" for i in range(11)), "TagsTooLarge"), ("twice", "a=1&a=2", "DuplicateTagNames"),
                         ("empty-key", "=1", "EmptyTagName"), ("foreign", "a=%2A", "InvalidTag"), ("escape", "a=%zz", "InvalidHeaderValue"),
                         ("long", "a=" + "v" * 257, "TagsTooLarge")]:
    case("Put Blob", f"tags-refused-{name}", put_with({"x-ms-tags": text}, 400, code=code, differs=True),
         Step("HEAD /{c}/b", status=404, differs=True))
case("Put Blob", "tags-before-2019-12-12", put_with({"x-ms-tags": "a=1"}, 400, code="UnsupportedHeader",
                                                   version="2019-07-07", differs=True))
for letters, status in (("cwt", 201), ("cw", 403)):
    case("Put Blob", f"tags-sas-{letters}",
         put_with({"x-ms-tags": "a=1"}, status, auth=lambda s, l=letters: azure.service_sas(f"/{s['c']}/b", sp=l),
                  code="AuthorizationPermissionMismatch" if status == 403 else None, differs=status == 403))
BLOCK = azure.block_id(1)
STAGE = Step(f"PUT /{{c}}/b?comp=block&blockid={urllib.parse.quote(BLOCK)}", {}, b"block", 201)


def commit(headers=None, status=201, **more):
    return Step("PUT /{c}/b?comp=blocklist", headers or {}, f"<BlockList><Latest>{BLOCK}</Latest></BlockList>".encode(), status, **more)


case("Put Block List", "tags", STAGE, commit({"x-ms-tags": "a=1"}), tags_are(("a", "1")))
case("Put Block List", "without-tags-there-are-none", tagged(), STAGE, commit(), tags_are())
case("Put Block List", "condition-x-ms-if-tags", tagged(), STAGE, commit({"x-ms-if-tags": "a='2'"}, 412, code="ConditionNotMet"),
     commit({"x-ms-if-tags": "a='1'"}))
SOURCE = "http://{address}/{account}/{c}/b"
case("Copy Blob", "tags-are-not-the-sources", tagged(), Step("PUT /{c}/copy", {"x-ms-copy-source": SOURCE}, status=202),
     tags_are(path="/{c}/copy?comp=tags", differs=True))
case("Copy Blob", "tags-of-its-own", tagged(), Step("PUT /{c}/copy", {"x-ms-copy-source": SOURCE, "x-ms-tags": "z=9"}, status=202),
     tags_are(("z", "9"), path="/{c}/copy?comp=tags"), tags_are(("a", "1")))
case("Copy Blob", "condition-x-ms-source-if-tags", tagged(),
     Step("PUT /{c}/copy", {"x-ms-copy-source": SOURCE, "x-ms-source-if-tags": "a='2'"}, status=412, code="SourceConditionNotMet", differs=True),
     Step("PUT /{c}/copy", {"x-ms-copy-source": SOURCE, "x-ms-source-if-tags": "a='1'"}, status=202))
case("Copy Blob", "condition-x-ms-if-tags", tagged(), tagged("t=1", "copy"),
     Step("PUT /{c}/copy", {"x-ms-copy-source": SOURCE, "x-ms-if-tags": "t='2'"}, status=412, code="TargetConditionNotMet", differs=True),
     Step("PUT /{c}/copy", {"x-ms-copy-source": SOURCE, "x-ms-if-tags": "t='1'"}, status=202))

# --- x-ms-if-tags everywhere -----------------------------------------------------------------------------------------
for operation, request, headers, body, good in [
        ("Get Blob", "GET /{c}/b", {}, b"", 200), ("Get Blob Properties", "HEAD /{c}/b", {}, b"", 200),
        ("Get Blob Metadata", "GET /{c}/b?comp=metadata", {}, b"", 200),
        ("Set Blob Metadata", "PUT /{c}/b?comp=metadata", {"x-ms-meta-a": "b"}, b"", 200),
        ("Set Blob Properties", "PUT /{c}/b?comp=properties", {}, b"", 200),
        ("Lease Blob", "PUT /{c}/b?comp=lease", {"x-ms-lease-action": "acquire", "x-ms-lease-duration": "15"}, b"", 201),
        ("Get Block List", "GET /{c}/b?comp=blocklist", {}, b"", 200), ("Put Blob", "PUT /{c}/b", BLOCK_BLOB, b"new", 201),
        ("Delete Blob", "DELETE /{c}/b", {}, b"", 202)]:
    case(operation, "condition-x-ms-if-tags", tagged("status=In%20Progress&rank=05"),
         Step(request, {**headers, "x-ms-if-tags": "status = 'Done'"}, body, 412, code="ConditionNotMet", differs=True),
         Step(request, {**headers, "x-ms-if-tags": "status <> 'In Progress' OR rank > '06'"}, body, 412, code="ConditionNotMet", differs=True),
         Step(request, {**headers, "x-ms-if-tags": "none <> 'x'"}, body, 412, code="ConditionNotMet", differs=True),
         Step(request, {**headers, "x-ms-if-tags": "(\"status\" = 'In Progress' OR rank = '1') AND rank >= '05'"}, body, good),
         ref="R6 S57")
    case(operation, "condition-x-ms-if-tags-malformed", tagged(),
         Step(request, {**headers, "x-ms-if-tags": "status LIKE 'x'"}, body, 400, code="InvalidHeaderValue", differs=True))
case("Put Blob", "condition-x-ms-if-tags-on-nothing", put_with({"x-ms-if-tags": "a = '1'"}, 412, code="ConditionNotMet", differs=True))
case("Get Blob", "condition-x-ms-if-tags-beside-others", tagged(),
     Step("GET /{c}/b", {"x-ms-if-tags": "a='1'", "If-Match": '"0x1"'}, status=412, code="ConditionNotMet"),
     Step("GET /{c}/b", {"x-ms-if-tags": "a='2'", "If-Match": "{etag}"}, status=412, code="ConditionNotMet"),
     Step("GET /{c}/b", {"x-ms-if-tags": "a='1'", "If-Match": "{etag}"}), ref="S57")
case("Get Blob", "condition-x-ms-if-tags-before-2019-12-12", tagged(),
     Step("GET /{c}/b", {"x-ms-if-tags": "a='1'"}, status=400, code="UnsupportedHeader", version="2019-07-07", differs=True))

# --- listings --------------------------------------------------------------------------------------------------------
case("List Blobs", "include-tags", tagged("a=1&b=2"), put(name="plain"),
     Step(LIST + "&include=tags", xml={"Blobs/Blob/Tags/TagSet/Tag/Key": ["a", "b"], "Blobs/Blob/Tags/TagSet/Tag/Value": ["1", "2"],
                                       "Blobs/Blob/Properties/TagCount": "2", "Blobs/Blob/Name": ["b", "plain"]}),
     Step(LIST, check=lambda r, s: require(not r.xml().findall("Blobs/Blob/Tags"), "tags without being asked for")), ref="R5")
case("List Blobs", "include-tags-and-metadata", tagged(headers={"x-ms-meta-m": "n"}),
     Step(LIST + "&include=tags,metadata", elements={"Blobs/Blob": ["Name", "Properties", "Metadata", "Tags", "OrMetadata?"]}), ref="R5")
for letters, status in (("lt", 200), ("l", 403)):
    case("List Blobs", f"include-tags-sas-{letters}", tagged(),
         Step(LIST + "&include=tags", status=status, auth=lambda s, l=letters: azure.service_sas(f"/{s['c']}", sr="c", sp=l),
              code="AuthorizationPermissionMismatch" if status == 403 else None, differs=True))


# --- Find ------------------------------------------------------------------------------------------------------------
def where(expression, container=True, more=""):
    quoted = lambda s: urllib.parse.quote(expression.replace("{c}", s["c"]), safe="")  # noqa: E731
    return lambda s: (f"/{s['c']}?restype=container&" if container else "/?") + \
        f"comp=blobs&where={quoted(s)}" + more.replace("{next}", urllib.parse.quote(s.get("next", "")))


class Find(Step):
    """A Step whose address depends on what was saved."""

    def __init__(self, expression, *found, container=True, more="", **rest):
        if rest.get("status", 200) == 200 and "xml" not in rest:
            rest["xml"] = {"Blobs/Blob/Name": list(found)}
        super().__init__("GET /", **rest)
        self.path = where(expression, container, more)


THREE = [tagged("project=x&rank=10", "one"), tagged("project=x&rank=20", "two"), tagged("project=y&rank=30", "three")]
for container in (True, False):
    operation = "Find Blobs by Tags in Container" if container else "Find Blobs by Tags"
    scope = "" if container else "@container = '{c}' AND "
    for name, expression, found in [
            ("equal", "project = 'x'", ["one", "two"]), ("quoted-key", "\"project\"='x'", ["one", "two"]),
            ("none", "project = 'z'", []), ("case-matters", "Project = 'x'", []),
            ("greater", "rank > '10'", ["two", "three"]), ("greater-or-equal", "rank >= '10'", ["one", "two", "three"]),
            ("less", "rank < '20'", ["one"]), ("less-or-equal", "rank <= '20'", ["one", "two"]),
            ("range", "rank > '10' AND rank < '30'", ["two"]), ("range-inclusive", "rank >= '10' and rank <= '20'", ["one", "two"]),
            ("two-keys", "project = 'x' AND rank = '20'", ["two"]), ("key-and-range", "rank > '05' AND project = 'y'", ["three"]),
            ("two-ranges", "rank >= '10' AND project >= 'y'", ["three"])]:
        case(operation, name, *THREE, Find(scope + expression, *found, container=container, differs=True), ref="S57")
    case(operation, "form", tagged("project=x&rank=10&other=z", "it's"),
         Find(scope + "project = 'x' AND rank < '2'", container=container, more="&maxresults=7",
              has={"Content-Type": "application/xml"}, hasnt=("ETag", "Last-Modified"),
              elements={".": ["Where", "MaxResults", "Blobs", "NextMarker"], "Blobs/Blob": ["Name", "ContainerName", "Tags"],
                        "Blobs/Blob/Tags": ["TagSet"]},
              xml={"@ServiceEndpoint": re.compile("^http://"), "Blobs/Blob/Name": "it's", "Blobs/Blob/ContainerName": "{c}",
                   "Blobs/Blob/Tags/TagSet/Tag/Key": ["project", "rank"], "Blobs/Blob/Tags/TagSet/Tag/Value": ["x", "10"],
                   "MaxResults": "7", "NextMarker": "",
                   "Where": lambda s, e=scope + "project = 'x' AND rank < '2'": e.replace("{c}", s["c"])}, differs=True), ref="R4")
    case(operation, "follows-changes", tagged("k=1"), Find(scope + "k='1'", "b", container=container), set_tags(("k", "2")),
         Find(scope + "k='1'", container=container), Find(scope + "k='2'", "b", container=container),
         Step("DELETE /{c}/b", status=202), Find(scope + "k='2'", container=container))
    for name, expression, place in [
            ("or", "k='1' OR k='2'", "unexpected 'O'"), ("parentheses", "(k='1')", "unexpected '('"), ("not-equal", "k<>'1'", "unexpected '<>'"),
            ("unquoted-value", "k=1", "expecting tag value"), ("double-quoted-value", "k=\"1\"", "expecting tag value"),
            ("no-value", "k=", "unexpected end of query"), ("no-operator", "k", "unexpected end of query"), ("empty", "", "unexpected end of query"),
            ("rest", "k='1' j='2'", "unexpected 'j'"), ("unterminated", "k='1", "unterminated tag value"),
            ("same-side", "k>'1' AND k>='2'", "can't have multiple conditions"), ("equal-twice", "k='1' AND k='1'", "can't have multiple conditions"),
            ("foreign-character", "k='ü'", "not permitted in tag name or value"), ("other-parameter", "@blob='x' AND k='1'", "unsupported parameter '@blob'"),
            ("no-tags", "@container='{c}'", "'@container' not permitted" if container else "expecting tag name"),
            ("eleven-keys", " AND ".join(f"k{i}='1'" for i in range(11)), "at most 10 unique tags")]:
        case(operation, f"refused-{name}",
             Find(expression, container=container, status=400, code="InvalidQueryParameterValue", differs=True,
                  xml={"QueryParameterName": "where", "Message": re.compile("^Error parsing query at or near character position \\d+: .*" + re.escape(place))}))
    base = "/{c}?restype=container&comp=blobs" if container else "/?comp=blobs"
    case(operation, "no-expression", Step(f"GET {base}", status=400, code="MissingRequiredQueryParameter",
                                          xml={"QueryParameterName": "where"}, differs=True))
    case(operation, "maxresults-0", Find("k='1'", container=container, more="&maxresults=0", status=400,
                                         code="OutOfRangeQueryParameterValue", differs=True))
    case(operation, "marker-malformed", Find("k='1'", container=container, more="&marker=x", status=400,
                                             code="InvalidQueryParameterValue", differs=True))
    old = "2021-02-12" if container else "2019-07-07"
    case(operation, f"before-its-version", Find("k='1'", container=container, status=400, code="InvalidQueryParameterValue",
                                                version=old, differs=True), ref="S57")
    case(operation, "pages", *[tagged("k=1", f"n{i}") for i in range(5)],
         Find(scope + "k='1'", "n0", "n1", container=container, more="&maxresults=2", save={"next": "xml:NextMarker"}),
         Find(scope + "k='1'", container=container, more="&maxresults=2&marker={next}",
                                   save={"next": "xml:NextMarker"}, xml={"Blobs/Blob/Name": ["n2", "n3"], "Marker": True}),
         Find(scope + "k='1'", "n4", container=container, more="&maxresults=2&marker={next}", xml={"Blobs/Blob/Name": ["n4"], "NextMarker": ""}))
case("Find Blobs by Tags", "over-containers", tagged("only{c}=1"), Step("PUT /{c}x?restype=container", status=201),
     Step("PUT /{c}x/other", {**BLOCK_BLOB, "x-ms-tags": "only{c}=1"}, b"x", 201),
     Find("only{c} = '1'", "b", "other", container=False), Step("DELETE /{c}x?restype=container", status=202),
     Find("only{c} = '1'", "b", container=False))
case("Find Blobs by Tags", "before-2020-04-08", tagged("k{c}=v"),
     Find("k{c}='v'", container=False, version="2020-02-10", differs=True,
          xml={"Blobs/Blob/TagValue": "v"}, elements={"Blobs/Blob": ["Name", "ContainerName", "TagValue"]}))
case("Find Blobs by Tags", "in-no-container", Find("@container='absent-container' AND k='1'", container=False))
case("Find Blobs by Tags in Container", "missing-container",
     Step("GET /absent-container?restype=container&comp=blobs&where=k%3D%271%27", status=404, code="ContainerNotFound"), container=False)
case("Find Blobs by Tags in Container", "container-may-not-be-named",
     Find("@container='{c}' AND k='1'", status=400, code="InvalidQueryParameterValue", differs=True))
for letters, status in (("f", 200), ("rwlt", 403)):
    mismatch = "AuthorizationPermissionMismatch" if status == 403 else None
    case("Find Blobs by Tags in Container", f"sas-{letters}",
         Find("k='1'", status=status, auth=lambda s, l=letters: azure.service_sas(f"/{s['c']}", sr="c", sp=l), code=mismatch, differs=True))
    case("Find Blobs by Tags", f"sas-{letters}",
         Find("k{c}='1'", container=False, status=status, auth=lambda s, l=letters: azure.account_sas(sp=l), code=mismatch, differs=True))
