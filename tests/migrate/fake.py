"""A source that misbehaves on request: enough of Azure's protocol for a migration to read it, and faults chosen by a seed.

It checks no signature. Content is made from the blob's name, so that a million blobs need no memory.
"""
import asyncio
import base64
import hashlib
import random
import re
import threading
import time
import urllib.parse

ACCOUNT = "devstoreaccount1"
PAGE = 5000


def body_of(name, size):
    if size == 0:
        return b""
    block = hashlib.sha256(name.encode()).digest()
    return (block * (size // len(block) + 1))[:size]


class Container:
    """Blobs b000000000…: `count` of them, `size` bytes each; with_md5: they have a Content-MD5."""

    def __init__(self, count, size, with_md5=True):
        self.count, self.size, self.with_md5 = count, size, with_md5

    def name(self, index):
        return f"b{index:09d}"

    def has(self, name):
        return re.fullmatch(r"b\d{9}", name) and int(name[1:]) < self.count

    def md5(self, name):
        return base64.b64encode(hashlib.md5(body_of(name, self.size)).digest()).decode()

    def page(self, start):
        """XML of the blobs from index `start` on, and the next index."""
        end = min(self.count, start + PAGE)
        parts = ['<?xml version="1.0" encoding="utf-8"?><EnumerationResults><Blobs>']
        for index in range(start, end):
            name = self.name(index)
            md5 = f"<Content-MD5>{self.md5(name)}</Content-MD5>" if self.with_md5 else ""
            parts.append(f"<Blob><Name>{name}</Name><Properties><Etag>0x{index:X}A</Etag><Content-Length>{self.size}</Content-Length>"
                         f"<Content-Type>text/plain</Content-Type>{md5}<BlobType>BlockBlob</BlobType><ServerEncrypted>true"
                         "</ServerEncrypted></Properties></Blob>")
        parts.append(f"</Blobs><NextMarker>{end if end < self.count else ''}</NextMarker></EnumerationResults>")
        return "".join(parts).encode()


class Faults:
    """kind -> chance per request for a blob's content (or of any request, for busy, 429 and reset); drawn from a seed.
    `most` bounds how often each blob's requests fail. Remembers what it did."""

    def __init__(self, seed=1, most=2, retry_after=None, **chances):
        self.random, self.most, self.retry_after, self.chances = random.Random(seed), most, retry_after, chances
        self.done, self.by_target, self.lock = {}, {}, threading.Lock()

    def draw(self, target, is_content):
        with self.lock:
            if self.by_target.get(target, 0) >= self.most:
                return None
            for kind, chance in self.chances.items():
                if (is_content or kind in ("busy", "too_many", "reset")) and self.random.random() < chance:
                    self.by_target[target] = self.by_target.get(target, 0) + 1
                    self.done[kind] = self.done.get(kind, 0) + 1
                    return kind
        return None


class Source:
    """with Source({"name": Container(…)}, Faults(…)) as source: … source.address"""

    def __init__(self, containers, faults=None):
        self.containers, self.faults = containers, faults or Faults()
        self.requests, self.reads, self.quiet_until, self.early = 0, {}, 0, 0
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)

    def __enter__(self):
        self.thread.start()
        self.server = asyncio.run_coroutine_threadsafe(asyncio.start_server(self.serve, "127.0.0.1", 0, limit=1 << 16), self.loop).result()
        self.address = "127.0.0.1:%d" % self.server.sockets[0].getsockname()[1]
        return self

    def __exit__(self, *_):
        asyncio.run_coroutine_threadsafe(self.end(), self.loop).result()
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(10)
        self.loop.close()

    async def end(self):
        self.server.close()
        rest = asyncio.all_tasks() - {asyncio.current_task()}
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)

    async def serve(self, reader, writer):
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                if not await self.answer(head, writer):
                    break
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.LimitOverrunError, asyncio.CancelledError):
            pass
        finally:
            writer.transport.abort()

    async def answer(self, head, writer):
        line, *fields = head.split("\r\n")
        method, target, _ = line.split(" ")
        headers = {name.lower(): value.strip() for name, _, value in (field.partition(":") for field in fields if field)}
        path, _, query = target.partition("?")
        asked = dict(urllib.parse.parse_qsl(query))
        _, _, container, *rest = urllib.parse.unquote(path).split("/", 3)
        name = rest[0] if rest else ""
        self.requests += 1
        is_content = bool(name) and method == "GET" and "comp" not in asked
        kind = self.faults.draw(target, is_content)
        if kind in ("busy", "too_many"):
            return self.refuse(writer, kind)
        if time.monotonic() < self.quiet_until:
            self.early += 1
        if kind == "reset":
            writer.transport.abort()
            return False
        if is_content:
            self.reads[name] = self.reads.get(name, 0) + 1
            return await self.content(container, name, headers, kind, writer)
        status, more, body = self.look_up(method, container, name, asked)
        writer.write(self.head(status, len(body), more) + (b"" if method == "HEAD" else body))
        await writer.drain()
        return True

    def refuse(self, writer, kind):
        wait = self.faults.retry_after
        if wait:
            self.quiet_until = max(self.quiet_until, time.monotonic() + wait)
        code = "ServerBusy" if kind == "busy" else "TooManyRequests"
        more = {"x-ms-error-code": code, **({"Retry-After": str(wait)} if wait else {})}
        body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>slow down</Message></Error>".encode()
        writer.write(self.head(503 if kind == "busy" else 429, len(body), more) + body)
        return True

    def head(self, status, length, more=None):
        lines = [f"HTTP/1.1 {status} X", f"Content-Length: {length}", *(f"{n}: {v}" for n, v in (more or {}).items())]
        return ("\r\n".join(lines) + "\r\n\r\n").encode()

    def look_up(self, method, container, name, asked):
        if not container:
            items = "".join(f"<Container><Name>{one}</Name><Properties/></Container>" for one in sorted(self.containers))
            return 200, {}, f"<EnumerationResults><Containers>{items}</Containers><NextMarker/></EnumerationResults>".encode()
        if container not in self.containers:
            return 404, {"x-ms-error-code": "ContainerNotFound"}, b""
        there = self.containers[container]
        if not name and asked.get("comp") == "list":
            return 200, {}, there.page(int(asked.get("marker") or 0))
        if not name:
            return 200, {}, b"<SignedIdentifiers/>" if asked.get("comp") == "acl" else b""
        if not there.has(name):
            return 404, {"x-ms-error-code": "BlobNotFound"}, b""
        etag = {"ETag": f'"0x{int(name[1:]):X}A"'}
        if asked.get("comp") == "blocklist":
            return 200, etag, b"<BlockList><CommittedBlocks/><UncommittedBlocks/></BlockList>"
        return 200, {**etag, "x-ms-blob-type": "BlockBlob", "Content-Type": "text/plain"}, b""

    async def content(self, container, name, headers, kind, writer):
        there = self.containers[container]
        body = body_of(name, there.size)
        first, last = map(int, re.fullmatch(r"bytes=(\d+)-(\d+)", headers["x-ms-range"]).groups())
        part = body[first:last + 1]
        more = {"ETag": f'"0x{int(name[1:]):X}A"', "Content-Range": f"bytes {first}-{last}/{len(body)}"}
        if "x-ms-range-get-content-md5" in headers:
            more["Content-MD5"] = base64.b64encode(hashlib.md5(part).digest()).decode()
        head = self.head(206, len(part), more)
        if kind in ("flip", "flip_always"):
            part = part[:len(part) // 2] + bytes([part[len(part) // 2] ^ 16]) + part[len(part) // 2 + 1:]
        if kind == "short":  # the body ends before its Content-Length, and the connection with it
            writer.write(head + part[:len(part) // 2])
            await writer.drain()
            writer.close()
            return False
        writer.write(head)
        if kind == "slow":
            for at in range(0, len(part), max(1, len(part) // 8)):
                writer.write(part[at:at + max(1, len(part) // 8)])
                await asyncio.sleep(0.05)
            return True
        if kind == "stall":
            await asyncio.sleep(3600)
        writer.write(part)
        await writer.drain()
        return True
