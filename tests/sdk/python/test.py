"""azure-storage-blob, unmodified, against the server of AZURE_STORAGE_CONNECTION_STRING."""
import base64
import concurrent.futures
import datetime
import hashlib
import io
import os
import sys
import time
import traceback
import uuid

from azure.core import MatchConditions
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceModifiedError, ResourceNotFoundError
from azure.storage.blob import (AccessPolicy, AccountSasPermissions, BlobAnalyticsLogging, BlobBlock, BlobClient, BlobLeaseClient, BlobPrefix, BlobSasPermissions,
                                BlobServiceClient, ContainerClient, ContainerSasPermissions, ContentSettings, CorsRule,
                                ImmutabilityPolicy, Metrics,
                                CustomerProvidedEncryptionKey, DelimitedJsonDialect, DelimitedTextDialect,
                                PartialBatchErrorException, ResourceTypes, RetentionPolicy, StaticWebsite,
                                generate_account_sas, generate_blob_sas, generate_container_sas)

CONNECTION = os.environ["AZURE_STORAGE_CONNECTION_STRING"]
ELSEWHERE = os.environ["SDK_ELSEWHERE"]
VERSIONED = os.environ.get("SDK_VERSIONED_CONNECTION_STRING")   # an account that keeps versions, and for a week what was deleted
STRICT = os.environ.get("SDK_TARGET") != "azurite"
MIB = 1 << 20
service = BlobServiceClient.from_connection_string(CONNECTION, max_block_size=4 * MIB, max_single_put_size=8 * MIB,
                                                   max_chunk_get_size=4 * MIB, retry_total=0)
account, key = service.account_name, service.credential.account_key
TESTS = []


def test(body):
    TESTS.append((body.__name__, body))
    return body


def fails(error, work, code=None):
    try:
        work()
    except error as problem:
        assert code is None or problem.error_code == code, f"{problem.error_code}, not {code}"
        return problem
    raise AssertionError(f"{error.__name__} was expected")


def later(hours=1):
    return datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=hours)


class Container:
    def __enter__(self):
        self.client = service.create_container(f"py-{uuid.uuid4()}")
        return self.client

    def __exit__(self, *_):
        self.client.delete_container()


@test
def containers():
    client = service.create_container(f"py-{uuid.uuid4()}", metadata={"purpose": "test"})
    fails(ResourceExistsError, client.create_container, "ContainerAlreadyExists")
    assert client.get_container_properties().metadata == {"purpose": "test"}
    client.set_container_metadata({"other": "1"})
    found = list(service.list_containers(name_starts_with=client.container_name, include_metadata=True))
    assert [c.metadata for c in found] == [{"other": "1"}]
    client.delete_container()
    fails(ResourceNotFoundError, client.get_container_properties)


def sizes(size):
    with Container() as container:
        data = os.urandom(size)
        blob = container.get_blob_client("blob")
        blob.upload_blob(data, max_concurrency=4, overwrite=True, validate_content=size < 5 * MIB)
        assert blob.get_blob_properties().size == size
        assert blob.download_blob(max_concurrency=4).readall() == data


for number in (0, 1, 4 * MIB, 8 * MIB - 1, 8 * MIB, 8 * MIB + 1, 12 * MIB, 65 * MIB + 3):
    TESTS.append((f"upload_and_download_{number}", lambda n=number: sizes(n)))


@test
def ranges():
    with Container() as container:
        data = os.urandom(100_000)
        blob = container.get_blob_client("ranges")
        blob.upload_blob(data)
        for offset, length in ((0, 1), (99_999, 1), (16_383, 2), (16_384, 16_384), (5, 70_000)):
            assert blob.download_blob(offset, length, validate_content=length < 4 * MIB).readall() == data[offset:offset + length]
        if STRICT:
            fails(HttpResponseError, lambda: blob.download_blob(100_000, 5).readall(), "InvalidRange")


