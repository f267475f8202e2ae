"""Set Blob Service Properties, what it changes, statistics, and CORS. Each case has an account of its own."""
import re

from case import BLOCK_BLOB, RFC1123, Step, Table, put
from lib import azure

table = Table("properties")
PATH = "/?restype=service&comp=properties"
NO_RETENTION = "<RetentionPolicy><Enabled>false</Enabled></RetentionPolicy>"
LOGGING = ("<Logging><Version>1.0</Version><Delete>true</Delete><Read>false</Read><Write>true</Write>"
           "<RetentionPolicy><Enabled>true</Enabled><Days>7</Days></RetentionPolicy></Logging>")
NO_LOGGING = ("<Logging><Version>1.0</Version><Delete>false</Delete><Read>false</Read><Write>false</Write>"
              f"{NO_RETENTION}</Logging>")


def metrics(name, days=3):
    return (f"<{name}><Version>1.0</Version><Enabled>true</Enabled><IncludeAPIs>true</IncludeAPIs>"
            f"<RetentionPolicy><Enabled>true</Enabled><Days>{days}</Days></RetentionPolicy></{name}>")


def rule(origins="http://www.contoso.com", methods="GET", allowed="x-ms-*", exposed="x-ms-*,ETag", age=200):
    return (f"<CorsRule><AllowedOrigins>{origins}</AllowedOrigins><AllowedMethods>{methods}</AllowedMethods>"
            f"<AllowedHeaders>{allowed}</AllowedHeaders><ExposedHeaders>{exposed}</ExposedHeaders>"
            f"<MaxAgeInSeconds>{age}</MaxAgeInSeconds></CorsRule>")


def properties(*parts):
    return ('<?xml version="1.0" encoding="utf-8"?><StorageServiceProperties>' + "".join(parts) +
            "</StorageServiceProperties>").encode()


def setting(*parts, **more):
    return Step(f"PUT {PATH}", body=properties(*parts), status=202, **more)


def cors(*rules, **more):
    return setting("<Cors>" + "".join(rules) + "</Cors>", **more)


def case(operation, name, *steps, account=None, **more):
    table.case(operation, name, *steps, account=account or {}, **{"container": False, **more})


SET = "Set Blob Service Properties"
case(SET, "everything",
     setting(LOGGING, metrics("HourMetrics"), metrics("MinuteMetrics", 5), "<Cors>", rule(), "</Cors>",
             "<DefaultServiceVersion>2019-12-12</DefaultServiceVersion>",
             "<DeleteRetentionPolicy><Enabled>true</Enabled><Days>9</Days><AllowPermanentDelete>true</AllowPermanentDelete></DeleteRetentionPolicy>",
             "<StaticWebsite><Enabled>true</Enabled><IndexDocument>index.html</IndexDocument>"
             "<ErrorDocument404Path>errors/404.html</ErrorDocument404Path></StaticWebsite>",
             has={"Content-Length": "0"}, hasnt=("ETag", "Last-Modified", "Content-Type")),
     Step(f"GET {PATH}", xml={
         "Logging/Read": "false", "Logging/Write": "true", "Logging/Delete": "true", "Logging/RetentionPolicy/Days": "7",
         "HourMetrics/Enabled": "true", "HourMetrics/IncludeAPIs": "true", "HourMetrics/RetentionPolicy/Days": "3",
         "MinuteMetrics/RetentionPolicy/Days": "5", "Cors/CorsRule/AllowedOrigins": "http://www.contoso.com",
         "Cors/CorsRule/AllowedMethods": "GET", "Cors/CorsRule/MaxAgeInSeconds": "200", "DefaultServiceVersion": "2019-12-12",
         "DeleteRetentionPolicy/Enabled": "true", "DeleteRetentionPolicy/Days": "9",
         "DeleteRetentionPolicy/AllowPermanentDelete": "true", "StaticWebsite/Enabled": "true",
         "StaticWebsite/IndexDocument": "index.html", "StaticWebsite/ErrorDocument404Path": "errors/404.html"},
          elements={"Cors/CorsRule": ["AllowedMethods", "AllowedOrigins", "AllowedHeaders", "ExposedHeaders", "MaxAgeInSeconds"]}),
     ref="R3")
