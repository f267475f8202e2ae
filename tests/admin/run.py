"""The files of this folder side by side; the last line is "N passed, N failed"."""
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent


def run(file):
    began = time.monotonic()
    done = subprocess.run([sys.executable, "-W", "ignore::ResourceWarning", "-m", "unittest", "-v", file.stem], cwd=HERE,
                          capture_output=True, text=True, stdin=subprocess.DEVNULL, env={**os.environ, "PYTHONPATH": str(HERE.parent)})
    count = re.search(r"(?m)^Ran (\d+) tests? in", done.stderr)
    bad = sum(map(int, re.findall(r"(?:failures|errors)=(\d+)", done.stderr))) or (1 if done.returncode else 0)
    print(f"--- {file.stem}: {time.monotonic() - began:.0f} s\n{done.stdout}{done.stderr}", flush=True)
    return max(0, (int(count.group(1)) if count else 0) - bad), bad


def main():
    word = sys.argv[1] if len(sys.argv) > 1 else ""
    files = [file for file in sorted(HERE.glob("*_test.py")) if word in file.stem]
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        counts = list(pool.map(run, files))
    passed, failed = (sum(column) for column in zip(*counts))
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
