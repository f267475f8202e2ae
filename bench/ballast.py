"""Keeps the machine's memory in use, as it is on a server that has run for a day.

On a virtual machine a page that was never touched, or that the guest gave back, costs the host a fault, which the guest
sees as time of whoever touched it: writing 1 GiB into free memory took 1.8 s of CPU on one machine, 0.3 s into memory in
use. Whoever is measured first would pay for the rest. A large file in the page cache leaves no free memory: new pages
come from its clean ones.
"""
import contextlib
import os
import pathlib
import tempfile

CHUNK = 1 << 20


@contextlib.contextmanager
def held(gib, folder=None):
    """A function to call before each measured run; it reads the file again. gib 0: it does nothing."""
    if not gib:
        yield lambda: None
        return
    with tempfile.NamedTemporaryFile(prefix="ballast-", dir=folder) as file:
        block = os.urandom(CHUNK)
        for _ in range(gib << 10):
            file.write(block)
        file.flush()
        os.fsync(file.fileno())

        def refill():
            with pathlib.Path(file.name).open("rb", buffering=0) as again:
                while again.readinto(memory):
                    pass

        memory = bytearray(CHUNK)
        yield refill
