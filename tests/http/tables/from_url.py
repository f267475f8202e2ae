"""Put Blob From URL, Put Block From URL, Copy Blob From URL: from our own blobs and from elsewhere."""
import base64
import re

from case import BLOCK_BLOB, ETAG, OLD, RFC1123, Step, Table, put, require
from lib import azure, source
from lib.azure import GUID, block_id, block_list

table = Table("from_url")
case = table.case
BLOCK = block_id(1).replace("=", "%3D")
PLAIN = "http://{elsewhere}/plain?size=1000"
WHOLE = source.content(1000)
SYNC = {"x-ms-requires-sync": "true"}
BASE64 = re.compile(r"^[A-Za-z0-9+/]{11}=$")
BEARER = {"x-ms-copy-source-authorization": "Bearer good"}
UNKNOWN = "Could not verify the copy source within the specified time."


def own(sp="r", name="b", query=""):
    """Our own blob, by a SAS of its own."""
    return lambda s: (f"http://{s['address']}/{azure.ACCOUNT}/{s['c']}/{name}?{query}"
                      + azure.service_sas(f"/{s['c']}/{name}", sp=sp))


def put_from(status=201, of=PLAIN, to="new", headers=None, **more):
    return Step(f"PUT /{{c}}/{to}", {**BLOCK_BLOB, "x-ms-copy-source": of, **(headers or {})}, b"", status, **more)


def block_from(status=201, of=PLAIN, headers=None, block=BLOCK, **more):
    return Step(f"PUT /{{c}}/new?comp=block&blockid={block}", {"x-ms-copy-source": of, **(headers or {})}, b"", status, **more)


def copy_from(status=202, of=PLAIN, to="new", headers=None, **more):
    return Step(f"PUT /{{c}}/{to}", {**SYNC, "x-ms-copy-source": of, **(headers or {})}, b"", status, **more)


def commit(*ids):
    return Step("PUT /{c}/new?comp=blocklist", {}, block_list([("Latest", one) for one in ids or [block_id(1)]]), 201)


def get(content, **more):
    return Step("GET /{c}/new", content=content, **more)


ABSENT = Step("HEAD /{c}/new", status=404)
WAYS = {"Put Blob From URL": (put_from, get), "Copy Blob From URL": (copy_from, get)}

# --- what a success looks like -----------------------------------------------------------------------------------------
for origin, of, before in [("elsewhere", PLAIN, []), ("own-by-sas", own(), [put(WHOLE)])]:
    case("Put Blob From URL", origin, *before,
         put_from(of=of, has={"ETag": ETAG, "Last-Modified": RFC1123, "x-ms-content-crc64": BASE64,
                              "x-ms-request-server-encrypted": "true", "Content-Length": "0"}, hasnt=("Content-MD5", "x-ms-copy*")),
         get(WHOLE, has={"Content-MD5": source.md5_of(1000), "x-ms-blob-type": "BlockBlob"}, hasnt=("x-ms-copy*",)), ref="R6")
    case("Copy Blob From URL", origin, *before,
         copy_from(of=of, has={"ETag": ETAG, "Last-Modified": RFC1123, "x-ms-copy-id": GUID, "x-ms-copy-status": "success",
                               "x-ms-content-crc64": BASE64, "x-ms-request-server-encrypted": "true", "Content-Length": "0"},
                   hasnt=("Content-MD5",), save={"id": "x-ms-copy-id"}),
         get(WHOLE, has={"x-ms-copy-id": "{id}", "x-ms-copy-status": "success", "x-ms-copy-progress": "1000/1000",
                         "x-ms-copy-completion-time": RFC1123}), ref="R8")
    case("Put Block From URL", origin, *before,
         block_from(of=of, has={"x-ms-content-crc64": BASE64, "x-ms-request-server-encrypted": "true", "Content-Length": "0"},
                    hasnt=("ETag", "Last-Modified", "Content-MD5")), commit(), get(WHOLE), ref="R6")
case("Put Blob From URL", "the-sources-properties-and-metadata-come-along", put_from(),
     Step("HEAD /{c}/new", has={"Content-Type": "text/x-source", "Content-Language": "fr", "Cache-Control": "max-age=7",
                                "x-ms-meta-from": "elsewhere"}, hasnt=("x-ms-meta-not-allowed",)), ref="R6")
