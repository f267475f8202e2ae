"""The HTTP side of the simulator: one thread a connection, one request after another, strict about each."""
import collections
import datetime
import http.server
import json
import re
import socket
import struct
import threading
import time
import urllib.parse
from email.utils import format_datetime
from xml.sax.saxutils import escape

from sigv4 import Refused, canonical_query, encode, verify
from store import Full, NameReused

BODY_LIMIT = 64 << 20
KNOWN_HEADERS = {"host", "authorization", "x-amz-date", "x-amz-content-sha256", "x-amz-security-token", "content-length",
                 "content-type", "range", "expect", "user-agent", "accept", "accept-encoding", "connection", "date"}
LIST_PARAMETERS = {"list-type", "prefix", "start-after", "max-keys"}


class Cut(Exception):
    """Ends the connection without another byte."""


class State:
    """What all connections share."""

    def __init__(self, options, buckets, faults):
        self.options, self.buckets, self.faults = options, buckets, faults
        self.lock = threading.Lock()
        self.requests = collections.Counter()
        self.refusals = collections.Counter()
        self.violations = []
        self.in_flight = self.max_in_flight = self.connections = 0
        self.put_times = collections.deque()

    def now(self):
        return datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=self.options.clock_offset)

    def violation(self, text):
        with self.lock:
            if len(self.violations) < 1000:
                self.violations.append(text)

    def too_fast(self):
        rate = self.options.put_rate
        if not rate:
            return False
        with self.lock:
            now = time.monotonic()
            while self.put_times and self.put_times[0] <= now - 1:
                self.put_times.popleft()
            if len(self.put_times) >= rate:
                return True
            self.put_times.append(now)
            return False

    def report(self):
        with self.lock:
            return {"requests": dict(self.requests), "refusals": dict(self.refusals), "faults": self.faults.counts(),
                    "objects": sum(len(b) for b in self.buckets.values()),
                    "bytes": sum(b.bytes for b in self.buckets.values()),
                    "connections": self.connections, "max_in_flight": self.max_in_flight,
                    "violations": list(self.violations)}


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def __init__(self, address, state, tls=None):
        self.state, self.tls = state, tls
        super().__init__(address, Handler)

    def get_request(self):
        connection, address = super().get_request()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self.tls:  # the handshake is made in the connection's own thread
            connection = self.tls.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        return connection, address

    def handle_error(self, request, client_address):
        pass  # a peer that leaves is its own business


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    rbufsize = 256 * 1024
    timeout = 120

    def setup(self):
        if self.server.tls:
            self.request.settimeout(10)
            self.request.do_handshake()
        super().setup()
        with self.server.state.lock:
            self.server.state.connections += 1

    def log_message(self, *args):
        if self.server.state.options.verbose:
            super().log_message(*args)

    def handle_expect_100(self):
        return True  # sent when the body is about to be read

    def do_any(self):
        state = self.server.state
        if self.path.startswith("/_sim/"):
            return self.admin()
        with state.lock:
            state.in_flight += 1
            state.max_in_flight = max(state.max_in_flight, state.in_flight)
        try:
            self.serve()
        except Refused as refused:
            self.refuse(refused)
        except (Cut, ConnectionError, TimeoutError):
            self.close_connection = True
        finally:
            with state.lock:
                state.in_flight -= 1

    do_GET = do_PUT = do_HEAD = do_DELETE = do_POST = do_any

    # ---- one request

    def serve(self):
        state = self.server.state
        self.struck, self.body_read = [], False
        headers = [(n.lower(), v) for n, v in self.headers.items()]
        path, _, query = self.path.partition("?")
        bucket_name, key = self.address(path)
        self.op = "LIST" if self.command == "GET" and not key else self.command
        with state.lock:
            state.requests[self.op] += 1
        self.struck = state.faults.pick(self.op, key)
        self.strike("early")
        self.check_form(headers, path, query, key)
        body = self.read_body()
        self.strike("before")
        verify(self.command, path, query, headers, body, keys={state.options.access_key: state.options.secret_key},
               region=state.options.region, now=state.now(), token=state.options.session_token)
        self.check_payload_rule(dict(headers))
        bucket = state.buckets.get(bucket_name)
        if bucket is None:
            raise Refused(404, "NoSuchBucket", "The specified bucket does not exist", BucketName=bucket_name)
        getattr(self, "on_" + self.op.lower())(bucket, key, query, body)

    def address(self, path):
        """(bucket, key) of a path-style or virtual-host-style request."""
        options = self.server.state.options
        host = self.headers.get("host", "")
        port = self.server.server_address[1]
        decoded = urllib.parse.unquote(path, errors="strict")
        if not decoded.startswith("/"):
            self.wrong("the target is not in origin form")
        for name in (options.domain, "127.0.0.1", "localhost"):
            if host == f"{name}:{port}":
                bucket, _, key = decoded[1:].partition("/")
                return bucket, key
        suffix = f".{options.domain}:{port}"
        if host.endswith(suffix):
            return host[:-len(suffix)], decoded[1:]
        return self.wrong(f"Host '{host}' is none of this server's")

    def wrong(self, text):
        """What no correct client does, however it is configured."""
        self.server.state.violation(f"{self.command} {self.path.partition('?')[0]}: {text}")
        raise Refused(400, "InvalidRequest", text)

    def check_form(self, headers, path, query, key):
        names = [n for n, _ in headers]
        for name in names:
            if name not in KNOWN_HEADERS:
                self.wrong(f"header '{name}' is not among those that every provider knows")
            if names.count(name) > 1:
                self.wrong(f"header '{name}' is there twice")
        if path != encode(urllib.parse.unquote(path), safe="/"):
            self.wrong("the path is not encoded as it is signed")
        if query != canonical_query(query):
            self.wrong("the query is not encoded and sorted as it is signed")
        parameters = {p.partition("=")[0] for p in query.split("&")} if query else set()
        if self.op not in ("PUT", "GET", "HEAD", "DELETE", "LIST"):
            self.wrong("no such operation")
        if parameters - (LIST_PARAMETERS if self.op == "LIST" else set()):
            self.wrong(f"parameters {sorted(parameters)} are not among those that every provider knows")
        if self.op != "LIST" and not key:
            self.wrong("no object is named")
        if self.op == "PUT" and "content-length" not in names:
            self.wrong("a PUT needs Content-Length")
        if self.op != "PUT" and self.headers.get("content-length", "0") != "0":
            self.wrong("only a PUT has a body")
        if self.op not in ("GET",) and "range" in names:
            self.wrong("only a GET has a Range")

    def check_payload_rule(self, fields):
        rule = self.server.state.options.payload
        unsigned = fields.get("x-amz-content-sha256") == "UNSIGNED-PAYLOAD"
        if self.op == "PUT" and rule != "any" and unsigned != (rule == "unsigned"):
            raise Refused(400, "InvalidRequest", f"This server wants payloads {rule}.")
        if unsigned and not self.server.tls and not self.server.state.options.unsigned_over_plain:
            self.wrong("an unsigned payload over plain http protects nothing")

    def read_body(self):
        length = int(self.headers.get("content-length") or 0)
        if length > BODY_LIMIT:
            raise Refused(400, "EntityTooLarge", "The object is too large for one PUT.")
        if self.headers.get("expect", "").lower() == "100-continue":
            self.send_response_only(100)
            self.end_headers()
        cut = next((r for r in self.struck if r.kind == "cut" and r.when == "body" and self.op == "PUT"), None)
        if cut:
            self.rfile.read(min(length, cut["bytes"] or 0))
            self.drop(cut)
        slow = next((r for r in self.struck if r.kind == "slow" and r["bytes_per_second"] and self.op == "PUT"), None)
        body = bytearray(length)
        view, filled = memoryview(body), 0
        while filled < length:
            step = max(1, slow["bytes_per_second"] // 10) if slow else length
            got = self.rfile.readinto(view[filled:filled + step])
            if not got:
                raise Cut()
            filled += got
            if slow and filled < length:
                time.sleep(got / slow["bytes_per_second"])
        self.body_read = True
        return body

    # ---- faults

    def strike(self, when):
        for rule in self.struck:
            if rule.kind == "slow" and when == "before" and rule["seconds"]:
                time.sleep(rule["seconds"])
            if rule.when != when:
                continue
            if rule.kind == "cut":
                self.drop(rule)
            if rule.kind == "error":
                refused = Refused(rule["status"] or 500, rule["code"] if rule["code"] is not None else "InternalError",
                                  rule["message"] or "on order", **(rule["extra"] or {}))
                refused.headers = rule["headers"] or {}
                raise refused

    def drop(self, rule):
        if rule["reset"]:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        else:
            self.connection.shutdown(socket.SHUT_RDWR)
        raise Cut()

    def one(self, kind):
        return next((r for r in self.struck if r.kind == kind), None)

    # ---- operations

    def on_put(self, bucket, key, query, body):
        if self.server.state.too_fast():
            raise Refused(503, "SlowDown", "Please reduce your request rate.")
        try:
            bucket.put(key, body, lose=self.one("lose") is not None)
        except NameReused:
            self.server.state.violation(f"PUT of '{key}' again with other content")
            raise Refused(409, "InvalidRequest", "This name had other content.") from None
        except Full:
            raise Refused(403, "QuotaExceeded", "The bucket is full.") from None
        self.strike("after")
        self.answer(200, [("ETag", '"%032x"' % self.server.state.faults.below(1 << 128))], b"")

    def on_get(self, bucket, key, query, body):
        data = bucket.get(key)
        if data is None:
            raise Refused(404, "NoSuchKey", "The specified key does not exist.", Key=key)
        if shrink := self.one("shrink"):
            data = data[:shrink["bytes"] or 0]
        size, status, first, last = len(data), 200, 0, len(data) - 1
        asked = self.headers.get("range")
        if asked is not None and not self.one("whole"):
            match = re.fullmatch(r"bytes=(\d+)-(\d+)", asked)
            if not match or int(match[2]) < int(match[1]):
                self.wrong(f"Range '{asked}' is not of the form bytes=FIRST-LAST")
            if int(match[1]) >= size:
                raise Refused(416, "InvalidRange", "The requested range is not satisfiable")
            status, first, last = 206, int(match[1]), min(int(match[2]), size - 1)
            if (short := self.one("short")) and last > first:
                last = max(first, last - (short["bytes"] or 1))
        part = bytearray(data[first:last + 1]) if self.one("flip") else memoryview(data)[first:last + 1]
        if (flip := self.one("flip")) and part:
            at = flip["at"] if flip["at"] is not None else self.server.state.faults.below(len(part))
            part[at % len(part)] ^= 0x20
        self.strike("after")
        headers = [("Accept-Ranges", "bytes"), ("Content-Type", "binary/octet-stream")]
        if status == 206:
            headers.append(("Content-Range", f"bytes {first}-{last}/{size}"))
        self.answer(status, headers, part)

    def on_head(self, bucket, key, query, body):
        data = bucket.get(key)
        if data is None:
            raise Refused(404, "NoSuchKey", "The specified key does not exist.")
        if shrink := self.one("shrink"):
            data = data[:shrink["bytes"] or 0]
        self.strike("after")
        self.answer(200, [("Accept-Ranges", "bytes")], data)

    def on_delete(self, bucket, key, query, body):
        bucket.remove(key)
        self.strike("after")
        self.answer(204, [], None)

    def on_list(self, bucket, key, query, body):
        asked = dict(p.partition("=")[::2] for p in query.split("&") if p)
        asked = {n: urllib.parse.unquote(v) for n, v in asked.items()}
        if asked.get("list-type") != "2":
            self.wrong("only ListObjectsV2 is spoken")
        limit = int(asked.get("max-keys", "1000"))
        objects, truncated = bucket.listing(asked.get("prefix", ""), asked.get("start-after", ""), min(limit, 1000))
        self.strike("after")
        rows = "".join(f"<Contents><Key>{escape(k)}</Key><LastModified>2000-01-01T00:00:00.000Z</LastModified>"
                       f"<Size>{s}</Size><StorageClass>STANDARD</StorageClass></Contents>" for k, s in objects)
        page = ('<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
                f"<Prefix>{escape(asked.get('prefix', ''))}</Prefix><KeyCount>{len(objects)}</KeyCount>"
                f"<MaxKeys>{limit}</MaxKeys><IsTruncated>{str(truncated).lower()}</IsTruncated>{rows}</ListBucketResult>")
        self.answer(200, [("Content-Type", "application/xml")], page.encode())

    # ---- answers

    def refuse(self, refused):
        state = self.server.state
        with state.lock:
            state.refusals[refused.code] += 1
        elements = {"Code": refused.code, "Message": refused.message, **refused.extra, "RequestId": self.request_id()}
        document = '<?xml version="1.0" encoding="UTF-8"?>\n<Error>' + "".join(
            f"<{n}>{escape(str(v))}</{n}>" for n, v in elements.items()) + "</Error>"
        if not self.body_read and self.headers.get("content-length", "0") != "0":
            self.close_connection = True
        headers = [("Content-Type", "application/xml"), *getattr(refused, "headers", {}).items()]
        try:
            self.answer(refused.status, headers, document.encode() if refused.code else b"", faults=False)
        except (Cut, ConnectionError, TimeoutError):
            self.close_connection = True

    def request_id(self):
        with self.server.state.lock:
            return "SIM%013d" % sum(self.server.state.requests.values())

    def answer(self, status, headers, body, faults=True):
        lines = [f"HTTP/1.1 {status} {http.server.BaseHTTPRequestHandler.responses[status][0]}",
                 f"Date: {format_datetime(self.server.state.now(), usegmt=True)}", "Server: s3sim",
                 f"x-amz-request-id: {self.request_id()}"]
        lines += [f"{n}: {v}" for n, v in headers]
        if body is not None:
            lines.append(f"Content-Length: {len(body)}")
        if self.close_connection:
            lines.append("Connection: close")
        self.log_message('"%s" %d', self.requestline, status)
        head = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
        if body is None or self.command == "HEAD":
            self.connection.sendall(head)
            return
        cut = next((r for r in self.struck if r.kind == "cut" and r.when == "body"), None) if faults else None
        slow = next((r for r in self.struck if r.kind == "slow" and r["bytes_per_second"]), None) if faults else None
        if len(body) <= 16384 and not cut and not slow:
            self.connection.sendall(head + bytes(body))
            return
        self.connection.sendall(head)
        view = memoryview(body)[:min(len(body), cut["bytes"] or 0)] if cut else memoryview(body)
        step = max(1, slow["bytes_per_second"] // 10) if slow else max(1, len(view))
        for at in range(0, len(view), step):
            self.connection.sendall(view[at:at + step])
            if slow:
                time.sleep(0.1)
        if cut:
            self.drop(cut)

    # ---- the tests' own side: /_sim/…

    def admin(self):
        state = self.server.state
        self.struck, self.op = [], "ADMIN"
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        path, _, query = self.path.partition("?")
        asked = {n: v[0] for n, v in urllib.parse.parse_qs(query).items()}
        status, text = 200, "{}"
        try:
            if (self.command, path) == ("GET", "/_sim/report"):
                text = report_text(state)
            elif (self.command, path) == ("PUT", "/_sim/faults"):
                state.faults.replace(json.loads(body))
            elif (self.command, path) == ("DELETE", "/_sim/violations"):
                with state.lock:
                    state.violations.clear()
            elif (self.command, path) == ("DELETE", "/_sim/object"):  # loses it without a word
                state.buckets[asked["bucket"]].lose(asked["key"])
            elif (self.command, path) == ("PUT", "/_sim/object"):  # as a stranger would put it
                state.buckets[asked["bucket"]].put(asked["key"], body)
            else:
                status, text = 404, '"no such thing"'
        except (KeyError, ValueError) as error:
            status, text = 400, json.dumps(str(error))
        self.answer(status, [("Content-Type", "application/json")], text.encode())


def report_text(state):
    return json.dumps(state.report(), indent=1, sort_keys=True)
