// @azure/storage-blob, unmodified, against the server of AZURE_STORAGE_CONNECTION_STRING.
import assert from "node:assert/strict";
import { createHash, randomBytes, randomUUID } from "node:crypto";
import { createRequire } from "node:module";

const require = createRequire(`${process.env.BASCULE_CACHE}/js/package.json`);
const {
  AccountSASPermissions, AccountSASResourceTypes, AccountSASServices, AnonymousCredential, BlobClient, BlobSASPermissions,
  BlobServiceClient, ContainerClient, ContainerSASPermissions, generateAccountSASQueryParameters,
  generateBlobSASQueryParameters,
} = require("@azure/storage-blob");

const service = BlobServiceClient.fromConnectionString(process.env.AZURE_STORAGE_CONNECTION_STRING);
const strict = process.env.SDK_TARGET !== "azurite";
const MiB = 1024 * 1024;
const tests = [];
const test = (name, body) => tests.push({ name, body });
const md5 = (data) => createHash("md5").update(data).digest();
const fails = (work, status, code) => assert.rejects(work, (error) => {
  assert.equal(error.statusCode, status, `${error.statusCode} ${error.code}`);
  if (code) assert.equal(error.code ?? error.details?.errorCode, code);
  return true;
});
const collect = async (iterator) => {
  const found = [];
  for await (const one of iterator) found.push(one);
  return found;
};

async function inContainer(body) {
  const container = service.getContainerClient(`js-${randomUUID()}`);
  await container.create();
  try {
    await body(container);
  } finally {
    await container.delete().catch(() => {});
  }
}

test("containers: create, properties, metadata, list, delete", async () => {
  const container = service.getContainerClient(`js-${randomUUID()}`);
  await container.create({ metadata: { purpose: "test" } });
  await fails(container.create(), 409, "ContainerAlreadyExists");
  assert.equal((await container.createIfNotExists()).succeeded, false);
  assert.equal((await container.getProperties()).metadata.purpose, "test");
  await container.setMetadata({ other: "1" });
  assert.deepEqual((await container.getProperties()).metadata, { other: "1" });
  const listed = await collect(service.listContainers({ prefix: container.containerName, includeMetadata: true }));
  assert.equal(listed.length, 1);
  assert.equal(listed[0].metadata.other, "1");
  assert.equal(await container.exists(), true);
  await container.delete();
  assert.equal(await container.exists(), false);
});

for (const size of [0, 1, 4 * MiB - 1, 4 * MiB, 4 * MiB + 1, 8 * MiB - 1, 8 * MiB, 8 * MiB + 1, 16 * 1024 * 5]) {
  test(`upload and download of ${size} bytes`, () => inContainer(async (container) => {
    const blob = container.getBlockBlobClient("blob");
    const data = randomBytes(size);
    await blob.upload(data, size);
    const properties = await blob.getProperties();
    assert.equal(properties.contentLength, size);
    assert.deepEqual(Buffer.from(properties.contentMD5), md5(data));
    assert.deepEqual(await blob.downloadToBuffer(), data);
  }));
}
for (const [size, blockSize] of [[4 * MiB, 4 * MiB], [4 * MiB + 1, 4 * MiB], [8 * MiB, MiB], [9 * MiB + 7, 3 * MiB], [72 * MiB, 8 * MiB]]) {
  test(`parallel blocks: ${size} bytes in blocks of ${blockSize}`, () => inContainer(async (container) => {
    const blob = container.getBlockBlobClient("big");
    const data = randomBytes(size);
    await blob.uploadData(data, { blockSize, concurrency: 8, maxSingleShotSize: 256 * 1024 });
    assert.deepEqual(md5(await blob.downloadToBuffer(0, undefined, { concurrency: 4 })), md5(data));
    const blocks = await blob.getBlockList("all");
    assert.equal(blocks.committedBlocks.length, Math.ceil(size / blockSize));
    assert.equal((blocks.uncommittedBlocks ?? []).length, 0);
  }));
}

