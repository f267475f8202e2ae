"""An ordinary program with DefaultAzureCredential: reads and writes, and says how that went. Nothing in it knows Bascule."""
import os
import sys

from azure.core.exceptions import AzureError, HttpResponseError
from azure.identity import DefaultAzureCredential
from azure.storage.blob import BlobServiceClient

service = BlobServiceClient(os.environ["BLOB_URL"], credential=DefaultAzureCredential(), retry_total=1)
container = service.get_container_client(os.environ["CONTAINER"])


def attempt(what, action):
    try:
        action()
        print(what, "ok", flush=True)
    except AzureError as error:
        print(what, error.error_code if isinstance(error, HttpResponseError) and hasattr(error, "error_code") else type(error).__name__, flush=True)
        if os.environ.get("SHOW"):
            print(error, file=sys.stderr)


def read():
    if container.download_blob("first").readall() != b"hello":
        raise AzureError("read something else")


attempt("read", read)
attempt("write", lambda: container.upload_blob("by-python", b"python", overwrite=True))
