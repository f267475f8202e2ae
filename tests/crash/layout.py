"""Where a server's folder keeps what: the only place of these tests that knows."""
import pathlib

SHARDS = "shards"      # the folder of extents, anywhere below the data folder
STORE_LOG = ".log"     # how the names of the store's logs end
KEYRING = "keyring-"   # wrapped keys lie beside the extents


def is_shard(path):
    return f"/{SHARDS}/" in str(path)


def is_store_log(path):
    return str(path).endswith(STORE_LOG) and not is_shard(path)


def shard_files(data):
    """Extents with something in them, largest first."""
    found = [path for path in pathlib.Path(data).resolve().rglob("*")
             if path.is_file() and is_shard(path) and not path.name.startswith(KEYRING)]
    return sorted((path for path in found if path.stat().st_size > 0), key=lambda path: -path.stat().st_size)