case("Put Blob From URL", "what-is-given-replaces",
     put_from(headers={"x-ms-blob-content-type": "a/b", "x-ms-meta-mine": "1"}),
     Step("HEAD /{c}/new", has={"Content-Type": "a/b", "Content-Language": "fr", "x-ms-meta-mine": "1"}, hasnt=("x-ms-meta-from",)))
case("Put Blob From URL", "without-the-sources-properties",
     put_from(headers={"x-ms-copy-source-blob-properties": "false"}),
     Step("HEAD /{c}/new", has={"Content-Type": "application/octet-stream", "Content-MD5": source.md5_of(1000)},
          hasnt=("Content-Language", "Cache-Control")))
case("Put Blob From URL", "properties-flag-not-a-flag",
     put_from(400, headers={"x-ms-copy-source-blob-properties": "maybe"}, code="InvalidHeaderValue",
              xml={"HeaderName": "x-ms-copy-source-blob-properties"}), ABSENT)
case("Put Blob From URL", "tier", put_from(headers={"x-ms-access-tier": "Cool"}), Step("HEAD /{c}/new", has={"x-ms-access-tier": "Cool"}))
case("Copy Blob From URL", "properties-and-metadata-come-along", copy_from(),
     Step("HEAD /{c}/new", has={"Content-Type": "text/x-source", "x-ms-meta-from": "elsewhere"}))
case("Copy Blob From URL", "given-metadata-replaces", copy_from(headers={"x-ms-meta-mine": "1"}),
     Step("HEAD /{c}/new", has={"x-ms-meta-mine": "1"}, hasnt=("x-ms-meta-from",)))
case("Copy Blob From URL", "signature-is-not-kept", put(WHOLE), copy_from(of=own()),
     Step("HEAD /{c}/new", check=lambda r, s: require("sig=" not in r.header("x-ms-copy-source"), "the signature is shown")), ref="R5")
case("Put Block From URL", "ranges-of-a-source",
     block_from(headers={"x-ms-source-range": "bytes=0-599"}),
     block_from(headers={"x-ms-source-range": "bytes=600-"}, block=block_id(2).replace("=", "%3D")),
     commit(block_id(1), block_id(2)), get(WHOLE))
case("Put Block From URL", "range-of-an-own-blob", put(WHOLE), block_from(of=own(), headers={"x-ms-source-range": "bytes=10-19"}),
     commit(), get(WHOLE[10:20]))
case("Put Block From URL", "range-clipped", block_from(headers={"x-ms-source-range": "bytes=990-2000"}), commit(), get(WHOLE[990:]))
case("Put Block From URL", "md5-before-2019-02-02", put(WHOLE),
     block_from(of=own(), version="2018-11-09", has={"Content-MD5": source.md5_of(1000)}, hasnt=("x-ms-content-crc64",)), ref="R6")
case("Put Block From URL", "beginning-of-a-source-deaf-to-ranges",
     block_from(of="http://{elsewhere}/norange", headers={"x-ms-source-range": "bytes=0-99"}), commit(), get(WHOLE[:100]))
case("Put Block From URL", "middle-of-a-source-deaf-to-ranges",
     block_from(416, of="http://{elsewhere}/norange", headers={"x-ms-source-range": "bytes=100-199"}, code="InvalidRange"))
case("Put Blob From URL", "empty", put_from(of="http://{elsewhere}/plain?size=0"), get(b""))
case("Put Blob From URL", "several-pieces", put_from(of="http://{elsewhere}/plain?size=9000000"),
     get(source.content(9_000_000), has={"Content-Length": "9000000"}))

