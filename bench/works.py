"""What is measured: for each work the generator's commands, those that prepare and the one that counts."""

FULL = {"names": 100_000, "seconds": 10, "warmup": 2, "small_keys": 10_000, "large": "256m", "large_keys": 4,
        "large_requests": 32, "medium_requests": 32, "list_requests": 100, "deletes": 20_000, "pages": 16_384}
QUICK = {"names": 5_000, "seconds": 2, "warmup": 0.5, "small_keys": 1_000, "large": "32m", "large_keys": 2,
         "large_requests": 8, "medium_requests": 4, "list_requests": 10, "deletes": 1_000, "pages": 1_024}


def flags(**options):
    out = []
    for name, value in options.items():
        out += ["--" + name.replace("_", "-"), str(value)]
    return out


def prepare(container, **options):
    return flags(work="prepare", container=container, **options)


def plan(work, scale, peer):
    """(commands that prepare, the command that is measured, unit of its server CPU) or None where the peer cannot."""
    small = dict(size="4k", connections=64)
    timed = dict(seconds=scale["seconds"], warmup=scale["warmup"])
    if work == "get-4k":
        keys = dict(keys=scale["small_keys"], container="get4k")
        return [prepare(**keys, **small)], flags(work="get", **keys, **small, **timed), "us"
    if work == "put-4k":
        keys = dict(keys=100_000_000, container="put4k")
        return ([flags(work="create", container="put4k")],
                flags(work="put", **keys, **small, **timed, settle=1), "us")
    if work == "get-256m":
        keys = dict(keys=scale["large_keys"], container="getlarge", size=scale["large"])
        return [prepare(**keys, connections=2)], flags(work="get", **keys, connections=4, requests=scale["large_requests"]), "gib"
    if work in ("put-blocks-64m", "put-blob-64m"):
        keys = dict(keys=scale["medium_requests"], container=work, size="64m", block_size="8m")
        kind = "put-blocks" if work == "put-blocks-64m" else "put"
        return ([flags(work="create", container=work)],
                flags(work=kind, **keys, connections=4, requests=scale["medium_requests"], settle=1), "gib")
    if work in ("list-100k", "list-1m"):
        if not peer.lists():
            return None
        names = scale["names"] * (10 if work == "list-1m" else 1)
        keys = dict(keys=names, container=work, size="100")
        pages = -(-names // peer.page)
        return ([prepare(**keys, connections=64), flags(work="list", **keys, connections=1, requests=pages, page=peer.page)],
                flags(work="list", **keys, connections=1, requests=max(pages, scale["list_requests"]), page=peer.page,
                      expect_names=names), "name")
    if work == "list-versions-100k":   # every name is there twice: the blob, and what it was before it was overwritten
        if not peer.versions():
            return None
        keys = dict(keys=scale["names"], container=work, size="100")
        shown = dict(include="versions", connections=1, page=peer.page)
        pages = -(-2 * scale["names"] // peer.page)
        fill = prepare(**keys, connections=64)
        return ([fill, fill, flags(work="list", **keys, **shown, requests=pages)],
                flags(work="list", **keys, **shown, requests=max(pages, scale["list_requests"]),
                      expect_names=2 * scale["names"]), "name")
    if work == "find-1m":
        if peer.protocol != "azure":
            return None
        keys = dict(keys=scale["names"] * 10, container=work, size="100", tag_hits=10)
        return [prepare(**keys, connections=64)], flags(work="find", **keys, connections=1, **timed), "us"
    if work == "delete-4k":
        keys = dict(keys=scale["deletes"], container="delete4k")
        return ([prepare(**keys, **small)],
                flags(work="delete", **keys, connections=64, seconds=600, settle=1), "us")
    if work in ("append-4k", "put-page-4k", "get-page-4k"):
        if not peer.typed():
            return None
        if work == "append-4k":   # a fresh set of blobs for each run: one holds 50,000 appends at most
            keys = dict(keys=64, container="append4k")
            return ([flags(work="create", container="append4k"), flags(work="create-append", **keys, requests=64)],
                    flags(work="append", **keys, **small, **timed, settle=1), "us")
        keys = dict(keys=scale["pages"], container="pages4k")
        blob = dict(container="pages4k", blob_size=scale["pages"] * 4096)
        fill = [flags(work="create", container="pages4k"), flags(work="create-pages", requests=1, **blob)]
        if work == "put-page-4k":
            return fill, flags(work="put-page", **keys, **small, **timed, settle=1), "us"
        return ([*fill, flags(work="put-page", **keys, **small, requests=scale["pages"])],
                flags(work="get-page", **keys, **small, **timed), "us")
    raise ValueError(work)


WORKS = ["get-4k", "put-4k", "get-256m", "put-blocks-64m", "put-blob-64m", "list-100k", "delete-4k"]
EXTRA_WORKS = ["list-1m", "list-versions-100k", "find-1m", "append-4k", "put-page-4k", "get-page-4k"]
KEEPING_VERSIONS = ["list-versions-100k"]   # their account keeps versions meanwhile
FIELD = {"us": ("server_cpu_us_per_operation", "us/op"), "gib": ("server_cpu_s_per_gib", "s/GiB"),
         "name": ("server_cpu_us_per_name", "us/name")}