test("ranges and their hashes", () => inContainer(async (container) => {
  const blob = container.getBlockBlobClient("ranges");
  const data = randomBytes(100000);
  await blob.upload(data, data.length);
  for (const [offset, count] of [[0, 1], [99999, 1], [16383, 2], [16384, 16384], [1000, 65000]]) {
    const part = await blob.downloadToBuffer(offset, count);
    assert.deepEqual(part, data.subarray(offset, offset + count));
  }
  const hashed = await blob.download(10, 20, { rangeGetContentMD5: true });
  assert.deepEqual(Buffer.from(hashed.contentMD5), md5(data.subarray(10, 30)));
  await collect(hashed.readableStreamBody);
  if (strict) await fails(blob.download(100000, 10), 416, "InvalidRange");
}));

test("headers and metadata", () => inContainer(async (container) => {
  const blob = container.getBlockBlobClient("headers");
  await blob.upload("x", 1, {
    metadata: { Upper: "A b", lower: "plain" },
    blobHTTPHeaders: { blobContentType: "text/plain; charset=utf-8", blobCacheControl: "max-age=1",
      blobContentLanguage: "fr", blobContentEncoding: "identity", blobContentDisposition: "inline" },
  });
  let properties = await blob.getProperties();
  assert.equal(properties.contentType, "text/plain; charset=utf-8");
  assert.equal(properties.contentDisposition, "inline");
  assert.equal(properties.metadata.upper ?? properties.metadata.Upper, "A b");
  await blob.setHTTPHeaders({ blobContentType: "image/png" });
  properties = await blob.getProperties();
  assert.equal(properties.contentType, "image/png");
  assert.equal(properties.cacheControl, undefined);
  await blob.setMetadata({ only: "this" });
  assert.deepEqual((await blob.getProperties()).metadata, { only: "this" });
}));

test("listing thousands, flat and by hierarchy, in pages", () => inContainer(async (container) => {
  const names = [];
  for (let i = 0; i < 2500; i++) names.push(`dir${String(i % 10).padStart(2, "0")}/blob${String(i).padStart(5, "0")}`);
  for (let i = 0; i < names.length; i += 50) {
    await Promise.all(names.slice(i, i + 50).map((name) => container.getBlockBlobClient(name).upload("x", 1)));
  }
  const flat = [];
  let pages = 0;
  for await (const page of container.listBlobsFlat().byPage({ maxPageSize: 700 })) {
    pages += 1;
    flat.push(...page.segment.blobItems.map((item) => item.name));
  }
  assert.equal(pages, 4);
  assert.deepEqual(flat, [...names].sort());
  const top = await collect(container.listBlobsByHierarchy("/"));
  assert.deepEqual(top.map((item) => [item.kind, item.name]), Array.from({ length: 10 }, (_, i) => ["prefix", `dir0${i}/`]));
  const inside = await collect(container.listBlobsByHierarchy("/", { prefix: "dir03/" }));
  assert.equal(inside.length, 250);
  assert.ok(inside.every((item) => item.kind === "blob" && item.properties.contentLength === 1));
}));

test("names with odd characters", () => inContainer(async (container) => {
  const names = ["100%", "a%20b", "what?", "a#b", "a//b", "trailing/", "dot.", "a b+c", "rocket-🚀", "été", "a'b\"c", "<&>", "a:b;c=d,e",
    "日本語/文件", "n".repeat(1024)];
  for (const name of names) {
    await container.getBlockBlobClient(name).upload(name, Buffer.byteLength(name));
    assert.equal((await container.getBlobClient(name).downloadToBuffer()).toString(), name);
  }
  const listed = (await collect(container.listBlobsFlat())).map((item) => item.name);
  const bytewise = (a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b));
  assert.deepEqual([...listed].sort(bytewise), [...names].sort(bytewise));
  if (strict) assert.deepEqual(listed, [...names].sort(bytewise));
}));

test("leases", () => inContainer(async (container) => {
  const blob = container.getBlockBlobClient("leased");
  await blob.upload("x", 1);
  const lease = blob.getBlobLeaseClient();
  await lease.acquireLease(15);
  await fails(blob.upload("y", 1), 412, "LeaseIdMissing");
  await fails(blob.getBlobLeaseClient(randomUUID()).acquireLease(15), 409, "LeaseAlreadyPresent");
  await blob.upload("y", 1, { conditions: { leaseId: lease.leaseId } });
  await lease.renewLease();
  const changed = randomUUID();
  await lease.changeLease(changed);
  assert.equal(lease.leaseId, changed);
  await lease.releaseLease();
  await blob.upload("z", 1);
  await lease.acquireLease(-1);
  assert.equal((await blob.getProperties()).leaseDuration, "infinite");
  await lease.breakLease(0);
  assert.equal((await blob.getProperties()).leaseState, "broken");
  const whole = container.getBlobLeaseClient();
  await whole.acquireLease(-1);
  await fails(container.delete(), 412, "LeaseIdMissing");
  await whole.releaseLease();
}));

