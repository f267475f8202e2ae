"""Container ACLs, stored policies, anonymous reading."""
from case import BLOCK_BLOB, ETAG, Step, Table, put, require
from lib import azure

table = Table("access")
case = table.case
ACL = "/{c}?restype=container&comp=acl"


def policies(*entries):
    """entries: (id, start, expiry, permission); an empty field is left out."""
    def policy(start, expiry, permission):
        fields = (("Start", start), ("Expiry", expiry), ("Permission", permission))
        return "".join(f"<{n}>{v}</{n}>" for n, v in fields if v)
    inner = "".join(f"<SignedIdentifier><Id>{i}</Id><AccessPolicy>{policy(*rest)}</AccessPolicy></SignedIdentifier>"
                    for i, *rest in entries)
    return f'<?xml version="1.0" encoding="utf-8"?><SignedIdentifiers>{inner}</SignedIdentifiers>'.encode()


def set_acl(body=b"", headers=None, status=200, **more):
    return Step(f"PUT {ACL}", headers or {}, body, status, **more)


ONE = ("first", "2024-01-01T00:00:00Z", "2034-01-01T00:00:39Z", "rwdl")
case("Get Container ACL", "none",
     Step(f"GET {ACL}", has={"ETag": ETAG, "Last-Modified": True, "Content-Type": "application/xml"},
          hasnt=("x-ms-blob-public-access",), elements={".": []}), ref="R4")
case("Set Container ACL", "policy-comes-back",
     set_acl(policies(ONE), has={"ETag": ETAG, "Last-Modified": True, "Content-Length": "0"}),
     Step(f"GET {ACL}", elements={".": ["SignedIdentifier"], "SignedIdentifier": ["Id", "AccessPolicy"],
                                  "SignedIdentifier/AccessPolicy": ["Start", "Expiry", "Permission"]},
          xml={"SignedIdentifier/Id": "first", "SignedIdentifier/AccessPolicy/Permission": "rwdl"}), ref="R4 R10")
for permission, status in (("rcw", 409), ("ra", 409), ("rwd", 200)):
    case("Get Container ACL", f"before-2015-04-05-{permission}", set_acl(policies(("p", *ONE[1:3], permission))),
         Step(f"GET {ACL}", status=status, version="2014-02-14", differs=True,
              code="FeatureVersionMismatch" if status == 409 else None), ref="S34")
case("Set Container ACL", "times-have-seven-decimals", set_acl(policies(ONE)),
     Step(f"GET {ACL}", xml={"SignedIdentifier/AccessPolicy/Start": "2024-01-01T00:00:00.0000000Z",
                             "SignedIdentifier/AccessPolicy/Expiry": "2034-01-01T00:00:39.0000000Z"}, differs=True), ref="R4")
case("Set Container ACL", "moves-the-etag", Step("GET /{c}?restype=container", save={"etag": "ETag"}), set_acl(policies(ONE)),
     Step("GET /{c}?restype=container", check=lambda r, s: require(r.header("ETag") != s["etag"], "same ETag")), ref="R4")
case("Set Container ACL", "five-policies", set_acl(policies(*[(f"p{i}", *ONE[1:]) for i in range(5)])),
     Step(f"GET {ACL}", xml={"SignedIdentifier/Id": [f"p{i}" for i in range(5)]}), ref="R4")
case("Set Container ACL", "six-policies", set_acl(policies(*[(f"p{i}", *ONE[1:]) for i in range(6)]), status=400,
                                                 code="InvalidXmlDocument", differs=True,
                                                 xml={"LineNumber": "0", "LinePosition": "0", "Reason": ""}), ref="R4 R10.11")
case("Set Container ACL", "child-order-is-free",
     set_acl(b"<SignedIdentifiers><SignedIdentifier><AccessPolicy><Permission>r</Permission><Expiry>2034-01-01T00:00:00Z"
             b"</Expiry></AccessPolicy><Id>x</Id></SignedIdentifier></SignedIdentifiers>"),
     Step(f"GET {ACL}", xml={"SignedIdentifier/Id": "x", "SignedIdentifier/AccessPolicy/Permission": "r"}), ref="R4")
case("Set Container ACL", "empty-body-clears", set_acl(policies(ONE)), set_acl(), Step(f"GET {ACL}", elements={".": []}))
case("Set Container ACL", "policy-of-id-alone", set_acl(policies(("bare", "", "", "")), differs=True),
     Step(f"GET {ACL}", xml={"SignedIdentifier/Id": "bare"}, elements={"SignedIdentifier": ["Id"]}, differs=True),
     ref="azure-sdk-for-python test_set_container_acl_with_empty_access_policy")
case("Set Container ACL", "id-over-64-letters", set_acl(policies(("i" * 65, *ONE[1:])), status=400, differs=True,
                                                       code={"InvalidXmlDocument", "InvalidXmlNodeValue"}), ref="R4")
case("Set Container ACL", "not-xml", set_acl(b"<SignedIdentifiers>", status=400, code="InvalidXmlDocument", differs=True),
     ref="R1")
