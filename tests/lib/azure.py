"""Azure Blob Storage as raw HTTP: requests signed by hand, answers read byte by byte. Standard library only.

Written from Microsoft's published rules, independently of the server under test and of its code.
"""
import base64
import datetime
import hashlib
import hmac
import re
import socket
import ssl
import urllib.parse
import uuid
import xml.etree.ElementTree as ET

ACCOUNT = "devstoreaccount1"
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
VERSION = "2023-11-03"
BOM = b"\xef\xbb\xbf"


def http_date(moment=None):
    moment = moment or datetime.datetime.now(datetime.timezone.utc)
    return moment.strftime("%a, %d %b %Y %H:%M:%S GMT")


def iso(delta_s=0, form="%Y-%m-%dT%H:%M:%SZ"):
    moment = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=delta_s)
    return moment.strftime(form)


def sign(key, text):
    return base64.b64encode(hmac.new(base64.b64decode(key), text.encode("utf-8"), hashlib.sha256).digest()).decode()


def header_order(name):
    """Culture-aware order: hyphens count only between names otherwise equal; digits stand before letters."""
    primary = tuple((0 if c == "_" else 1 if c.isdigit() else 2, c) for c in name.lower() if c != "-")
    hyphens = tuple(1 if c == "-" else 0 for c in name)
    return primary, hyphens


def canonical_headers(headers):
    named = {}
    for name, value in headers:
        name = name.lower()
        if name.startswith("x-ms-"):
            named.setdefault(name, []).append(value.strip())
    return "".join(f"{name}:{','.join(named[name])}\n" for name in sorted(named, key=header_order))


def split_target(target):
    path, _, query = target.partition("?")
    return path, query


def query_pairs(query):
    pairs = []
    for part in query.split("&") if query else []:
        name, _, value = part.partition("=")
        pairs.append((urllib.parse.unquote(name), urllib.parse.unquote(value)))
    return pairs


def canonical_resource(account, target):
    path, query = split_target(target)
    named = {}
    for name, value in query_pairs(query):
        named.setdefault(name.lower(), []).append(value)
    return f"/{account}{path}" + "".join(f"\n{name}:{','.join(sorted(named[name]))}" for name in sorted(named))


def header(headers, name):
    for key, value in headers:
        if key.lower() == name.lower():
            return value
    return ""


def shared_key(account, key, method, target, headers):
    length = header(headers, "Content-Length")
    if length == "0" and (header(headers, "x-ms-version") or "2015-02-21") >= "2015-02-21":   # before, signed as it is
        length = ""
    fields = [method, header(headers, "Content-Encoding"), header(headers, "Content-Language"), length, header(headers, "Content-MD5"), header(headers, "Content-Type"),
              "" if header(headers, "x-ms-date") else header(headers, "Date"),
              header(headers, "If-Modified-Since"), header(headers, "If-Match"), header(headers, "If-None-Match"),
              header(headers, "If-Unmodified-Since"), header(headers, "Range")]
    text = "\n".join(fields) + "\n" + canonical_headers(headers) + canonical_resource(account, target)
    return f"SharedKey {account}:{sign(key, text)}"


def shared_key_lite(account, key, method, target, headers):
    path, query = split_target(target)
    resource = f"/{account}{path}"
    comp = [value for name, value in query_pairs(query) if name.lower() == "comp"]
    if comp:
        resource += f"?comp={comp[0]}"
    date = "" if header(headers, "x-ms-date") else header(headers, "Date")
    fields = [method, header(headers, "Content-MD5"), header(headers, "Content-Type"), date]
    text = "\n".join(fields) + "\n" + canonical_headers(headers) + resource
    return f"SharedKeyLite {account}:{sign(key, text)}"


def encode_query(pairs):
    return "&".join(f"{name}={urllib.parse.quote(str(value), safe='')}" for name, value in pairs)


def account_sas(sv="2021-08-06", ss="b", srt="sco", sp="rwdlacup", se=None, st="", sip="", spr="", ses="",
                account=ACCOUNT, key=KEY, tamper=False):
    se = se or iso(3600)
    fields = [account, sp, ss, srt, st, se, sip, spr, sv]
    if sv >= "2020-12-06":
        fields.append(ses)
    signature = sign(key, "\n".join(fields) + "\n")
    if tamper:
        signature = ("B" if signature[0] == "A" else "A") + signature[1:]
    pairs = [("sv", sv), ("ss", ss), ("srt", srt), ("sp", sp), ("st", st), ("se", se), ("sip", sip), ("spr", spr),
             ("ses", ses), ("sig", signature)]
    return encode_query([(name, value) for name, value in pairs if value])


