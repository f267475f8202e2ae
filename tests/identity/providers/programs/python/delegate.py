"""An ordinary program: asks for what a role may allow, makes user delegation SAS, and uses them. Nothing in it knows Bascule."""
import datetime
import os
import sys

from azure.core.exceptions import AzureError
from azure.identity import DefaultAzureCredential
from azure.storage.blob import BlobClient, BlobServiceClient, ContainerClient, generate_blob_sas, generate_container_sas

URL, ACCOUNT, NAME = os.environ["BLOB_URL"], os.environ["ACCOUNT"], os.environ["CONTAINER"]
service = BlobServiceClient(URL, credential=DefaultAzureCredential())
container = service.get_container_client(NAME)
blob = container.get_blob_client("dir/b")


def attempt(what, action):
    try:
        result = action()
        print(f"{what}: ok", flush=True)
        return result
    except AzureError as error:
        print(f"{what}: {getattr(error, 'error_code', None) or type(error).__name__}", flush=True)
        if os.environ.get("SHOW"):
            print(error, file=sys.stderr)
    return None


now = datetime.datetime.now(datetime.timezone.utc)
begin, soon = now - datetime.timedelta(minutes=1), now + datetime.timedelta(minutes=30)
attempt("list containers", lambda: list(service.list_containers()))
attempt("list blobs", lambda: list(container.list_blobs()))
attempt("read", lambda: blob.download_blob().readall())
attempt("write", lambda: container.upload_blob("by-python", b"py", overwrite=True))
attempt("set tags", lambda: blob.set_blob_tags({"a": "b"}))
attempt("get acl", container.get_container_access_policy)
attempt("delete", lambda: container.delete_blob("doomed"))
attempt("create container", lambda: service.create_container(f"{NAME}-py"))
key = attempt("delegation key", lambda: service.get_user_delegation_key(begin, soon))
if key:
    common = {"account_name": ACCOUNT, "container_name": NAME, "user_delegation_key": key, "expiry": soon}
    read = f"{URL}/{NAME}/dir/b?" + generate_blob_sas(blob_name="dir/b", permission="r", content_type="text/plain", **common)
    attempt("SAS read", lambda: BlobClient.from_blob_url(read).download_blob().readall())
    attempt("SAS write with a read SAS", lambda: BlobClient.from_blob_url(read).upload_blob(b"x", overwrite=True))
    write = f"{URL}/{NAME}/sas-py?" + generate_blob_sas(blob_name="sas-py", permission="cw", **common)
    attempt("SAS write", lambda: BlobClient.from_blob_url(write).upload_blob(b"x", overwrite=True))
    shared = f"{URL}/{NAME}?" + generate_container_sas(permission="rl", **common)
    attempt("SAS container", lambda: list(ContainerClient.from_container_url(shared).list_blobs()))
