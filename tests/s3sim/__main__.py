"""python3 tests/s3sim [options]: see README.md."""
import argparse
import json
import os
import signal
import ssl
import sys
import threading

from faults import Faults
from server import Server, State, report_text
from store import Bucket


def parse():
    p = argparse.ArgumentParser(prog="s3sim", description="A strict S3 for tests.")
    p.add_argument("--port", type=int, default=0, help="0: a free one, told on the first line of output")
    p.add_argument("--bucket", action="append", help="may be repeated; default: bascule-test")
    p.add_argument("--access-key", default="test")
    p.add_argument("--secret-key", default="testsecret")
    p.add_argument("--session-token", help="demanded of every request")
    p.add_argument("--region", default="us-east-1")
    p.add_argument("--domain", default="localhost", help="virtual-host style is bucket.DOMAIN")
    p.add_argument("--folder", help="keep objects here; default: in memory")
    p.add_argument("--tls-cert", help="PEM")
    p.add_argument("--tls-key", help="PEM")
    p.add_argument("--payload", choices=["any", "signed", "unsigned"], default="any", help="what PUTs must be")
    p.add_argument("--unsigned-over-plain", action="store_true", help="take unsigned payloads without TLS, too")
    p.add_argument("--listing-delay", type=float, default=0.0, metavar="S", help="listings are this old")
    p.add_argument("--capacity", type=int, metavar="BYTES", help="of each bucket; then QuotaExceeded")
    p.add_argument("--put-rate", type=int, metavar="N", help="more PUTs in a second get SlowDown")
    p.add_argument("--clock-offset", type=float, default=0.0, metavar="S", help="how far the server's clock is ahead")
    p.add_argument("--faults", help="JSON list of rules, or @FILE")
    p.add_argument("--seed", type=int, default=0)
    p.add_argument("--until-stdin-closes", action="store_true", help="stop when whoever started it is gone")
    p.add_argument("--verbose", action="store_true", help="a line for each request on standard error")
    return p.parse_args()


def main():
    options = parse()
    faults = Faults(options.seed)
    if options.faults:
        text = open(options.faults[1:]).read() if options.faults.startswith("@") else options.faults
        faults.replace(json.loads(text))
    buckets = {}
    for name in options.bucket or ["bascule-test"]:
        folder = os.path.join(options.folder, name) if options.folder else None
        buckets[name] = Bucket(folder, options.capacity, options.listing_delay)
    tls = None
    if options.tls_cert:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(options.tls_cert, options.tls_key)
    state = State(options, buckets, faults)
    server = Server(("127.0.0.1", options.port), state, tls)
    scheme = "https" if tls else "http"
    stop = threading.Event()
    for sig in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sig, lambda *_: stop.set())
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    print(f"s3sim: listening on {scheme}://127.0.0.1:{server.server_address[1]}", flush=True)
    if options.until_stdin_closes:
        threading.Thread(target=lambda: (sys.stdin.buffer.read(), stop.set()), daemon=True).start()
    stop.wait()
    server.shutdown()
    text = report_text(state)
    try:
        print(text, flush=True)
    except BrokenPipeError:
        pass
    os._exit(1 if state.violations else 0)


main()
