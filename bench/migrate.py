"""The move measured: CPU of everything but the source, which is Azurite with its data on disk."""
import os
import pathlib
import shutil
import subprocess
import tempfile
import time

import peers as servers
from lib import azure

WORKS = ["migrate-4k", "migrate-128m"]


def connection_string(port):
    return (f"DefaultEndpointsProtocol=http;AccountName={azure.ACCOUNT};AccountKey={azure.KEY};"
            f"BlobEndpoint=http://127.0.0.1:{port}/{azure.ACCOUNT};")


def commands(program, port, container, folder):
    """Name -> command and what its environment needs more. Each copies one container and verifies what it copied."""
    account = f"http://127.0.0.1:{port}/{azure.ACCOUNT}"
    data = folder / "bascule"
    out = {"bascule": ([program, "migrate", "--from", connection_string(port), "--container", container, "--data", str(data),
                        "--key-file", f"{data}.key"], {})}
    if shutil.which("rclone"):
        # It compares MD5 as it copies; a second look at the copy (rclone check) is not counted.
        out["rclone"] = (["rclone", "copy", f"src:{container}", str(folder / "rclone"), "--transfers", "16", "--config", "/dev/null"],
                         {"RCLONE_CONFIG_SRC_TYPE": "azureblob",
                          "RCLONE_CONFIG_SRC_SAS_URL": f"{account}?{azure.account_sas(sp='rl')}"})
    azcopy = pathlib.Path(servers.cached("azcopy"))
    if azcopy.exists():
        out["azcopy"] = ([str(azcopy), "copy", f"{account}/{container}/*?{azure.account_sas(sp='rl')}", str(folder / "azcopy"),
                          "--recursive", "--from-to=BlobLocal", "--check-md5=FailIfDifferent", "--output-level=essential"],
                         {"AZCOPY_LOG_LOCATION": str(folder / "azcopy-logs"), "AZCOPY_JOB_PLAN_LOCATION": str(folder / "azcopy-plans"),
                          "AZCOPY_DISABLE_SYSLOG": "true"})
    return out


def timed(command, environment):
    began = time.monotonic()
    try:
        process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    except OSError as error:
        return 127, 0, 0, 0, str(error)
    words = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024, time.monotonic() - began, words


def measure(work, load, program, quick, folder, order, only=None):
    """Of the movers named in `only` (all without it): name -> result."""
    count, size, size_bytes = ((500 if quick else 10_000), "4k", 4096) if work == "migrate-4k" else \
                              ((2 if quick else 8), "128m", 128 << 20)
    results = {}
    with tempfile.TemporaryDirectory(prefix="bench-", dir=folder, ignore_cleanup_errors=True) as top:
        source = servers.Served("azurite")
        source.start(pathlib.Path(top) / "source")
        try:
            subprocess.run([load, *source.load_arguments(), "--work", "prepare", "--container", "source", "--keys", str(count),
                            "--size", size, "--connections", "8"], check=True, stdout=subprocess.DEVNULL)
            known = commands(program, source.port, "source", pathlib.Path(top))
            for name in sorted((name for name in known if not only or name in only), reverse=order == "za"):
                command, more = known[name]
                environment = {**servers_environment(pathlib.Path(top) / f"home-{name}"), **more}
                code, cpu, peak, seconds, words = timed(command, environment)
                if code != 0:
                    results[name] = {"failed": words[-500:]}
                    continue
                gib = count * size_bytes / 2**30
                figure, unit = (cpu / count * 1e6, "us/object") if work == "migrate-4k" else (cpu / gib, "s/GiB")
                results[name] = {"figure": figure, "unit": unit, "cpu_seconds": cpu, "seconds": seconds, "peak_rss": peak,
                                 "objects": count, "size": size_bytes, "errors": {}, "aborted": False}
        finally:
            source.stop()
    return results


def servers_environment(home):
    from lib.server import private_environment
    home.mkdir(parents=True, exist_ok=True)
    return private_environment(home)
