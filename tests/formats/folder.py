"""What a data folder of the past holds: written through the program that had the format, looked at through any later one.

Standard library and tests/lib alone: a folder is filled by programs that are long gone, over the protocol that stays.
"""
import base64
import datetime
import hashlib
import json
import urllib.parse

from lib import azure

ACCOUNT = "past"
# A newer version of the service than any of the programs' answers the same to these requests.
VERSION = "2023-11-03"


def content(name, size):
    """Bytes that say where they are from, and that nothing can shorten."""
    out = b""
    while len(out) < size:
        out += hashlib.sha512(f"{name} {len(out)}".encode()).digest()
    return out[:size]


def client(gateway):
    return azure.Client(gateway.address, ACCOUNT, azure.KEY, version=VERSION, tls=azure.trusting(gateway.authority))


class Filler:
    """Writes one of everything; what a program of the time did not have, it answers with an error, and that is written down."""

    def __init__(self, gateway):
        self.client, self.command_line, self.backup_place = client(gateway), gateway.command_line, gateway.folder.parent / "backups"
        self.had, self.had_not, self.leases = [], [], {}

    def send(self, method, path, headers=None, body=b"", expect=(200, 201, 202)):
        answer = self.client.send(method, path, headers, body)
        if answer.status not in expect:
            raise ValueError(f"{method} {path}: {answer.status} {answer.code()}")
        return answer

    def put(self, path, size, headers=None):
        return self.send("PUT", path, {"x-ms-blob-type": "BlockBlob", **(headers or {})}, content(path, size))

    def feature(self, function):
        name = function.__name__
        try:
            function()
            self.had.append(name)
        except (ValueError, RuntimeError) as error:
            self.had_not.append(f"{name}: {error}".splitlines()[0][:160])

    def command(self, *arguments):
        self.command_line(*arguments)

    def fill(self):
        self.send("PUT", "/box?restype=container", {"x-ms-meta-owner": "first floor", "x-ms-blob-public-access": "blob"})
        for function in (self.block_blobs, self.blocks, self.access_policies, self.service_properties, self.blob_leases,
                         self.container_leases, self.copies, self.tags, self.tiers, self.expiry, self.append_blobs, self.page_blobs,
                         self.customer_keys, self.encryption_scopes, self.snapshots, self.versions, self.soft_delete,
                         self.deleted_containers, self.retention, self.lifecycle, self.roles, self.account_rules, self.admin_tokens,
                         self.delegation_secret, self.backups):
            self.feature(function)
        return self.had, self.had_not

    def block_blobs(self):
        self.put("/box/empty", 0)
        self.put("/box/small", 10, {"x-ms-meta-colour": "blue", "Content-Type": "text/plain", "Cache-Control": "no-cache",
                                    "Content-Language": "fr"})
        self.put("/box/larger", 20_000, {"Content-Encoding": "identity"})
        self.put("/box/" + urllib.parse.quote("names/with spaces, é and 🜁"), 33)
        self.put("/box/gone", 500)
        self.send("DELETE", "/box/gone")

    def blocks(self):
        def stage(blob, number):
            self.send("PUT", f"/box/{blob}?comp=block&blockid={urllib.parse.quote(azure.block_id(number))}", {},
                      content(f"{blob}{number}", 700 + number))
        for number in range(9):   # more than a head holds: pages
            stage("blocks", number)
        self.send("PUT", "/box/blocks?comp=blocklist", {}, azure.block_list([("Latest", azure.block_id(n)) for n in range(9)]))
        for number in (1, 2):
            stage("not-yet", number)
        stage("blocks", 11)

    def access_policies(self):
        body = ("<SignedIdentifiers><SignedIdentifier><Id>readers</Id><AccessPolicy><Expiry>2099-01-01T00:00:00Z</Expiry>"
                "<Permission>r</Permission></AccessPolicy></SignedIdentifier></SignedIdentifiers>").encode()
        self.send("PUT", "/policies?restype=container")
        self.send("PUT", "/policies?restype=container&comp=acl", {"x-ms-blob-public-access": "container"}, body)
        self.put("/policies/one", 12)

    def service_properties(self):
        self.send("PUT", "/?restype=service&comp=properties", {}, (
            "<StorageServiceProperties><Cors><CorsRule><AllowedOrigins>https://example.org</AllowedOrigins><AllowedMethods>GET</AllowedMethods>"
            "<AllowedHeaders>*</AllowedHeaders><ExposedHeaders>*</ExposedHeaders><MaxAgeInSeconds>60</MaxAgeInSeconds></CorsRule></Cors>"
            "<DefaultServiceVersion>2023-11-03</DefaultServiceVersion></StorageServiceProperties>").encode())

    def blob_leases(self):
        self.put("/box/leased", 44)
        answer = self.send("PUT", "/box/leased?comp=lease", {"x-ms-lease-action": "acquire", "x-ms-lease-duration": "-1"})
        self.leases["/box/leased"] = answer.header("x-ms-lease-id")

    def container_leases(self):
        self.send("PUT", "/leased?restype=container")
        answer = self.send("PUT", "/leased?restype=container&comp=lease", {"x-ms-lease-action": "acquire", "x-ms-lease-duration": "-1"})
        self.leases["/leased"] = answer.header("x-ms-lease-id")

    def copies(self):
        source = f"https://{self.client.address}/{ACCOUNT}/box/larger"
        self.send("PUT", "/box/copied", {"x-ms-copy-source": source})          # shares the manifest
        self.send("PUT", "/copies?restype=container")
        self.send("PUT", "/copies/copied", {"x-ms-copy-source": source})       # sealed anew

    def tags(self):
        self.put("/box/tagged", 21, {"x-ms-tags": "project=alpha&state=done"})

    def tiers(self):
        self.put("/box/cool", 22, {"x-ms-access-tier": "Cool"})
        self.put("/box/archived", 23)
        self.send("PUT", "/box/archived?comp=tier", {"x-ms-access-tier": "Archive"})

    def expiry(self):
        self.put("/box/ends", 24)
        self.send("PUT", "/box/ends?comp=expiry", {"x-ms-expiry-option": "Absolute", "x-ms-expiry-time": "Thu, 01 Jan 2099 00:00:00 GMT"})

    def append_blobs(self):
        self.send("PUT", "/box/log", {"x-ms-blob-type": "AppendBlob"})
        for number in range(12):
            self.send("PUT", "/box/log?comp=appendblock", {}, content(f"log{number}", 40 + number))
        self.send("PUT", "/box/sealed", {"x-ms-blob-type": "AppendBlob"})
        self.send("PUT", "/box/sealed?comp=appendblock", {}, b"the last words")
        self.send("PUT", "/box/sealed?comp=seal")

    def page_blobs(self):
        self.send("PUT", "/box/disk", {"x-ms-blob-type": "PageBlob", "x-ms-blob-content-length": "65536", "x-ms-blob-sequence-number": "7"})
        for first, size in ((0, 1024), (4096, 2048), (512, 512), (60928, 4608)):
            self.send("PUT", "/box/disk?comp=page", {"x-ms-page-write": "update", "x-ms-range": f"bytes={first}-{first + size - 1}"},
                      content(f"disk{first}", size))
        self.send("PUT", "/box/disk?comp=page", {"x-ms-page-write": "clear", "x-ms-range": "bytes=4608-5119"})

    def customer_keys(self):
        self.put("/box/own-key", 25, customer_key())

    def encryption_scopes(self):
        self.command("scope", "add", "--account", ACCOUNT, "--name", "tenant7")
        self.put("/box/scoped", 26, {"x-ms-encryption-scope": "tenant7"})

    def snapshots(self):
        for path in ("/box/small", "/box/log", "/box/disk"):
            if self.client.send("HEAD", path).status == 200:
                self.send("PUT", path + "?comp=snapshot")
        if "page_blobs" in self.had:
            self.send("PUT", "/box/disk?comp=page", {"x-ms-page-write": "update", "x-ms-range": "bytes=1024-1535"}, content("later", 512))

    def versions(self):
        self.command("account", "set", ACCOUNT, "--versioning", "on")
        for size in (30, 31, 32):
            self.put("/box/often", size)
        self.put("/box/dropped", 33)
        self.send("DELETE", "/box/dropped")

    def soft_delete(self):
        self.command("account", "set", ACCOUNT, "--versioning", "off")
        self.command("account", "set", ACCOUNT, "--delete-retention", "365")
        self.put("/box/softly", 34)
        self.send("DELETE", "/box/softly")

    def deleted_containers(self):
        self.command("account", "set", ACCOUNT, "--container-delete-retention", "365")
        self.send("PUT", "/bin?restype=container")
        self.put("/bin/kept", 35)
        self.send("DELETE", "/bin?restype=container")

    def retention(self):
        self.send("PUT", "/ledgers?restype=container")
        self.put("/ledgers/page1", 36)
        self.command("immutability", "retain", f"{ACCOUNT}/ledgers", "--days", "36500")
        self.command("immutability", "hold", f"{ACCOUNT}/ledgers", "--tag", "case42")

    def lifecycle(self):
        rule = {"policy": {"rules": [{"enabled": True, "name": "old", "type": "Lifecycle", "definition": {
            "actions": {"baseBlob": {"delete": {"daysAfterModificationGreaterThan": 36500}}},
            "filters": {"blobTypes": ["blockBlob"], "prefixMatch": ["box/never"]}}}]}}
        self.command_line("lifecycle", "set", ACCOUNT, "--file", "-", text=json.dumps(rule))


    def roles(self):
        self.command("role", "assign", "--account", ACCOUNT, "--role", "reader", "--principal", "3f6b0d9e", "--tenant", "acme")
        self.command("role", "assign", "--account", ACCOUNT, "--role", "contributor", "--group", "/backup", "--tenant", "acme",
                     "--container", "box", "--prefix", "names/", "--note", "the nightly run")

    def account_rules(self):
        self.command("account", "set", ACCOUNT, "--sas-expiry-period", "30.00:00:00", "--key-expiry", "365", "--minimum-tls-version", "1.2")

    def admin_tokens(self):
        self.command("admin", "token", "create", "alice", "--role", "operator", "--days", "366", "--out", self.backup_place.parent / "alice.token")

    def delegation_secret(self):
        self.command("account", "revoke-delegation-keys", ACCOUNT)

    def backups(self):
        """The last: what is deleted from now on waits for the window."""
        self.command("backup", self.backup_place)
        self.put("/box/since-the-backup", 40)
        self.send("DELETE", "/box/empty")
        self.command("backup", self.backup_place)