case(SET, "parts-not-sent-stay",
     setting(LOGGING), setting(metrics("HourMetrics")), cors(rule()),
     setting("<DeleteRetentionPolicy><Enabled>true</Enabled><Days>4</Days></DeleteRetentionPolicy>"),
     setting(), setting(metrics("MinuteMetrics")),
     Step(f"GET {PATH}", xml={"Logging/Write": "true", "HourMetrics/Enabled": "true", "MinuteMetrics/Enabled": "true",
                              "Cors/CorsRule/AllowedMethods": "GET", "DeleteRetentionPolicy/Days": "4"}), ref="R3")
case(SET, "empty-cors-removes-the-rules", cors(rule()), setting("<Cors />"), Step(f"GET {PATH}", elements={"Cors": []}), ref="R3")
case(SET, "off-again", setting(LOGGING, metrics("HourMetrics")),
     setting(NO_LOGGING, f"<HourMetrics><Version>1.0</Version><Enabled>false</Enabled>{NO_RETENTION}</HourMetrics>"),
     Step(f"GET {PATH}", elements={"Logging/RetentionPolicy": ["Enabled"], "HourMetrics": ["Version", "Enabled", "RetentionPolicy"]}),
     ref="R3")
case(SET, "older-form",
     Step(f"PUT {PATH}", body=properties(LOGGING, metrics("Metrics"), "<DefaultServiceVersion>2011-08-18</DefaultServiceVersion>"),
          status=202, version="2012-02-12"),
     Step(f"GET {PATH}", version="2012-02-12", elements={".": ["Logging", "Metrics", "DefaultServiceVersion"]}),
     Step(f"PUT {PATH}", body=properties(LOGGING), status=400, version="2012-02-12", code="MissingRequiredXmlNode"),
     Step(f"PUT {PATH}", body=properties(LOGGING, metrics("Metrics"), "<Cors />"), status=400, version="2012-02-12",
          code="UnsupportedXmlNode"), ref="docs Set Blob Service Properties")
case(SET, "the-latest-of-elements-by-version",
     Step(f"GET {PATH}", version="2017-04-17", elements={".": ["Logging", "HourMetrics", "MinuteMetrics", "Cors"]}),
     Step(f"GET {PATH}", version="2017-07-29", elements={"DeleteRetentionPolicy": ["Enabled"]}),
     Step(f"GET {PATH}", version="2020-02-10", elements={"DeleteRetentionPolicy": ["Enabled", "AllowPermanentDelete"],
                                                         "StaticWebsite": ["Enabled"]}), ref="R3")
