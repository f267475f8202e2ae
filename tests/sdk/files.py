"""What the command-line clients share: a folder of files, a comparison, and steps that are counted."""
import filecmp
import hashlib
import os
import pathlib
import subprocess
import sys
import traceback

ENDPOINT = dict(part.split("=", 1) for part in os.environ["AZURE_STORAGE_CONNECTION_STRING"].strip(";").split(";"))
ACCOUNT, KEY, URL = ENDPOINT["AccountName"], ENDPOINT["AccountKey"], ENDPOINT["BlobEndpoint"]


def content(seed, size):
    parts, made = [], 0
    while made < size:
        parts.append(hashlib.sha512(f"{seed}:{made}".encode()).digest())
        made += 64
    return b"".join(parts)[:size]


def make_tree(folder):
    """Small and large files, deep folders, names with letters that need encoding."""
    for name, size in [("empty", 0), ("one", 1), ("deep/er/est/file", 1000), ("large.bin", (36 << 20) + 5),
                       ("with space.txt", 77), ("été.txt", 9), ("100%.txt", 10), ("a+b&c=d.txt", 11)] + [
                           (f"many/{i:03d}", 100 + i) for i in range(200)]:
        file = pathlib.Path(folder, name)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content(name, size))


def same_tree(first, second):
    names = [{file.relative_to(top).as_posix() for file in pathlib.Path(top).rglob("*") if file.is_file()} for top in (first, second)]
    assert names[0] == names[1], f"missing {sorted(names[0] - names[1])[:5]}, too many {sorted(names[1] - names[0])[:5]}"
    _, different, errors = filecmp.cmpfiles(first, second, names[0], shallow=False)
    assert not different and not errors, f"different: {different[:5]} {errors[:5]}"


def command(*arguments, environment=None, good=True):
    run = subprocess.run(arguments, capture_output=True, text=True, timeout=600, stdin=subprocess.DEVNULL,
                         env={**os.environ, **(environment or {})})
    assert (run.returncode == 0) == good, f"exit {run.returncode}\n{run.stdout[-2000:]}\n{run.stderr[-2000:]}"
    return run.stdout


def run_all(steps):
    """steps: (name, function) in order, each after the one before; what follows a failure still runs."""
    failed = 0
    for name, body in steps:
        try:
            body()
            print(f"✓ {name}", flush=True)
        except Exception:
            failed += 1
            print(f"✗ {name}\n{traceback.format_exc()}", flush=True)
    print(f"{len(steps) - failed} passed, {failed} failed")
    sys.exit(failed != 0)
