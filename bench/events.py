#!/usr/bin/env python3
"""What access events cost a request: the same work on one server without them and on one with them, in turn.

  bench/events.py [--build DIR] [--rounds 5] [--seconds 4] [--work get]

Each round asks both, in one order and then in the other. CPU is the server's, all threads, the events' writer and the
kernel's part of its writes included.
"""
import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))
from lib.server import Server  # noqa: E402


def run(load, server, work, seconds, *more):
    command = [load, "--protocol", "azure", "--port", server.address.rpartition(":")[2], "--work", work, "--size", "4k", "--keys", "1000",
               "--connections", "32", "--seconds", str(seconds), "--pid", str(server.process.pid), "--json", "-", *more]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(done.stdout) if work != "prepare" else None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default=str(ROOT / "build/release"))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--work", default="get")
    options = parser.parse_args()
    load, program = f"{options.build}/bench/load", f"{options.build}/app/bascule"
    with tempfile.TemporaryDirectory(prefix="bench-events-") as folder:
        folder = pathlib.Path(folder)
        on = f'[events]\nto = ["file"]\nfile = "{folder}/access.jsonl"\nrotate_size = "64MiB"\nkeep = 2\n'
        with Server("bascule", folder=folder / "off", program=program) as off, Server("bascule", folder=folder / "on", program=program, config=on) as recording:
            servers = {"off": off, "on": recording}
            costs = {name: [] for name in servers}
            for server in servers.values():
                run(load, server, "prepare", 1)
                run(load, server, options.work, options.seconds)   # warms caches, and the page cache that the file will use
            for number in range(options.rounds):
                for name in ("off", "on") if number % 2 == 0 else ("on", "off"):
                    result = run(load, servers[name], options.work, options.seconds, "--settle", "0.3")
                    costs[name].append(result["server_cpu_us_per_operation"])
                    print(f"round {number + 1} {name:3} {costs[name][-1]:8.3f} us/op {result['operations_per_second']:10.0f} /s", flush=True)
    middle = {name: statistics.median(values) for name, values in costs.items()}
    print(f"median off {middle['off']:.3f}, on {middle['on']:.3f}: {middle['on'] - middle['off']:.3f} us of CPU a request ({options.work})")


if __name__ == "__main__":
    main()
