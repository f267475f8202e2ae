"""Keeps the machine's memory in use, as it is on a server that has run for a day.

On a virtual machine a page that was never touched, or that the guest gave back, costs the host a fault, which the guest
sees as time of whoever touched it: writing 1 GiB into free memory took 1.8 s of CPU on one machine, 0.3 s into memory in
use. Whoever is measured first would pay for the rest. So most of the memory is held, and the rest is the page cache of a
file that is read again before each measured run: new pages come from its clean ones.
"""
import contextlib
import mmap
import os
import pathlib
import tempfile

CHUNK = 1 << 20
FILE_GIB = 5


@contextlib.contextmanager
def held(gib, folder=None):
    """A function to call before each measured run. gib: about the machine's memory less 2; 0: it does nothing."""
    if not gib:
        yield lambda: None
        return
    block = os.urandom(CHUNK)
    with tempfile.NamedTemporaryFile(prefix="ballast-", dir=folder) as file, \
            mmap.mmap(-1, max(gib - FILE_GIB, 1) << 30) as memory:
        for at in range(0, len(memory), CHUNK):
            memory[at:at + CHUNK] = block
        for _ in range(FILE_GIB << 10):
            file.write(block)
        file.flush()
        os.fsync(file.fileno())
        into = bytearray(CHUNK)

        def refill():
            with pathlib.Path(file.name).open("rb", buffering=0) as again:
                while again.readinto(into):
                    pass

        yield refill
