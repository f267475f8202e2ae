"""AzCopy, unmodified: upload, download, sync, remove; by SAS, as it wants on plain http."""
import os
import pathlib
import sys
import tempfile
import uuid

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parents[1]), str(pathlib.Path(__file__).resolve().parents[2])]
from files import ACCOUNT, KEY, URL, command, make_tree, run_all, same_tree  # noqa: E402
from lib import azure  # noqa: E402

AZCOPY = f"{os.environ['BASCULE_CACHE']}/bin/azcopy"
SAS = azure.account_sas(sp="rwdlac", account=ACCOUNT, key=KEY)
CONTAINER = f"azcopy-{uuid.uuid4().hex[:8]}"
HOST = URL.split("/")[2]

with tempfile.TemporaryDirectory() as scratch:
    home = pathlib.Path(scratch)
    (home / "source").mkdir()
    make_tree(home / "source")

    def azcopy(*arguments, good=True):
        return command(AZCOPY, *arguments, "--output-level=essential", good=good, environment={
            "AZCOPY_LOG_LOCATION": str(home / "logs"), "AZCOPY_JOB_PLAN_LOCATION": str(home / "plans"),
            "AZCOPY_DISABLE_SYSLOG": "true"})

    def at(container, path=""):
        return f"{URL}/{container}{path}?{SAS}"

    def download(container, to):
        azcopy("copy", at(container, "/*"), str(home / to), "--recursive", "--from-to=BlobLocal", "--check-md5=FailIfDifferent")
        same_tree(home / "source", home / to)

    def upload():
        azcopy("copy", str(home / "source") + "/*", at(CONTAINER), "--recursive", "--put-md5", "--block-size-mb=4",
               "--from-to=LocalBlob")

    def sync():
        (home / "source/one").write_bytes(b"changed")
        os.utime(home / "source/one", (2_000_000_000, 2_000_000_000))
        azcopy("sync", str(home / "source"), at(CONTAINER), "--from-to=LocalBlob", "--put-md5")
        download(CONTAINER, "synced")

    # `azcopy make` knows no addresses of path style, so the container is made by hand.
    azure.Client(HOST, account=ACCOUNT, key=KEY).send("PUT", f"/{CONTAINER}?restype=container")
    run_all([
        ("upload a tree", upload),
        ("list it", lambda: azcopy("list", at(CONTAINER), "--location=Blob").index("large.bin")),
        ("download it again", lambda: download(CONTAINER, "back")),
        ("sync a change", sync),
        ("remove", lambda: azcopy("remove", at(CONTAINER, "/many"), "--recursive", "--from-to=BlobTrash")),
        ("a wrong signature is refused", lambda: azcopy("copy", at(CONTAINER, "/large.bin") + "AAAA", str(home / "stolen"),
                                                        "--from-to=BlobLocal", good=False)),
    ])