test("conditions", () => inContainer(async (container) => {
  const blob = container.getBlockBlobClient("conditions");
  const { etag } = await blob.upload("first", 5, { conditions: { ifNoneMatch: "*" } });
  await fails(blob.upload("second", 6, { conditions: { ifNoneMatch: "*" } }), 409, "BlobAlreadyExists");
  await fails(blob.upload("second", 6, { conditions: { ifMatch: '"0x1"' } }), 412, "ConditionNotMet");
  const { etag: next } = await blob.upload("second", 6, { conditions: { ifMatch: etag } });
  assert.notEqual(next, etag);
  await fails(blob.download(0, undefined, { conditions: { ifNoneMatch: next } }), 304);
  await fails(blob.delete({ conditions: { ifMatch: etag } }), 412, "ConditionNotMet");
  await blob.delete({ conditions: { ifMatch: next } });
  await fails(blob.getProperties(), 404);
}));

test("tags", () => inContainer(async (container) => {
  const blob = container.getBlockBlobClient("tagged");
  await blob.upload("x", 1, { tags: { project: "a b+c", rank: "10" } });
  assert.deepEqual((await blob.getTags()).tags, { project: "a b+c", rank: "10" });
  assert.equal((await blob.getProperties()).tagCount, 2);
  await blob.setTags({ rank: "20" });
  const { etag } = await blob.getProperties();
  await fails(blob.download(0, undefined, { conditions: { tagConditions: "rank = '10'" } }), 412, "ConditionNotMet");
  await blob.setMetadata({ a: "b" }, { conditions: { tagConditions: "rank > '15' AND rank <= '20'" } });
  await fails(blob.setTags({}, { conditions: { tagConditions: "rank <> '20'" } }), 412, "ConditionNotMet");
  assert.notEqual((await blob.getProperties()).etag, etag);
  for (let i = 0; i < 3; i++) await container.getBlockBlobClient(`many${i}`).upload("x", 1, { tags: { many: `${i}` } });
  const found = [];
  for await (const page of service.findBlobsByTags(`@container = '${container.containerName}' AND many >= '1'`).byPage({ maxPageSize: 1 }))
    found.push(...page.blobs.map((item) => `${item.containerName}/${item.name}=${item.tags.many}`));
  assert.deepEqual(found, [1, 2].map((i) => `${container.containerName}/many${i}=${i}`));
  const inside = [];
  for await (const item of container.findBlobsByTags("many = '0'")) inside.push(item.name);
  assert.deepEqual(inside, ["many0"]);
  const listed = [];
  for await (const item of container.listBlobsFlat({ includeTags: true })) listed.push(item.tags);
  assert.deepEqual(listed, [{ many: "0" }, { many: "1" }, { many: "2" }, { rank: "20" }]);
  await fails(blob.setTags(Object.fromEntries([...Array(11).keys()].map((i) => [`k${i}`, ""]))), 400, "TagsTooLarge");
}));

test("copy within the account", () => inContainer(async (container) => {
  const source = container.getBlockBlobClient("source");
  const data = randomBytes(300000);
  await source.upload(data, data.length, { metadata: { a: "1" } });
  const target = container.getBlockBlobClient("target");
  const poller = await target.beginCopyFromURL(source.url);
  const done = await poller.pollUntilDone();
  assert.equal(done.copyStatus, "success");
  assert.deepEqual(await target.downloadToBuffer(), data);
  assert.equal((await target.getProperties()).metadata.a, "1");
}));