for label, document, code, extras in [
        ("six-rules", ["<Cors>", *[rule() for _ in range(6)], "</Cors>"], "InvalidXmlDocument",
         {"LineNumber": "0", "LinePosition": "0", "Reason": ""}),
        ("days-0", ["<DeleteRetentionPolicy><Enabled>true</Enabled><Days>0</Days></DeleteRetentionPolicy>"], "InvalidXmlDocument",
         {"Reason": "Retention days must be greater than 0 and less than or equal to 365 days.", "LineNumber": "1"}),
        ("days-366", [LOGGING.replace("<Days>7", "<Days>366")], "InvalidXmlDocument",
         {"Reason": "Retention days must be greater than 0 and less than or equal to 365 days."}),
        ("no-days", [LOGGING.replace("<Days>7</Days>", "")], "MissingRequiredXmlNode", {"XmlNodeName": "Days"}),
        ("unknown-element", ["<Colour>blue</Colour>"], "UnsupportedXmlNode", {"XmlNodeName": "Colour"}),
        ("unknown-child", [LOGGING.replace("</Logging>", "<Colour/></Logging>")], "UnsupportedXmlNode", {"XmlNodeName": "Colour"}),
        ("flag-that-is-none", [LOGGING.replace("<Read>false", "<Read>maybe")], "InvalidXmlNodeValue",
         {"XmlNodeName": "Read", "XmlNodeValue": "maybe"}),
        ("missing-flag", [LOGGING.replace("<Read>false</Read>", "")], "MissingRequiredXmlNode", {"XmlNodeName": "Read"}),
        ("analytics-version", [LOGGING.replace("1.0", "9.9")], "InvalidXmlNodeValue", {"XmlNodeName": "Version"}),
        ("rule-without-methods", ["<Cors>", re.sub("<AllowedMethods>.*</AllowedMethods>", "", rule()), "</Cors>"],
         "MissingRequiredXmlNode", {"XmlNodeName": "AllowedMethods"}),
        ("rule-with-patch", ["<Cors>", rule(methods="GET,PATCH"), "</Cors>"], "InvalidXmlNodeValue", {"XmlNodeName": "AllowedMethods"}),
        ("rule-with-long-origin", ["<Cors>", rule(origins="http://" + "o" * 250), "</Cors>"], "InvalidXmlNodeValue",
         {"XmlNodeName": "AllowedOrigins"}),
        ("three-prefixes", ["<Cors>", rule(allowed="a*,b*,c*"), "</Cors>"], "InvalidXmlNodeValue", {"XmlNodeName": "AllowedHeaders"}),
        ("65-headers", ["<Cors>", rule(exposed=",".join(f"h{i}" for i in range(65))), "</Cors>"], "InvalidXmlNodeValue",
         {"XmlNodeName": "ExposedHeaders"}),
        ("more-than-2-KiB-of-rules", ["<Cors>", *[rule(exposed=",".join("e" * 200 for _ in range(5))) for _ in range(3)], "</Cors>"],
         "InvalidXmlDocument", {}),
        ("age-that-is-none", ["<Cors>", rule(age="long"), "</Cors>"], "InvalidXmlNodeValue", {"XmlNodeName": "MaxAgeInSeconds"}),
        ("default-version", ["<DefaultServiceVersion>soon</DefaultServiceVersion>"], "InvalidXmlNodeValue",
         {"XmlNodeName": "DefaultServiceVersion"}),
        ("index-in-a-folder", ["<StaticWebsite><Enabled>true</Enabled><IndexDocument>a/b.html</IndexDocument></StaticWebsite>"],
         "InvalidXmlNodeValue", {"XmlNodeName": "IndexDocument"}),
        ("said-twice", [NO_LOGGING, NO_LOGGING], "InvalidXmlDocument", {})]:
    case(SET, f"refused-{label}", Step(f"PUT {PATH}", body=properties(*document), status=400, code=code, xml=extras),
         Step(f"GET {PATH}", xml={"Logging/Write": "false", "DeleteRetentionPolicy/Enabled": "false"}, elements={"Cors": []}),
         ref="docs Set Blob Service Properties; common error codes")
for label, body in [("empty", b""), ("no-xml", b"nonsense"), ("another-root", b"<SignedIdentifiers/>")]:
    case(SET, f"refused-body-{label}", Step(f"PUT {PATH}", body=body, status=400, code="InvalidXmlDocument"), ref="common error codes")
case(SET, "md5-of-the-body", Step(f"PUT {PATH}", {"Content-MD5": azure.md5(b"x")}, properties(LOGGING), 400, code="Md5Mismatch"),
     ref="common error codes")
case(SET, "with-sas",
     Step(f"PUT {PATH}", body=properties(LOGGING), status=202, auth=lambda s: azure.account_sas(sp="w", srt="s", account=s["account"])),
     Step(f"PUT {PATH}", body=properties(LOGGING), status=403, code="AuthorizationPermissionMismatch",
          auth=lambda s: azure.account_sas(sp="r", srt="s", account=s["account"])),
     Step(f"PUT {PATH}", body=properties(LOGGING), status=403, code="AuthorizationResourceTypeMismatch",
          auth=lambda s: azure.account_sas(sp="w", srt="co", account=s["account"])),
     Step(f"PUT {PATH}", body=properties(LOGGING), status=401, auth="none", code="NoAuthenticationInformation"),
     ref="Create an account SAS")
case(SET, "not-at-the-secondary",
     Step(f"PUT {PATH}", body=properties(LOGGING), status=403, code="InsufficientAccountPermissions",
          host=lambda s: f"{s['account']}-secondary.blob.localhost"), ref="docs Secondary")
case(SET, "logging-makes-logs", setting(LOGGING), Step("GET /$logs?restype=container"),
     Step("GET /?comp=list", xml={"Containers/Container/Name": []}),
     Step("GET /?comp=list&include=system", xml={"Containers/Container/Name": ["$logs"]}), ref="S56")
