"""What clients were told, and what a server may therefore show after a crash.

Each blob has one writer, so that the order of its changes is known. A change that was acknowledged must be there; one
that was under way when the connection broke may be there, wholly, or not at all.
"""
import hashlib
import random
import threading

from lib import azure

PAGE_BLOB_BYTES = 256 * 1024
SIZES = [0, 1, 700, 4096, 4096, 4096, 16384, 70_000, 300_000]


def content(seed, size):
    return random.Random(seed).randbytes(size)


class State:
    """A blob as a reader sees it; None of it matters where it does not exist."""

    def __init__(self, exists=False, digest="", size=0, metadata=None, lease=False):
        self.exists, self.digest, self.size = exists, digest, size
        self.metadata, self.lease = dict(metadata or {}), lease

    def but(self, **changes):
        return State(**{**vars(self), **changes})

    def __eq__(self, other):
        return vars(self) == vars(other) if self.exists or other.exists else True

    def __repr__(self):
        if not self.exists:
            return "absent"
        return f"{self.size} bytes {self.digest[:8]} metadata={self.metadata}" + (" leased" if self.lease else "")


class Blob:
    """kind: block, append or page. The last two are changed in part: `bodies` has what their states consist of."""

    def __init__(self, name, kind="block"):
        self.name, self.kind, self.state, self.maybe, self.lease_id = name, kind, State(), [], None
        self.bodies = {}

    def allowed(self):
        return [self.state, *self.maybe]

    def body(self):
        return self.bodies[self.state.digest]

    def with_body(self, state, body):
        """The state with this content."""
        digest = hashlib.sha256(body).hexdigest()
        self.bodies = {d: b for d, b in self.bodies.items() if d == self.state.digest} | {digest: body}
        return state.but(digest=digest, size=len(body))


def make_blobs(writers, each):
    """So many for each writer, the last two of them an append and a page blob."""
    kinds = ["block"] * (each - 2) + ["append", "page"]
    return [Blob(f"writer{w}/blob{b}", kinds[b]) for w in range(writers) for b in range(each)]