test("from a URL", () => inContainer(async (container) => {
  const plain = `${process.env.SDK_ELSEWHERE}/plain?size=300000`;
  const source = container.getBlockBlobClient("source");
  const data = randomBytes(300000);
  await source.upload(data, data.length, { metadata: { a: "1" } });
  const link = await source.generateSasUrl({ permissions: BlobSASPermissions.parse("r"), expiresOn: new Date(Date.now() + 3600e3) });
  const target = container.getBlockBlobClient("target");
  await target.syncUploadFromURL(link);
  assert.deepEqual(await target.downloadToBuffer(), data);
  await target.syncUploadFromURL(plain, { copySourceBlobProperties: false });
  const elsewhere = await target.downloadToBuffer();
  assert.equal((await target.syncCopyFromURL(link)).copyStatus, "success");
  assert.equal((await target.getProperties()).metadata.a, "1");
  const id = Buffer.from("block-1").toString("base64");
  await target.stageBlockFromURL(id, plain, 1000, 5000);
  await target.commitBlockList([id]);
  assert.deepEqual(await target.downloadToBuffer(), elsewhere.subarray(1000, 6000));
  await fails(target.stageBlockFromURL(id, source.url, 0, 10), 401, "CannotVerifyCopySource");
  const done = await (await target.beginCopyFromURL(plain, { intervalInMs: 100 })).pollUntilDone();
  assert.equal(done.copyStatus, "success");
  assert.deepEqual(await target.downloadToBuffer(), elsewhere);
  const slow = await target.beginCopyFromURL(`${process.env.SDK_ELSEWHERE}/slow?size=100000000&rate=1000`, { intervalInMs: 100 });
  await slow.cancelOperation();
  assert.equal((await target.getProperties()).copyStatus, "aborted");
}));

test("account SAS, service SAS, stored policy", () => inContainer(async (container) => {
  const blob = container.getBlockBlobClient("shared");
  await blob.upload("shared", 6);
  const expiresOn = new Date(Date.now() + 3600e3);
  const account = generateAccountSASQueryParameters({
    expiresOn, permissions: AccountSASPermissions.parse("rl"), resourceTypes: AccountSASResourceTypes.parse("sco").toString(),
    services: AccountSASServices.parse("b").toString(),
  }, service.credential).toString();
  const byAccount = new BlobServiceClient(`${service.url}?${account}`, new AnonymousCredential());
  assert.equal((await byAccount.getContainerClient(container.containerName).getBlobClient("shared").downloadToBuffer()).toString(), "shared");
  await fails(byAccount.getContainerClient(container.containerName).getBlobClient("shared").delete(), 403);
  const link = (options) => generateBlobSASQueryParameters({ containerName: container.containerName, ...options }, service.credential).toString();
  const read = new BlobClient(`${blob.url}?${link({ blobName: "shared", permissions: BlobSASPermissions.parse("r"), expiresOn, contentType: "text/x" })}`);
  const answer = await read.download();
  assert.equal(answer.contentType, "text/x");
  await collect(answer.readableStreamBody);
  await fails(read.delete(), 403);
  const listing = new ContainerClient(`${container.url}?${link({ permissions: ContainerSASPermissions.parse("l"), expiresOn })}`);
  assert.deepEqual((await collect(listing.listBlobsFlat())).map((item) => item.name), ["shared"]);
  await container.setAccessPolicy(undefined, [{ id: "policy", accessPolicy: { startsOn: new Date(Date.now() - 60e3), expiresOn, permissions: "r" } }]);
  assert.equal((await container.getAccessPolicy()).signedIdentifiers[0].id, "policy");
  const stored = new BlobClient(`${blob.url}?${link({ blobName: "shared", identifier: "policy" })}`);
  assert.equal((await stored.downloadToBuffer()).toString(), "shared");
  await container.setAccessPolicy(undefined, []);
  await fails(stored.downloadToBuffer(), 403);
}));