@test
def headers_and_metadata():
    with Container() as container:
        blob = container.get_blob_client("headers")
        blob.upload_blob(b"x", metadata={"Upper": "A b"}, content_settings=ContentSettings(
            content_type="text/plain", cache_control="max-age=1", content_language="fr", content_disposition="inline"))
        found = blob.get_blob_properties()
        assert found.metadata == {"Upper": "A b"}, found.metadata
        assert found.content_settings.content_language == "fr"
        assert bytes(found.content_settings.content_md5) == hashlib.md5(b"x").digest()
        blob.set_http_headers(ContentSettings(content_type="image/png"))
        assert blob.get_blob_properties().content_settings.cache_control is None
        blob.set_blob_metadata({"only": "this"})
        assert blob.get_blob_properties().metadata == {"only": "this"}


@test
def listing_in_pages():
    with Container() as container:
        names = [f"d{i % 7}/b{i:05d}" for i in range(1200)]
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            list(pool.map(lambda name: container.upload_blob(name, b"x"), names))
        pages = [[b.name for b in page] for page in container.list_blobs(results_per_page=500).by_page()]
        assert [len(page) for page in pages] == [500, 500, 200], [len(page) for page in pages]
        assert sum(pages, []) == sorted(names)
        top = list(container.walk_blobs(delimiter="/"))
        assert [b.name for b in top] == [f"d{i}/" for i in range(7)] and all(isinstance(b, BlobPrefix) for b in top)
        assert len(list(container.list_blobs(name_starts_with="d3/"))) == len([n for n in names if n.startswith("d3/")])


@test
def odd_names():
    with Container() as container:
        names = ["100%", "a%20b", "what?", "a#b", "a//b", "trailing/", "a b+c", "rocket-🚀", "été", "a'b\"c", "<&>", "日本語/文件"]
        for name in names:
            container.upload_blob(name, name.encode())
            assert container.download_blob(name).readall() == name.encode()
        assert sorted(b.name for b in container.list_blobs()) == sorted(names)


@test
def leases():
    with Container() as container:
        blob = container.get_blob_client("leased")
        blob.upload_blob(b"x")
        lease = blob.acquire_lease(15)
        fails(HttpResponseError, lambda: blob.upload_blob(b"y", overwrite=True), "LeaseIdMissing")
        blob.upload_blob(b"y", overwrite=True, lease=lease)
        fails(HttpResponseError, lambda: BlobLeaseClient(blob).acquire(15), "LeaseAlreadyPresent")
        lease.renew()
        lease.change(str(uuid.uuid4()))
        lease.release()
        blob.acquire_lease(-1)
        assert BlobLeaseClient(blob).break_lease() == 0
        assert blob.get_blob_properties().lease.state == "broken"


@test
def conditions():
    with Container() as container:
        blob = container.get_blob_client("conditions")
        etag = blob.upload_blob(b"first")["etag"]
        fails(ResourceExistsError, lambda: blob.upload_blob(b"second"), "BlobAlreadyExists")
        fails(ResourceModifiedError, lambda: blob.upload_blob(
            b"second", overwrite=True, etag='"0x1"', match_condition=MatchConditions.IfNotModified), "ConditionNotMet")
        blob.upload_blob(b"second", overwrite=True, etag=etag, match_condition=MatchConditions.IfNotModified)
        fails(HttpResponseError, lambda: blob.delete_blob(etag=etag, match_condition=MatchConditions.IfNotModified), "ConditionNotMet")
        assert blob.download_blob().readall() == b"second"


@test
def blocks():
    with Container() as container:
        blob = container.get_blob_client("blocks")
        for name in "abc":
            blob.stage_block(name, name.encode() * 3, validate_content=True)
        committed, uncommitted = blob.get_block_list("all")
        assert (len(committed), len(uncommitted)) == (0, 3)
        blob.commit_block_list([BlobBlock("b"), BlobBlock("a")])
        assert blob.download_blob().readall() == b"bbbaaa"
        committed, uncommitted = blob.get_block_list("all")
        assert ([b.id for b in committed], len(uncommitted)) == (["b", "a"], 0)


