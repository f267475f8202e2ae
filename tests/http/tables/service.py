"""Addresses, versions, and what every answer carries."""
from case import BLOCK_BLOB, Step, Table, put
from lib import azure

table = Table("service")
case = table.case
HOST = f"{azure.ACCOUNT}.blob.localhost"

for version in ("2009-09-19", "2011-08-18", "2012-02-12", "2013-08-15", "2014-02-14", "2015-02-21", "2015-04-05", "2016-05-31",
                "2017-07-29", "2018-03-28", "2019-02-02", "2019-12-12", "2020-10-02", "2021-06-08", "2023-11-03", "2025-11-05",
                "2026-10-06", "2027-03-07", "2099-11-05"):
    case("Versions", f"echo-{version}", Step("PUT /{c}/b", BLOCK_BLOB, b"x", 201, version=version),
         Step("GET /{c}/b", version=version, has={"x-ms-version": version}, content=b"x", differs=True),
         Step("GET /{c}?restype=container&comp=list", version=version, has={"x-ms-version": version}, differs=True),
         ref="AZURE versions", differs=version < "2017-07-29")
for value in ("yesterday", "2023-13-45", "2023-1-1", "2008-10-27", "2023-11-03x"):
    case("Versions", f"malformed-{value}", Step("GET /{c}?restype=container", {"x-ms-version": value}, status=400,
                                                code="InvalidHeaderValue", early=True, differs=True,
                                                hasnt=("x-ms-error-code",), xml={"HeaderName": "x-ms-version", "HeaderValue": value}), ref="R1")
case("Versions", "none-with-shared-key",
     Step("GET /{c}?restype=container", {"x-ms-version": None}, version="2009-09-19", early=True, differs=True), ref="S1")
case("Versions", "none-with-sas-takes-sv", put(), Step("GET /{c}/b", {"x-ms-version": None}, early=True, differs=True,
                                                       has={"x-ms-version": "2021-08-06"}, auth=azure.account_sas()), ref="S1")
case("Versions", "api-version-parameter", put(),
     Step("GET /{c}/b?api%2Dversion=2019-12-12", {"x-ms-version": None}, early=True, differs=True,
          has={"x-ms-version": "2019-12-12"}, auth=azure.account_sas()), ref="S1")
case("Get Account Information", "get-and-head",
     *[Step(f"{method} /?restype=account&comp=properties", has={
         "x-ms-sku-name": True, "x-ms-account-kind": "StorageV2", "x-ms-is-hns-enabled": "false"}, content=b"", differs=True,
            order=("x-ms-sku-name", "x-ms-account-kind", "x-ms-is-hns-enabled")) for method in ("GET", "HEAD")],
     ref="R3", container=False)
for label, path, token in [
        ("container", "/{c}", lambda s: azure.service_sas(f"/{s['c']}", sr="c", sp="r")),
        ("blob", "/{c}/b", lambda s: azure.service_sas(f"/{s['c']}/b", sp="r")), ("container-by-key", "/{c}", "key")]:
    case("Get Account Information", f"of-a-{label}", put(),
         Step(f"GET {path}?restype=account&comp=properties", has={"x-ms-sku-name": True, "x-ms-account-kind": "StorageV2"},
              content=b"", auth=token, differs=True), ref="azure-sdk-for-python test_get_account_information_sas")
RETENTION = ["Enabled", "Days?"]
METRICS = ["Version", "Enabled", "IncludeAPIs?", "RetentionPolicy"]
case("Get Blob Service Properties", "defaults",
     Step("GET /?restype=service&comp=properties", has={"Content-Type": "application/xml", "Transfer-Encoding": "chunked"},
          elements={".": ["Logging", "HourMetrics", "MinuteMetrics", "Cors", "DeleteRetentionPolicy", "StaticWebsite",
                          "DefaultServiceVersion?"],
                    "Logging": ["Version", "Read", "Write", "Delete", "RetentionPolicy"], "Logging/RetentionPolicy": RETENTION,
                    "HourMetrics": METRICS, "MinuteMetrics": METRICS, "Cors": [],
                    "DeleteRetentionPolicy": ["Enabled", "Days?", "AllowPermanentDelete?"], "StaticWebsite": ["Enabled"]},
          xml={"DeleteRetentionPolicy/Enabled": "false", "StaticWebsite/Enabled": "false", "Logging/Read": "false"},
          differs=True), ref="R3", container=False)
case("Addresses", "host-style", put(b"x"), Step("GET /{c}/b", host=HOST, content=b"x", differs=True), ref="AZURE addressing")
case("Addresses", "host-style-with-port", put(b"x"),
     Step("GET /{c}/b", host=HOST + ":10000", content=b"x", differs=True), ref="AZURE addressing")