class Writer(threading.Thread):
    """One client with blobs of its own, working until a request fails for want of a server."""

    def __init__(self, number, address, container, blobs, seed, stop):
        super().__init__(daemon=True)
        self.number, self.container, self.blobs, self.stop_asked = number, container, blobs, stop
        self.client, self.random = azure.Client(address), random.Random(seed)
        self.acknowledged = self.refused = 0
        self.broken = None

    def run(self):
        try:
            while not self.stop_asked.is_set():
                self.step()
        except (OSError, AssertionError, ValueError) as error:
            self.broken = error
        finally:
            self.client.close()

    def send(self, blob, after, method, query="", headers=None, body=b""):
        """Carries out one change. `after`: the state once it is done. What is not answered may have happened."""
        blob.maybe = [after]
        path = f"/{self.container}/{blob.name}" + (f"?{query}" if query else "")
        response = self.client.send(method, path, headers, body)
        if response.status >= 500:
            raise ConnectionError(f"{method} {path}: {response.status}")
        blob.maybe = []
        if response.status >= 300:
            self.refused += 1
            raise ValueError(f"{method} {path}: {response.status} {response.code()}")
        blob.state = after
        self.acknowledged += 1
        return response

    def step(self):
        blob = self.random.choice(self.blobs)
        if blob.kind != "block":
            return self.step_in_part(blob)
        if not blob.state.exists:
            return self.random.choice([self.put, self.put, self.put_blocks])(blob)
        if blob.state.lease:
            return self.release(blob)
        choice = self.random.choices([self.put, self.put_blocks, self.delete, self.set_metadata, self.lease],
                                     [5, 2, 2, 2, 1])[0]
        return choice(blob)

    def fresh(self):
        body = content(self.random.getrandbits(64), self.random.choice(SIZES))
        metadata = {"mark": f"{self.random.getrandbits(32):08x}"}
        return body, State(True, hashlib.sha256(body).hexdigest(), len(body), metadata)

    def put(self, blob):
        body, after = self.fresh()
        headers = {"x-ms-blob-type": "BlockBlob", "x-ms-meta-mark": after.metadata["mark"]}
        self.send(blob, after, "PUT", headers=headers, body=body)

    def put_blocks(self, blob):
        count = self.random.randint(1, 4)
        parts = [content(self.random.getrandbits(64), self.random.choice(SIZES[1:])) for _ in range(count)]
        for number, part in enumerate(parts):
            identifier = azure.encode_query([("blockid", azure.block_id(number))])
            self.send(blob, blob.state, "PUT", f"comp=block&{identifier}", body=part)
        body = b"".join(parts)
        after = State(True, hashlib.sha256(body).hexdigest(), len(body), {"mark": f"{self.random.getrandbits(32):08x}"})
        listed = azure.block_list([("Latest", azure.block_id(number)) for number in range(count)])
        self.send(blob, after, "PUT", "comp=blocklist", {"x-ms-meta-mark": after.metadata["mark"]}, listed)

    def step_in_part(self, blob):
        if not blob.state.exists or self.random.random() < 0.02:
            return self.create(blob)
        change = self.append if blob.kind == "append" else self.random.choice([self.put_pages, self.put_pages, self.clear_pages])
        self.random.choices([change, self.set_metadata, self.delete], [20, 1, 1])[0](blob)

    def create(self, blob):
        size = PAGE_BLOB_BYTES if blob.kind == "page" else 0
        after = blob.with_body(State(True, metadata={"mark": f"{self.random.getrandbits(32):08x}"}), bytes(size))
        headers = {"x-ms-blob-type": "PageBlob", "x-ms-blob-content-length": str(size)} if size else {"x-ms-blob-type": "AppendBlob"}
        self.send(blob, after, "PUT", headers={**headers, "x-ms-meta-mark": after.metadata["mark"]})

    def append(self, blob):
        part = content(self.random.getrandbits(64), self.random.choice([1, 700, 4096, 4096, 70_000]))
        after = blob.with_body(blob.state, blob.body() + part)
        self.send(blob, after, "PUT", "comp=appendblock", {"x-ms-blob-condition-appendpos": str(blob.state.size)}, part)

    def pages(self, blob, write, body):
        length = len(body)
        first = self.random.randrange(0, (PAGE_BLOB_BYTES - length) // 512 + 1) * 512
        after = blob.with_body(blob.state, blob.body()[:first] + body + blob.body()[first + length:])
        self.send(blob, after, "PUT", "comp=page", {"x-ms-page-write": write, "x-ms-range": f"bytes={first}-{first + length - 1}"},
                  body if write == "update" else b"")

    def put_pages(self, blob):
        self.pages(blob, "update", content(self.random.getrandbits(64), self.random.choice([512, 4096, 4096, 32_768])))

    def clear_pages(self, blob):
        self.pages(blob, "clear", bytes(self.random.choice([512, 4096, 32_768])))

    def delete(self, blob):
        self.send(blob, State(), "DELETE")

    def set_metadata(self, blob):
        metadata = {"mark": f"{self.random.getrandbits(32):08x}", "kind": "set"}
        headers = {f"x-ms-meta-{name}": value for name, value in metadata.items()}
        self.send(blob, blob.state.but(metadata=metadata), "PUT", "comp=metadata", headers)

    def lease(self, blob):
        blob.lease_id = f"00000000-0000-4000-8000-{self.random.getrandbits(48):012x}"
        headers = {"x-ms-lease-action": "acquire", "x-ms-lease-duration": "-1", "x-ms-proposed-lease-id": blob.lease_id}
        self.send(blob, blob.state.but(lease=True), "PUT", "comp=lease", headers)

    def release(self, blob):
        headers = {"x-ms-lease-action": "release", "x-ms-lease-id": blob.lease_id}
        self.send(blob, blob.state.but(lease=False), "PUT", "comp=lease", headers)


def observe(client, container, name):
    """The blob as the server shows it now. A read that breaks off is an error of its own."""
    response = client.send("GET", f"/{container}/{name}")
    if response.status == 404:
        return State()
    if response.status != 200:
        raise ValueError(f"GET {name}: {response.status} {response.code()}")
    metadata = {key[len("x-ms-meta-"):].lower(): value for key, value in response.headers
                if key.lower().startswith("x-ms-meta-")}
    leased = response.header("x-ms-lease-state") == "leased"
    return State(True, hashlib.sha256(response.body).hexdigest(), len(response.body), metadata, leased)


def listed_names(client, container):
    names, marker = [], ""
    while True:
        query = azure.encode_query([("restype", "container"), ("comp", "list"), ("maxresults", 1000)] +
                                   ([("marker", marker)] if marker else []))
        response = client.send("GET", f"/{container}?{query}")
        if response.status != 200:
            raise ValueError(f"list: {response.status} {response.code()}")
        names += response.xml_text(".//Blob/Name")
        marker = response.xml().findtext("NextMarker") or ""
        if not marker:
            return names


def verify(address, container, blobs):
    """Compares the server with what it acknowledged; returns what is wrong, and takes what it shows as the new truth."""
    client, wrong, present = azure.Client(address), [], set()
    for blob in blobs:
        try:
            seen = observe(client, container, blob.name)
        except (OSError, ValueError, AssertionError) as error:
            wrong.append(f"{blob.name}: cannot be read: {error}; acknowledged: {blob.state}")
            client.close()
            continue
        if not any(seen == allowed for allowed in blob.allowed()):
            wrong.append(f"{blob.name}: is {seen}; acknowledged {blob.state}" +
                         (f", under way {blob.maybe[0]}" if blob.maybe else ""))
        if seen.exists:
            present.add(blob.name)
        blob.state, blob.maybe = seen, []
    try:
        listed = listed_names(client, container)
        if sorted(present) != listed:
            wrong.append(f"the listing differs: only listed {sorted(set(listed) - present)[:5]}, "
                         f"only readable {sorted(present - set(listed))[:5]}")
    except (OSError, ValueError) as error:
        wrong.append(f"cannot list: {error}")
    client.close()
    return wrong
