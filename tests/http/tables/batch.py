"""Blob Batch: parts authorised and answered one by one; what is wrong with the whole."""
from case import ETAG, Step, Table, put, require
from lib import azure, multipart
from lib.multipart import plain, signed

table = Table("batch")
case = table.case
TYPE = {"Content-Type": "multipart/mixed; boundary=batch_0"}


def batch(*requests, to="/?comp=batch", status=202, headers=None, ids=None, answers=None, **more):
    """requests: functions of saved giving (method, target, headers). answers: what each part's answer is, as
    (status, code) or a function of the part."""
    def made(saved):
        return multipart.body([request(saved) for request in requests], ids=ids)

    def checked(response, saved):
        found = multipart.parts(response)
        require(len(found) == len(answers), f"{len(found)} parts: {response.body[:600]!r}")
        for number, (part, wanted) in enumerate(zip(found, answers)):
            if callable(wanted):
                wanted(part)
                continue
            status, code = wanted
            require(part.status == status, f"part {number}: {part.status} {part.reason} {part.body[:200]}")
            require(part.headers.get("x-ms-error-code") == code, f"part {number}: {part.headers}")
            require(part.headers.get("x-ms-version") == more.get("version", azure.VERSION), f"part {number}: {part.headers}")
            require("date" not in part.headers, "a part has a Date")
            if code:
                require(f"<Code>{code}</Code>" in part.body, part.body)
                require(int(part.headers["content-length"]) == len(part.body.removesuffix("\r\n").encode()), "a part's length")

    return Step(f"POST {to}", {**TYPE, **(headers or {})}, made, status, check=checked if answers is not None else None, **more)


def delete(name, container="{c}", account=True, headers=None, sign=True, key=azure.KEY, query=""):
    def request(saved):
        target = f"/{container.replace('{c}', saved['c'])}/{name}{query.replace('{sas}', saved['sas'])}"
        if account:
            target = f"/{azure.ACCOUNT}{target}"
        return signed("DELETE", target, headers, key=key) if sign else plain("DELETE", target, headers)
    return request


def tier(name, value="Cool"):
    return lambda saved: signed("PUT", f"/{azure.ACCOUNT}/{saved['c']}/{name}?comp=tier", {"x-ms-access-tier": value})


def request(method, target):
    return lambda saved: signed(method, f"/{azure.ACCOUNT}{target.replace('{c}', saved['c'])}")


CONTAINER = "/{c}?restype=container&comp=batch"
for kind, to in (("Blob Batch", "/?comp=batch"), ("Blob Batch in Container", CONTAINER)):
    case(kind, "deletes",
         put(name="one"), put(name="two%20words"),
         batch(delete("one"), delete("two%20words"), to=to, answers=[(202, None), (202, None)],
               has={"Transfer-Encoding": "chunked"}, hasnt=("ETag", "Last-Modified")),
         Step("HEAD /{c}/one", status=404), Step("HEAD /{c}/two%20words", status=404), ref="R9")
    case(kind, "a-part-that-fails-fails-alone",
         put(name="one"),
         batch(delete("absent"), delete("one"), to=to, answers=[(404, "BlobNotFound"), (202, None)]),
         Step("HEAD /{c}/one", status=404), ref="A16 R9")
    case(kind, "all-parts-failing-is-still-202",
         batch(delete("a"), delete("b"), to=to, answers=[(404, "BlobNotFound")] * 2), ref="R9")
    case(kind, "parts-without-the-accounts-segment",
         put(name="one"), batch(delete("one", account=False), to=to, answers=[(202, None)], differs=True),
         Step("HEAD /{c}/one", status=404, differs=True), ref="R9")
    case(kind, "needs-credentials-itself",
         put(name="one"), batch(delete("one"), to=to, status=401, auth="none", code="NoAuthenticationInformation"),
         Step("HEAD /{c}/one"), ref="A16", differs=True)
    case(kind, "each-part-needs-its-own-credentials",
         put(name="one"),
         batch(delete("one", sign=False), delete("one", key=azure.KEY[:-4] + "AA=="), to=to,
               answers=[(401, "NoAuthenticationInformation"), (403, "AuthenticationFailed")]),
         Step("HEAD /{c}/one"), ref="A16", differs=True)
    case(kind, "parts-by-sas",
         put(name="one"),
         batch(delete("one", sign=False, query="?{sas}"), to=to, answers=[(202, None)], auth="{sas}"),
         Step("HEAD /{c}/one", status=404), ref="A16 S27")