@test
def tags():
    with Container() as container:
        blob = container.get_blob_client("tagged")
        blob.upload_blob(b"x", tags={"project": "a b+c", "rank": "10"})
        assert blob.get_blob_tags() == {"project": "a b+c", "rank": "10"}
        assert blob.get_blob_properties().tag_count == 2
        blob.set_blob_tags({"rank": "20"})
        fails(ResourceModifiedError, lambda: blob.download_blob(if_tags_match_condition="rank = '10'"), "ConditionNotMet")
        assert blob.download_blob(if_tags_match_condition="\"rank\" = '20'").readall() == b"x"
        assert [(b.name, b.container_name, b.tags) for b in container.find_blobs_by_tags("rank >= '15'")] == [
            ("tagged", container.container_name, {"rank": "20"})]
        where = f"@container = '{container.container_name}' AND rank = '20'"
        assert [b.name for b in service.find_blobs_by_tags(where)] == ["tagged"]
        assert [b.tags for b in container.list_blobs(include=["tags"])] == [{"rank": "20"}]
        fails(HttpResponseError, lambda: blob.set_blob_tags({"a*": ""}), "InvalidTag")


@test
def copying():
    with Container() as container:
        source = container.get_blob_client("source")
        data = os.urandom(300_000)
        source.upload_blob(data, metadata={"a": "1"})
        target = container.get_blob_client("target")
        assert target.start_copy_from_url(source.url)["copy_status"] == "success"
        assert target.download_blob().readall() == data
        assert target.get_blob_properties().copy.status == "success"


def settled(blob):
    while (copy := blob.get_blob_properties().copy).status == "pending":
        time.sleep(0.1)
    return copy.status


@test
def from_url():
    plain, slow = f"{ELSEWHERE}/plain?size=300000", f"{ELSEWHERE}/slow?size=100000000&rate=1000"
    with Container() as container:
        source = container.get_blob_client("source")
        data = os.urandom(300_000)
        source.upload_blob(data, metadata={"a": "1"}, content_settings=ContentSettings(content_type="a/b"))
        token = generate_blob_sas(account, container.container_name, "source", account_key=key, expiry=later(),
                                  permission=BlobSasPermissions(read=True))
        link = f"{source.url}?{token}"
        target = container.get_blob_client("target")
        target.upload_blob_from_url(link)
        assert target.download_blob().readall() == data
        properties = target.get_blob_properties()
        assert (properties.metadata, properties.content_settings.content_type) == ({"a": "1"}, "a/b")
        target.upload_blob_from_url(plain, overwrite=True, include_source_blob_properties=False)
        assert target.get_blob_properties().content_settings.content_type == "application/octet-stream"
        elsewhere = target.download_blob().readall()
        fails(ResourceExistsError, lambda: target.upload_blob_from_url(link, overwrite=False), "BlobAlreadyExists")

        done = target.start_copy_from_url(link, requires_sync=True)
        assert done["copy_status"] == "success" and target.download_blob().readall() == data
        target.stage_block_from_url("a", link, source_offset=0, source_length=100_000)
        target.stage_block_from_url("b", plain, source_offset=100_000, source_length=200_000)
        target.commit_block_list([BlobBlock("a"), BlobBlock("b")])
        assert target.download_blob().readall() == data[:100_000] + elsewhere[100_000:]
        fails(HttpResponseError, lambda: target.stage_block_from_url("c", source.url), "CannotVerifyCopySource")

        assert target.start_copy_from_url(plain)["copy_status"] == "pending"
        assert settled(target) == "success" and target.download_blob().readall() == elsewhere
        copy = target.start_copy_from_url(slow)
        fails(HttpResponseError, lambda: target.set_blob_metadata({}), "PendingCopyOperation")
        target.abort_copy(copy["copy_id"])
        assert settled(target) == "aborted" and target.get_blob_properties().size == 0
        fails(HttpResponseError, lambda: target.abort_copy(copy["copy_id"]), "NoPendingCopyOperation")
        fails(HttpResponseError, lambda: target.start_copy_from_url(f"{ELSEWHERE}/status/404"), "CannotVerifyCopySource")


