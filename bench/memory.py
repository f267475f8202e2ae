#!/usr/bin/env python3
"""Peak memory of a server under 1,000 idle connections and 64 uploads, then 64 downloads, of 256 MiB each.

  bench/memory.py --build DIR [--only bascule|bascule-s3|azurite|…] [--size 256m] [--parallel 64] [--idle 1000] [--folder DIR]

Fails (exit 1) on any 503 or other error, on an idle connection that was closed, and above --limit-mib.
"""
import argparse
import json
import pathlib
import resource
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import peers as servers  # noqa: E402


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default=str(servers.ROOT / "build/release"))
    parser.add_argument("--only", default="bascule")
    parser.add_argument("--size", default="256m")
    parser.add_argument("--parallel", type=int, default=64)
    parser.add_argument("--idle", type=int, default=1000)
    parser.add_argument("--limit-mib", type=float, default=0, help="0: only report")
    parser.add_argument("--folder", help="where the server keeps its data; 16 GiB are needed for the defaults")
    options = parser.parse_args()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    peer = servers.all_peers(f"{options.build}/app/bascule")[options.only]
    if isinstance(peer, servers.Served):  # however long it takes, the idle connections are there
        peer.environment = {"BASCULE_SERVER_IDLE_TIMEOUT": "24h"}
    failed = False
    with tempfile.TemporaryDirectory(prefix="bench-", dir=options.folder, ignore_cleanup_errors=True) as folder:
        peer.start(pathlib.Path(folder) / peer.name)
        try:
            common = [f"{options.build}/bench/load", *peer.load_arguments(), "--container", "memory"]
            subprocess.run([*common, "--work", "create"], check=True)
            run = ["--idle", str(options.idle), "--connections", str(options.parallel), "--keys", str(options.parallel),
                   "--requests", str(options.parallel), "--size", options.size, "--block-size", "8m", "--json", "-"]
            for work in ("put", "put-blocks", "get"):
                done = subprocess.run([*common, "--work", work, *run], stdout=subprocess.PIPE, text=True)
                result = json.loads(done.stdout)
                peak = result["server_peak_rss"] / 2**20
                errors = result["errors"] or ("aborted" if result["aborted"] else "none")
                print(f"{peer.name} {work}: peak {peak:.1f} MiB resident, errors: {errors}, "
                      f"idle connections left: {result['idle_left_open']} of {options.idle}", flush=True)
                failed |= bool(result["errors"]) or result["aborted"] or result["idle_left_open"] < options.idle
                failed |= bool(options.limit_mib) and peak > options.limit_mib
        finally:
            peer.stop()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
