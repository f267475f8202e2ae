"""Shared Key, Shared Key Lite, and shared access signatures in every form of the string-to-sign."""
import datetime

from case import BLOCK_BLOB, L1, Step, Table, put
from lib import azure
from lib.azure import account_sas, block_id, http_date, service_sas

table = Table("signatures")
case = table.case
DENIED = {"AuthenticationFailed"}
OVERWRITE = {"AuthorizationPermissionMismatch", "UnauthorizedBlobOverwrite"}


def ago(minutes):
    return http_date(datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(minutes=minutes))


def blob_sas(**given):
    return lambda s: service_sas(f"/{s['c']}/b", **given)


def container_sas(**given):
    return lambda s: service_sas(f"/{s['c']}", sr="c", **given)


# Shared Key. Azurite knows no Lite, so those are let be there.
for auth, label in (("key", "Shared Key"), ("lite", "Shared Key Lite")):
    case(label, "put-and-get", Step("PUT /{c}/b", {**BLOCK_BLOB, "Content-Type": "text/plain"}, b"x", 201, auth=auth),
         Step("GET /{c}/b", auth=auth, content=b"x"), differs=auth == "lite")
    case(label, "empty-body", Step("PUT /{c}/b", BLOCK_BLOB, b"", 201, auth=auth), differs=auth == "lite")
    case(label, "odd-names", Step("PUT /{c}/a%20%23%3F%25%2B%C3%A9", BLOCK_BLOB, b"x", 201, auth=auth),
         Step("GET /{c}/a%20%23%3F%25%2B%C3%A9", auth=auth, content=b"x"), ref="A18", differs=auth == "lite")
    case(label, "query-parameters",
         Step("GET /{c}?restype=container&comp=list&maxresults=3&prefix=a%20b%2F&include=metadata", auth=auth),
         differs=auth == "lite")
    case(label, "date-header-instead-of-x-ms-date",
         Step("GET /{c}?restype=container", {"x-ms-date": None, "Date": http_date()}, auth=auth),
         differs=auth == "lite")
    case(label, "no-date-at-all", Step("GET /{c}?restype=container", {"x-ms-date": None}, status=403, code=DENIED, auth=auth,
                                       differs=True), ref="S8")
    for minutes, good in ((10, True), (-10, True), (20, False), (-20, False)):
        case(label, f"clock-{'behind' if minutes > 0 else 'ahead'}-{abs(minutes)}-minutes",
             Step("GET /{c}?restype=container", {"x-ms-date": lambda s, m=minutes: ago(m)}, status=200 if good else 403,
                  code=None if good else DENIED, auth=auth, differs=True), ref="S8")
case("Shared Key", "headers-sort-by-culture",
     put(headers={"x-ms-meta-a_b": "1", "x-ms-meta-ab": "2", "x-ms-meta-a1": "3", "x-ms-meta-B": "4"}),
     Step("HEAD /{c}/b", has={"x-ms-meta-a_b": "1"}), ref="AZURE authentication")
case("Shared Key", "all-signed-headers",
     Step("PUT /{c}/b", {**BLOCK_BLOB, "Content-Type": "a/b", "Content-Encoding": "gzip", "Content-Language": "fr",
                         "Content-MD5": azure.md5(b"x"), "If-None-Match": "*"}, b"x", 201))
case("Shared Key", "range-is-signed", put(), Step("GET /{c}/b", {"Range": "bytes=1-2"}, status=206, content=b"12"))
case("Shared Key", "wrong-signature",
     Step("GET /{c}?restype=container", {"Authorization": f"SharedKey {azure.ACCOUNT}:{azure.md5(b'no')}"}, auth="none",
          status=403, code=DENIED, differs=True), ref="S8")
case("Shared Key", "changed-after-signing",
     Step("GET /{c}?restype=container", {"Authorization": lambda s: azure.shared_key(
         azure.ACCOUNT, azure.KEY, "GET", f"/{azure.ACCOUNT}/{s['c']}?restype=container&comp=list",
         [("x-ms-version", azure.VERSION), ("x-ms-date", http_date())])}, auth="none", status=403, code=DENIED, differs=True))
