"""Customer-provided keys (over HTTPS alone) and encryption scopes."""
import base64
import hashlib
from urllib.parse import quote

from case import BLOCK_BLOB, Step, Table, put, require
from lib import azure
from lib.azure import block_id, block_list

table = Table("encryption")
A, B = block_id(1), block_id(2)


def key(byte):
    raw = bytes([byte]) * 32
    return {"x-ms-encryption-key": base64.b64encode(raw).decode(), "x-ms-encryption-algorithm": "AES256",
            "x-ms-encryption-key-sha256": base64.b64encode(hashlib.sha256(raw).digest()).decode()}


ONE, TWO = key(1), key(2)
HASH = ONE["x-ms-encryption-key-sha256"]
WRITTEN = {"x-ms-request-server-encrypted": "true", "x-ms-encryption-key-sha256": HASH}
READ = {"x-ms-server-encrypted": "true", "x-ms-encryption-key-sha256": HASH}


def keyed(name, *steps, ref="S51", **more):
    table.case("Customer-provided keys", name, *steps, ref=ref, tls=True, **more)


def block(identifier, data, headers=None, status=201, **more):
    return Step(f"PUT /{{c}}/b?comp=block&blockid={quote(identifier, safe='')}", headers or {}, data, status, **more)


def commit(*identifiers, headers=None, status=201, kind="Latest", **more):
    return Step("PUT /{c}/b?comp=blocklist", headers or {}, block_list([(kind, one) for one in identifiers]), status, **more)


def refusals(method, path, body=b"", headers=None):
    """Without the key, and with another."""
    return (Step(f"{method} {path}", headers or {}, body, 409, code="BlobUsesCustomerSpecifiedEncryption"),
            Step(f"{method} {path}", {**(headers or {}), **TWO}, body, 409, code="BlobCustomerSpecifiedEncryptionMismatch"))


DATA = b"only with the key" * 1000
keyed("put-and-get",
      put(DATA, headers=ONE, has=WRITTEN),
      Step("GET /{c}/b", ONE, content=DATA, has=READ), Step("HEAD /{c}/b", ONE, has=READ),
      Step("GET /{c}/b", {**ONE, "x-ms-range": "bytes=5-9"}, status=206, content=DATA[5:10], has=READ), ref="S51 R6")
keyed("read-without-the-algorithm",
      put(DATA, headers=ONE), Step("GET /{c}/b", {k: v for k, v in ONE.items() if "algorithm" not in k}, content=DATA))
keyed("get-needs-the-key", put(DATA, headers=ONE), *refusals("GET", "/{c}/b"), ref="S51 R6")
keyed("head-needs-the-key", put(DATA, headers=ONE), *refusals("HEAD", "/{c}/b"), ref="S51 R6")
keyed("get-metadata-needs-the-key",
      put(DATA, headers={**ONE, "x-ms-meta-word": "hidden"}), *refusals("GET", "/{c}/b?comp=metadata"),
      Step("GET /{c}/b?comp=metadata", ONE, has={"x-ms-meta-word": "hidden"}))
keyed("set-metadata-needs-the-key",
      put(DATA, headers=ONE), *refusals("PUT", "/{c}/b?comp=metadata", headers={"x-ms-meta-a": "1"}),
      Step("PUT /{c}/b?comp=metadata", {**ONE, "x-ms-meta-a": "1"}, has=WRITTEN),
      Step("HEAD /{c}/b", ONE, has={"x-ms-meta-a": "1"}), Step("GET /{c}/b", ONE, content=DATA))
keyed("set-headers-does-not",
      put(DATA, headers=ONE), Step("PUT /{c}/b?comp=properties", {"x-ms-blob-content-type": "text/css"}),
      Step("GET /{c}/b", ONE, content=DATA, has={"Content-Type": "text/css"}))
