// An ordinary program with DefaultAzureCredential: reads and writes, and says how that went. Nothing in it knows Bascule.
import { createRequire } from "node:module";

const require = createRequire(`${process.env.BASCULE_CACHE}/identity/js/package.json`);
const { DefaultAzureCredential } = require("@azure/identity");
const { BlobServiceClient } = require("@azure/storage-blob");

const service = new BlobServiceClient(process.env.BLOB_URL, new DefaultAzureCredential());
const container = service.getContainerClient(process.env.CONTAINER);

async function attempt(what, action) {
  try {
    await action();
    console.log(`${what} ok`);
  } catch (error) {
    console.log(`${what} ${error.code ?? error.name}`);
    if (process.env.SHOW) console.error(error);
  }
}

await attempt("read", async () => {
  const text = (await container.getBlockBlobClient("first").downloadToBuffer()).toString();
  if (text !== "hello") throw new Error("read something else");
});
await attempt("write", () => container.getBlockBlobClient("by-js").upload("js", 2));
