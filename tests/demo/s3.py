"""The same move with an S3 provider: the strict simulator of tests/s3sim, in a process of its own."""
import json
import pathlib
import subprocess
import sys
import tempfile
import urllib.request

from lib import server

SIMULATOR = server.ROOT / "tests/s3sim"
BUCKET = "bascule-demo"


class Simulator:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)

    def __enter__(self):
        self.process = subprocess.Popen(
            [sys.executable, str(SIMULATOR), "--bucket", BUCKET, "--folder", str(self.folder),
             "--until-stdin-closes"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.url = self.process.stdout.readline().split()[-1]
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(30)

    def report(self):
        with urllib.request.urlopen(f"{self.url}/_sim/report", timeout=10) as answer:
            return json.load(answer)


def configuration(url):
    return f"""[provider]
kind = "s3"
endpoint = "{url}"
bucket = "{BUCKET}"
access_key = "test"
secret_key = "testsecret"
"""


def takes_configuration(program):
    shown = subprocess.run([program, "serve", "--help"], capture_output=True, text=True, timeout=60)
    return "--config" in shown.stdout


def s3_provider(play, program, source, before, take_over):
    print("\n   The same with an S3 provider (a strict simulator of ours, in a process of its own)", flush=True)
    if not takes_configuration(program):
        play.missing.append("an S3 provider")
        print("–  an S3 provider: not yet", flush=True)
        return
    with tempfile.TemporaryDirectory(prefix="bascule-s3-") as folder, Simulator(folder) as simulator:
        take_over(play, program, source, before, "an S3 bucket", config=configuration(simulator.url), objects=folder)
        play.step("what the simulator says of the requests", lambda: verdict(simulator.report()))


def verdict(report):
    if report.get("violations"):
        raise RuntimeError(f"violations: {report['violations']}")
    return f"{sum(report['requests'].values())} requests, no violation"