case("Shared Key", "another-account",
     Step("GET /{c}?restype=container", {"Authorization": f"SharedKey someoneelse:{azure.md5(b'no')}"}, auth="none",
          status={400, 403}, differs=True))
for label, value in (("no-colon", f"SharedKey {azure.ACCOUNT}"), ("scheme-unknown", "Secret a:b"), ("empty", "SharedKey "),
                     ("signature-not-base64", f"SharedKey {azure.ACCOUNT}:***")):
    case("Shared Key", f"malformed-{label}",
         Step("GET /{c}?restype=container", {"Authorization": value}, auth="none", status={400, 401, 403}, differs=True,
              early=True))
case("Shared Key", "comes-before-existence", Step("GET /absent-container/b", {
    "Authorization": f"SharedKey {azure.ACCOUNT}:{azure.md5(b'no')}"}, auth="none", status=403, differs=True), container=False)

# Account SAS.
for version in ("2015-04-05", "2018-03-28", "2019-12-12", "2020-12-06", "2021-08-06", "2023-11-03", "2026-10-06"):
    case("Account SAS", f"version-{version}", Step("PUT /{c}/b", BLOCK_BLOB, b"x", 201, auth=account_sas(version)),
         Step("GET /{c}/b", content=b"x", auth=account_sas(version)),
         Step("GET /{c}?restype=container&comp=list", auth=account_sas(version)),
         Step("GET /?comp=list&prefix={c}", auth=account_sas(version)), ref="AZURE authentication")
for label, given, request, code in [
        ("permission", {"sp": "r"}, "DELETE /{c}/b", "AuthorizationPermissionMismatch"),
        ("permission-to-list", {"sp": "r"}, "GET /{c}?restype=container&comp=list", "AuthorizationPermissionMismatch"),
        ("permission-to-write", {"sp": "rl"}, "PUT /{c}/b?comp=metadata", "AuthorizationPermissionMismatch"),
        ("resource-type", {"srt": "sc"}, "GET /{c}/b", "AuthorizationResourceTypeMismatch"),
        ("resource-type-container", {"srt": "o"}, "GET /{c}?restype=container&comp=list", "AuthorizationResourceTypeMismatch"),
        ("resource-type-service", {"srt": "co"}, "GET /?comp=list", "AuthorizationResourceTypeMismatch"),
        ("service", {"ss": "q"}, "GET /{c}/b", "AuthorizationServiceMismatch"),
        ("protocol", {"spr": "https"}, "GET /{c}/b", "AuthorizationProtocolMismatch"),
        ("address", {"sip": "10.1.2.3"}, "GET /{c}/b", "AuthorizationSourceIPMismatch"),
        ("address-range", {"sip": "10.1.2.3-10.1.2.9"}, "GET /{c}/b", "AuthorizationSourceIPMismatch"),
        ("expired", {"se": azure.iso(-60)}, "GET /{c}/b", "AuthenticationFailed"),
        ("not-yet", {"st": azure.iso(1800)}, "GET /{c}/b", "AuthenticationFailed"),
        ("tampered", {"tamper": True}, "GET /{c}/b", "AuthenticationFailed"),
        ("wrong-key", {"key": azure.md5(b"another key")}, "GET /{c}/b", "AuthenticationFailed"),
        ("letters-twice", {"sp": "rr"}, "GET /{c}/b", DENIED | {"InvalidQueryParameterValue"})]:
    case("Account SAS", f"refused-{label}", put(), Step(
        request, status={400, 403} if isinstance(code, set) else 403, code=code, auth=account_sas(**given), differs=True,
        early=label == "service"), ref="S23 S24 R2")
for label, given in [("address", {"sip": "127.0.0.1"}), ("address-range", {"sip": "127.0.0.0-127.0.0.255"}),
                     ("protocol", {"spr": "https,http"}), ("start", {"st": azure.iso(-600)}),
                     ("several-services", {"ss": "bfqt"}), ("date-only", {"se": azure.iso(86400 * 2, "%Y-%m-%d")}),
                     ("minutes-only", {"se": azure.iso(3600, "%Y-%m-%dT%H:%MZ")}),
                     ("seven-decimals", {"se": azure.iso(3600, "%Y-%m-%dT%H:%M:%S.0000000Z")})]:
    case("Account SAS", f"good-{label}", put(), Step("GET /{c}/b", auth=account_sas(**given), differs=label == "date-only"),
         ref="S24")