@test
def shared_access():
    with Container() as container:
        blob = container.get_blob_client("shared")
        blob.upload_blob(b"shared")
        token = generate_account_sas(account, key, ResourceTypes(object=True), AccountSasPermissions(read=True), later())
        assert BlobClient.from_blob_url(f"{blob.url}?{token}").download_blob().readall() == b"shared"
        token = generate_blob_sas(account, container.container_name, "shared", account_key=key, expiry=later(),
                                  permission=BlobSasPermissions(read=True), content_disposition="attachment")
        link = BlobClient.from_blob_url(f"{blob.url}?{token}")
        assert link.download_blob().properties.content_settings.content_disposition == "attachment"
        fails(HttpResponseError, link.delete_blob)
        token = generate_container_sas(account, container.container_name, account_key=key, expiry=later(),
                                       permission=ContainerSasPermissions(list=True))
        assert [b.name for b in ContainerClient.from_container_url(f"{container.url}?{token}").list_blobs()] == ["shared"]
        container.set_container_access_policy({"p": AccessPolicy(ContainerSasPermissions(read=True), later(), later(-1))})
        assert container.get_container_access_policy()["signed_identifiers"][0].id == "p"
        token = generate_blob_sas(account, container.container_name, "shared", account_key=key, policy_id="p")
        assert BlobClient.from_blob_url(f"{blob.url}?{token}").download_blob().readall() == b"shared"
        container.set_container_access_policy({})
        fails(HttpResponseError, lambda: BlobClient.from_blob_url(f"{blob.url}?{token}").download_blob())


if STRICT:
    @test
    def queries():
        with Container() as container:
            blob = container.get_blob_client("rows.csv")
            content = b"Service,Package\r\n" + b"".join(b"s%d,\"p, %d\"\r\n" % (i, i) for i in range(50_000))
            blob.upload_blob(content)
            assert blob.query_blob("SELECT * FROM BlobStorage").readall() == content.replace(b"\r\n", b"\n")
            named = DelimitedTextDialect(delimiter=",", quotechar='"', lineterminator="\n", escapechar="", has_header=True)
            odd = DelimitedTextDialect(delimiter=";", quotechar="'", lineterminator=".", escapechar="\\")
            asked = blob.query_blob("SELECT Package, Service FROM BlobStorage WHERE Service = 's7'", blob_format=named, output_format=odd)
            assert asked.readall() == b"p, 7;s7."
            errors = []
            reader = blob.query_blob("SELECT _1 FROM BlobStorage WHERE _1 > 5 LIMIT 1", on_error=errors.append)
            assert reader.readall() == b"" and len(errors) == 50_001 and not errors[0].is_fatal and errors[0].error == "InvalidTypeConversion"
            errors.clear()
            blob.query_blob("SELECT * FROM BlobStorage", on_error=errors.append, blob_format=DelimitedJsonDialect(delimiter="\n")).readall()
            assert [(error.error, error.is_fatal) for error in errors] == [("ParseError", True)]
            fails(HttpResponseError, lambda: blob.query_blob("SELECT * FROM Elsewhere"), "ErrorProcessingQueryExpression")