if (strict) {
  test("a query over the rows of a blob", () => inContainer(async (container) => {
    const text = async (blob, sql, options = {}) => {
      let all = "";
      for await (const part of (await blob.query(sql, options)).readableStreamBody) all += part.toString();
      return all;
    };
    const csv = { kind: "csv", recordSeparator: "\n", columnSeparator: ",", fieldQuote: '"', hasHeaders: true };
    const rows = container.getBlockBlobClient("rows.csv");
    const content = `Name,Age\n${Array.from({ length: 300_000 }, (_, i) => `n${i},${i % 100}\n`).join("")}`;
    await rows.uploadData(Buffer.from(content));
    assert.equal(await text(rows, "SELECT * FROM BlobStorage"), content);
    assert.equal(await text(rows, "SELECT COUNT(*) FROM BlobStorage WHERE Age < 10", { inputTextConfiguration: csv }), "30000\n");
    const progress = [];
    assert.equal(await text(rows, "SELECT Name FROM BlobStorage WHERE Age = 7 LIMIT 2",
      { inputTextConfiguration: csv, outputTextConfiguration: { kind: "json", recordSeparator: "\n" }, onProgress: (p) => progress.push(p.loadedBytes) }),
      '{"Name":"n7"}\n{"Name":"n107"}\n');
    assert.equal(progress.at(-1), content.length);
    const json = container.getBlockBlobClient("rows.json");
    const lines = '{"id":1,"tags":["a","b"]}\n{"id":"x","tags":[]}\n';
    await json.upload(lines, lines.length);
    const errors = [];
    assert.equal(await text(json, "SELECT tags[1] AS t FROM BlobStorage WHERE id > 0",
      { inputTextConfiguration: { kind: "json", recordSeparator: "\n" }, outputTextConfiguration: { kind: "csv", recordSeparator: "\n" }, onError: (e) => errors.push(e) }), "b\n");
    assert.deepEqual(errors.map(({ name, isFatal, position }) => [name, isFatal, position]), [["InvalidTypeConversion", false, 26]]);
    await fails(rows.query("SELEKT"), 400, "ErrorProcessingQueryExpression");
  }));
}

test("snapshots", () => inContainer(async (container) => {
  const blob = container.getBlockBlobClient("b");
  await blob.upload("one", 3, { metadata: { a: "1" } });
  const { snapshot } = await blob.createSnapshot();
  await blob.upload("another", 7);
  const old = blob.withSnapshot(snapshot);
  assert.equal((await old.downloadToBuffer()).toString(), "one");
  assert.deepEqual((await old.getProperties()).metadata, { a: "1" });
  assert.deepEqual((await collect(container.listBlobsFlat({ includeSnapshots: true }))).map((item) => item.snapshot), [snapshot, ""].map((s) => s || undefined));
  await fails(blob.delete(), 409, "SnapshotsPresent");
  const copy = container.getBlockBlobClient("copy");
  await (await copy.beginCopyFromURL(old.url)).pollUntilDone();
  assert.equal((await copy.downloadToBuffer()).toString(), "one");
  await blob.delete({ deleteSnapshots: "only" });
  await fails(old.getProperties(), 404);
  await blob.createSnapshot();
  await blob.delete({ deleteSnapshots: "include" });
  await fails(blob.getProperties(), 404);
}));

// An account that keeps versions, and for a week what was deleted.
if (process.env.SDK_VERSIONED_CONNECTION_STRING) {
  test("versions and undelete", async () => {
    const versioned = BlobServiceClient.fromConnectionString(process.env.SDK_VERSIONED_CONNECTION_STRING);
    const container = versioned.getContainerClient(`js-${randomUUID()}`);
    await container.create();
    const blob = container.getBlockBlobClient("b");
    const one = (await blob.upload("one", 3)).versionId;
    const two = (await blob.setMetadata({ a: "1" })).versionId;
    assert.ok(one < two);
    const former = blob.withVersion(one);
    assert.equal((await former.downloadToBuffer()).toString(), "one");
    assert.equal((await blob.getProperties()).isCurrentVersion, true);
    const list = async (options) => (await collect(container.listBlobsFlat(options))).map((i) => [i.versionId, i.isCurrentVersion ?? false, i.deleted ?? false]);
    assert.deepEqual(await list({ includeVersions: true }), [[one, false, false], [two, true, false]]);
    await fails(blob.withVersion(two).delete(), 403, "OperationNotAllowedOnRootBlob");
    await former.delete();
    await fails(former.getProperties(), 404);
    assert.deepEqual(await list({ includeVersions: true, includeDeleted: true }), [[one, false, true], [two, true, false]]);
    await blob.undelete();
    await blob.delete();
    const [left] = await collect(container.listBlobsFlat({ includeDeletedWithVersions: true }));
    assert.equal(left.hasVersionsOnly, true);
    await (await blob.beginCopyFromURL(former.url)).pollUntilDone();
    assert.equal((await blob.downloadToBuffer()).toString(), "one");
    const link = generateBlobSASQueryParameters({ containerName: container.containerName, blobName: "b", versionId: one,
      permissions: BlobSASPermissions.parse("rx"), expiresOn: new Date(Date.now() + 3600e3) }, versioned.credential).toString();
    const shared = new BlobClient(`${blob.url}?versionid=${encodeURIComponent(one)}&${link}`);
    assert.equal((await shared.downloadToBuffer()).toString(), "one");
    await shared.delete();
    await container.delete();
  });
}