# --- hashes of the source ---------------------------------------------------------------------------------------------
WRONG = azure.md5(b"other")
CRC = {"x-ms-source-content-crc64": base64.b64encode(bytes(8)).decode()}
for operation, step in [("Put Blob From URL", put_from), ("Copy Blob From URL", copy_from), ("Put Block From URL", block_from)]:
    success = 202 if operation.startswith("Copy") else 201
    md5_told = {} if operation == "Put Blob From URL" else {"Content-MD5": source.md5_of(1000)}
    case(operation, "source-md5-right", step(success, headers={"x-ms-source-content-md5": source.md5_of(1000)}, has=md5_told))
    case(operation, "source-md5-wrong", step(400, headers={"x-ms-source-content-md5": WRONG}, code="Md5Mismatch",
                                             xml={"UserSpecifiedMd5": WRONG, "ServerCalculatedMd5": source.md5_of(1000)}), ABSENT)
    case(operation, "source-md5-no-md5", step(400, headers={"x-ms-source-content-md5": "abc"}, code="InvalidMd5"), ABSENT)
    case(operation, "source-crc64-wrong", step(400, headers=CRC, code="Crc64Mismatch"), ABSENT)
    case(operation, "source-md5-and-crc64", step(400, headers={**CRC, "x-ms-source-content-md5": WRONG},
                                                 code="BothCrc64AndMd5HeaderPresent"), ABSENT)
    # --- conditions of the source ---
    for origin, of, before in [("elsewhere", PLAIN, []), ("own", own(), [put(WHOLE)])]:
        tag, time = (source.ETAG, source.MODIFIED) if origin == "elsewhere" else ("{etag}", "{modified}")
        for name, headers, good in [
                ("if-match-same", {"x-ms-source-if-match": tag}, True),
                ("if-match-other", {"x-ms-source-if-match": '"0x1"'}, False),
                ("if-none-match-same", {"x-ms-source-if-none-match": tag}, False),
                ("if-none-match-other", {"x-ms-source-if-none-match": '"0x1"'}, True),
                ("if-modified-since-then", {"x-ms-source-if-modified-since": time}, False),
                ("if-unmodified-since-old", {"x-ms-source-if-unmodified-since": OLD}, False),
                ("if-unmodified-since-then", {"x-ms-source-if-unmodified-since": time}, True)]:
            case(operation, f"source-{name}-{origin}", *before,
                 step(success, of=of, headers=headers) if good
                 else step(412, of=of, headers=headers, code="SourceConditionNotMet"), ref="A6 R8")
    # --- sources that fail ---
    for status in (401, 403, 404, 409, 500, 503):
        case(operation, f"source-answers-{status}",
             step(status, of=f"http://{{elsewhere}}/status/{status}", code="CannotVerifyCopySource",
                  hasnt=("x-ms-copy-source-status-code", "WWW-Authenticate"),
                  xml={"Message": re.compile(rf"^The source says {status}\.")}), ABSENT, ref="R8 S48")
        case(operation, f"source-answers-{status}-told-from-2024-08-04",
             step(status, of=f"http://{{elsewhere}}/status/{status}", version="2024-08-04", code="CannotVerifyCopySource",
                  has={"x-ms-copy-source-status-code": str(status), "x-ms-copy-source-error-code": f"SourceSays{status}"},
                  xml={"CopySourceStatusCode": str(status), "CopySourceErrorCode": f"SourceSays{status}",
                       "CopySourceErrorMessage": f"The source says {status}."}), ABSENT, ref="R8 S48")
    case(operation, "redirect-is-not-followed",
         step(409, of="http://{elsewhere}/redirect?to=http://{elsewhere}/plain", code="CannotVerifyCopySource"), ABSENT)
    case(operation, "no-length", step(409, of="http://{elsewhere}/nolength", code="CannotVerifyCopySource"), ABSENT, ref="S48")
    case(operation, "source-breaks-off", step(500, of="http://{elsewhere}/cut", code="CannotVerifyCopySource"), ABSENT)
    case(operation, "own-missing", step(404, of=own(name="absent"), code="BlobNotFound"), ABSENT, ref="R8")
    case(operation, "own-missing-told-from-2024-08-04",
         step(404, of=own(name="absent"), version="2024-08-04", code="CannotVerifyCopySource",
              has={"x-ms-copy-source-status-code": "404", "x-ms-copy-source-error-code": "BlobNotFound"}), ABSENT, ref="R8")
    case(operation, "own-private-without-credentials", put(),
         step(401, of="http://{address}/{account}/{c}/b", code="CannotVerifyCopySource", hasnt=("WWW-Authenticate",)), ABSENT, ref="R8")
    case(operation, "own-by-a-sas-that-may-not-read", put(),
         step(403, of=own(sp="w"), code="CannotVerifyCopySource"), ABSENT)
    case(operation, "own-public", put(WHOLE), Step("PUT /{c}?restype=container&comp=acl", {"x-ms-blob-public-access": "blob"}),
         step(success, of="http://{address}/{account}/{c}/b"))
    case(operation, "bearer-token-for-the-source", step(success, of="http://{elsewhere}/bearer", headers=BEARER), ref="S47")
    case(operation, "bearer-token-missing", step(401, of="http://{elsewhere}/bearer", code="CannotVerifyCopySource"), ABSENT, ref="S47")
    case(operation, "bearer-token-before-2020-10-02",
         step(401, of="http://{elsewhere}/bearer", headers=BEARER, version="2020-08-04", code="CannotVerifyCopySource"), ABSENT, ref="S47")
    case(operation, "other-authorisation-than-bearer",
         step(400, headers={"x-ms-copy-source-authorization": "SharedKey secret"}, code="InvalidHeaderValue",
              xml={"HeaderName": "x-ms-copy-source-authorization"},
              check=lambda r, s: require(b"secret" not in r.body, "the secret is repeated")), ABSENT, ref="S47")
    case(operation, "bearer-token-for-an-own-source", put(), step(403, of="http://{address}/{account}/{c}/b", headers=BEARER,
                                                                  code="CannotVerifyCopySource"), ABSENT)
    # --- requests that are wrong ---
    case(operation, "source-not-a-url", step(400, of="nonsense", code="InvalidHeaderValue", xml={"HeaderName": "x-ms-copy-source"}), ref="R8")
    case(operation, "source-of-another-scheme", step(400, of="ftp://{elsewhere}/plain", code="InvalidHeaderValue"))
    case(operation, "source-url-too-long", step(400, of="http://{elsewhere}/plain?" + "a" * 2048, code="InvalidHeaderValue"))
    case(operation, "source-url-with-a-user",
         step(400, of="http://user:word@{elsewhere}/plain", code="InvalidHeaderValue",
              check=lambda r, s: None))
    case(operation, "body-not-empty",
         Step("PUT /{c}/new" + (f"?comp=block&blockid={BLOCK}" if "Block" in operation else ""),
              {"x-ms-copy-source": PLAIN, **(SYNC if "Copy" in operation else BLOCK_BLOB if "Blob" in operation else {})},
              b"x", 400, code="InvalidHeaderValue", xml={"HeaderName": "Content-Length"}), ABSENT)
    case(operation, "missing-destination-container",
         Step(f"PUT /absent-container/new" + (f"?comp=block&blockid={BLOCK}" if "Block" in operation else ""),
              {"x-ms-copy-source": PLAIN, **(SYNC if "Copy" in operation else BLOCK_BLOB if "Blob" in operation else {})},
              b"", 404, code="ContainerNotFound"))
    case(operation, "leased-destination", put(name="new"),
         Step("PUT /{c}/new?comp=lease", {"x-ms-lease-action": "acquire", "x-ms-lease-duration": "-1"}, status=201, save={"lease": "x-ms-lease-id"}),
         step(412, code="LeaseIdMissing"), step(success, headers={"x-ms-lease-id": "{lease}"}), ref="S15")