keyed("delete-and-lease-do-not",
      put(DATA, headers=ONE), Step("PUT /{c}/b?comp=lease", {"x-ms-lease-action": "acquire", "x-ms-lease-duration": "-1"}, status=201,
                                   save={"lease": "x-ms-lease-id"}),
      Step("DELETE /{c}/b", {"x-ms-lease-id": "{lease}"}, status=202))
keyed("a-key-for-a-blob-without-one",
      put(DATA), Step("GET /{c}/b", ONE, status=409, code="BlobDoesNotUseCustomerSpecifiedEncryption"),
      Step("HEAD /{c}/b", ONE, status=409, code="BlobDoesNotUseCustomerSpecifiedEncryption"),
      Step("PUT /{c}/b?comp=metadata", {**ONE, "x-ms-meta-a": "1"}, status=409, code="BlobDoesNotUseCustomerSpecifiedEncryption"),
      ref="S51 R6")
keyed("overwritten-under-another-key",
      put(DATA, headers=ONE), put(b"new", headers=TWO), Step("GET /{c}/b", ONE, status=409, code="BlobCustomerSpecifiedEncryptionMismatch"),
      Step("GET /{c}/b", TWO, content=b"new"), put(b"plain"), Step("GET /{c}/b", content=b"plain"))
keyed("metadata-in-lists-is-not-shown",
      put(DATA, headers={**ONE, "x-ms-meta-word": "hidden"}),
      Step("GET /{c}?restype=container&comp=list&include=metadata",
           xml={"Blobs/Blob/Properties/CustomerProvidedKeySha256": HASH, "Blobs/Blob/Metadata": ""},
           check=lambda response, _: (require(b'<Metadata Encrypted="true" />' in response.body, response.body),
                                      require(b"hidden" not in response.body, "the metadata is shown"))))
keyed("blocks",
      block(A, b"one", ONE, has=WRITTEN), block(B, b"two", ONE), commit(A, B, headers=ONE, has=WRITTEN),
      Step("GET /{c}/b", ONE, content=b"onetwo", has=READ), *refusals("GET", "/{c}/b"),
      Step("GET /{c}/b?comp=blocklist&blocklisttype=all", xml={"CommittedBlocks/Block/Name": [A, B]}))
keyed("blocks-under-different-keys",
      block(A, b"one", ONE), block(B, b"two", TWO, 409, code="BlobCustomerSpecifiedEncryptionMismatch"),
      block(B, b"two", {}, 409, code="BlobUsesCustomerSpecifiedEncryption"), block(B, b"two", ONE),
      commit(A, B, status=409, code="BlobUsesCustomerSpecifiedEncryption"),
      commit(A, B, headers=TWO, status=409, code="BlobCustomerSpecifiedEncryptionMismatch"), commit(A, B, headers=ONE))
keyed("a-key-for-blocks-without-one",
      block(A, b"one"), block(B, b"two", ONE, 409, code="BlobDoesNotUseCustomerSpecifiedEncryption"),
      commit(A, headers=ONE, status=409, code="BlobDoesNotUseCustomerSpecifiedEncryption"), commit(A))
keyed("committed-blocks-need-the-same-key",
      block(A, b"one", ONE), commit(A, headers=ONE),
      commit(A, kind="Committed", status=409, code="BlobUsesCustomerSpecifiedEncryption"),
      commit(A, kind="Committed", headers=ONE), Step("GET /{c}/b", ONE, content=b"one"))
keyed("copy-blob-does-not-read-it",
      put(DATA, headers=ONE),
      Step("PUT /{c}/new", {"x-ms-copy-source": "https://{address}/{account}/{c}/b"}, status=409,
           code={"BlobUsesCustomerSpecifiedEncryption", "CannotVerifyCopySource"}), Step("HEAD /{c}/new", status=404), ref="S49")
keyed("copy-blob-takes-no-key",
      put(DATA), Step("PUT /{c}/new", {"x-ms-copy-source": "https://{address}/{account}/{c}/b", **ONE}, status=400,
                      code="UnsupportedHeader", check=lambda response, _: require(
                          ONE["x-ms-encryption-key"].encode() not in response.body, "the key is in the answer")), ref="S49")