test("public access", () => inContainer(async (container) => {
  await container.getBlockBlobClient("open").upload("open", 4);
  const anonymous = new BlobClient(container.getBlobClient("open").url);
  if (strict) await fails(anonymous.downloadToBuffer(), 401);
  await container.setAccessPolicy("blob");
  assert.equal((await anonymous.downloadToBuffer()).toString(), "open");
  assert.equal((await container.getAccessPolicy()).blobPublicAccess, "blob");
}));

test("batch", () => inContainer(async (container) => {
  const blobs = ["a", "b c", "d/é"].map((name) => container.getBlockBlobClient(name));
  for (const blob of blobs) await blob.upload("x", 1);
  const client = container.getBlobBatchClient();
  const answer = await client.deleteBlobs([...blobs, container.getBlobClient("absent")]);
  assert.deepEqual(answer.subResponses.map((one) => one.status), [202, 202, 202, 404]);
  assert.equal(answer.subResponses[3].errorCode, "BlobNotFound");
  assert.equal(answer.subResponsesSucceededCount, 3);
  assert.deepEqual(await collect(container.listBlobsFlat()), []);
  await blobs[0].upload("x", 1);
  const whole = await service.getBlobBatchClient().deleteBlobs([blobs[0].url], container.credential);
  assert.equal(whole.subResponsesSucceededCount, 1);
}));

test("customer-provided keys", async () => {
  if (!process.env.SDK_SECURE_CONNECTION_STRING) return;
  const made = (raw) => ({ encryptionKey: raw.toString("base64"), encryptionAlgorithm: "AES256",
    encryptionKeySha256: createHash("sha256").update(raw).digest("base64") });
  const customerProvidedKey = made(randomBytes(32)), wrong = made(randomBytes(32));
  const container = BlobServiceClient.fromConnectionString(process.env.SDK_SECURE_CONNECTION_STRING).getContainerClient(`js-${randomUUID()}`);
  await container.create();
  const blob = container.getBlockBlobClient("keyed"), data = randomBytes(3 * MiB);
  const ids = [0, 1, 2].map((n) => Buffer.from(`block${n}`).toString("base64"));
  for (const [n, id] of ids.entries()) await blob.stageBlock(id, data.subarray(n * MiB, (n + 1) * MiB), MiB, { customerProvidedKey });
  await blob.commitBlockList(ids, { customerProvidedKey, metadata: { word: "hidden" } });
  assert.ok(data.equals(await blob.downloadToBuffer(0, undefined, { customerProvidedKey })));
  assert.equal((await blob.getProperties({ customerProvidedKey })).metadata.word, "hidden");
  assert.equal((await blob.getProperties({ customerProvidedKey })).encryptionKeySha256, customerProvidedKey.encryptionKeySha256);
  await fails(blob.getProperties(), 409, "BlobUsesCustomerSpecifiedEncryption");
  await fails(blob.download(0, 1, { customerProvidedKey: wrong }), 409, "BlobCustomerSpecifiedEncryptionMismatch");
  assert.equal(await blob.exists(), true);
  await container.delete();
});

test("parallel writers to one blob leave one whole blob", () => inContainer(async (container) => {
  const blob = container.getBlockBlobClient("contended");
  const contents = Array.from({ length: 16 }, (_, i) => Buffer.alloc(200000, i));
  await Promise.all(contents.map((data) => blob.upload(data, data.length)));
  const found = await blob.downloadToBuffer();
  assert.ok(contents.some((data) => data.equals(found)));
  const { etag } = await blob.getProperties();
  const outcomes = await Promise.allSettled(contents.map((data) => blob.upload(data, data.length, { conditions: { ifMatch: etag } })));
  assert.equal(outcomes.filter((one) => one.status === "fulfilled").length, 1);
}));