# --- conditions and permissions of the destination ---------------------------------------------------------------------
for operation, step, code in [("Put Blob From URL", put_from, "ConditionNotMet"), ("Copy Blob From URL", copy_from, "TargetConditionNotMet")]:
    success = 202 if operation.startswith("Copy") else 201
    for name, headers, status, told in [
            ("if-match-other", {"If-Match": '"0x1"'}, 412, code), ("if-none-match-same", {"If-None-Match": "{etag}"}, 412, code),
            ("if-none-match-star", {"If-None-Match": "*"}, 409, "BlobAlreadyExists"), ("if-match-same", {"If-Match": "{etag}"}, success, None),
            ("if-unmodified-since-old", {"If-Unmodified-Since": OLD}, 412, code)]:
        case(operation, f"target-{name}", put(b"old", "new"), step(status, headers=headers, code=told),
             get(b"old" if status != success else WHOLE), ref="A6 R8")
    case(operation, "overwrites", put(b"old", "new", headers={"x-ms-meta-old": "1"}), step(success), get(WHOLE, hasnt=("x-ms-meta-old",)))
    case(operation, "create-permission-does-not-overwrite", put(b"old", "new"),
         step(403, code="UnauthorizedBlobOverwrite", auth=lambda s: azure.service_sas(f"/{s['c']}/new", sp="c")), get(b"old"))
    case(operation, "create-permission-creates", step(success, auth=lambda s: azure.service_sas(f"/{s['c']}/new", sp="c")), get(WHOLE))