def service_sas(resource, sv="2021-08-06", sr="b", sp="r", se=None, st="", si="", sip="", spr="", snapshot="", ses="",
                rscc="", rscd="", rsce="", rscl="", rsct="", account=ACCOUNT, key=KEY, tamper=False):
    """resource: /container or /container/blob, decoded. sv="" gives the form that has no version (2009-09-19)."""
    if se is None:
        se = "" if si else iso(3600)
    prefix = "/blob" if sv >= "2015-02-21" else ""
    fields = [sp, st, se, f"{prefix}/{account}{resource}", si]
    overrides = [rscc, rscd, rsce, rscl, rsct]
    if sv >= "2020-12-06":
        fields += [sip, spr, sv, sr, snapshot, ses] + overrides
    elif sv >= "2018-11-09":
        fields += [sip, spr, sv, sr, snapshot] + overrides
    elif sv >= "2015-04-05":
        fields += [sip, spr, sv] + overrides
    elif sv >= "2013-08-15":
        fields += [sv] + overrides
    elif sv >= "2012-02-12":
        fields += [sv]
    signature = sign(key, "\n".join(fields))
    if tamper:
        signature = ("B" if signature[0] == "A" else "A") + signature[1:]
    pairs = [("sv", sv), ("sr", sr), ("sp", sp), ("st", st), ("se", se), ("si", si), ("sip", sip), ("spr", spr),
             ("ses", ses), ("rscc", rscc), ("rscd", rscd), ("rsce", rsce), ("rscl", rscl), ("rsct", rsct),
             ("sig", signature)]
    return encode_query([(name, value) for name, value in pairs if value])


class Response:
    """An answer as it came: headers in order, in the case sent; the body decoded from its chunks."""

    def __init__(self, status, reason, headers, body, interim=()):
        self.status, self.reason, self.headers, self.body, self.interim = status, reason, headers, body, interim

    def header(self, name):
        for key, value in self.headers:
            if key.lower() == name.lower():
                return value
        return None

    def names(self):
        return [key.lower() for key, _ in self.headers]

    def xml(self):
        text = self.body[len(BOM):] if self.body.startswith(BOM) else self.body
        return ET.fromstring(text)

    def xml_text(self, path):
        return [element.text or "" for element in self.xml().findall(path)]

    def code(self):
        """The error's code, from the body where there is one, else from the header."""
        if self.body:
            try:
                return self.xml().findtext("Code")
            except ET.ParseError:
                return None
        return self.header("x-ms-error-code")


class Closed(ConnectionError):
    """The server closed the connection before a whole answer."""


class Connection:
    """One HTTP/1.1 connection. Sends what it is told, however wrong, and reads answers strictly."""

    def __init__(self, address, tls=None, timeout_s=60):
        host, _, port = address.rpartition(":")
        self.socket = socket.create_connection((host.strip("[]"), int(port)), timeout_s)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls:
            self.socket = tls.wrap_socket(self.socket, server_hostname=host)
        self.buffer = b""

    def close(self):
        self.socket.close()

    def write(self, data):
        self.socket.sendall(data)

    def _more(self):
        data = self.socket.recv(1 << 16)
        if not data:
            raise Closed("connection closed by the server")
        self.buffer += data

    def _line(self):
        while b"\r\n" not in self.buffer:
            self._more()
        line, _, self.buffer = self.buffer.partition(b"\r\n")
        return line

    def _exactly(self, size):
        parts, have = [self.buffer], len(self.buffer)
        while have < size:
            data = self.socket.recv(1 << 18)
            if not data:
                raise Closed(f"connection closed {size - have} bytes early")
            parts.append(data)
            have += len(data)
        whole = b"".join(parts)
        self.buffer = whole[size:]
        return whole[:size]

    def _head(self):
        version, status, reason = (self._line().decode("latin-1") + "  ").split(" ", 2)
        assert version == "HTTP/1.1", version
        headers = []
        while True:
            line = self._line()
            if not line:
                return int(status), reason.strip(), headers
            name, _, value = line.decode("latin-1").partition(":")
            headers.append((name, value.strip()))

    def read(self, method="GET"):
        interim = []
        status, reason, headers = self._head()
        while status < 200:
            interim.append(status)
            status, reason, headers = self._head()
        named = {name.lower(): value for name, value in headers}
        if method == "HEAD" or status in (204, 304):
            body = b""
        elif named.get("transfer-encoding", "").lower() == "chunked":
            body = b""
            while True:
                size = int(self._line().split(b";")[0], 16)
                if size == 0:
                    while self._line():
                        pass
                    break
                body += self._exactly(size)
                self._exactly(2)
        elif "content-length" in named:
            body = self._exactly(int(named["content-length"]))
        else:
            body = b""
            try:
                while True:
                    self._more()
            except Closed:
                body, self.buffer = self.buffer, b""
        if named.get("connection", "").lower() == "close":
            self.close()
        return Response(status, reason, headers, body, interim)