case(SET, "website-makes-web", setting("<StaticWebsite><Enabled>true</Enabled><IndexDocument>i</IndexDocument></StaticWebsite>"),
     Step("GET /$web?restype=container"), Step("PUT /$web/i", BLOCK_BLOB, b"x", 201),
     Step("GET /$web/i", auth="none", status=401, code="NoAuthenticationInformation"),
     Step("GET /?comp=list", xml={"Containers/Container/Name": ["$web"]}), ref="docs Static website")
case(SET, "default-service-version", setting("<DefaultServiceVersion>2021-08-06</DefaultServiceVersion>"),
     Step("PUT /public?restype=container", {"x-ms-blob-public-access": "container"}, status=201),
     Step("PUT /public/b", BLOCK_BLOB, b"x", 201),
     Step("GET /public/b", {"x-ms-version": None}, auth="none", content=b"x", has={"x-ms-version": "2021-08-06"}),
     Step("GET /public/absent", {"x-ms-version": None}, auth="none", status=404, code="BlobNotFound", has={"x-ms-version": "2021-08-06"}),
     Step("GET /public/b", {"x-ms-version": "2019-02-02"}, auth="none", version="2019-02-02", has={"x-ms-version": "2019-02-02"}), ref="S1")

STATS = "/?restype=service&comp=stats"
case("Get Blob Service Stats", "secondary",
     Step(f"GET {STATS}", host=lambda s: f"{s['account']}-secondary.blob.localhost", has={"Content-Type": "application/xml"},
          elements={".": ["GeoReplication"], "GeoReplication": ["Status", "LastSyncTime"]},
          xml={"GeoReplication/Status": "live", "GeoReplication/LastSyncTime": RFC1123}), ref="R3")
case("Get Blob Service Stats", "primary-has-none", Step(f"GET {STATS}", status=400, code="InvalidQueryParameterValue"), ref="R3")
case("Get Blob Service Stats", "needs-read-of-the-service",
     *[Step(f"GET {STATS}", host=lambda s: f"{s['account']}-secondary.blob.localhost", status=status,
            auth=lambda s, sp=sp: azure.account_sas(sp=sp, srt="s", account=s["account"])) for sp, status in (("r", 200), ("w", 403))],
     ref="Create an account SAS")

# The documentation's own example of three rules.
CONTOSO, OTHER = "http://www.contoso.com", "http://www.fabrikam.com"
THREE = cors(rule(CONTOSO, "PUT,HEAD", "x-ms-blob-content-type, x-ms-blob-content-disposition", "x-ms-*", 5),
             rule("*", "PUT,GET", "x-ms-blob-content-type, x-ms-blob-content-disposition", "x-ms-*", 5),
             rule(CONTOSO, "GET", "x-ms-client-request-id", "x-ms-*", 5))


def preflight(origin, method, headers=None, status=200, path="/any/thing", **more):
    asked = {"Origin": origin, "Access-Control-Request-Method": method, "x-ms-version": None}
    if headers:
        asked["Access-Control-Request-Headers"] = headers
    good = {"has": {"Access-Control-Allow-Origin": origin, "Access-Control-Allow-Methods": method,
                    "Access-Control-Allow-Credentials": "true", "Access-Control-Max-Age": True, "Content-Length": "0"}}
    bad = {"code": "CorsPreflightFailure", "hasnt": ("Access-Control-*",)}
    return Step(f"OPTIONS {path}", asked, status=status, auth="none", version="2009-09-19",
                **{**(good if status == 200 else bad), **more})


PRE = "Preflight Blob Request"
case(PRE, "the-documented-example", THREE,
     preflight(CONTOSO, "PUT", "x-ms-blob-content-type"),
     preflight(CONTOSO, "GET", "x-ms-blob-content-type"),
     preflight(CONTOSO, "GET", "x-ms-client-request-id", 403),   # the second rule decides, though the third would allow it
     preflight(OTHER, "PUT"), preflight(OTHER, "HEAD", status=403), preflight(CONTOSO, "DELETE", status=403), ref="S60 docs CORS")
case(PRE, "answers-what-was-asked", cors(rule("*", "GET,PUT", "*", "*", 3600)),
     preflight(OTHER, "PUT", "x-ms-meta-a, content-type",
               has={"Access-Control-Allow-Headers": "x-ms-meta-a, content-type", "Access-Control-Max-Age": "3600",
                    "Access-Control-Allow-Origin": OTHER, "Access-Control-Allow-Methods": "PUT"}),
     preflight(OTHER, "GET", hasnt=("Access-Control-Allow-Headers",), path="/"), ref="docs Preflight")
