"""The form of the tables in tables/, and how one case is run and judged.

A case belongs to one of Azure's operations; docs/compatibility.md is made from these. Its steps are sent in order on one
connection, each with what must be there and what must not. `{c}` stands for the case's own container, other names in
braces for what an earlier step saved. Expectations may be a text, a compiled pattern, True (merely there), or a set of
allowed values. A value that depends on saved ones is a function of them.

Rules that hold for every answer are in `rules_of_every_answer`, so no table repeats them.
"""
import re
import time
import uuid
import xml.etree.ElementTree as ET

from lib import azure

ETAG = re.compile(r'^"0x[0-9A-F]+"$')
RFC1123 = re.compile(r"^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$")
MESSAGE = re.compile(r"^.+\nRequestId:[0-9a-f-]{36}\nTime:\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z$", re.S)
XML_DECLARATION = azure.BOM + b'<?xml version="1.0" encoding="utf-8"?>'
L1 = "11111111-1111-4111-8111-111111111111"
L2 = "22222222-2222-4222-8222-222222222222"
L3 = "33333333-3333-4333-8333-333333333333"
OLD = "Thu, 01 Jan 2015 00:00:00 GMT"
BLOCK_BLOB = {"x-ms-blob-type": "BlockBlob"}
ELSEWHERE = ""  # host and port of a server that is no blob store (lib/source.py), for copies: {elsewhere}


class Step:
    def __init__(self, request, headers=None, body=b"", status=200, *, code=None, has=None, hasnt=(), order=(), xml=None,
                 elements=None, content=None, save=None, auth="key", version=azure.VERSION, early=False, differs=False,
                 wait_s=0, host=None, check=None):
        """elements: {path: [child names in order]}; differs: Azurite is known to answer otherwise; early: the answer of
        a request turned away before its version was read; check: a function of (response, saved) that may raise."""
        self.method, self.path = request.split(" ", 1)
        self.request_headers, self.body, self.status, self.code = headers or {}, body, status, code
        self.has, self.hasnt, self.order = has or {}, hasnt, order
        self.xml, self.elements, self.content, self.save = xml or {}, elements or {}, content, save or {}
        self.auth, self.version, self.early, self.differs = auth, version, early, differs
        self.wait_s, self.host, self.check = wait_s, host, check


class Immutability:
    """In a step's place: `bascule immutability` with the case's own container. The case has an account."""

    wait_s = 0

    def __init__(self, action, *more):
        self.action, self.more = action, more


class AccountSet:
    """In a step's place: `bascule account set` on the case's own account, its options without their hyphens."""

    wait_s = 0

    def __init__(self, **options):
        self.options = [part for option, value in options.items() for part in ("--" + option.replace("_", "-"), str(value))]


class Case:
    def __init__(self, table, operation, name, steps, ref, container, differs, not_yet, needs, account, tls):
        self.table, self.operation, self.name, self.steps, self.ref = table, operation, name, steps, ref
        self.container, self.differs, self.not_yet, self.needs = container, differs, not_yet, needs
        self.account, self.tls = account, tls

    @property
    def title(self):
        return f"{self.table}/{self.operation.lower().replace(' ', '-')}/{self.name}"


class Table:
    """One file's cases. ref: the point it comes from, e.g. A6 (AZURE.md), S13 (details), R7 (answers)."""

    def __init__(self, name):
        self.name, self.cases = name, []

    def case(self, operation, name, *steps, ref="", container=True, differs=False, not_yet=False, needs=None, account=None,
             tls=False):
        """needs: another operation without which the case cannot be run; it waits while that is in tables/not_yet.py.
        account: the case runs in an account of its own, made for it and set with `bascule account set`, e.g.
        {"versioning": "on", "delete-retention": 7}; {} = as a new one is. Its keys are those of the development account.
        tls: over HTTPS, of a server of its own."""
        one = Case(self.name, operation, name, list(steps), ref, container, differs, not_yet, needs, account, tls)
        assert one.title not in {case.title for case in self.cases}, f"two cases are called {one.title}"
        self.cases.append(one)


def put(data=b"0123456789abcdef", name="b", headers=None, **more):
    """A block blob as a starting point; its ETag and time are saved as {etag} and {modified}."""
    save = {"etag": "ETag", "modified": "Last-Modified"}
    save.update(more.pop("save", {}))
    return Step(f"PUT /{{c}}/{name}", {**BLOCK_BLOB, **(headers or {})}, data, 201, save=save, **more)