def customer_key():
    key = hashlib.sha256(b"a customer's own key").digest()
    return {"x-ms-encryption-key": base64.b64encode(key).decode(), "x-ms-encryption-algorithm": "AES256",
            "x-ms-encryption-key-sha256": base64.b64encode(hashlib.sha256(key).digest()).decode()}


# Of a blob as it is listed: what must not change when a newer program opens the folder.
PROPERTIES = ("Creation-Time", "Last-Modified", "Etag", "Content-Length", "Content-Type", "Content-Encoding", "Content-Language",
              "Content-MD5", "Cache-Control", "BlobType", "AccessTier", "LeaseStatus", "LeaseState", "x-ms-blob-sequence-number",
              "Sealed", "Expiry-Time", "EncryptionScope", "DeletedTime", "TagCount")


def listed(one, parameters, element):
    """All pages of a listing, as elements."""
    found, marker = [], ""
    while True:
        answer = one.send("GET", f"{parameters}&maxresults=1000" + (f"&marker={urllib.parse.quote(marker)}" if marker else ""))
        if answer.status != 200:
            raise ValueError(f"{parameters}: {answer.status} {answer.code()}")
        found += answer.xml().findall(element)
        marker = answer.xml().findtext("NextMarker") or ""
        if not marker:
            return found