case("Blob Batch", "form-of-a-part",
     put(name="one"),
     batch(delete("one", headers={"x-ms-client-request-id": "mine"}), delete("absent", headers={"x-ms-client-request-id": "mine"}),
           answers=[
               lambda part: (require(part.id == "0" and part.outer["Content-Type"] == "application/http", part.outer),
                             require(part.reason == "Accepted", part.reason),
                             require(part.names == ["x-ms-delete-type-permanent", "x-ms-request-id", "x-ms-version",
                                                    "x-ms-client-request-id", "server"], part.names),
                             require(part.headers["x-ms-client-request-id"] == "mine", part.headers),
                             require(part.body == "", part.body)),
               lambda part: (require(part.reason == "The specified blob does not exist.", part.reason),
                             require(part.names == ["x-ms-error-code", "x-ms-request-id", "x-ms-version",
                                                    "x-ms-client-request-id", "content-length", "content-type", "server"],
                                     part.names),
                             require(part.body.startswith("\ufeff<?xml"), part.body[:20]))]), ref="R9", differs=True)
case("Blob Batch", "content-ids-are-given-back",
     batch(delete("a"), delete("b"), ids=["x7", "42"],
           answers=[lambda part: require(part.id == "x7", part.id), lambda part: require(part.id == "42", part.id)]),
     ref="R9", differs=True)
case("Blob Batch", "conditions-and-leases-of-a-part",
     put(name="one"),
     batch(delete("one", headers={"If-Match": '"0x1"'}), delete("one", headers={"If-None-Match": "*"}),
           answers=[(412, "ConditionNotMet"), lambda part: require(part.status in (400, 409, 412), part.status)]),
     Step("HEAD /{c}/one"), ref="A16")
case("Blob Batch", "set-tier",
     put(name="one"), put(name="two"),
     batch(tier("one"), tier("absent"), tier("two", "Cold"),
           answers=[(200, None), (404, "BlobNotFound"), (200, None)]),
     Step("HEAD /{c}/one", has={"x-ms-access-tier": "Cool"}), Step("HEAD /{c}/two", has={"x-ms-access-tier": "Cold"}),
     ref="A16 S58", needs="Set Blob Tier")
case("Blob Batch", "256-parts",
     batch(*[delete(f"b{n}") for n in range(256)], answers=[(404, "BlobNotFound")] * 256), ref="A16")


def whole(name, code, *requests, to="/?comp=batch", **more):
    def answer(part):
        require(part.id is None, f"the part has an id: {part.outer}")
        require(part.status == 400 and part.headers.get("x-ms-error-code") == code, f"{part.status} {part.headers}")
    case("Blob Batch", name, put(name="one"), batch(*requests, to=to, answers=[answer], **more),
         Step("HEAD /{c}/one"), ref="A16 S58", differs=True)


whole("257-parts", "ExceedsMaxBatchRequestCount", *[delete(f"b{n}") for n in range(256)], delete("one"))
whole("two-kinds", "AllBatchSubRequestsShouldBeSameApi", delete("one"), tier("one"))
whole("other-operations", "InvalidInput", request("GET", "/{c}/one"))
whole("a-containers-deletion", "InvalidInput", request("DELETE", "/{c}?restype=container"))
whole("a-batch-within", "InvalidInput", request("POST", "/?comp=batch"))
whole("another-container", "InvalidInput", delete("one", container="another-container"), to=CONTAINER)
whole("no-part", "InvalidInput")
whole("no-content-id", "InvalidInput", delete("one"), ids=[None])
case("Blob Batch", "no-closing-delimiter",
     Step("POST /?comp=batch", TYPE, b"--batch_0\r\nContent-Type: application/http\r\nContent-ID: 0\r\n\r\nDELETE /a/b HTTP/1.1\r\n\r\n",
          202, check=lambda response, _: require(multipart.parts(response)[0].headers["x-ms-error-code"] == "InvalidInput",
                                                 response.body)), ref="R9", differs=True)
case("Blob Batch", "version-within-a-part",
     put(name="one"),
     batch(delete("one", headers={"x-ms-version": "2019-12-12"}), answers=[(202, None)]),
     Step("HEAD /{c}/one", status=404), ref="S58", differs=True)
case("Blob Batch", "not-multipart",
     Step("POST /?comp=batch", {"Content-Type": "application/xml"}, b"x", 400, code="InvalidHeaderValue"),
     Step("POST /?comp=batch", {"Content-Type": "multipart/mixed"}, b"x", 400, code="InvalidHeaderValue"),
     ref="A16", differs=True)
case("Blob Batch", "before-2018-11-09",
     Step("POST /?comp=batch", TYPE, b"--batch_0--", 409, code="FeatureVersionMismatch", version="2018-03-28"), ref="S6", differs=True)
case("Blob Batch in Container", "before-2020-04-08",
     Step("POST " + CONTAINER, TYPE, b"--batch_0--", 409, code="FeatureVersionMismatch", version="2019-12-12"), ref="S58", differs=True)
case("Blob Batch", "over-4-mib",
     Step("POST /?comp=batch", TYPE, b"x" * (4 * 1024 * 1024 + 1), 413, code="RequestBodyTooLarge"), ref="S58", differs=True)
