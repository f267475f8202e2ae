"""The buckets: in memory, or as files of a folder. Remembers every name for ever, so that reuse is seen."""
import hashlib
import os
import threading
import time
import urllib.parse


class NameReused(Exception):
    pass


class Full(Exception):
    pass


class Bucket:
    def __init__(self, folder=None, capacity=None, listing_delay=0.0):
        self._lock = threading.Lock()
        self._objects = {}   # key -> (size, bytes or None where in the folder, time put)
        self._digests = {}   # key -> digest of the only content it may ever have
        self._deleted = {}   # key -> (size, time): still listed for a while
        self._folder, self._capacity, self._listing_delay = folder, capacity, listing_delay
        self.bytes = 0
        if folder:
            os.makedirs(folder, exist_ok=True)
            for entry in os.scandir(folder):
                if entry.name.endswith(".part"):
                    os.unlink(entry.path)
                    continue
                key = urllib.parse.unquote(entry.name)
                with open(entry.path, "rb") as f:
                    data = f.read()
                self._objects[key] = (len(data), None, 0.0)
                self._digests[key] = hashlib.sha256(data).digest()
                self.bytes += len(data)

    def _path(self, key):
        return os.path.join(self._folder, urllib.parse.quote(key, safe=""))

    def put(self, key, data, lose=False):
        digest = hashlib.sha256(data).digest()
        with self._lock:
            if self._digests.setdefault(key, digest) != digest:
                raise NameReused(key)
            if lose or key in self._objects:
                return
            if self._capacity is not None and self.bytes + len(data) > self._capacity:
                raise Full()
            if self._folder:
                with open(self._path(key) + ".part", "wb") as f:
                    f.write(data)
                    f.flush()
                    os.fsync(f.fileno())
                os.rename(self._path(key) + ".part", self._path(key))
            self._objects[key] = (len(data), None if self._folder else bytes(data), time.monotonic())
            self.bytes += len(data)

    def get(self, key):
        """The content, or None."""
        with self._lock:
            found = self._objects.get(key)
            if not found:
                return None
            if found[1] is not None:
                return found[1]
            with open(self._path(key), "rb") as f:
                return f.read()

    def remove(self, key):
        with self._lock:
            found = self._objects.pop(key, None)
            if found:
                self._deleted[key] = (found[0], time.monotonic())
                self.bytes -= found[0]
                if self._folder:
                    os.unlink(self._path(key))

    def lose(self, key):
        """What a provider does that loses an object: the listing, too, forgets it."""
        self.remove(key)
        with self._lock:
            self._deleted.pop(key, None)

    def listing(self, prefix, after, limit):
        """([(key, size)], truncated); new and deleted keys show late where a delay is set."""
        with self._lock:
            horizon = time.monotonic() - self._listing_delay
            seen = {k: o[0] for k, o in self._objects.items() if o[2] <= horizon or not self._listing_delay}
            if self._listing_delay:
                seen.update({k: s for k, (s, t) in self._deleted.items() if t > horizon and k not in self._objects})
        keys = sorted((k for k in seen if k.startswith(prefix) and k > after), key=lambda k: k.encode())
        return [(k, seen[k]) for k in keys[:limit]], len(keys) > limit

    def __len__(self):
        return len(self._objects)