@test
def snapshots():
    with Container() as container:
        blob = container.get_blob_client("b")
        blob.upload_blob(b"one", metadata={"a": "1"})
        first = blob.create_snapshot()
        blob.upload_blob(b"another", overwrite=True)
        second = blob.create_snapshot(metadata={"b": "2"})
        old = container.get_blob_client("b", snapshot=first)
        assert old.download_blob().readall() == b"one"
        assert old.get_blob_properties().metadata == {"a": "1"}
        assert container.get_blob_client("b", snapshot=second).get_blob_properties().metadata == {"b": "2"}
        assert [b.snapshot for b in container.list_blobs(include=["snapshots"])] == [first["snapshot"], second["snapshot"], None]
        fails(ResourceExistsError, blob.delete_blob, "SnapshotsPresent")
        old.delete_blob()
        fails(ResourceNotFoundError, old.get_blob_properties)
        blob.delete_blob(delete_snapshots="include")
        fails(ResourceNotFoundError, blob.get_blob_properties)


if VERSIONED:
    @test
    def versions_and_undelete():
        versioned = BlobServiceClient.from_connection_string(VERSIONED, retry_total=0)
        container = versioned.create_container(f"py-{uuid.uuid4()}")
        blob = container.get_blob_client("b")
        one = blob.upload_blob(b"one")["version_id"]
        two = blob.upload_blob(b"two", overwrite=True)["version_id"]
        assert one < two
        assert blob.download_blob(version_id=one).readall() == b"one"
        assert [(b.version_id, bool(b.is_current_version)) for b in container.list_blobs(include=["versions"])] == [(one, False), (two, True)]
        blob.delete_blob(version_id=one)
        fails(ResourceNotFoundError, lambda: blob.download_blob(version_id=one))
        assert [bool(b.deleted) for b in container.list_blobs(include=["versions", "deleted"])] == [True, False]
        blob.undelete_blob()
        assert blob.download_blob(version_id=one).readall() == b"one"
        blob.delete_blob()
        assert [b.has_versions_only for b in container.list_blobs(include=["deletedwithversions"])] == [True]
        assert list(container.list_blobs()) == []
        blob.start_copy_from_url(f"{blob.url}?versionid={one}")
        assert blob.download_blob().readall() == b"one"
        container.delete_container()


    @test
    def policies_and_holds():
        container = BlobServiceClient.from_connection_string(VERSIONED, retry_total=0).get_container_client("holds")
        assert container.get_container_properties().immutable_storage_with_versioning_enabled
        blob = container.get_blob_client(f"b-{uuid.uuid4()}")
        kept = blob.upload_blob(b"kept")["version_id"]
        until = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0) + datetime.timedelta(days=3)
        answer = blob.set_immutability_policy(ImmutabilityPolicy(expiry_time=until, policy_mode="Unlocked"))
        assert answer["immutability_policy_mode"] == "unlocked" and answer["immutability_policy_until_date"] == until
        assert blob.set_legal_hold(True)["legal_hold"] is True
        properties = blob.get_blob_properties()
        assert properties.immutability_policy.policy_mode == "unlocked" and properties.immutability_policy.expiry_time == until
        assert properties.has_legal_hold
        listed = next(iter(container.list_blobs(name_starts_with=blob.blob_name, include=["immutabilitypolicy", "legalhold"])))
        assert listed.has_legal_hold and listed.immutability_policy.expiry_time == until
        fails(HttpResponseError, blob.delete_blob, "BlobImmutableDueToLegalHold")
        blob.upload_blob(b"new", overwrite=True)   # what was kept is a version by now
        assert not blob.get_blob_properties().has_legal_hold
        old = container.get_blob_client(blob.blob_name, version_id=kept)
        fails(HttpResponseError, lambda: blob.delete_blob(version_id=kept), "BlobImmutableDueToLegalHold")
        old.set_legal_hold(False)
        fails(HttpResponseError, lambda: blob.delete_blob(version_id=kept), "BlobImmutableDueToPolicy")
        assert blob.download_blob(version_id=kept).readall() == b"kept"
        old.delete_immutability_policy()
        blob.delete_blob(version_id=kept)
        blob.upload_blob(b"from the start", overwrite=True, immutability_policy=ImmutabilityPolicy(expiry_time=until, policy_mode="Unlocked"),
                         legal_hold=True)
        properties = blob.get_blob_properties()
        assert properties.has_legal_hold and properties.immutability_policy.policy_mode == "unlocked"
        blob.set_legal_hold(False)
        blob.delete_immutability_policy()
        blob.delete_blob()
        fails(HttpResponseError, container.delete_container, "ContainerImmutableStorageWithVersioningEnabled")