def malformed(name, headers, code, **more):
    def quiet(response, _):
        require(b"AQEBAQEB" not in response.body, "the key is in the answer")
    keyed(name, Step("PUT /{c}/b", {**BLOCK_BLOB, **ONE, **headers}, b"x", 400, code=code, check=quiet, **more),
          Step("HEAD /{c}/b", status=404))


malformed("hash-differs", {"x-ms-encryption-key-sha256": TWO["x-ms-encryption-key-sha256"]}, "InvalidHeaderValue",
          xml={"HeaderName": "x-ms-encryption-key-sha256"})
malformed("hash-missing", {"x-ms-encryption-key-sha256": None}, "MissingRequiredHeader")
malformed("key-missing", {"x-ms-encryption-key": None}, "MissingRequiredHeader")
malformed("algorithm-missing", {"x-ms-encryption-algorithm": None}, "MissingRequiredHeader")
malformed("other-algorithm", {"x-ms-encryption-algorithm": "AES128"}, "InvalidHeaderValue")
malformed("key-too-short", {"x-ms-encryption-key": "AQEBAQEB"}, "InvalidHeaderValue", xml={"HeaderName": "x-ms-encryption-key"})
malformed("key-not-base64", {"x-ms-encryption-key": "!" * 44}, "InvalidHeaderValue")
malformed("with-a-scope", {"x-ms-encryption-scope": "scope-one"}, "InvalidHeaderValue", xml={"HeaderName": "x-ms-encryption-scope"})
keyed("before-2019-02-02", Step("PUT /{c}/b", {**BLOCK_BLOB, **ONE}, b"x", 409, code="FeatureVersionMismatch", version="2018-11-09"))
table.case("Customer-provided keys", "never-over-http",
           Step("PUT /{c}/b", {**BLOCK_BLOB, **ONE}, b"x", 400, code="InvalidHeaderValue", check=lambda response, _: require(
               ONE["x-ms-encryption-key"].encode() not in response.body, "the key is in the answer")),
           Step("HEAD /{c}/b", status=404), put(b"x"), Step("GET /{c}/b", ONE, status=400, code="InvalidHeaderValue"), ref="S51")


def scoped(name, *steps, ref="S52", **more):
    table.case("Encryption scopes", name, *steps, ref=ref, **more)


SCOPE = {"x-ms-encryption-scope": "scope-one"}
DEFAULT = {"x-ms-default-encryption-scope": "scope-one", "x-ms-deny-encryption-scope-override": "false"}
NEW = "/{c}new?restype=container"


def made(headers, status=201, **more):
    return Step(f"PUT {NEW}", headers, status=status, **more)


def gone():
    return Step(f"DELETE {NEW}", status=202)


scoped("put-and-get",
       put(DATA, headers=SCOPE, has={**SCOPE, "x-ms-request-server-encrypted": "true"}),
       Step("GET /{c}/b", content=DATA, has=SCOPE), Step("HEAD /{c}/b", has=SCOPE))
scoped("blocks",
       block(A, b"one", SCOPE, has=SCOPE), commit(A, headers=SCOPE, has=SCOPE), Step("GET /{c}/b", content=b"one", has=SCOPE))
scoped("blocks-under-different-scopes",
       block(A, b"one", SCOPE), block(B, b"two", {"x-ms-encryption-scope": "scope-two"}, 409, code="BlobCustomerSpecifiedEncryptionMismatch"),
       commit(A, status=409, code="BlobCustomerSpecifiedEncryptionMismatch"))
scoped("set-metadata",
       put(DATA, headers=SCOPE), Step("PUT /{c}/b?comp=metadata", {**SCOPE, "x-ms-meta-a": "1"}, has=SCOPE),
       Step("PUT /{c}/b?comp=metadata", {"x-ms-meta-a": "2"}, has=SCOPE),
       Step("PUT /{c}/b?comp=metadata", {"x-ms-encryption-scope": "scope-two", "x-ms-meta-a": "3"}, status=409,
            code="BlobCustomerSpecifiedEncryptionMismatch"),
       Step("GET /{c}/b", content=DATA, has={"x-ms-meta-a": "2", **SCOPE}))