case("Put Block From URL", "range-not-a-range", block_from(400, headers={"x-ms-source-range": "nonsense"}, code="InvalidHeaderValue",
                                                           xml={"HeaderName": "x-ms-source-range"}))
case("Put Block From URL", "range-behind-the-end", block_from(416, headers={"x-ms-source-range": "bytes=1000-1001"}, code="InvalidRange"))
case("Put Block From URL", "range-behind-the-end-own", put(b"ten bytes."),
     block_from(416, of=own(), headers={"x-ms-source-range": "bytes=10-11"}, code="InvalidRange"))
case("Put Block From URL", "block-id-no-base64", block_from(400, block="%21", code="InvalidQueryParameterValue"), ref="R10.3")
case("Put Block From URL", "empty-source", block_from(400, of="http://{elsewhere}/plain?size=0", code="InvalidHeaderValue"), ref="A10")
case("Copy Blob From URL", "larger-than-256-mib", copy_from(409, of=f"http://{{elsewhere}}/plain?size={(256 << 20) + 1}",
                                                            code="CannotVerifyCopySource",
                                                            xml={"Message": re.compile("too large")}), ABSENT, ref="S11")
case("Put Blob From URL", "larger-than-5000-mib", put_from(413, of=f"http://{{elsewhere}}/plain?size={(5000 << 20) + 1}",
                                                           code="RequestBodyTooLarge"), ABSENT, ref="S9")
case("Put Block From URL", "larger-than-100-mib-before-2020-04-08",
     block_from(413, of=f"http://{{elsewhere}}/plain?size={(100 << 20) + 1}", version="2019-12-12", code="RequestBodyTooLarge"), ref="S10")

# --- append and page blobs ---------------------------------------------------------------------------------------------
APPEND = Step("PUT /{c}/new", {"x-ms-blob-type": "AppendBlob"}, b"", 201, save={"etag": "ETag"})
PAGES = Step("PUT /{c}/new", {"x-ms-blob-type": "PageBlob", "x-ms-blob-content-length": "4096"}, b"", 201, save={"etag": "ETag"})
EMPTY = Step("HEAD /{c}/new", has={"ETag": "{etag}"})


def append_from(status=201, of=PLAIN, headers=None, **more):
    return Step("PUT /{c}/new?comp=appendblock", {"x-ms-copy-source": of, **(headers or {})}, b"", status, **more)


def pages_from(status=201, of="http://{elsewhere}/plain?size=4096", headers=None, **more):
    return Step("PUT /{c}/new?comp=page", {"x-ms-copy-source": of, "x-ms-page-write": "update", "x-ms-range": "bytes=512-1535",
                                           "x-ms-source-range": "bytes=1024-2047", **(headers or {})}, b"", status, **more)


case("Append Block From URL", "twice", APPEND,
     append_from(has={"Content-MD5": source.md5_of(1000), "ETag": ETAG, "Last-Modified": RFC1123, "x-ms-blob-append-offset": "0",
                      "x-ms-blob-committed-block-count": "1", "x-ms-request-server-encrypted": "true"}),
     append_from(headers={"x-ms-source-range": "bytes=10-19"}, has={"x-ms-blob-append-offset": "1000", "x-ms-blob-committed-block-count": "2"}),
     get(WHOLE + WHOLE[10:20]), ref="R6")
case("Append Block From URL", "own-by-sas", put(WHOLE), APPEND, append_from(of=own()), get(WHOLE))
case("Append Block From URL", "append-position-other", APPEND,
     append_from(412, headers={"x-ms-blob-condition-appendpos": "5"}, code="AppendPositionConditionNotMet"), EMPTY, ref="A22")