@test
def public_access():
    with Container() as container:
        container.upload_blob("open", b"open")
        anonymous = BlobClient.from_blob_url(container.get_blob_client("open").url)
        if STRICT:
            fails(HttpResponseError, anonymous.download_blob, "NoAuthenticationInformation")
        container.set_container_access_policy({}, public_access="container")
        assert anonymous.download_blob().readall() == b"open"


def keeping():
    """A service whose account keeps deleted containers; None at a server where none can be made."""
    text = os.environ.get("KEEPING_CONNECTION_STRING")
    return BlobServiceClient.from_connection_string(text, retry_total=0) if text else None


@test
def service_properties():
    own = keeping()
    if not own:
        return
    own.set_service_properties(
        analytics_logging=BlobAnalyticsLogging(delete=True, retention_policy=RetentionPolicy(enabled=True, days=5)),
        hour_metrics=Metrics(enabled=True, include_apis=True, retention_policy=RetentionPolicy(enabled=True, days=6)),
        cors=[CorsRule(["https://a.example"], ["GET", "PUT"], allowed_headers=["x-ms-*"], exposed_headers=["*"], max_age_in_seconds=9)],
        target_version="2021-12-02", delete_retention_policy=RetentionPolicy(enabled=True, days=7),
        static_website=StaticWebsite(enabled=True, index_document="index.html", error_document404_path="404.html"))
    own.set_service_properties(minute_metrics=Metrics(enabled=True, include_apis=False))
    found = own.get_service_properties()
    assert found["analytics_logging"].delete and found["analytics_logging"].retention_policy.days == 5
    assert found["hour_metrics"].retention_policy.days == 6 and found["minute_metrics"].enabled
    assert found["cors"][0].allowed_methods == "GET,PUT" and found["cors"][0].max_age_in_seconds == 9
    assert found["target_version"] == "2021-12-02" and found["delete_retention_policy"].days == 7
    assert found["static_website"].index_document == "index.html"
    own.set_service_properties(cors=[], delete_retention_policy=RetentionPolicy(enabled=False), static_website=StaticWebsite(enabled=False))
    found = own.get_service_properties()
    assert found["cors"] == [] and not found["delete_retention_policy"].enabled and not found["static_website"].enabled
    fails(HttpResponseError, lambda: own.set_service_properties(cors=[CorsRule(["*"], ["GET"])] * 6), "InvalidXmlDocument")


@test
def deleted_containers():
    own = keeping()
    if not own:
        return
    name = f"py-{uuid.uuid4()}"
    own.create_container(name, metadata={"a": "1"}).upload_blob("b", b"kept")
    own.delete_container(name)
    assert name not in [c.name for c in own.list_containers()]
    [deleted] = [c for c in own.list_containers(include_deleted=True, include_metadata=True) if c.name == name]
    assert deleted.deleted and deleted.metadata == {"a": "1"} and deleted.version
    restored = own.undelete_container(name, deleted.version)
    assert restored.download_blob("b").readall() == b"kept"
    fails(HttpResponseError, lambda: own.undelete_container(name, deleted.version))