def pairs(element, name):
    part = element.find(name)
    return {child.tag: child.text or "" for child in part} if part is not None else {}


def read(one, path, item):
    """How a state reads: the hash of its content, or the error that says why it cannot be read."""
    if item.get("deleted"):
        return "deleted"
    headers = customer_key() if path.endswith("/own-key") else {}
    query = "?snapshot=" + item["snapshot"] if item.get("snapshot") else "?versionid=" + item["version"] if item.get("version") else ""
    answer = one.send("GET", path + query, headers)
    return hashlib.sha256(answer.body).hexdigest() if answer.status == 200 else f"{answer.status} {answer.code()}"


def look(gateway):
    """Everything that the account shows, as JSON's types."""
    one, seen = client(gateway), {"containers": {}, "blobs": {}, "blocks": {}, "tags": {}, "pages": {}, "commands": {}}
    for command in (("role", "list", "--account", ACCOUNT), ("account", "show", ACCOUNT), ("admin", "token", "list")):
        try:
            seen["commands"][command[0]] = json.loads(gateway.command_line(*command, "--json"))
        except (RuntimeError, ValueError):
            continue   # a program without it
    everything = "?comp=list&include=metadata"
    try:
        containers = listed(one, "/" + everything + ",deleted", "Containers/Container")
    except ValueError:
        containers = listed(one, "/" + everything, "Containers/Container")
    for container in containers:
        name, deleted = container.findtext("Name"), container.findtext("Deleted") == "true"
        properties = pairs(container, "Properties")
        seen["containers"][name] = {"metadata": pairs(container, "Metadata"), "deleted": deleted,
                                    **{key: properties[key] for key in ("Etag", "Last-Modified", "LeaseState", "PublicAccess", "HasImmutabilityPolicy",
                                                                        "HasLegalHold") if key in properties}}
        if deleted:
            continue
        acl = one.send("GET", f"/{name}?restype=container&comp=acl")
        seen["containers"][name]["policies"] = [e.text for e in acl.xml().iter() if e.text and e.text.strip()]
        where = f"/{name}?restype=container&comp=list&include="
        blobs = None
        for include in ("snapshots,versions,deleted,metadata,tags", "snapshots,deleted,metadata", "metadata", ""):
            try:
                blobs = listed(one, where + include, "Blobs/Blob")
                break
            except ValueError:
                continue
        states = seen["blobs"][name] = []
        for blob in blobs:
            properties = pairs(blob, "Properties")
            item = {"name": blob.findtext("Name"), "snapshot": blob.findtext("Snapshot"), "version": blob.findtext("VersionId"),
                    "current": blob.findtext("IsCurrentVersion"), "deleted": blob.findtext("Deleted") == "true",
                    "metadata": pairs(blob, "Metadata"),
                    "properties": {key: properties[key] for key in PROPERTIES if key in properties}}
            item["tags"] = {tag.findtext("Key"): tag.findtext("Value") for tag in blob.findall("Tags/TagSet/Tag")}
            path = f"/{name}/" + urllib.parse.quote(item["name"])
            item["reads"] = read(one, path, item)
            states.append(item)
            if properties.get("BlobType") == "PageBlob" and not item["snapshot"]:
                ranges = one.send("GET", path + "?comp=pagelist")
                seen["pages"][path] = [[child.tag] + [part.text for part in child] for child in ranges.xml()]
        for path in {f"/{name}/" + urllib.parse.quote(item["name"]) for item in states if item["properties"].get("BlobType") == "BlockBlob"} | {
                f"/{name}/not-yet"}:
            answer = one.send("GET", path + "?comp=blocklist&blocklisttype=all")
            if answer.status == 200:
                seen["blocks"][path] = [[block.findtext("Name"), block.findtext("Size")] for block in answer.xml().iter("Block")]
    found = one.send("GET", "/?comp=blobs&where=" + urllib.parse.quote("project='alpha'"))
    if found.status == 200:
        seen["tags"] = [[blob.findtext("ContainerName"), blob.findtext("Name")] for blob in found.xml().iter("Blob")]
    one.close()
    return seen


def stamp():
    return datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d")