// An account that keeps deleted containers; only where one can be made.
const keeping = process.env.KEEPING_CONNECTION_STRING && BlobServiceClient.fromConnectionString(process.env.KEEPING_CONNECTION_STRING);

if (keeping) test("service properties", async () => {
  const rule = { allowedOrigins: "https://a.example", allowedMethods: "GET,PUT", allowedHeaders: "x-ms-*", exposedHeaders: "*", maxAgeInSeconds: 9 };
  await keeping.setProperties({ cors: [rule], deleteRetentionPolicy: { enabled: true, days: 3 },
    staticWebsite: { enabled: true, indexDocument: "index.html", errorDocument404Path: "404.html" } });
  const found = await keeping.getProperties();
  assert.deepEqual(found.cors, [rule]);
  assert.deepEqual([found.deleteRetentionPolicy.enabled, found.deleteRetentionPolicy.days], [true, 3]);
  assert.equal(found.staticWebsite.errorDocument404Path, "404.html");
  await keeping.setProperties({ cors: [], deleteRetentionPolicy: { enabled: false }, staticWebsite: { enabled: false } });
  assert.equal((await keeping.getProperties()).staticWebsite.enabled, false);
  const secondary = new BlobServiceClient(`${keeping.url.replace(/\/$/, "")}-secondary`, keeping.credential);
  assert.equal((await secondary.getStatistics()).geoReplication.status, "live");
});

if (keeping) test("deleted containers come back", async () => {
  const name = `js-${randomUUID()}`;
  await keeping.getContainerClient(name).create();
  await keeping.getContainerClient(name).getBlockBlobClient("b").upload("kept", 4);
  await keeping.deleteContainer(name);
  const [gone] = (await collect(keeping.listContainers({ includeDeleted: true }))).filter((one) => one.name === name);
  assert.equal(gone.deleted, true);
  const { containerClient } = await keeping.undeleteContainer(name, gone.version);
  assert.equal((await containerClient.getBlockBlobClient("b").downloadToBuffer()).toString(), "kept");
  await fails(keeping.undeleteContainer(name, gone.version), 409, "ContainerAlreadyExists");
});

test("append blobs: blocks in order, conditions, sealed", () => inContainer(async (container) => {
  const blob = container.getAppendBlobClient("log");
  await blob.create({ metadata: { kind: "log" }, blobHTTPHeaders: { blobContentType: "text/plain" } });
  assert.equal((await blob.createIfNotExists()).succeeded, false);
  const first = await blob.appendBlock("one,", 4);
  assert.equal(first.blobAppendOffset, "0");
  assert.equal(first.blobCommittedBlockCount, 1);
  await blob.appendBlock("two,", 4, { conditions: { appendPosition: 4, maxSize: 8 } });
  await fails(blob.appendBlock("x", 1, { conditions: { appendPosition: 4 } }), 412, "AppendPositionConditionNotMet");
  await fails(blob.appendBlock("x", 1, { conditions: { maxSize: 8 } }), 412, "MaxBlobSizeConditionNotMet");
  const parts = Array.from({ length: 40 }, (_, i) => `<${i}>`);
  const done = await Promise.all(parts.map((part) => blob.appendBlock(part, part.length)));
  assert.equal(new Set(done.map((one) => one.blobAppendOffset)).size, parts.length);
  const text = (await blob.downloadToBuffer()).toString();
  assert.ok(text.startsWith("one,two,"));
  assert.equal(text.length, 8 + parts.join("").length);
  for (const part of parts) assert.ok(text.includes(part));
  const large = randomBytes(4 * MiB);
  await blob.appendBlock(large, large.length, { transactionalContentMD5: md5(large) });
  assert.ok((await blob.downloadToBuffer()).subarray(text.length).equals(large));
  const properties = await blob.getProperties();
  assert.equal(properties.blobType, "AppendBlob");
  assert.equal(properties.blobCommittedBlockCount, 43);
  assert.equal(properties.metadata.kind, "log");
  await blob.seal();
  await fails(blob.appendBlock("x", 1), 409, "BlobIsSealed");
  assert.equal((await blob.getProperties()).isSealed, true);
  const [listed] = await collect(container.listBlobsFlat());
  assert.equal(listed.properties.blobType, "AppendBlob");
}));