case("Account SAS", "percent-encoded-parameter-names", put(b"x"),
     Step("GET /{c}/b", auth=account_sas().replace("sv=", "s%76=", 1), content=b"x"), ref="AZURE authentication")
case("Account SAS", "create-makes-but-does-not-overwrite",
     Step("PUT /{c}/b", BLOCK_BLOB, b"first", 201, auth=account_sas(sp="c")),
     Step("PUT /{c}/b", BLOCK_BLOB, b"second", 403, auth=account_sas(sp="c"), code=OVERWRITE,
          differs=True), Step("GET /{c}/b", content=b"first", differs=True), ref="S28")
case("Account SAS", "delete-alone-breaks-a-container-lease",
     Step("PUT /{c}?restype=container&comp=lease", {"x-ms-lease-action": "acquire", "x-ms-lease-duration": "-1",
                                                    "x-ms-proposed-lease-id": L1}, status=201),
     Step("PUT /{c}?restype=container&comp=lease", {"x-ms-lease-action": "break"}, status=202, auth=account_sas(sp="d")),
     needs="Lease Container", ref="S19")
case("Account SAS", "container-acl-takes-no-sas",
     Step("GET /{c}?restype=container&comp=acl", status=403, auth=account_sas(), differs=True), ref="S26")

# Service SAS.
FORMS = ["", "2012-02-12", "2013-08-15", "2014-02-14", "2015-02-21", "2015-04-05", "2018-03-28", "2018-11-09", "2020-02-10",
         "2020-12-06", "2021-08-06", "2026-10-06"]
for version in FORMS:
    label = version or "none"
    case("Service SAS", f"blob-version-{label}", put(b"open"),
         Step("GET /{c}/b", content=b"open", auth=blob_sas(sv=version, se=azure.iso(1800)), differs=version < "2015-04-05"),
         ref="S21")
    case("Service SAS", f"container-version-{label}", put(b"open"),
         Step("GET /{c}/b", content=b"open", auth=container_sas(sv=version, sp="rl", se=azure.iso(1800)),
              differs=version < "2015-04-05"),
         Step("GET /{c}?restype=container&comp=list", auth=container_sas(sv=version, sp="rl", se=azure.iso(1800)),
              xml={"Blobs/Blob/Name": "b"}, differs=version < "2015-04-05"), ref="S21")
    case("Service SAS", f"tampered-version-{label}", put(),
         Step("GET /{c}/b", status=403, code="AuthenticationFailed", differs=True,
              auth=blob_sas(sv=version, se=azure.iso(1800), tamper=True)), ref="S21")
case("Service SAS", "without-version-an-hour-at-most", put(),
     Step("GET /{c}/b", status=403, auth=blob_sas(sv="", se=azure.iso(7200)), differs=True), ref="S21")
for label, given, request, code in [
        ("permission", {"sp": "w"}, "GET /{c}/b", "AuthorizationPermissionMismatch"),
        ("permission-to-delete", {"sp": "rw"}, "DELETE /{c}/b", "AuthorizationPermissionMismatch"),
        ("another-blob", {"sp": "r"}, "GET /{c}/other", "AuthenticationFailed"),
        ("blob-sas-on-list", {"sp": "rl"}, "GET /{c}?restype=container&comp=list", None),
        ("expired", {"se": azure.iso(-60)}, "GET /{c}/b", "AuthenticationFailed"),
        ("not-yet", {"st": azure.iso(1800)}, "GET /{c}/b", "AuthenticationFailed"),
        ("protocol", {"spr": "https"}, "GET /{c}/b", "AuthorizationProtocolMismatch"),
        ("address", {"sip": "10.1.2.3"}, "GET /{c}/b", "AuthorizationSourceIPMismatch"),
        ("letters-out-of-order", {"sp": "wr"}, "GET /{c}/b", "AuthenticationFailed"),
        ("wrong-key", {"key": azure.md5(b"another key")}, "GET /{c}/b", "AuthenticationFailed")]:
    case("Service SAS", f"refused-{label}", put(), put(name="other"),
         Step(request, status=403, code=code, auth=blob_sas(**given), differs=True), ref="S24")
