"""User delegation SAS made by hand, from Microsoft's published rules, and the table of what each role allows."""
import hashlib
import hmac
import base64
import xml.etree.ElementTree as ET

from lib import azure, multipart

READER, CONTRIBUTOR, OWNER, DELEGATOR = "reader", "contributor", "owner", "delegator"
ALL = {READER, CONTRIBUTOR, OWNER}
WRITE = {CONTRIBUTOR, OWNER}
FULL = {OWNER}
NONE = set()


def get_key(client, token, start=None, expiry=None, tenant=""):
    """The answer to Get User Delegation Key, and the key's fields where there is one."""
    start = azure.iso(-60) if start is None else start
    expiry = azure.iso(3600) if expiry is None else expiry
    body = f"<KeyInfo>{f'<Start>{start}</Start>' if start else ''}<Expiry>{expiry}</Expiry>"
    body += (f"<DelegatedUserTid>{tenant}</DelegatedUserTid>" if tenant else "") + "</KeyInfo>"
    answer = client.send("POST", "/?restype=service&comp=userdelegationkey", bearer(token), body.encode(), auth="none")
    key = {child.tag: child.text or "" for child in answer.xml()} if answer.status == 200 else None
    return answer, key


def bearer(token, **headers):
    return {"Authorization": f"Bearer {token}", **headers}


def delegation_sas(key, resource, account, sv="2026-04-06", sr="b", sp="r", se=None, st="", sip="", spr="", time="", ses="", saoid="",
                   suoid="", scid="", sduoid="", headers=None, query=None, rsct="", sdd="", change=None):
    """resource: /container or /container/blob, decoded. change: fields to put in their place after signing."""
    se = se or azure.iso(1800)
    fields = [sp, st, se, f"/blob/{account}{resource}", key["SignedOid"], key["SignedTid"], key["SignedStart"], key["SignedExpiry"],
              key["SignedService"], key["SignedVersion"]]
    if sv >= "2020-02-10":
        fields += [saoid, suoid, scid]
    if sv >= "2025-07-05":
        fields += [key.get("SignedDelegatedUserTid", ""), sduoid]
    fields += [sip, spr, sv, sr, time]
    if sv >= "2020-12-06":
        fields.append(ses)
    if sv >= "2026-04-06":
        fields.append("".join(f"{name}:{value}\n" for name, value in (headers or {}).items()))
        fields.append("".join(f"\n{name}:{value}" for name, value in (query or {}).items()))
    fields += ["", "", "", "", rsct]
    signature = base64.b64encode(hmac.new(base64.b64decode(key["Value"]), "\n".join(fields).encode(), hashlib.sha256).digest()).decode()
    pairs = {"sv": sv, "sr": sr, "sp": sp, "st": st, "se": se, "sip": sip, "spr": spr, "ses": ses, "skoid": key["SignedOid"],
             "sktid": key["SignedTid"], "skt": key["SignedStart"], "ske": key["SignedExpiry"], "sks": key["SignedService"],
             "skv": key["SignedVersion"], "saoid": saoid, "suoid": suoid, "scid": scid, "skdutid": key.get("SignedDelegatedUserTid", ""),
             "sduoid": sduoid, "srh": ",".join(headers or {}), "srq": ",".join(query or {}), "rsct": rsct, "sdd": sdd, "sig": signature}
    pairs.update(change or {})
    return azure.encode_query([(name, value) for name, value in pairs.items() if value])


POLICY = b'<?xml version="1.0"?><SignedIdentifiers><SignedIdentifier><Id>p</Id><AccessPolicy><Permission>r</Permission></AccessPolicy></SignedIdentifier></SignedIdentifiers>'
TAGS = b'<?xml version="1.0"?><Tags><TagSet><Tag><Key>k</Key><Value>v</Value></Tag></TagSet></Tags>'
QUERY = (b'<?xml version="1.0"?><QueryRequest><QueryType>SQL</QueryType><Expression>SELECT * from BlobStorage</Expression></QueryRequest>')
BLOCK, LEASE = azure.block_id(1), "11111111-1111-1111-1111-111111111111"
PUT = {"x-ms-blob-type": "BlockBlob"}
PROPERTIES = b'<?xml version="1.0"?><StorageServiceProperties><Cors/></StorageServiceProperties>'
KEY_INFO = f"<KeyInfo><Expiry>{azure.iso(3600)}</Expiry></KeyInfo>".encode()
BATCH, PARTS = {"Content-Type": "multipart/mixed; boundary=batch_0"}, multipart.body([multipart.plain("DELETE", "/x/y")])
FROM = {"x-ms-copy-source": "SOURCE/b", "x-ms-copy-source-authorization": "Bearer TOKEN"}
PAGES = {"x-ms-page-write": "update", "x-ms-range": "bytes=0-511"}


