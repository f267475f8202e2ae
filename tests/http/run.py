#!/usr/bin/env python3
"""Runs the tables against a server: run.py [WORD...] runs only the cases whose title contains one of the words.

TARGET=bascule (default), azurite (a stand-in: what it is known to do otherwise is let be) or HOST:PORT.
The outcome of every case goes to build/test-results/http.json, from which tools/compatibility makes the document.
"""
import concurrent.futures
import contextlib
import json
import os
import pathlib
import subprocess
import sys
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(HERE), str(HERE.parent)]
import case as cases  # noqa: E402
from lib import azure, server  # noqa: E402
from lib.source import Source  # noqa: E402
from tables import all_cases  # noqa: E402

THREADS = 8
ENVIRONMENT = {"BASCULE_ARCHIVE_REHYDRATE_HIGH": "1s"}  # what a case can wait for


def main():
    words = sys.argv[1:]
    chosen = [c for c in all_cases() if not words or any(word in c.title for word in words)]
    local = threading.local()
    outcomes, clients = {}, []

    config = '[copy]\nnetworks = ["127.0.0.1"]\nallow_plain_http = true\n'
    with contextlib.ExitStack() as servers:
        elsewhere = servers.enter_context(Source())
        target = servers.enter_context(server.Server(config=config, environment=ENVIRONMENT))
        cases.ELSEWHERE = elsewhere.address
        strict = target.kind != "azurite"
        secure = None
        if target.kind == "bascule":
            make_scopes(target)
            if any(c.tls for c in chosen):
                secure = servers.enter_context(server.SecureServer())
                make_scopes(secure)

        def one(case):
            if (not strict and (case.differs or case.not_yet)) or (case.account is not None and not target.process) or (
                    case.tls and not secure):
                return case, None, 0
            kind = "secure" if case.tls else "plain"
            if not hasattr(local, kind):
                client = azure.Client(secure.address, tls=azure.trusting(secure.authority)) if case.tls else azure.Client(target.address)
                setattr(local, kind, client)
                clients.append(client)
            client = getattr(local, kind)
            begin = time.monotonic()
            try:
                cases.run(case, client, strict, secure if case.tls else target)
                return case, "", time.monotonic() - begin
            except Exception as problem:  # one bad case must not stop the others
                client.close()
                return case, f"{type(problem).__name__ if not isinstance(problem, cases.Failure) else ''} {problem}".strip(), 0

        with concurrent.futures.ThreadPoolExecutor(THREADS) as pool:
            # Those that wait for a lease to end begin first.
            chosen.sort(key=lambda c: -sum(step.wait_s for step in c.steps))
            for case, problem, _ in pool.map(one, chosen):
                outcomes[case.title] = (case, problem)
        for client in clients:
            client.close()

    failed = {title: problem for title, (_, problem) in outcomes.items() if problem}
    skipped = [title for title, (_, problem) in outcomes.items() if problem is None]
    for title in sorted(failed):
        print(f"✗ {title}: {failed[title]}")
    if not words and strict:
        write_results(outcomes)
    if skipped:
        print(f"{len(skipped)} cases let be: the target differs from the documents there, or no account can be made at it")
    print(f"{len(outcomes) - len(failed) - len(skipped)} passed, {len(failed)} failed")
    return bool(failed) or not outcomes


def make_scopes(target):
    """The encryption scopes that tables/encryption.py names."""
    for what, name in (("add", "scope-one"), ("add", "scope-two"), ("add", "scope-off"), ("disable", "scope-off")):
        subprocess.run([target.program, "scope", what, *target.place(), "--account", azure.ACCOUNT, "--name", name],
                       check=True, capture_output=True)


def write_results(outcomes):
    folder = pathlib.Path(os.environ.get("BASCULE_BUILD", ROOT / "build")) / "test-results"
    folder.mkdir(parents=True, exist_ok=True)
    rows = [{"case": title, "operation": case.operation, "not_yet": case.not_yet, "passed": not problem}
            for title, (case, problem) in sorted(outcomes.items())]
    (folder / "http.json").write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    sys.exit(main())
