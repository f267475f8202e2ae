#!/usr/bin/env python3
"""The move, played for real: Azurite stands in for Azure, Bascule takes over, the same program runs against both.

demo.py --program PATH [--keep]. A step whose command the program does not have yet says "not yet"; nothing is simulated.
Exit code 1 when a step that is built fails.
"""
import argparse
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from lib import azure, server  # noqa: E402

CACHE = pathlib.Path(os.environ.get("BASCULE_CACHE", server.ROOT / ".cache"))
PLANTED = [b"<h1>Bonjour</h1>", b"database.dump", b"notes/today.txt"]
NOT_BUILT = 3  # the exit code of a command that is known but not built


class NotYet(Exception):
    pass


class Failed(Exception):
    pass


class Play:
    """Prints each step with its mark and its time, and remembers what failed."""

    def __init__(self):
        self.failed, self.missing, self.done = [], [], 0

    def step(self, text, body, *needed):
        """Runs body; needed: results of earlier steps, None where one did not happen."""
        begin = time.monotonic()
        result = None
        if any(value is None for value in needed):
            self.missing.append(text)
            print(f"–  {text}: not done, a step before it is missing", flush=True)
            return None
        try:
            result = body()
            self.done += 1
            note = f" {result}" if isinstance(result, str) else ""
            print(f"✓  {text}{':' if note else ''}{note} ({time.monotonic() - begin:.1f} s)", flush=True)
            return True if result is None else result
        except NotYet as why:
            self.missing.append(text)
            print(f"–  {text}: not yet{f' ({why})' if str(why) else ''}", flush=True)
        except (Failed, RuntimeError, OSError, subprocess.SubprocessError) as problem:
            self.failed.append(text)
            print(f"✗  {text} ({time.monotonic() - begin:.1f} s)\n{problem}", flush=True)
        return None


def connection_string(address):
    return (f"DefaultEndpointsProtocol=http;AccountName={azure.ACCOUNT};AccountKey={azure.KEY};"
            f"BlobEndpoint=http://{address}/{azure.ACCOUNT};")


def node(script, address):
    environment = dict(os.environ, APP_MODULES=str(CACHE / "js"), AZURE_STORAGE_CONNECTION_STRING=connection_string(address))
    run = subprocess.run([str(CACHE / "bin/node"), str(HERE / script)], env=environment, capture_output=True, text=True,
                         timeout=600, stdin=subprocess.DEVNULL)
    if run.returncode:
        raise Failed(run.stdout[-1000:] + run.stderr[-3000:])
    return run.stdout


def answers(address):
    return [json.loads(line) for line in node("app.mjs", address).splitlines()]


def has_command(program, name):
    shown = subprocess.run([program, "--help"], capture_output=True, text=True, timeout=60)
    return re.search(rf"^\s+{name}\b", shown.stdout, re.M) is not None


def command(gateway, name, *arguments):
    """One of the program's commands against a running gateway's folder; NotYet when it is not built."""
    if not has_command(gateway.program, name):
        raise NotYet()
    run = subprocess.run([gateway.program, name, *gateway.place(), *arguments], capture_output=True, text=True, timeout=900,
                         env=server.private_environment(gateway.folder), stdin=subprocess.DEVNULL)
    if run.returncode == NOT_BUILT:
        raise NotYet(run.stderr.strip().splitlines()[-1] if run.stderr.strip() else "")
    return run


def migrate(gateway, source, *arguments):
    run = command(gateway, "migrate", "--from", connection_string(source.address), *arguments)
    if run.returncode:
        raise Failed(run.stdout[-3000:] + run.stderr[-3000:])
    words = [line.strip() for line in (run.stdout + run.stderr).splitlines() if line.strip()]
    return words[-1] if words else "done"


def sabotaged(program, source, how):
    """A proof needs its control: a move that loses or changes something must not pass."""
    with server.Server("bascule", program=program) as gateway:
        run = command(gateway, "migrate", "--from", connection_string(source.address), "--sabotage", how)
        if run.returncode == 0:
            raise Failed("the verification did not notice")
        return f"noticed, exit code {run.returncode}"