scoped("in-lists", put(DATA, headers=SCOPE),
       Step("GET /{c}?restype=container&comp=list", xml={"Blobs/Blob/Properties/EncryptionScope": "scope-one"}))
scoped("copy-under-the-targets-key",
       put(DATA, headers=SCOPE), Step("PUT /{c}/new", {"x-ms-copy-source": "http://{address}/{account}/{c}/b"}, status=202),
       Step("GET /{c}/new", content=DATA, hasnt=("x-ms-encryption-scope",)), Step("GET /{c}/b", content=DATA, has=SCOPE))
scoped("unknown", Step("PUT /{c}/b", {**BLOCK_BLOB, "x-ms-encryption-scope": "no-such-scope"}, b"x", 404, code="EncryptionScopeNotFound"),
       Step("HEAD /{c}/b", status=404))
scoped("disabled", Step("PUT /{c}/b", {**BLOCK_BLOB, "x-ms-encryption-scope": "scope-off"}, b"x", 403, code="EncryptionScopeDisabled"))
scoped("never-on-reads", put(DATA, headers=SCOPE), Step("GET /{c}/b", SCOPE, status=400, code="UnsupportedHeader"))
scoped("the-containers-default",
       made(DEFAULT), Step(f"GET {NEW}", has={**DEFAULT}), Step("PUT /{c}new/b", BLOCK_BLOB, DATA, 201, has=SCOPE),
       Step("GET /{c}new/b", content=DATA, has=SCOPE),
       Step("PUT /{c}new/b", {**BLOCK_BLOB, "x-ms-encryption-scope": "scope-two"}, DATA, 201, has={"x-ms-encryption-scope": "scope-two"}),
       gone())
scoped("no-other-than-the-default",
       made({**DEFAULT, "x-ms-deny-encryption-scope-override": "true"}),
       Step("PUT /{c}new/b", {**BLOCK_BLOB, "x-ms-encryption-scope": "scope-two"}, DATA, 403,
            code="RequestForbiddenByContainerEncryptionPolicy"),
       Step("PUT /{c}new/b", {**BLOCK_BLOB, **SCOPE}, DATA, 201, has=SCOPE),
       Step("GET /?comp=list&prefix={c}new", xml={"Containers/Container/Properties/DefaultEncryptionScope": "scope-one",
                                                 "Containers/Container/Properties/DenyEncryptionScopeOverride": "true"}), gone())
scoped("default-and-denial-come-together",
       made({"x-ms-default-encryption-scope": "scope-one"}, 400, code="MissingRequiredHeader"),
       made({"x-ms-deny-encryption-scope-override": "true"}, 400, code="MissingRequiredHeader"),
       made({**DEFAULT, "x-ms-deny-encryption-scope-override": "perhaps"}, 400, code="InvalidHeaderValue"))
scoped("unknown-default", made({**DEFAULT, "x-ms-default-encryption-scope": "no-such-scope"}, 404, code="EncryptionScopeNotFound"),
       Step(f"HEAD {NEW}", status=404))
scoped("the-accounts-key-by-name",
       made({**DEFAULT, "x-ms-default-encryption-scope": "$account-encryption-key", "x-ms-deny-encryption-scope-override": "true"}),
       Step(f"HEAD {NEW}", has={"x-ms-default-encryption-scope": "$account-encryption-key", "x-ms-deny-encryption-scope-override": "true"}),
       Step("PUT /{c}new/b", BLOCK_BLOB, DATA, 201, hasnt=("x-ms-encryption-scope",)),
       Step("PUT /{c}new/b", {**BLOCK_BLOB, **SCOPE}, DATA, 403, code="RequestForbiddenByContainerEncryptionPolicy"), gone())