class Failure(Exception):
    pass


def require(condition, text):
    if not condition:
        raise Failure(text)


def filled(value, saved):
    if callable(value):
        return value(saved)
    if isinstance(value, str):
        for name, text in saved.items():
            value = value.replace("{" + name + "}", text)
    elif isinstance(value, list):
        value = [filled(one, saved) for one in value]
    return value


def matches(expected, found):
    if expected is True:
        return found is not None
    if isinstance(expected, (set, frozenset)):
        return found in expected
    if hasattr(expected, "search"):
        return found is not None and bool(expected.search(found))
    return found == expected


def child_names(element):
    return [child.tag for child in element]


def fits(pattern, names):
    """pattern: names in order; a trailing ? marks one that may be missing, a trailing * one that may repeat."""
    regex = "".join({"?": f"(?:{re.escape(p[:-1])},)?", "*": f"(?:{re.escape(p[:-1])},)*"}.get(
        p[-1], f"{re.escape(p)},") for p in pattern)
    return re.fullmatch(regex, "".join(f"{name}," for name in names)) is not None


def rules_of_every_answer(step, method, sent, response):
    """Points R1, A5, A17, A23 and S3 to S5 for whatever was asked."""
    header = response.header
    require(header("x-ms-request-id") and azure.GUID.match(header("x-ms-request-id")), "no x-ms-request-id")
    require(header("Date") and RFC1123.match(header("Date")), "no Date")
    require(len(response.names()) == len(set(response.names())), f"a header comes twice: {response.names()}")
    if not step.early:
        require(header("x-ms-version") == sent.get("x-ms-version", header("x-ms-version")), "x-ms-version is not echoed")
    client_id = sent.get("x-ms-client-request-id")
    if client_id and not step.early:
        require(header("x-ms-client-request-id") == client_id, "x-ms-client-request-id is not echoed")
    etag = header("ETag")
    if etag and step.version >= "2011-08-18":
        require(ETAG.match(etag), f"ETag {etag}")
    if header("Last-Modified"):
        require(RFC1123.match(header("Last-Modified")), "Last-Modified")
    if response.status == 304:
        require(header("x-ms-error-code") == "ConditionNotMet", "304 without its code")
        require(not etag and not header("Last-Modified"), "304 carries ETag or Last-Modified")
    elif response.status >= 400:
        rules_of_errors(step, method, response)
    else:
        require(header("x-ms-error-code") is None, "an error code on success")
        if header("Content-Type") == "application/xml" and response.body.lstrip(azure.BOM).startswith(b"<?xml"):
            require(response.body.startswith(XML_DECLARATION), f"XML begins {response.body[:60]!r}")


def rules_of_errors(step, method, response):
    header = response.header
    if step.version >= "2017-07-29":
        require(header("x-ms-error-code") or step.early, "an error without x-ms-error-code")
    else:
        require(header("x-ms-error-code") is None, "x-ms-error-code before 2017-07-29")
    require(header("ETag") is None, "an error with an ETag")
    if method == "HEAD":
        return
    require(header("Content-Type") == "application/xml", f"error of type {header('Content-Type')}")
    require(response.body.startswith(XML_DECLARATION), f"error begins {response.body[:60]!r}")
    error = response.xml()
    require(error.tag == "Error", error.tag)
    require(child_names(error)[:2] == ["Code", "Message"], f"error's children {child_names(error)}")
    if step.version >= "2017-07-29":
        require(error.findtext("Code") == header("x-ms-error-code") or step.early, "the code of the body is not that of the header")
    require(MESSAGE.match(error.findtext("Message") or ""), f"message {error.findtext('Message')!r}")
    require(header("x-ms-request-id") in error.findtext("Message"), "the message names another request")