def check(gateway):
    run = command(gateway, "check")
    if run.returncode:
        raise Failed(run.stdout[-3000:] + run.stderr[-3000:])
    return (run.stdout.strip().splitlines() or ["nothing missing, nothing damaged"])[-1]


def compare(before, after):
    if before == after:
        return f"{len(before)} answers, all the same"
    old, new = ({one["what"]: one["answer"] for one in side} for side in (before, after))
    lines = [f"   {what}\n     Azurite: {json.dumps(old.get(what))}\n     Bascule: {json.dumps(new.get(what))}"
             for what in sorted(old.keys() | new.keys()) if old.get(what) != new.get(what)]
    raise Failed("\n".join(lines[:20]))


def holding(folder, words):
    """The files below a folder that hold one of the words."""
    found = []
    for file in pathlib.Path(folder).rglob("*"):
        if file.is_file():
            data = file.read_bytes()
            found += [f"{file.relative_to(folder)} holds {word!r}" for word in words if word in data]
    return found


def only_ciphertext(folder, source):
    words = PLANTED[:1]
    if not holding(source.folder / "data", words):
        raise Failed("the control failed: the words are not found at the source either")
    found = holding(folder, words)
    if found:
        raise Failed("\n".join(found))
    return "no planted word is there (at the source each is found)"


def take_over(play, program, source, before, place, **settings):
    """The move into one gateway; place: how the audience is told where the data go."""
    gateway = server.Server("bascule", program=program, **settings)

    def start():
        gateway.start()
        return gateway.address

    print(f"\n   Into {place}", flush=True)
    try:
        up = play.step("bascule serve", start)
        moved = play.step("bascule migrate --from '<connection string>'", lambda: migrate(gateway, source), up)
        play.step("the same program, with only the host changed", lambda: compare(before, answers(gateway.address)), up, moved, before)
        play.step("what the provider holds", lambda: only_ciphertext(gateway.objects or gateway.folder / "data", source), up, moved)
        play.step("migrate again: nothing is left to carry", lambda: migrate(gateway, source), moved)
        play.step("bascule check", lambda: check(gateway), moved)
        play.step("stop, start again, the same answers", lambda: restarted(gateway, before), moved)
    finally:
        if gateway.process:
            play.step("SIGTERM drains and ends", lambda: ended(gateway))
        if gateway.folder:
            shutil.rmtree(gateway.folder, ignore_errors=True)


def restarted(gateway, before):
    ended(gateway)
    gateway.start()
    return compare(before, answers(gateway.address))


def ended(gateway):
    code = gateway.stop()
    if code:
        raise Failed(f"exit code {code}")
    return "exit code 0"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", default=server.default_program())
    parser.add_argument("--no-s3", action="store_true", help="only the folder provider")
    program = parser.parse_args().program
    play = Play()
    begin = time.monotonic()
    print("The move of an account, from Azure to Bascule.\n"
          "Azurite, Microsoft's emulator, stands in for Azure here; everything else is the real thing.\n", flush=True)
    with tempfile.TemporaryDirectory(prefix="bascule-demo-") as folder:
        from first_look import show
        show(play, program, folder)
        source = server.Server("azurite", folder=pathlib.Path(folder) / "azurite")
        try:
            up = play.step("Azurite starts, with Azure's development account", source.start)
            filled = play.step("the official JavaScript SDK fills it", lambda: node("fill.mjs", source.address).strip(), up)
            before = play.step("a program on that SDK works with it", lambda: answers(source.address), filled)
            take_over(play, program, source, before, "a folder")
            print("\n   The control", flush=True)
            for how in ("drop", "flip"):
                play.step(f"bascule migrate --sabotage {how}", lambda: sabotaged(program, source, how), filled)
            if not parser.parse_args().no_s3:
                from s3 import s3_provider
                s3_provider(play, program, source, before, take_over)
        finally:
            source.stop()
    print(f"\n{time.monotonic() - begin:.0f} s. " + (f"Not yet: {', '.join(play.missing)}." if play.missing else "Every step is built."))
    print(f"{play.done} passed, {len(play.failed)} failed")
    return bool(play.failed)


if __name__ == "__main__":
    sys.exit(main())