class Row:
    """An operation, as raw HTTP, and the roles that it is allowed to. C, B: the container and the blob to be put in; SOURCE,
    TOKEN in a header: the container's address, and the caller's own token."""

    def __init__(self, title, method, path, roles, headers=None, body=b"", good=(200, 201, 202, 206)):
        self.title, self.method, self.path, self.roles, self.headers, self.body, self.good = title, method, path, roles, headers or {}, body, good


# What Azure's tables say; "good" are the answers that say it was allowed: some operations are refused further on for reasons of
# their own (no such copy, no such policy), which is not authorisation's 401 and 403.
OPERATIONS = [
    Row("List Containers", "GET", "/?comp=list", ALL),
    Row("Get Blob Service Properties", "GET", "/?restype=service&comp=properties", NONE),
    Row("Set Blob Service Properties", "PUT", "/?restype=service&comp=properties", NONE, {}, PROPERTIES),
    Row("Get Blob Service Stats", "GET", "/?restype=service&comp=stats", NONE),
    Row("Get Account Information", "GET", "/?restype=account&comp=properties", NONE),
    Row("Get Account Information by a container", "GET", "/C?restype=account&comp=properties", NONE),
    Row("Get Account Information by a blob", "GET", "/C/B?restype=account&comp=properties", NONE),
    Row("Get User Delegation Key", "POST", "/?restype=service&comp=userdelegationkey", ALL | {DELEGATOR}, {}, KEY_INFO),
    Row("Blob Batch", "POST", "/?comp=batch", WRITE, BATCH, PARTS),
    Row("Blob Batch in Container", "POST", "/C?restype=container&comp=batch", WRITE, BATCH, PARTS),
    Row("Find Blobs by Tags", "GET", "/?comp=blobs&where=k%3D%27v%27", FULL),
    Row("Create Container", "PUT", "/NEW?restype=container", WRITE),
    Row("Get Container Properties", "GET", "/C?restype=container", ALL),
    Row("Get Container Metadata", "GET", "/C?restype=container&comp=metadata", ALL),
    Row("Set Container Metadata", "PUT", "/C?restype=container&comp=metadata", WRITE, {"x-ms-meta-a": "1"}),
    Row("Get Container ACL", "GET", "/C?restype=container&comp=acl", FULL),
    Row("Set Container ACL", "PUT", "/C?restype=container&comp=acl", FULL, {}, POLICY),
    Row("Lease Container", "PUT", "/C?restype=container&comp=lease", WRITE, {"x-ms-lease-action": "release", "x-ms-lease-id": LEASE}, good=(409,)),
    Row("Lease Container, to break it", "PUT", "/C?restype=container&comp=lease", WRITE, {"x-ms-lease-action": "break"}, good=(202, 409)),
    Row("Rename Container", "PUT", "/renamed?restype=container&comp=rename", WRITE, {"x-ms-source-container-name": "not-there"}, good=(404,)),
    Row("List Blobs", "GET", "/C?restype=container&comp=list", ALL),
    Row("List Blobs with tags", "GET", "/C?restype=container&comp=list&include=tags", FULL),
    Row("Find Blobs by Tags in Container", "GET", "/C?restype=container&comp=blobs&where=k%3D%27v%27", FULL),
    Row("Put Blob", "PUT", "/C/B", WRITE, PUT, b"x"),
    Row("Put Blob with tags", "PUT", "/C/B", FULL, {**PUT, "x-ms-tags": "k=v"}, b"x"),
    Row("Get Blob", "GET", "/C/B", ALL),
    Row("Get Blob Properties", "HEAD", "/C/B", ALL),
    Row("Set Blob Properties", "PUT", "/C/B?comp=properties", WRITE, {"x-ms-blob-content-type": "text/plain"}),
    Row("Get Blob Metadata", "GET", "/C/B?comp=metadata", ALL),
    Row("Set Blob Metadata", "PUT", "/C/B?comp=metadata", WRITE, {"x-ms-meta-a": "1"}),
    Row("Get Blob Tags", "GET", "/C/B?comp=tags", FULL),
    Row("Set Blob Tags", "PUT", "/C/B?comp=tags", FULL, {}, TAGS, good=(204,)),
    Row("Lease Blob", "PUT", "/C/B?comp=lease", WRITE, {"x-ms-lease-action": "release", "x-ms-lease-id": LEASE}, good=(409,)),
    Row("Lease Blob, to break it", "PUT", "/C/B?comp=lease", WRITE, {"x-ms-lease-action": "break"}, good=(202, 409)),
    Row("Snapshot Blob", "PUT", "/C/B?comp=snapshot", WRITE),
    Row("Copy Blob within the account", "PUT", "/C/copy", WRITE, {"x-ms-copy-source": "SOURCE/b"}),
    Row("Copy Blob From URL", "PUT", "/C/copied", WRITE, {**FROM, "x-ms-requires-sync": "true"}),
    Row("Incremental Copy Blob", "PUT", "/C/increments?comp=incrementalcopy", WRITE,
        {"x-ms-copy-source": "SOURCE/pages?snapshot=2020-01-01T00:00:00.0000000Z"}, good=(404,)),
    Row("Put Blob From URL", "PUT", "/C/put-from", WRITE, {**FROM, **PUT}),
    Row("Abort Copy Blob", "PUT", "/C/B?comp=copy&copyid=11111111-1111-1111-1111-111111111111", WRITE, {"x-ms-copy-action": "abort"}, good=(409,)),
    Row("Set Blob Tier", "PUT", "/C/B?comp=tier", WRITE, {"x-ms-access-tier": "Hot"}),
    Row("Set Immutability Policy", "PUT", "/C/B?comp=immutabilityPolicies", FULL,
        {"x-ms-immutability-policy-until-date": "Fri, 01 Jan 2100 00:00:00 GMT"}, good=(200, 409)),
    Row("Delete Immutability Policy", "DELETE", "/C/B?comp=immutabilityPolicies", FULL, good=(200, 409)),
    Row("Set Blob Legal Hold", "PUT", "/C/B?comp=legalhold", WRITE, {"x-ms-legal-hold": "true"}, good=(200, 409)),
    Row("Put Block", "PUT", f"/C/blocks?comp=block&blockid={BLOCK.replace('=', '%3D')}", WRITE, {}, b"x"),
    Row("Put Block List", "PUT", "/C/empty?comp=blocklist", WRITE, {}, azure.block_list([])),
    Row("Put Block From URL", "PUT", f"/C/blocks?comp=block&blockid={BLOCK.replace('=', '%3D')}", WRITE, FROM),
    Row("Get Block List", "GET", "/C/B?comp=blocklist", ALL),
    Row("Get Block List with uncommitted blocks", "GET", "/C/B?comp=blocklist&blocklisttype=all", ALL),
    Row("Query Blob Contents", "POST", "/C/B?comp=query", ALL, {}, QUERY),
    Row("Create append blob", "PUT", "/C/appended", WRITE, {"x-ms-blob-type": "AppendBlob"}),
    Row("Append Block", "PUT", "/C/log?comp=appendblock", WRITE, {}, b"x"),
    Row("Append Block From URL", "PUT", "/C/log?comp=appendblock", WRITE, FROM),
    Row("Seal append blob", "PUT", "/C/sealed?comp=seal", WRITE),
    Row("Create page blob", "PUT", "/C/paged", WRITE, {"x-ms-blob-type": "PageBlob", "x-ms-blob-content-length": "512"}),
    Row("Put Page", "PUT", "/C/pages?comp=page", WRITE, PAGES, b"p" * 512),
    Row("Put Page From URL", "PUT", "/C/pages?comp=page", WRITE, {**FROM, **PAGES, "x-ms-copy-source": "SOURCE/pages", "x-ms-source-range": "bytes=0-511"}),
    Row("Clear Pages", "PUT", "/C/pages?comp=page", WRITE, {**PAGES, "x-ms-page-write": "clear"}),
    Row("Set page blob's size", "PUT", "/C/pages?comp=properties", WRITE, {"x-ms-blob-content-length": "1024"}),
    Row("Get Page Ranges", "GET", "/C/pages?comp=pagelist", ALL),
    Row("Delete Blob version", "DELETE", "/C/B?versionid=2020-01-01T00%3A00%3A00.0000000Z", FULL, good=(404,)),
    Row("Delete Blob for good", "DELETE", "/C/B?snapshot=2020-01-01T00%3A00%3A00.0000000Z&deletetype=permanent", FULL, good=(404, 409)),
    Row("Delete Blob's snapshot", "DELETE", "/C/B?snapshot=2020-01-01T00%3A00%3A00.0000000Z", WRITE, good=(404,)),
    Row("Delete Blob", "DELETE", "/C/doomed", WRITE),
    Row("Undelete Blob", "PUT", "/C/B?comp=undelete", WRITE),
    Row("Set Blob Expiry", "PUT", "/C/log?comp=expiry", WRITE, {"x-ms-expiry-option": "NeverExpire"}),
    Row("Delete Container", "DELETE", "/GONE?restype=container", WRITE),
    Row("Restore Container", "PUT", "/restored?restype=container&comp=undelete", WRITE,
        {"x-ms-deleted-container-name": "r", "x-ms-deleted-container-version": "0000000000000001"}, good=(404,)),
]


def document(answer):
    return ET.fromstring(answer.body.decode("utf-8-sig"))