def judge(step, response, saved, strict):
    wanted = step.status if isinstance(step.status, (set, frozenset)) else {step.status}
    require(response.status in wanted,
            f"status {response.status}, not {sorted(wanted)}: {response.code() or ''} {response.body[:300]!r}")
    if step.code:
        found = response.code()
        require(matches(step.code, found), f"code {found}, not {step.code}")
    for name, expected in step.has.items():
        expected = filled(expected, saved)
        require(matches(expected, response.header(name)), f"{name}: {response.header(name)!r}, not {expected!r}")
    for name in step.hasnt:
        present = [n for n in response.names() if n == name.lower() or (name.endswith("*") and n.startswith(name[:-1].lower()))]
        require(not present, f"{', '.join(present)} must not be there")
    if step.order and strict:
        places = [response.names().index(n.lower()) if n.lower() in response.names() else None for n in step.order]
        require(None not in places, f"missing of {step.order}: {response.names()}")
        require(places == sorted(places), f"order of headers: {response.names()}")
    if step.content is not None:
        content = filled(step.content, saved)
        require(response.body == content, f"body of {len(response.body)} bytes {response.body[:80]!r}, not {content[:80]!r}")
    if step.xml or step.elements:
        try:
            root = response.xml()
        except ET.ParseError as problem:
            raise Failure(f"not XML: {problem}: {response.body[:200]!r}") from problem
        for path, expected in step.xml.items():
            expected = filled(expected, saved)
            found = [root.attrib.get(path[1:])] if path.startswith("@") else [e.text or "" for e in root.findall(path)]
            if isinstance(expected, list):
                require(found == expected, f"{path}: {found}, not {expected}")
            else:
                require(len(found) == 1 and matches(expected, found[0]), f"{path}: {found}, not {expected!r}")
        for path, pattern in step.elements.items():
            found = [root] if path == "." else root.findall(path)
            require(found, f"no element {path}")
            for element in found:
                require(fits(pattern, child_names(element)), f"{path} has {child_names(element)}, not {pattern}")
    if step.check:
        step.check(response, saved)


def take(step, response, saved):
    for name, source in step.save.items():
        if source.startswith("xml:"):
            saved[name] = response.xml().findtext(source[4:]) or ""
        else:
            value = response.header(source)
            if value is not None:
                saved[name] = value


def send(step, client, saved):
    time.sleep(step.wait_s)
    client.version, client.host = step.version, filled(step.host, saved) if step.host else None
    headers = {name: filled(value, saved) for name, value in step.request_headers.items()}
    auth = filled(step.auth, saved)
    sent_client_id = str(uuid.uuid4())
    headers.setdefault("x-ms-client-request-id", sent_client_id)
    response = client.send(step.method, filled(step.path, saved), headers, filled(step.body, saved), auth)
    expected = {"x-ms-client-request-id": headers["x-ms-client-request-id"]}
    if headers.get("x-ms-version", client.version):
        expected["x-ms-version"] = headers.get("x-ms-version", client.version)
    return response, expected


def run(case, client, strict, target=None):
    """Raises Failure. strict: the documents in every point; otherwise what Azurite is known to do otherwise is let be."""
    if case.account is not None:
        own = azure.Client(client.address, account=target.make_account(case.account), tls=client.tls)
        try:
            return run_in(case, own, strict, target)
        finally:
            own.close()
    return run_in(case, client, strict, target)


def run_in(case, client, strict, target):
    saved = {"c": f"t{uuid.uuid4().hex[:20]}", "sas": azure.account_sas(account=client.account),
             "account": client.account, "address": client.address, "elsewhere": ELSEWHERE}
    if case.container:
        client.version, client.host = azure.VERSION, None
        response = client.send("PUT", f"/{saved['c']}?restype=container")
        require(response.status == 201, f"making the container: {response.status} {response.body[:200]!r}")
    try:
        for number, step in enumerate(case.steps, 1):
            if isinstance(step, Immutability):
                target.command_line("immutability", step.action, f"{client.account}/{saved['c']}", *step.more)
                continue
            if isinstance(step, AccountSet):
                target.command_line("account", "set", client.account, *step.options)
                continue
            try:
                response, sent = send(step, client, saved)
                if strict or not step.differs:
                    judge(step, response, saved, strict)
                if strict:
                    rules_of_every_answer(step, step.method, sent, response)
                take(step, response, saved)
            except Failure as failure:
                raise Failure(f"step {number}, {step.method} {filled(step.path, saved)}: {failure}") from failure
    finally:
        if case.container:
            client.version, client.host = azure.VERSION, None
            try:
                client.send("DELETE", f"/{saved['c']}?restype=container")
            except OSError:
                client.close()
