// Fills an account with what a small organisation might keep: pages, photographs, a backup in blocks, odd names.
import { createHash } from "node:crypto";
import { createRequire } from "node:module";

const require = createRequire(`${process.env.APP_MODULES}/package.json`);
const { BlobServiceClient } = require("@azure/storage-blob");

const service = BlobServiceClient.fromConnectionString(process.env.AZURE_STORAGE_CONNECTION_STRING);

// The same bytes every time, and nothing a compressor could shrink.
function bytes(seed, size) {
  const parts = [];
  for (let made = 0, i = 0; made < size; made += 64, i += 1) parts.push(createHash("sha512").update(`${seed}:${i}`).digest());
  return Buffer.concat(parts).subarray(0, size);
}

const website = service.getContainerClient("website");
await website.createIfNotExists({ access: "blob", metadata: { owner: "web" } });
await website.getBlockBlobClient("index.html").upload("<h1>Bonjour</h1>", 16, {
  blobHTTPHeaders: { blobContentType: "text/html; charset=utf-8", blobContentLanguage: "fr", blobCacheControl: "max-age=60" },
});
for (let i = 0; i < 40; i += 1) {
  const photo = bytes(`photo${i}`, 20_000 + i * 1777);
  await website.getBlockBlobClient(`photos/2026/${String(i).padStart(3, "0")}.jpg`).upload(photo, photo.length, {
    blobHTTPHeaders: { blobContentType: "image/jpeg" }, metadata: { Camera: `no ${i % 3}`, year: "2026" },
  });
}

const backups = service.getContainerClient("backups");
await backups.createIfNotExists();
await backups.getBlockBlobClient("database.dump").uploadData(bytes("dump", 20 * 1024 * 1024 + 77), {
  blockSize: 4 * 1024 * 1024, concurrency: 4, maxSingleShotSize: 1024, metadata: { taken: "nightly" },
  blobHTTPHeaders: { blobContentDisposition: 'attachment; filename="database.dump"' },
});
await backups.getBlockBlobClient("empty").upload("", 0);

const states = service.getContainerClient("states");
await states.createIfNotExists();
const contract = states.getBlockBlobClient("contract.txt");
await contract.upload("first draft", 11, { metadata: { step: "1" } });
await contract.createSnapshot();
await contract.upload("as signed", 9, { metadata: { step: "2" }, tags: { customer: "Dupont et Fils", year: "2026" }, tier: "Cool" });
await contract.createSnapshot();
const log = states.getAppendBlobClient("app.log");
await log.create({ metadata: { kept: "30 days" } });
for (let i = 0; i < 5; i += 1) await log.appendBlock(`line ${i}\n`, 7);
await log.createSnapshot();
await log.appendBlock("the last line\n", 14);
const disk = states.getPageBlobClient("disk.vhd");
await disk.create(8 * 1024 * 1024, { blobSequenceNumber: 3 });
await disk.uploadPages(bytes("boot", 512), 0, 512);
await disk.uploadPages(bytes("files", 1024 * 1024), 3 * 1024 * 1024, 1024 * 1024);
await disk.createSnapshot();
await disk.uploadPages(bytes("more", 4096), 8 * 1024 * 1024 - 4096, 4096);
await disk.clearPages(3 * 1024 * 1024, 65536);

const names = service.getContainerClient("odd-names");
await names.createIfNotExists();
for (const name of ["100%", "what?", "a//b", "été/naïve", "rocket-🚀", "a b+c&d=e", "trailing/"]) {
  await names.getBlockBlobClient(name).upload(name, Buffer.byteLength(name));
}
console.log("filled");