@test
def batch():
    with Container() as container:
        for name in ("a", "b c", "d/é"):
            container.upload_blob(name, b"x")
        answers = list(container.delete_blobs("a", "b c", "absent", raise_on_any_failure=False))
        assert [answer.status_code for answer in answers] == [202, 202, 404], answers
        problem = fails(PartialBatchErrorException, lambda: container.delete_blobs("d/é", "absent"))
        assert [part.status_code for part in problem.parts] == [202, 404]
        assert list(container.list_blobs()) == []
        sas = generate_container_sas(account, container.container_name, key, permission=ContainerSasPermissions(delete=True), expiry=later())
        container.upload_blob("a", b"x")
        restricted = ContainerClient.from_container_url(f"{container.url}?{sas}")
        assert [answer.status_code for answer in restricted.delete_blobs("a")] == [202]


@test
def crc64_of_content():
    """Structured messages both ways: the client checks every segment."""
    data = os.urandom(9 * MIB + 5)
    with Container() as container:
        blob = container.upload_blob("plain", data, validate_content="crc64")
        assert blob.download_blob(validate_content="crc64").readall() == data
        with io.BytesIO(data) as stream:
            blob = container.upload_blob("stream", stream, validate_content="crc64", max_concurrency=4)
        assert blob.download_blob(validate_content="crc64").readall() == data
        assert blob.download_blob(offset=5, length=4 * MIB + 7, validate_content="crc64").readall() == data[5:4 * MIB + 12]
        container.upload_blob("empty", b"", validate_content="crc64")
        assert container.download_blob("empty", validate_content="crc64").readall() == b""


@test
def customer_provided_keys():
    if "SDK_SECURE_CONNECTION_STRING" not in os.environ:
        return
    raw, other = os.urandom(32), os.urandom(32)
    mine, wrong = (CustomerProvidedEncryptionKey(base64.b64encode(k).decode(), base64.b64encode(hashlib.sha256(k).digest()).decode())
                   for k in (raw, other))
    secure = BlobServiceClient.from_connection_string(os.environ["SDK_SECURE_CONNECTION_STRING"], max_single_put_size=4 * MIB,
                                                      max_block_size=4 * MIB, retry_total=0, connection_verify=os.environ["SDK_AUTHORITY"])
    container = secure.create_container(f"py-{uuid.uuid4()}")
    data = os.urandom(9 * MIB)
    blob = container.upload_blob("keyed", data, metadata={"word": "hidden"}, cpk=mine)
    assert blob.download_blob(cpk=mine).readall() == data
    properties = blob.get_blob_properties(cpk=mine)
    assert properties.encryption_key_sha256 == mine.key_hash and properties.metadata == {"word": "hidden"}
    fails(HttpResponseError, blob.download_blob, "BlobUsesCustomerSpecifiedEncryption")
    fails(HttpResponseError, lambda: blob.download_blob(cpk=wrong), "BlobCustomerSpecifiedEncryptionMismatch")
    assert "hidden" not in str([dict(one) for one in container.list_blobs(include=["metadata"])])
    container.delete_container()


@test
def parallel_writers():
    with Container() as container:
        contents = [bytes([i]) * 200_000 for i in range(16)]
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            list(pool.map(lambda data: container.upload_blob("contended", data, overwrite=True), contents))
        assert container.download_blob("contended").readall() in contents


@test
def append_blobs():
    with Container() as container:
        blob = container.get_blob_client("log")
        blob.create_append_blob(metadata={"kind": "log"})
        assert blob.append_block(b"one,")["blob_append_offset"] == "0"
        blob.append_block(b"two,", appendpos_condition=4, maxsize_condition=8)
        error = fails(HttpResponseError, lambda: blob.append_block(b"x", appendpos_condition=4))
        assert error.error_code == "AppendPositionConditionNotMet"
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            offsets = list(pool.map(lambda i: blob.append_block(b"<%02d>" % i)["blob_append_offset"], range(40)))
        assert len(set(offsets)) == 40
        data = os.urandom(9 * MIB)
        container.upload_blob("copied", data, blob_type="AppendBlob")
        assert container.download_blob("copied").readall() == data
        container.upload_blob("copied", b"more", blob_type="AppendBlob", overwrite=False)
        assert container.download_blob("copied", offset=9 * MIB).readall() == b"more"
        properties = blob.get_blob_properties()
        assert (properties.blob_type, properties.append_blob_committed_block_count, properties.size) == ("AppendBlob", 42, 168)
        if STRICT:
            blob.seal_append_blob()
            fails(HttpResponseError, lambda: blob.append_block(b"x"), "BlobIsSealed")
            assert blob.get_blob_properties().is_append_blob_sealed


