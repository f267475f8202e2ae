"""rclone, unmodified: copy, check with MD5, sync, copy on the server, purge, with the account's key and by SAS."""
import pathlib
import sys
import tempfile
import uuid

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parents[1]), str(pathlib.Path(__file__).resolve().parents[2])]
from files import ACCOUNT, KEY, URL, command, make_tree, run_all, same_tree  # noqa: E402
from lib import azure  # noqa: E402

CONTAINER = f"rclone-{uuid.uuid4().hex[:8]}"

with tempfile.TemporaryDirectory() as scratch:
    home = pathlib.Path(scratch)
    (home / "source").mkdir()
    make_tree(home / "source")
    (home / "rclone.conf").write_text(
        f"[key]\ntype = azureblob\nuse_emulator = true\naccount = {ACCOUNT}\nkey = {KEY}\nendpoint = {URL}\n"
        f"[link]\ntype = azureblob\nsas_url = {URL}?{azure.account_sas(sp='rwdlac', account=ACCOUNT, key=KEY)}\n")

    # use_emulator is how this version takes an endpoint of path style.
    def rclone(*arguments, good=True):
        return command("rclone", "--config", str(home / "rclone.conf"), "--retries", "1", "--azureblob-chunk-size", "4M",
                       *arguments, good=good)

    def download():
        rclone("copy", f"key:{CONTAINER}", str(home / "back"))
        same_tree(home / "source", home / "back")

    def sync():
        (home / "source/new").write_text("new")
        (home / "source/one").unlink()
        rclone("sync", str(home / "source"), f"key:{CONTAINER}")
        rclone("check", str(home / "source"), f"key:{CONTAINER}")

    run_all([
        ("copy a tree up", lambda: rclone("copy", str(home / "source"), f"key:{CONTAINER}")),
        ("check sizes and hashes", lambda: rclone("check", str(home / "source"), f"key:{CONTAINER}")),
        ("copy it down", download),
        ("sync changes and deletions", sync),
        ("copy on the server", lambda: rclone("copy", f"key:{CONTAINER}/many", f"key:{CONTAINER}/again")),
        ("list by a link", lambda: rclone("lsf", "-R", f"link:{CONTAINER}").index("large.bin")),
        ("purge", lambda: rclone("purge", f"key:{CONTAINER}")),
    ])
