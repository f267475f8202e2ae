// An ordinary program: asks for what a role may allow, makes user delegation SAS, and uses them. Nothing in it knows Bascule.
import { createRequire } from "node:module";

const require = createRequire(`${process.env.BASCULE_CACHE}/identity/js/package.json`);
const { DefaultAzureCredential } = require("@azure/identity");
const storage = require("@azure/storage-blob");

const account = process.env.ACCOUNT, name = process.env.CONTAINER;
const service = new storage.BlobServiceClient(process.env.BLOB_URL, new DefaultAzureCredential());
const container = service.getContainerClient(name);
const blob = container.getBlockBlobClient("dir/b");

async function attempt(what, action) {
  try {
    await action();
    console.log(`${what}: ok`);
  } catch (error) {
    console.log(`${what}: ${error.code ?? error.details?.errorCode ?? error.name}`);
    if (process.env.SHOW) console.error(error);
  }
}
const soon = new Date(Date.now() + 1800_000), begin = new Date(Date.now() - 60_000);

await attempt("list containers", async () => { for await (const _ of service.listContainers()) void _; });
await attempt("list blobs", async () => { for await (const _ of container.listBlobsFlat()) void _; });
await attempt("read", () => blob.downloadToBuffer());
await attempt("write", () => container.getBlockBlobClient("by-js").upload("js", 2));
await attempt("set tags", () => blob.setTags({ a: "b" }));
await attempt("get acl", () => container.getAccessPolicy());
await attempt("delete", () => container.getBlockBlobClient("doomed").delete());
await attempt("create container", () => service.getContainerClient(`${name}-js`).create());
let key;
await attempt("delegation key", async () => { key = await service.getUserDelegationKey(begin, soon); });
if (key) {
  const link = (values) => {
    const sas = storage.generateBlobSASQueryParameters({ containerName: name, expiresOn: soon, ...values }, key, account);
    return `${process.env.BLOB_URL}/${name}${values.blobName && !values.isDirectory ? `/${values.blobName}` : ""}?${sas}`;
  };
  const permissions = (text) => storage.BlobSASPermissions.parse(text);
  const read = link({ blobName: "dir/b", permissions: permissions("r"), contentType: "text/plain" });
  await attempt("SAS read", () => new storage.BlockBlobClient(read).downloadToBuffer());
  await attempt("SAS write with a read SAS", () => new storage.BlockBlobClient(read).upload("x", 1));
  await attempt("SAS write", () => new storage.BlockBlobClient(link({ blobName: "sas-js", permissions: permissions("cw") })).upload("x", 1));
  await attempt("SAS container", async () => {
    const shared = new storage.ContainerClient(link({ permissions: storage.ContainerSASPermissions.parse("rl") }));
    for await (const _ of shared.listBlobsFlat()) void _;
  });
  await attempt("SAS directory", async () => {
    const url = new URL(link({ blobName: "dir", isDirectory: true, permissions: permissions("r") }));
    url.pathname += "/dir/b";
    await new storage.BlockBlobClient(url.toString()).downloadToBuffer();
  });
}