test("page blobs: pages, holes, ranges, resize, sequence numbers", () => inContainer(async (container) => {
  const blob = container.getPageBlobClient("disk");
  await blob.create(64 * MiB, { blobSequenceNumber: 3 });
  const page = randomBytes(4096);
  await blob.uploadPages(page, 8192, 4096);
  await blob.uploadPages(page, 32 * MiB, 4096, { conditions: { ifSequenceNumberEqualTo: 3 } });
  await fails(blob.uploadPages(page, 0, 4096, { conditions: { ifSequenceNumberLessThan: 3 } }), 412, "SequenceNumberConditionNotMet");
  await fails(blob.uploadPages(page, 64 * MiB, 4096), 416, "InvalidPageRange");
  await blob.clearPages(8192, 512);
  // This client counts to the last byte, not through it.
  const pages = async () => (await blob.getPageRanges()).pageRange.map(({ offset, count }) => ({ offset, count: count + 1 }));
  assert.deepEqual(await pages(), [{ offset: 8704, count: 3584 }, { offset: 32 * MiB, count: 4096 }]);
  if (strict) {
    const listed = await collect(blob.listPageRanges(0, 64 * MiB, {}).byPage({ maxPageSize: 1 }));
    assert.equal(listed.length, 2);
    const { snapshot } = await blob.createSnapshot();
    await blob.uploadPages(page, 16 * MiB, 4096);
    await blob.clearPages(32 * MiB, 512);
    const { pageRange, clearRange } = await blob.getPageRangesDiff(0, 64 * MiB, snapshot);
    assert.deepEqual([pageRange, clearRange].map((ranges) => ranges.map(({ offset, count }) => [offset, count + 1])),
      [[[16 * MiB, 4096]], [[32 * MiB, 512]]]);
    const changes = await collect(blob.listPageRangesDiff(0, 64 * MiB, snapshot, {}).byPage({ maxPageSize: 1 }));
    assert.equal(changes.length, 2);
    const copy = container.getPageBlobClient("copy");
    await copy.startCopyIncremental(blob.withSnapshot(snapshot).url);
    const copied = await copy.getProperties();
    assert.equal(copied.copyStatus, "success");
    assert.equal(copied.isIncrementalCopy, true);
    const mine = copy.withSnapshot(copied.destinationSnapshot);
    assert.ok((await mine.downloadToBuffer(0, 16384)).equals(await blob.withSnapshot(snapshot).downloadToBuffer(0, 16384)));
    await fails(copy.download(), 409, "OperationNotAllowedOnIncrementalCopyBlob");
    await blob.clearPages(16 * MiB, 4096);
  }
  const content = await blob.downloadToBuffer(0, 16384);
  assert.ok(content.subarray(0, 8704).every((byte) => byte === 0));
  assert.ok(content.subarray(8704, 12288).equals(page.subarray(512)));
  assert.ok(content.subarray(12288).every((byte) => byte === 0));
  assert.equal((await blob.updateSequenceNumber("increment")).blobSequenceNumber, 4);
  assert.equal((await blob.updateSequenceNumber("max", 9)).blobSequenceNumber, 9);
  await blob.resize(16 * MiB);
  await blob.resize(64 * MiB);
  assert.deepEqual(await pages(), [{ offset: 8704, count: 3584 }]);
  const large = randomBytes(4 * MiB);
  await blob.uploadPages(large, 4 * MiB, large.length);
  assert.ok((await blob.downloadToBuffer(4 * MiB, large.length)).equals(large));
  const properties = await blob.getProperties();
  assert.equal(properties.blobType, "PageBlob");
  assert.equal(properties.blobSequenceNumber, 9);
}));

let failed = 0;
for (const { name, body } of tests) {
  try {
    await body();
    console.log(`✓ ${name}`);
  } catch (error) {
    failed += 1;
    console.log(`✗ ${name}\n${error.stack ?? error}`);
  }
}
console.log(`${tests.length - failed} passed, ${failed} failed`);
process.exitCode = failed ? 1 : 0;