case("Addresses", "host-style-writes",
     Step("PUT /{c}/b", BLOCK_BLOB, b"x", 201, host=HOST, differs=True), Step("GET /{c}/b", content=b"x", differs=True),
     ref="AZURE addressing")
case("Addresses", "host-style-list", put(),
     Step("GET /{c}?restype=container&comp=list", host=HOST, xml={"@ServiceEndpoint": f"http://{HOST}/"}, differs=True), ref="R5")
case("Addresses", "host-style-sas", put(b"x"), Step("GET /{c}/b", host=HOST, content=b"x", differs=True,
                                                    auth=lambda s: azure.service_sas(f"/{s['c']}/b")), ref="AZURE addressing")
case("Addresses", "host-style-any-domain", put(b"x"),
     Step("GET /{c}/b", host=f"{azure.ACCOUNT}.blob.example.org", content=b"x", differs=True), ref="AZURE addressing")
case("Addresses", "unknown-account-by-host",
     Step("GET /{c}/b", host="nobody.blob.localhost", status={400, 403, 404}, auth="none", early=True, differs=True))
case("Addresses", "path-style-name-like-account", Step("PUT /{c}/" + azure.ACCOUNT, BLOCK_BLOB, b"x", 201),
     Step("GET /{c}/" + azure.ACCOUNT, content=b"x"))
case("Every answer", "client-request-id-is-echoed",
     Step("GET /{c}?restype=container", {"x-ms-client-request-id": "mine-1"}, has={"x-ms-client-request-id": "mine-1"}), ref="A17")
case("Every answer", "no-client-request-id-none-back",
     Step("GET /{c}?restype=container", {"x-ms-client-request-id": None}, hasnt=("x-ms-client-request-id",), early=True), ref="R1")
case("Every answer", "client-request-id-up-to-1024",
     Step("GET /{c}?restype=container", {"x-ms-client-request-id": "i" * 1024}, has={"x-ms-client-request-id": "i" * 1024}), ref="S5")
case("Every answer", "client-request-id-over-1024",
     Step("GET /{c}?restype=container", {"x-ms-client-request-id": "i" * 1025}, status={200, 400}, early=True, differs=True,
          hasnt=("x-ms-client-request-id",)), ref="S5")
case("Every answer", "errors-echo-it-too",
     Step("GET /{c}/absent", {"x-ms-client-request-id": "mine-2"}, status=404, has={"x-ms-client-request-id": "mine-2"},
          differs=True), ref="A17")
case("Every answer", "error-without-body-on-head",
     Step("HEAD /{c}/absent", status=404, content=b"", has={"x-ms-error-code": "BlobNotFound"}, hasnt=("Content-Type",),
          differs=True), ref="R1 A5")
case("Every answer", "error-extras-stand-after-message",
     Step("PUT /{c}/b", {"x-ms-blob-type": "Elephant"}, b"", 400,
          elements={".": ["Code", "Message", "HeaderName", "HeaderValue"]}, differs=True), ref="R1")
case("Every answer", "timeout-no-number", put(),
     Step("GET /{c}/b?timeout=soon", status=400, code="InvalidQueryParameterValue", xml={"QueryParameterName": "timeout"},
          differs=True), ref="R1")
case("Every answer", "x-ms-header-twice-with-two-values",
     Step("PUT /{c}/b", {"x-ms-blob-type": ["BlockBlob", "PageBlob"]}, b"x", 400, code="InvalidHeaderValue", auth="{sas}",
          xml={"HeaderName": "x-ms-blob-type", "HeaderValue": "BlockBlob,PageBlob"}, differs=True),
     Step("PUT /{c}/b", {"x-ms-blob-type": ["BlockBlob", "BlockBlob"]}, b"x", 201, auth="{sas}", differs=True), ref="R1")
ORIGIN, METHOD = {"Origin": "http://example.org"}, {"Access-Control-Request-Method": "GET"}
for label, headers, status, code, details in [
        ("without-origin", METHOD, 400, "InvalidHeaderValue", "Invalid required CORS header Origin"),
        ("without-method", ORIGIN, 400, "InvalidHeaderValue", "Invalid required CORS header Access-Control-Request-Method"),
        ("without-rules", {**ORIGIN, **METHOD}, 403, "CorsPreflightFailure", "No CORS rules matches this request")]:
    case("Every answer", f"preflight-{label}", Step("OPTIONS /{c}/b", headers, b"", status, code=code, auth="none",
                                                    xml={"MessageDetails": details}, differs=True), ref="S60")
case("Every answer", "timeout-parameter-is-harmless", put(b"x"), Step("GET /{c}/b?timeout=31536001", content=b"x", differs=True),
     ref="AZURE authentication")
