"""The Azure command line, unmodified, with the connection string: containers, blobs, batches, links, leases."""
import json
import pathlib
import sys
import tempfile
import urllib.request
import uuid

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from files import command, content, make_tree, run_all, same_tree  # noqa: E402

CONTAINER = f"azcli-{uuid.uuid4().hex[:8]}"

with tempfile.TemporaryDirectory() as scratch:
    home = pathlib.Path(scratch)
    (home / "source").mkdir()
    make_tree(home / "source")

    def az(*arguments, good=True):
        out = command("az", "storage", *arguments, "--output", "json", good=good, environment={
            "AZURE_CONFIG_DIR": str(home / "azure"), "AZURE_CORE_COLLECT_TELEMETRY": "no", "AZURE_CORE_NO_COLOR": "1"})
        return json.loads(out) if out.strip() and good else None

    def expect(found, wanted):
        assert found == wanted, f"found {found}, wanted {wanted}"

    def download():
        az("blob", "download-batch", "-s", CONTAINER, "-d", str(home / "back"))
        same_tree(home / "source", home / "back")

    def link():
        url = az("blob", "generate-sas", "-c", CONTAINER, "-n", "deep/er/est/file", "--permissions", "r", "--full-uri",
                 "--expiry", "2099-01-01T00:00:00Z")
        expect(urllib.request.urlopen(url).read(), content("deep/er/est/file", 1000))

    def lease():
        held = az("blob", "lease", "acquire", "-c", CONTAINER, "-b", "one", "--lease-duration", "15")
        az("blob", "delete", "-c", CONTAINER, "-n", "one", good=False)
        az("blob", "lease", "release", "-c", CONTAINER, "-b", "one", "--lease-id", held)

    (home / "back").mkdir()
    run_all([
        ("create a container", lambda: expect(az("container", "create", "-n", CONTAINER), {"created": True})),
        ("upload a tree", lambda: az("blob", "upload-batch", "-s", str(home / "source"), "-d", CONTAINER)),
        ("list", lambda: expect(len(az("blob", "list", "-c", CONTAINER, "--num-results", "*")), 208)),
        ("show", lambda: expect(az("blob", "show", "-c", CONTAINER, "-n", "one")["properties"]["contentLength"], 1)),
        ("download the tree", download),
        ("metadata", lambda: az("blob", "metadata", "update", "-c", CONTAINER, "-n", "one", "--metadata", "a=1")),
        ("a link", link),
        ("a lease", lease),
        ("delete a blob", lambda: az("blob", "delete", "-c", CONTAINER, "-n", "one")),
        ("delete the container", lambda: expect(az("container", "delete", "-n", CONTAINER), {"deleted": True})),
    ])
