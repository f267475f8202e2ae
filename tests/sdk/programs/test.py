"""Libraries that keep data in Azure Blob, unmodified: adlfs (fsspec, over the asynchronous Python SDK), obstore (Rust's
object_store) and pyarrow's own file system (over the C++ SDK)."""
import os
import pathlib
import sys
import uuid

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from files import ACCOUNT, KEY, URL, content, run_all  # noqa: E402

CONNECTION = os.environ["AZURE_STORAGE_CONNECTION_STRING"]
LARGE = content("large", (9 << 20) + 5)
HOST = URL.split("/")[2]


def name(what):
    return f"{what}-{uuid.uuid4().hex[:8]}"


def adlfs_files():
    from adlfs import AzureBlobFileSystem
    files = AzureBlobFileSystem(connection_string=CONNECTION)
    container = name("adlfs")
    files.mkdir(container)
    with files.open(f"{container}/dir/large", "wb", block_size=4 << 20) as out:
        out.write(LARGE)
    assert files.size(f"{container}/dir/large") == len(LARGE)
    with files.open(f"{container}/dir/large", "rb", block_size=1 << 20) as source:
        source.seek(5 << 20)
        assert source.read(100) == LARGE[5 << 20:(5 << 20) + 100]
    assert files.cat(f"{container}/dir/large") == LARGE
    files.pipe({f"{container}/many/{n}": bytes([n]) for n in range(40)})
    assert sorted(files.ls(f"{container}/many", detail=False)) == sorted(f"{container}/many/{n}" for n in range(40))
    assert sorted(files.find(container))[0] == f"{container}/dir/large"
    files.copy(f"{container}/many/3", f"{container}/copied")
    assert files.cat(f"{container}/copied") == b"\x03"
    files.mv(f"{container}/copied", f"{container}/moved")
    assert files.exists(f"{container}/moved") and not files.exists(f"{container}/copied")
    files.rm(f"{container}/many", recursive=True)     # a batch of deletions
    assert not files.exists(f"{container}/many")
    files.rm(container, recursive=True)


def obstore_store():
    import obstore
    from azure.storage.blob import BlobServiceClient
    from obstore.store import AzureStore
    container = name("obstore")
    service = BlobServiceClient.from_connection_string(CONNECTION)
    service.create_container(container)
    store = AzureStore(container, account_name=ACCOUNT, account_key=KEY, endpoint=URL, client_options={"allow_http": True})
    obstore.put(store, "dir/large", LARGE, use_multipart=True, chunk_size=4 << 20)
    assert obstore.get(store, "dir/large").bytes().to_bytes() == LARGE
    assert obstore.get_range(store, "dir/large", start=7, length=9).to_bytes() == LARGE[7:16]
    for number in range(30):
        obstore.put(store, f"many/{number:02d}", bytes([number]), mode="create")
    try:
        obstore.put(store, "many/00", b"again", mode="create")
        raise AssertionError("a second creation succeeded")
    except obstore.exceptions.AlreadyExistsError:
        pass
    listed = [one["path"] for page in obstore.list(store, "many", chunk_size=7) for one in page]
    assert listed == [f"many/{n:02d}" for n in range(30)], listed
    assert obstore.list_with_delimiter(store)["common_prefixes"] == ["dir", "many"]
    found = obstore.head(store, "many/01")
    try:
        obstore.put(store, "many/01", b"new", mode={"e_tag": '"0x1"'})
        raise AssertionError("a condition that fails succeeded")
    except obstore.exceptions.PreconditionError:
        pass
    obstore.put(store, "many/01", b"new", mode={"e_tag": found["e_tag"]})
    obstore.copy(store, "many/01", "copied")
    obstore.rename(store, "copied", "renamed")
    assert obstore.get(store, "renamed").bytes().to_bytes() == b"new"
    obstore.delete(store, [f"many/{n:02d}" for n in range(30)] + ["renamed", "dir/large"])   # a batch
    assert [one for page in obstore.list(store) for one in page] == []
    service.delete_container(container)


def pyarrow_tables():
    import pyarrow
    from pyarrow import dataset, fs, parquet
    files = fs.AzureFileSystem(account_name=ACCOUNT, account_key=KEY, blob_storage_authority=HOST, blob_storage_scheme="http",
                               dfs_storage_authority=HOST, dfs_storage_scheme="http")
    container = name("arrow")
    files.create_dir(container)
    with files.open_output_stream(f"{container}/large") as out:
        out.write(LARGE)
    with files.open_input_file(f"{container}/large") as source:
        assert source.size() == len(LARGE)
        source.seek(100)
        assert source.read(50) == LARGE[100:150]
        source.seek(0)
        assert source.read() == LARGE
    table = pyarrow.table({"number": list(range(100_000)), "word": [f"w{n % 7}" for n in range(100_000)]})
    parquet.write_to_dataset(table, f"{container}/table", filesystem=files, partition_cols=["word"])
    back = dataset.dataset(f"{container}/table", filesystem=files, format="parquet", partitioning="hive").to_table()
    assert sorted(back["number"].to_pylist()) == list(range(100_000))
    files.copy_file(f"{container}/large", f"{container}/copied")
    assert files.get_file_info(f"{container}/copied").size == len(LARGE)
    files.delete_file(f"{container}/copied")
    assert files.get_file_info(f"{container}/copied").type == fs.FileType.NotFound


run_all([("adlfs", adlfs_files), ("obstore", obstore_store), ("pyarrow", pyarrow_tables)])
