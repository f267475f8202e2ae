"""A web server that is no blob store: what copies from a URL read from. Each path behaves in one way; the content is the
same everywhere, a pattern by position, so that ranges of it can be told apart.

/plain       content with ETag, Last-Modified, Content-MD5, metadata; ranges and conditions
/norange     the same, deaf to ranges        /nolength   no Content-Length (chunked)
/status/NNN  an error with a body like Azure's  /redirect?to=URL
/cut         half of what is announced, or after=N bytes, then the end
/slow        as /plain, at `rate` bytes a second
/bearer      as /plain for `Authorization: Bearer good`, else 401
/changing    as /plain, with another ETag at each request
All take size=N (default 1000). `requests` counts them by path.
"""
import base64
import collections
import hashlib
import http.server
import threading
import time
import urllib.parse

MODIFIED = "Mon, 06 Jan 2020 10:00:00 GMT"
ETAG = '"source-1"'
PATTERN = bytes((i * 7 + i // 251) % 256 for i in range(251 * 64))


def content(size, first=0):
    """Bytes first..first+size of the endless content."""
    start = first % len(PATTERN)
    return (PATTERN * ((start + size) // len(PATTERN) + 1))[start:start + size]


def md5_of(size):
    return base64.b64encode(hashlib.md5(content(size)).digest()).decode()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_HEAD(self):
        self.do_GET()

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(url.query))
        kind = url.path.strip("/").split("/")[0]
        with self.server.lock:
            self.server.counts[kind] += 1
            turn = self.server.counts[kind]
        size = int(query.get("size", "1000"))
        if kind == "status":
            return self.refuse(int(url.path.rsplit("/", 1)[1]))
        if kind == "redirect":
            return self.head(302, [("Location", query["to"]), ("Content-Length", "0")])
        if kind == "bearer" and self.headers.get("Authorization") != "Bearer good":
            return self.refuse(401)
        self.give(kind, size, query, ETAG if kind != "changing" else f'"source-{turn}"')

    def refuse(self, status):
        body = f"<?xml version='1.0'?><Error><Code>SourceSays{status}</Code><Message>The source says {status}.\nmore</Message></Error>".encode()
        self.head(status, [("Content-Type", "application/xml"), ("Content-Length", str(len(body))), ("x-ms-error-code", f"SourceSays{status}")])
        self.wfile.write(body)

    def head(self, status, headers):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()

    def give(self, kind, size, query, etag):
        common = [("ETag", etag), ("Last-Modified", MODIFIED), ("Content-Type", "text/x-source"), ("Content-Language", "fr"),
                  ("Cache-Control", "max-age=7"), ("x-ms-meta-from", "elsewhere"), ("x-ms-meta-not-allowed", "1")]
        sent = self.headers
        if sent.get("If-Match") not in (None, "*", etag):
            return self.refuse(412)
        if sent.get("If-None-Match") == etag or sent.get("If-Modified-Since") == MODIFIED:
            return self.head(304, common)
        if "2015" in (sent.get("If-Unmodified-Since") or ""):
            return self.refuse(412)
        if kind == "nolength":
            self.head(200, [*common, ("Transfer-Encoding", "chunked")])
            self.wfile.write(b"%x\r\n%s\r\n0\r\n\r\n" % (size, content(size)))
            return None
        first, last, wanted = 0, size - 1, sent.get("Range")
        if wanted and kind != "norange":
            left, _, right = wanted.removeprefix("bytes=").partition("-")
            first, last = int(left), min(int(right or size), size - 1)
            if first >= size:
                return self.refuse(416)
            self.head(206, [*common, ("Content-Length", str(last - first + 1)), ("Content-Range", f"bytes {first}-{last}/{size}")])
        else:
            headers = [*common, ("Content-Length", str(size))]
            if size <= 1 << 20:
                headers.append(("Content-MD5", md5_of(size)))
            self.head(200, headers)
        if self.command == "HEAD":
            return None
        end = min(last + 1, first + int(query.get("after", (last - first + 1) // 2))) if kind == "cut" else last + 1
        rate = int(query.get("rate", "1000000"))
        while first < end:
            part = content(min(end - first, 1 << 16 if kind != "slow" else max(rate // 20, 1)), first)
            try:
                self.wfile.write(part)
            except OSError:
                self.close_connection = True
                return None
            first += len(part)
            if kind == "slow":
                time.sleep(0.05)
        if kind == "cut":
            self.close_connection = True
        return None


class Source(http.server.ThreadingHTTPServer):
    """with Source() as source: ... source.address, source.counts"""
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address=("127.0.0.1", 0)):
        self.lock, self.counts = threading.Lock(), collections.Counter()
        super().__init__(address, Handler)
        self.address = f"{address[0]}:{self.server_port}"
        self.thread = threading.Thread(target=self.serve_forever, daemon=True)

    def handle_error(self, *_):
        pass

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()
