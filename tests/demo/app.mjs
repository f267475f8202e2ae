// An ordinary program on @azure/storage-blob, as it might run against Azure. It knows nothing of Bascule: all it is told
// is its connection string. What it saw is printed as JSON, one line for each thing it did.
import { createHash } from "node:crypto";
import { createRequire } from "node:module";

const require = createRequire(`${process.env.APP_MODULES}/package.json`);
const { BlobClient, BlobSASPermissions, BlobServiceClient, generateBlobSASQueryParameters } = require("@azure/storage-blob");

const service = BlobServiceClient.fromConnectionString(process.env.AZURE_STORAGE_CONNECTION_STRING);
const report = (what, answer) => console.log(JSON.stringify({ what, answer }));
const digest = (data) => createHash("sha256").update(data).digest("hex").slice(0, 16);
const outcome = async (work) => {
  try {
    await work();
    return "done";
  } catch (error) {
    return `${error.statusCode} ${error.code ?? error.details?.errorCode ?? ""}`.trim();
  }
};

// What is there: every container, every blob, with properties, metadata and content.
for await (const { name, metadata, properties } of service.listContainers({ includeMetadata: true })) {
  report(`container ${name}`, { metadata: metadata || {}, publicAccess: properties.publicAccess ?? null });
  const container = service.getContainerClient(name);
  const items = [];
  for await (const item of container.listBlobsFlat({ includeMetadata: true, includeSnapshots: true, includeTags: true })) items.push(item);
  const age = (item) => `${item.name}\0${item.snapshot ?? "now"}`;   // a name's snapshots before it, as Azure lists them
  items.sort((a, b) => (age(a) < age(b) ? -1 : 1));
  for (const item of items) {
    const state = (client) => (item.snapshot ? client.withSnapshot(item.snapshot) : client);
    const blob = state(container.getBlockBlobClient(item.name));
    const found = await blob.getProperties();
    const content = await blob.downloadToBuffer();
    const blocks = found.blobType === "BlockBlob" ? await blob.getBlockList("committed") : {};
    const pages = found.blobType === "PageBlob" ? await state(container.getPageBlobClient(item.name)).getPageRanges(0, found.contentLength) : {};
    report(`blob ${name}/${item.name}${item.snapshot ? ` of ${item.snapshot}` : ""}`, {
      kind: found.blobType, tier: found.accessTierInferred ? null : found.accessTier ?? null, tags: item.tags ?? {},
      modified: found.lastModified, created: found.createdOn, appended: found.blobCommittedBlockCount ?? null,
      sequence: found.blobSequenceNumber ?? null, pages: pages.pageRange ?? [],
      size: found.contentLength, type: found.contentType, language: found.contentLanguage ?? null,
      cache: found.cacheControl ?? null, disposition: found.contentDisposition ?? null,
      md5: found.contentMD5 ? Buffer.from(found.contentMD5).toString("base64") : null,
      metadata: found.metadata, content: digest(content), blocks: (blocks.committedBlocks ?? []).map((b) => [b.name, b.size]),
      listedSize: item.properties.contentLength, listedMetadata: item.metadata || {},
    });
  }
  const top = [];
  for await (const item of container.listBlobsByHierarchy("/")) top.push(`${item.kind} ${item.name}`);
  report(`top of ${name}`, top);
}

// What it does: write, overwrite under a condition, lease, share by link, delete.
const container = service.getContainerClient("app-working");
await container.createIfNotExists();
const blob = container.getBlockBlobClient("notes/today.txt");
const first = await blob.upload("first", 5, { metadata: { author: "app" } });
report("create only if absent", await outcome(() => blob.upload("again", 5, { conditions: { ifNoneMatch: "*" } })));
report("overwrite what I read", await outcome(() => blob.upload("second", 6, { conditions: { ifMatch: first.etag } })));
report("overwrite what has changed", await outcome(() => blob.upload("third", 5, { conditions: { ifMatch: first.etag } })));
const lease = blob.getBlobLeaseClient("99999999-9999-4999-8999-999999999999");
await lease.acquireLease(15);
report("write without the lease", await outcome(() => blob.upload("fourth", 6)));
report("write with the lease", await outcome(() => blob.upload("fifth", 5, { conditions: { leaseId: lease.leaseId } })));
await lease.releaseLease();
const link = generateBlobSASQueryParameters({
  containerName: "app-working", blobName: "notes/today.txt", permissions: BlobSASPermissions.parse("r"),
  expiresOn: new Date(Date.now() + 600e3), contentDisposition: "attachment; filename=today.txt",
}, service.credential);
const shared = new BlobClient(`${blob.url}?${link}`);
const answer = await shared.download();
report("read by link", { disposition: answer.contentDisposition, size: answer.contentLength });
answer.readableStreamBody.resume();
report("delete by a link that only reads", await outcome(() => shared.delete()));
report("range", (await blob.downloadToBuffer(1, 3)).toString());
await container.delete();
report("read after delete", await outcome(() => blob.getProperties()));