case("Append Block From URL", "max-size", APPEND,
     append_from(412, headers={"x-ms-blob-condition-maxsize": "999"}, code="MaxBlobSizeConditionNotMet"), EMPTY, ref="A22")
case("Append Block From URL", "larger-than-4-mib-before-2022-11-02", APPEND,
     append_from(413, of=f"http://{{elsewhere}}/plain?size={(4 << 20) + 1}", version="2021-12-02", code="RequestBodyTooLarge"), EMPTY, ref="S11")
case("Append Block From URL", "on-a-block-blob", put(b"old", "new"), append_from(409, code="InvalidBlobType"))
case("Append Block From URL", "missing-blob", append_from(404, code="BlobNotFound"))
case("Put Page From URL", "pages", PAGES,
     pages_from(has={"x-ms-content-crc64": BASE64, "ETag": ETAG, "x-ms-blob-sequence-number": "0", "x-ms-request-server-encrypted": "true"}),
     get(bytes(512) + source.content(1024, 1024) + bytes(4096 - 1536)), ref="R6")
case("Put Page From URL", "md5-told-where-sent", PAGES,
     pages_from(headers={"x-ms-source-content-md5": azure.md5(source.content(1024, 1024))},
                has={"Content-MD5": azure.md5(source.content(1024, 1024))}))
case("Put Page From URL", "ranges-of-different-sizes", PAGES,
     pages_from(400, headers={"x-ms-source-range": "bytes=0-511"}, code="InvalidHeaderValue", xml={"HeaderName": "x-ms-source-range"}), EMPTY)
case("Put Page From URL", "no-source-range", PAGES,
     Step("PUT /{c}/new?comp=page", {"x-ms-copy-source": PLAIN, "x-ms-page-write": "update", "x-ms-range": "bytes=0-511"}, b"", 400,
          code="MissingRequiredHeader", xml={"HeaderName": "x-ms-source-range"}), EMPTY)
case("Put Page From URL", "clear-takes-no-source", PAGES, pages_from(400, headers={"x-ms-page-write": "clear"}, code="InvalidHeaderValue"), EMPTY)
case("Put Page From URL", "range-not-on-pages", PAGES, pages_from(400, headers={"x-ms-range": "bytes=1-1024"}, code="InvalidHeaderValue"), EMPTY)
case("Put Page From URL", "source-too-short", PAGES, pages_from(416, of=PLAIN, code="InvalidRange"), EMPTY)
case("Put Page From URL", "sequence-number-condition", PAGES,
     pages_from(412, headers={"x-ms-if-sequence-number-lt": "0"}, code="SequenceNumberConditionNotMet"), EMPTY)
for operation, step, start in [("Append Block From URL", append_from, APPEND), ("Put Page From URL", pages_from, PAGES)]:
    for status in (401, 404):
        case(operation, f"source-answers-{status}", start,
             step(status, of=f"http://{{elsewhere}}/status/{status}", code="CannotVerifyCopySource"), EMPTY, ref="R8")
    case(operation, "source-condition", start,
         step(412, headers={"x-ms-source-if-match": '"0x1"'}, code="SourceConditionNotMet"), EMPTY, ref="A6")
    case(operation, "source-md5-wrong", start, step(400, headers={"x-ms-source-content-md5": WRONG}, code="Md5Mismatch"), EMPTY)
    case(operation, "target-condition", start, step(412, headers={"If-Match": '"0x1"'}, code="ConditionNotMet"), EMPTY, ref="R8")
    case(operation, "source-breaks-off", start, step(500, of="http://{elsewhere}/cut?size=4096&after=100", code="CannotVerifyCopySource"), EMPTY)
    case(operation, "own-private-without-credentials", put(), start,
         step(401, of="http://{address}/{account}/{c}/b", code="CannotVerifyCopySource"), ref="R8")
    case(operation, "leased-destination", start,
         Step("PUT /{c}/new?comp=lease", {"x-ms-lease-action": "acquire", "x-ms-lease-duration": "-1"}, status=201, save={"lease": "x-ms-lease-id"}),
         step(412, code="LeaseIdMissing"), step(201, headers={"x-ms-lease-id": "{lease}"}), ref="S15")