case("Set Container ACL", "public-access-unknown", set_acl(headers={"x-ms-blob-public-access": "all"}, status=400,
                                                          code="InvalidHeaderValue", differs=True), ref="R1")
case("Set Container ACL", "missing-container",
     Step("PUT /absent-container?restype=container&comp=acl", status=404, code="ContainerNotFound"), container=False)
for level in ("container", "blob"):
    case("Set Container ACL", f"public-access-{level}", set_acl(headers={"x-ms-blob-public-access": level}),
         Step(f"GET {ACL}", has={"x-ms-blob-public-access": level}),
         Step("HEAD /{c}?restype=container", has={"x-ms-blob-public-access": level}),
         set_acl(), Step(f"GET {ACL}", hasnt=("x-ms-blob-public-access",)), ref="R4")
NOBODY = (401, "NoAuthenticationInformation")
# What a request without credentials is answered, by the container's public access.
for level, answers in {
        None: {"get": NOBODY, "list": NOBODY, "properties": NOBODY, "put": NOBODY},
        "blob": {"get": (200, None), "list": NOBODY, "properties": NOBODY, "put": NOBODY},
        "container": {"get": (200, None), "list": (200, None), "properties": (200, None), "put": NOBODY}}.items():
    for what, (status, code) in answers.items():
        request, headers = {"get": ("GET /{c}/b", {}), "list": ("GET /{c}?restype=container&comp=list", {}),
                            "properties": ("GET /{c}?restype=container", {}), "put": ("PUT /{c}/b", BLOCK_BLOB)}[what]
        refused = status == 401
        case("Anonymous access", f"{level or 'private'}-{what}", put(b"open"),
             set_acl(headers={"x-ms-blob-public-access": level} if level else {}),
             Step(request, headers, b"", {401, 403, 404} if refused and level else status, auth="none", differs=refused,
                  has={"WWW-Authenticate": True} if refused and not level else {},
                  code=None if level and refused else code), ref="A7 R2")
case("Anonymous access", "head-of-private-blob", put(),
     Step("HEAD /{c}/b", status=401, code="NoAuthenticationInformation", auth="none", differs=True,
          has={"WWW-Authenticate": True}), ref="R2")
case("Anonymous access", "list-containers",
     Step("GET /?comp=list", status=401, code="NoAuthenticationInformation", auth="none", differs=True), ref="R2",
     container=False)
for what, request, headers in (("put", "PUT /{c}/b", BLOCK_BLOB), ("list-containers", "GET /?comp=list", {}),
                              ("delete", "DELETE /{c}/b", {}), ("get", "GET /{c}/b", {})):
    case("Anonymous access", f"before-2019-12-12-nothing-is-there-{what}", put(),
         Step(request, headers, b"x" if what == "put" else b"", 404, code="ResourceNotFound", auth="none",
              version="2019-07-07", hasnt=("WWW-Authenticate",), differs=True), ref="A7")
case("Anonymous access", "acl-is-never-public", set_acl(headers={"x-ms-blob-public-access": "container"}),
     Step(f"GET {ACL}", status={401, 403, 404}, auth="none", differs=True), ref="A7")


def stored(identifier, permission="r", expiry=None, start=""):
    return set_acl(policies((identifier, start, expiry or azure.iso(3600), permission)))


def sas(**given):
    return lambda s: azure.service_sas(f"/{s['c']}/b", **given)


for version in ("2012-02-12", "2013-08-15", "2015-04-05", "2018-11-09", "2021-08-06"):
    case("Stored access policy", f"gives-permission-{version}", put(b"open"), stored("p"),
         Step("GET /{c}/b", auth=sas(si="p", sp="", sv=version), content=b"open",
                                               differs=version < "2015-04-05"))
case("Stored access policy", "without-the-permission", put(), stored("p", "w"),
     Step("GET /{c}/b", auth=sas(si="p", sp=""), status=403, code="AuthorizationPermissionMismatch"), ref="R2")
case("Stored access policy", "expired", put(), stored("p", expiry=azure.iso(-60)),
     Step("GET /{c}/b", auth=sas(si="p", sp=""), status=403, code="AuthenticationFailed", differs=True), ref="S22")
case("Stored access policy", "unknown", put(),
     Step("GET /{c}/b", auth=sas(si="absent", sp=""), status=403, code="AuthenticationFailed", differs=True), ref="S22")
case("Stored access policy", "revoked", put(b"open"), stored("p"),
     Step("GET /{c}/b", auth=sas(si="p", sp=""), content=b"open"), set_acl(),
     Step("GET /{c}/b", auth=sas(si="p", sp=""), status=403, code="AuthenticationFailed", differs=True), ref="S22")
case("Stored access policy", "permission-in-the-link", put(b"open"),
     set_acl(policies(("p", "", azure.iso(3600), ""))), Step("GET /{c}/b", auth=sas(si="p", sp="r"), content=b"open",
                                                                   differs=True))
case("Stored access policy", "field-in-both", put(), stored("p"),
     Step("GET /{c}/b", auth=sas(si="p", sp="r"), status=400, code="InvalidQueryParameterValue", differs=True), ref="S22")