scoped("by-sas",
       Step("PUT /{c}/b", BLOCK_BLOB, DATA, 201, auth=azure.account_sas(ses="scope-one"), has=SCOPE),
       Step("PUT /{c}/b", {**BLOCK_BLOB, "x-ms-encryption-scope": "scope-two"}, DATA, 400, auth=azure.account_sas(ses="scope-one"),
            code="InvalidHeaderValue"), ref="S30")
scoped("before-2019-07-07", Step("PUT /{c}/b", {**BLOCK_BLOB, **SCOPE}, b"x", 409, code="FeatureVersionMismatch", version="2019-02-02"))

# --- a source under a key of its own: from 2026-02-06 ("Put Block From URL") -------------------------------------------
SOURCES = "2026-02-06"


def of_source(headers):
    return {name.replace("x-ms-", "x-ms-source-", 1): value for name, value in headers.items()}


def own_source(s):
    return f"https://{s['address']}/{azure.ACCOUNT}/{s['c']}/b?" + azure.service_sas(f"/{s['c']}/b", sp="r")


APPEND, PAGE = {"x-ms-blob-type": "AppendBlob"}, {"x-ms-blob-type": "PageBlob", "x-ms-blob-content-length": "512"}
PAGES = DATA[:512]
FROM_URL = [   # operation, what comes before, the request, its headers, what comes after
    ("Put Blob From URL", [], "PUT /{c}/new", BLOCK_BLOB, []),
    ("Put Block From URL", [], f"PUT /{{c}}/new?comp=block&blockid={quote(A, safe='')}", {},
     [Step("PUT /{c}/new?comp=blocklist", TWO, block_list([("Latest", A)]), 201)]),
    ("Append Block From URL", [Step("PUT /{c}/new", {**APPEND, **TWO}, b"", 201)], "PUT /{c}/new?comp=appendblock", {}, []),
    ("Put Page From URL", [Step("PUT /{c}/new", {**PAGE, **TWO}, b"", 201)], "PUT /{c}/new?comp=page",
     {"x-ms-page-write": "update", "x-ms-range": "bytes=0-511", "x-ms-source-range": "bytes=0-511"}, []),
]
for operation, before, request, headers, after in FROM_URL:
    def from_source(more, status, **rest):
        return Step(request, {**headers, "x-ms-copy-source": own_source, **more}, b"", status, **{"version": SOURCES, **rest})
    table.case(operation, "source-key-to-another", put(PAGES, headers=ONE), *before,
               from_source({**of_source(ONE), **TWO}, 201, has={"x-ms-encryption-key-sha256": TWO["x-ms-encryption-key-sha256"]}),
               *after, Step("GET /{c}/new", TWO, content=PAGES), tls=True, ref="S51")
    table.case(operation, "source-key-missing", put(PAGES, headers=ONE), *before,
               from_source(TWO, 409, code="BlobUsesCustomerSpecifiedEncryption"), tls=True, ref="S51")
    table.case(operation, "source-key-other", put(PAGES, headers=ONE), *before,
               from_source({**of_source(TWO), **TWO}, 409, code="BlobCustomerSpecifiedEncryptionMismatch"), tls=True, ref="S51")
    table.case(operation, "source-key-hash-missing", put(PAGES, headers=ONE), *before,
               from_source({**{k: v for k, v in of_source(ONE).items() if "sha256" not in k}, **TWO}, 400, code="MissingRequiredHeader"),
               tls=True, ref="S51")
    table.case(operation, "source-key-before-2026-02-06", put(PAGES, headers=ONE), *before,
               from_source({**of_source(ONE), **TWO}, 409, code="FeatureVersionMismatch", version="2025-11-05"), tls=True, ref="S6")
table.case("Copy Blob From URL", "source-key-refused", put(PAGES, headers=ONE),
           Step("PUT /{c}/new", {"x-ms-requires-sync": "true", "x-ms-copy-source": own_source, **of_source(ONE)}, b"", 400,
                code="UnsupportedHeader", version=SOURCES), tls=True, ref="S51")