# --- the source's tags: who copies them must be allowed to read them ------------------------------------------------------
COPY_TAGS, TAGGED = {"x-ms-copy-source-tag-option": "COPY"}, {"x-ms-tags": "colour=red"}
for operation, step in [("Put Blob From URL", put_from), ("Copy Blob From URL", copy_from)]:
    success = 202 if operation.startswith("Copy") else 201

    def tagged(wanted):
        return Step("GET /{c}/new?comp=tags", check=lambda r, s: require(r.xml_text(".//Tag/Value") == wanted, r.body))
    case(operation, "tags-copied", put(WHOLE, headers=TAGGED), step(success, of=own(sp="rt"), headers=COPY_TAGS), get(WHOLE), tagged(["red"]), ref="S47")
    case(operation, "tags-left-behind", put(WHOLE, headers=TAGGED), step(success, of=own(sp="rt")), tagged([]), ref="S47")
    case(operation, "tags-that-may-not-be-read", put(WHOLE, headers=TAGGED),
         step(403, of=own(), headers=COPY_TAGS, code="CannotVerifyCopySource"), ABSENT, ref="docs Copy Blob From URL")
    case(operation, "tags-of-a-public-source", put(WHOLE, headers=TAGGED),
         Step("PUT /{c}?restype=container&comp=acl", {"x-ms-blob-public-access": "blob"}),
         step(401, of="http://{address}/{account}/{c}/b", headers=COPY_TAGS, code="CannotVerifyCopySource"), ABSENT, ref="docs Copy Blob From URL")
    case(operation, "tags-without-the-permission-to-set-them", put(WHOLE, headers=TAGGED),
         step(403, of=own(sp="rt"), headers=COPY_TAGS, code="AuthorizationPermissionMismatch",
              auth=lambda s: azure.service_sas(f"/{s['c']}/new", sp="cw")), ABSENT, ref="docs Copy Blob From URL")
    case(operation, "own-where-public-access-is-forbidden", put(), step(409, of="http://{address}/{account}/{c}/b", code="CannotVerifyCopySource"), ABSENT,
         account={"public-access": "off"}, ref="R8")

# --- a past state as the source -----------------------------------------------------------------------------------------
LONG = source.content(4096)
PAST = [("Put Blob From URL", [], put_from, [], WHOLE, WHOLE), ("Copy Blob From URL", [], copy_from, [], WHOLE, WHOLE),
        ("Put Block From URL", [], block_from, [commit()], WHOLE, WHOLE), ("Append Block From URL", [APPEND], append_from, [], WHOLE, WHOLE),
        ("Put Page From URL", [PAGES], pages_from, [], LONG, bytes(512) + source.content(1024, 1024) + bytes(4096 - 1536))]
for operation, before, step, after, given, copied in PAST:
    success = 202 if operation.startswith("Copy") else 201

    def past(parameter, time=None):   # by the container's SAS, which covers past states
        return lambda s: (f"http://{s['address']}/{s['account']}/{s['c']}/b?{parameter}={(time or s['at']).replace(':', '%3A')}&"
                          + azure.service_sas(f"/{s['c']}", sr="c", account=s["account"]))
    case(operation, "source-snapshot", put(given), Step("PUT /{c}/b?comp=snapshot", status=201, save={"at": "x-ms-snapshot"}),
         put(b"newer"), *before, step(success, of=past("snapshot")), *after, get(copied), ref="docs Put Block From URL")
    case(operation, "source-version", put(given, save={"at": "x-ms-version-id"}), put(b"newer"), *before, step(success, of=past("versionid")),
         *after, get(copied), account={"versioning": "on"}, ref="docs Put Block From URL")
    case(operation, "source-current-version", put(given, save={"at": "x-ms-version-id"}), *before, step(success, of=past("versionid")),
         *after, get(copied), account={"versioning": "on"})
    case(operation, "source-snapshot-not-there", put(given), *before,
         step(404, of=past("snapshot", "2020-01-01T00:00:00.0000000Z"), code="BlobNotFound"), *([] if before else [ABSENT]))