for label, request in [("get-properties", "GET /{c}?restype=container"), ("delete", "DELETE /{c}?restype=container"),
                       ("set-metadata", "PUT /{c}?restype=container&comp=metadata"),
                       ("get-acl", "GET /{c}?restype=container&comp=acl"),
                       ("set-acl", "PUT /{c}?restype=container&comp=acl")]:
    case("Service SAS", f"container-sas-cannot-{label}",
         Step(request, status=403, auth=container_sas(sp="rcwdl"), differs=True), ref="S26")
case("Service SAS", "container-sas-cannot-lease",
     Step("PUT /{c}?restype=container&comp=lease", {"x-ms-lease-action": "acquire", "x-ms-lease-duration": "-1"}, status=403,
          auth=container_sas(sp="rcwdl"), differs=True), ref="S26")
case("Service SAS", "of-another-container",
     Step("GET /{c}/b", status=403, code="AuthenticationFailed", differs=True,
          auth=lambda s: service_sas("/another-container", sr="c", sp="r")))
case("Service SAS", "write-and-read-back",
     Step("PUT /{c}/b", BLOCK_BLOB, b"x", 201, auth=blob_sas(sp="cw")), Step("GET /{c}/b", content=b"x", auth=blob_sas()))
case("Service SAS", "create-makes-but-does-not-overwrite",
     Step("PUT /{c}/b", BLOCK_BLOB, b"first", 201, auth=blob_sas(sp="c")),
     Step("PUT /{c}/b", BLOCK_BLOB, b"second", 403, auth=blob_sas(sp="c"), code=OVERWRITE,
          differs=True), Step("GET /{c}/b", content=b"first", differs=True), ref="S28")
BLOCK = "PUT /{c}/b?comp=block&blockid=" + block_id(1).replace("=", "%3D")
case("Service SAS", "create-does-not-put-blocks-before-2026-04-06",
     Step(BLOCK, {}, b"x", 403, auth=blob_sas(sp="c", sv="2025-11-05"), code="AuthorizationPermissionMismatch", differs=True),
     ref="S28")
case("Service SAS", "create-puts-blocks-from-2026-04-06",
     Step(BLOCK, {}, b"x", 201, auth=blob_sas(sp="c", sv="2026-04-06"), version="2026-04-06", differs=True), ref="S28")
for label, parameter, header, value in [
        ("content-type", "rsct", "Content-Type", "text/x-override; charset=utf-8"),
        ("cache-control", "rscc", "Cache-Control", "max-age=42"),
        ("content-disposition", "rscd", "Content-Disposition", 'attachment; filename="a b.txt"'),
        ("content-encoding", "rsce", "Content-Encoding", "identity"), ("content-language", "rscl", "Content-Language", "nl")]:
    for version in ("2013-08-15", "2015-04-05", "2018-11-09", "2021-08-06"):
        case("Service SAS", f"override-{label}-{version}", put(headers={"x-ms-blob-content-type": "a/b"}),
             Step("GET /{c}/b", has={header: value}, auth=blob_sas(sv=version, **{parameter: value}),
                  differs=version < "2015-04-05"), ref="S21")
case("Service SAS", "override-cannot-be-added", put(), Step(
    "GET /{c}/b", status=403, code="AuthenticationFailed", auth=lambda s: service_sas(f"/{s['c']}/b") + "&rsct=text%2Fhtml",
    differs=True))
case("Service SAS", "no-signature", put(), Step("GET /{c}/b", status={401, 403}, differs=True, auth=lambda s: azure.encode_query(
    [("sv", "2021-08-06"), ("sr", "b"), ("sp", "r"), ("se", azure.iso(3600))])))
case("Service SAS", "odd-names", Step("PUT /{c}/b%20%23%3F%25%C3%A9", BLOCK_BLOB, b"x", 201),
     Step("GET /{c}/b%20%23%3F%25%C3%A9", content=b"x", auth=lambda s: service_sas(f"/{s['c']}/b #?%é")), ref="A18")