@test
def page_blobs():
    with Container() as container:
        blob = container.get_blob_client("disk")
        blob.create_page_blob(MIB, sequence_number=1)
        page = os.urandom(4096)
        blob.upload_page(page, 4096, 4096)
        blob.upload_page(page, 512 * 1024, 4096, if_sequence_number_lte=1)
        fails(HttpResponseError, lambda: blob.upload_page(page, 0, 4096, if_sequence_number_eq=2), "SequenceNumberConditionNotMet")
        blob.clear_page(4096, 1024)
        ranges, _ = blob.get_page_ranges()
        assert [(r["start"], r["end"]) for r in ranges] == [(5120, 8191), (524288, 528383)], ranges
        assert blob.download_blob(0, 8192).readall() == bytes(5120) + page[1024:]
        if STRICT:   # what changed since a snapshot
            before = blob.create_snapshot()["snapshot"]
            blob.upload_page(page, 16384, 4096)
            blob.clear_page(5120, 512)
            after = blob.create_snapshot()["snapshot"]
            blob.upload_page(page, 0, 4096)
            written, cleared = blob.get_page_ranges(previous_snapshot_diff=before)
            assert [(r["start"], r["end"]) for r in written] == [(0, 4095), (16384, 20479)], written
            assert [(r["start"], r["end"]) for r in cleared] == [(5120, 5631)], cleared
            found = list(container.get_blob_client("disk", snapshot=after).list_page_ranges(previous_snapshot=before, results_per_page=1))
            assert [(r.start, r.end, r.cleared) for r in found] == [(5120, 5631, True), (16384, 20479, False)], found
            fails(HttpResponseError, lambda: list(blob.list_page_ranges(previous_snapshot="2020-01-01T00:00:00.0000000Z")),
                  "PreviousSnapshotNotFound")
            copy = container.get_blob_client("copy")
            for snapshot in (before, after):   # taken over as snapshots of another blob, the changes alone
                copied = copy.start_copy_from_url(container.get_blob_client("disk", snapshot=snapshot).url, incremental_copy=True)
                assert copied["copy_status"] == "success", copied
                here = copy.get_blob_properties().copy
                assert here.incremental_copy and here.destination_snapshot
                mine = container.get_blob_client("copy", snapshot=here.destination_snapshot)
                assert mine.download_blob().readall() == container.get_blob_client("disk", snapshot=snapshot).download_blob().readall()
            fails(HttpResponseError, lambda: copy.download_blob(), "OperationNotAllowedOnIncrementalCopyBlob")
        blob.resize_blob(512 * 1024)
        blob.resize_blob(MIB)
        assert blob.download_blob(512 * 1024, 4096).readall() == bytes(4096)
        assert blob.set_sequence_number("increment")["blob_sequence_number"] == 2
        data = os.urandom(6 * MIB) + bytes(2 * MIB)
        container.upload_blob("image", data, blob_type="PageBlob")
        assert container.download_blob("image").readall() == data


def main():
    failed = 0
    for name, body in TESTS:
        try:
            body()
            print(f"✓ {name}")
        except Exception:
            failed += 1
            print(f"✗ {name}\n{traceback.format_exc()}")
    print(f"{len(TESTS) - failed} passed, {failed} failed")
    return failed != 0


sys.exit(main())