case(PRE, "prefixes-and-literals", cors(rule(CONTOSO, "PUT", "x-ms-meta-data*,x-ms-meta-abc", "", 1)),
     preflight(CONTOSO, "PUT", "x-ms-meta-data1,X-MS-Meta-ABC"), preflight(CONTOSO, "PUT", "x-ms-meta-abcd", 403),
     preflight(CONTOSO, "PUT", "x-ms-meta-data1,accept", 403), preflight("HTTP://www.contoso.com", "PUT", status=403), ref="docs CORS")
case(PRE, "no-rules", preflight(CONTOSO, "GET", status=403), ref="docs CORS")
case(PRE, "removed-rules", cors(rule("*")), preflight(CONTOSO, "GET"), setting("<Cors />"), preflight(CONTOSO, "GET", status=403),
     ref="docs CORS")

GET = "Get Blob"
VARY = {"Vary": "Origin"}
NONE = ("Access-Control-*", "Vary")
case(GET, "cors-without-rules", put(), Step("GET /{c}/b", {"Origin": CONTOSO}, hasnt=NONE), Step("GET /{c}/b", hasnt=NONE),
     container=True, ref="docs CORS")
case(GET, "cors-any-origin", cors(rule("*", "GET,HEAD,PUT", "*", "*")), put(),
     Step("GET /{c}/b", {"Origin": CONTOSO}, has={"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": re.compile(
         "^.*ETag.*x-ms-request-id.*x-ms-version.*Content-Length,Date,Transfer-Encoding$")},
          hasnt=("Vary", "Access-Control-Allow-Credentials")),
     Step("GET /{c}/b", has={"Access-Control-Allow-Origin": "*"}, hasnt=("Vary",)),
     Step("HEAD /{c}/b", has={"Access-Control-Allow-Origin": "*"}),
     Step("GET /{c}/absent", {"Origin": CONTOSO}, status=404, has={"Access-Control-Allow-Origin": "*"}),
     Step("GET /{c}/b", {"Origin": CONTOSO}, auth="none", status=401, has={"Access-Control-Allow-Origin": "*"},
          order=("x-ms-error-code", "Access-Control-Expose-Headers", "Access-Control-Allow-Origin", "WWW-Authenticate", "Date")),
     Step("PUT /{c}/b", {**BLOCK_BLOB, "Origin": CONTOSO}, b"x", 201, has={"Access-Control-Allow-Origin": "*"}, hasnt=("Vary",)),
     Step("PUT /{c}/b", BLOCK_BLOB, b"x", 201, hasnt=NONE), container=True, ref="R1 docs CORS")
case(GET, "cors-exact-origin", cors(rule(CONTOSO, "GET,PUT", "*", "ETag,x-ms-meta-*")), put(headers={"x-ms-meta-a": "1"}),
     Step("GET /{c}/b", {"Origin": CONTOSO}, has={**VARY, "Access-Control-Allow-Origin": CONTOSO,
                                                  "Access-Control-Allow-Credentials": "true",
                                                  "Access-Control-Expose-Headers": "ETag,x-ms-meta-a"},
          order=("ETag", "Vary", "Server", "x-ms-request-id")),
     Step("GET /{c}/b", {"Origin": OTHER}, has=VARY, hasnt=("Access-Control-*",)),
     Step("GET /{c}/b", has=VARY, hasnt=("Access-Control-*",)),
     Step("HEAD /{c}/b", {"Origin": CONTOSO}, has=VARY, hasnt=("Access-Control-*",)),   # no rule for HEAD
     Step("PUT /{c}/b", {**BLOCK_BLOB, "Origin": CONTOSO}, b"x", 201, has={"Access-Control-Allow-Origin": CONTOSO}, hasnt=("Vary",)),
     Step("PUT /{c}/b", {**BLOCK_BLOB, "Origin": OTHER}, b"x", 201, hasnt=NONE),
     Step("GET /{c}?restype=container&comp=list", {"Origin": CONTOSO}, has=VARY), container=True, ref="docs CORS")