class Client:
    """Requests to one account of one server, on a kept connection."""

    def __init__(self, address, account=ACCOUNT, key=KEY, host=None, version=VERSION, tls=None):
        self.address, self.account, self.key, self.tls = address, account, key, tls
        self.host, self.version = host, version
        self.connection = None

    def target(self, path):
        """Path style unless a host of the account's own is given."""
        return path if self.host else f"/{self.account}{path}"

    def headers(self, method, target, headers, body, auth):
        merged = {"Host": self.host or self.address, "x-ms-version": self.version, "x-ms-date": http_date(),
                  "x-ms-client-request-id": str(uuid.uuid4())}
        if body is not None and method in ("PUT", "POST", "DELETE", "PATCH"):
            merged["Content-Length"] = str(len(body))
        if auth not in ("key", "lite"):
            del merged["x-ms-date"]
        many = []
        for name, value in (headers or {}).items():
            for known in [k for k in merged if k.lower() == name.lower()]:
                del merged[known]
            if isinstance(value, list):
                many += [(name, one) for one in value]
            elif value is not None:
                merged[name] = value
        pairs = list(merged.items()) + many
        if auth == "key":
            pairs.append(("Authorization", shared_key(self.account, self.key, method, target, pairs)))
        elif auth == "lite":
            pairs.append(("Authorization", shared_key_lite(self.account, self.key, method, target, pairs)))
        return pairs

    def send(self, method, path, headers=None, body=b"", auth="key"):
        """auth: key, lite, none, or the query string of a SAS. A header of value None is left out."""
        if auth not in ("key", "lite", "none"):
            path += ("&" if "?" in path else "?") + auth
        target = self.target(path)
        pairs = self.headers(method, target, headers, body, auth)
        head = f"{method} {target} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in pairs) + "\r\n"
        waits = any(name.lower() == "expect" for name, _ in pairs)
        data = head.encode("utf-8")
        for attempt in (1, 2):
            fresh = self.connection is None or self.connection.socket.fileno() < 0
            if fresh:
                self.connection = Connection(self.address, self.tls)
            try:
                if waits:
                    return self._send_expecting(method, data, body)
                try:
                    self.connection.write(data + (body or b""))
                except (BrokenPipeError, ConnectionResetError):
                    if not fresh:
                        raise
                return self.connection.read(method)
            except (Closed, BrokenPipeError, ConnectionResetError):
                self.close()
                if fresh or attempt == 2:
                    raise

    def _send_expecting(self, method, data, body):
        """Withholds the body until 100 Continue, as the C++ SDK does; a final answer instead is taken as it is."""
        self.connection.write(data)
        status, reason, headers = self.connection._head()
        if status == 100:
            self.connection.write(body or b"")
            response = self.connection.read(method)
            response.interim.insert(0, 100)
            return response
        length = int(header(headers, "Content-Length") or 0)
        content = self.connection._exactly(length) if length else b""
        self.close()
        return Response(status, reason, headers, content, [])

    def close(self):
        if self.connection:
            self.connection.close()
            self.connection = None


def trusting(ca_file):
    return ssl.create_default_context(cafile=ca_file)


def block_id(number, width=8):
    return base64.b64encode(f"{number:0{width}d}".encode()).decode()


def block_list(entries):
    """entries: (kind, id) pairs, kind being Latest, Committed or Uncommitted."""
    inner = "".join(f"<{kind}>{identifier}</{kind}>" for kind, identifier in entries)
    return f'<?xml version="1.0" encoding="utf-8"?><BlockList>{inner}</BlockList>'.encode()


def md5(data):
    return base64.b64encode(hashlib.md5(data).digest()).decode()


def _crc64_table():
    table = []
    for index in range(256):
        value = index
        for _ in range(8):
            value = (value >> 1) ^ 0x9A6C9329AC4BC9B5 if value & 1 else value >> 1
        table.append(value)
    return table


_TABLE = _crc64_table()


def crc64(data):
    """CRC-64/NVME of data, in Base64 of its little-endian bytes, as Azure writes it."""
    value = 0xFFFFFFFFFFFFFFFF
    for byte in data:
        value = _TABLE[(value ^ byte) & 0xFF] ^ (value >> 8)
    return base64.b64encode((value ^ 0xFFFFFFFFFFFFFFFF).to_bytes(8, "little")).decode()


GUID = re.compile(r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$")
