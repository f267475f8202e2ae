// check.mjs FOLDER: looks at every page of FOLDER/pages.json in Chromium. Beside it the proof that each look finds what it is
// for: a planted violation, a planted handler, a planted reference. The last line is "N passed, N failed".
import { createRequire } from "node:module";
import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const require = createRequire(join(process.env.NODE_PATH, "x.js"));
const puppeteer = require("puppeteer-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const folder = resolve(process.argv[2]);
const pages = JSON.parse(readFileSync(join(folder, "pages.json"), "utf8"));
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"];

let passed = 0, failed = 0;
function check(what, good, detail = "") {
  if (good) passed++;
  else {
    failed++;
    console.log(`FAILED ${what}${detail ? ": " + detail : ""}`);
  }
}

const browser = await puppeteer.launch({
  protocolTimeout: 300_000,
  executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking", "--no-first-run"],
});

// Opens a page and notes whatever it asks for and whatever it says.
async function open(file) {
  const page = await browser.newPage();
  const asked = [], said = [];
  page.on("request", (request) => asked.push(request.url()));
  page.on("console", (message) => said.push(message.text()));
  page.on("dialog", async (dialog) => {
    said.push("dialog");
    await dialog.dismiss();
  });
  page.on("pageerror", (error) => said.push(String(error)));
  await page.goto(pathToFileURL(file).href, { waitUntil: "load" });
  await new Promise((done) => setTimeout(done, 100)); // an image that fails to load says so a little later
  return { page, asked: asked.filter((url) => url !== pathToFileURL(file).href), said };
}

async function violations(page) {
  await page.evaluate(() => document.querySelectorAll("details").forEach((each) => (each.open = true)));
  await page.evaluate(axe);
  const found = await page.evaluate((rules) => globalThis.axe.run(document, { runOnly: { type: "tag", values: rules } }), RULES);
  return found.violations.map((each) => `${each.id} (${each.nodes.length}): ${each.nodes[0].html.slice(0, 160)}`);
}

const marks = (page) =>
  page.evaluate(() => ({
    title: document.title,
    fired: globalThis.fired === true,
    elements: document.querySelectorAll("script, img, iframe, object, embed, form, input, link, audio, video, svg svg").length,
    handlers: [...document.querySelectorAll("*")].filter((each) => [...each.attributes].some((one) => one.name.startsWith("on"))).length,
    lang: document.documentElement.lang,
  }));

for (const each of pages) {
  const { page, asked, said } = await open(join(folder, each.name));
  const seen = await marks(page);
  check(`${each.name}: asks for nothing`, asked.length === 0, asked.join(" "));
  check(`${each.name}: nothing is refused or reported`, said.length === 0, said.join(" | "));
  check(`${each.name}: nothing acts`, !seen.fired && seen.elements === 0 && seen.handlers === 0, JSON.stringify(seen));
  check(`${each.name}: language`, seen.lang === each.language);
  if (each.large) {
    // A page of thousands of rows is made of the same parts; what matters of it is that it can be used.
    const loaded = await page.evaluate(() => performance.timing.loadEventEnd - performance.timing.navigationStart);
    check(`${each.name}: is there within 5 seconds`, loaded < 5000, `${loaded} ms`);
    console.log(`${each.name}: ${loaded} ms, ${await page.evaluate(() => document.querySelectorAll("*").length)} elements`);
    await page.close();
    continue;
  }
  const found = await violations(page);
  check(`${each.name}: axe finds nothing`, found.length === 0, "\n  " + found.join("\n  "));
  await page.evaluate(() => document.querySelectorAll("details").forEach((one) => (one.open = false)));
  await page.emulateMediaType("print");
  let hidden = 1;
  for (let tries = 0; hidden > 0 && tries < 50; tries++) {   // the other style takes a moment
    if (tries > 0) await new Promise((done) => setTimeout(done, 100));
    hidden = await page.evaluate(() => [...document.querySelectorAll("details > div")].filter((one) => !one.checkVisibility({ contentVisibilityAuto: true })).length);
  }
  check(`${each.name}: what is folded is on paper`, hidden === 0, `${hidden} folded parts are not`);
  await page.emulateMediaType("screen");
  await page.setViewport({ width: 320, height: 640 });
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  check(`${each.name}: 320 columns need no sideways scrolling`, wide <= 320, `${wide}`);
  await page.close();
}

// The looks themselves, each against what it must find. The first page serves.
const good = readFileSync(join(folder, pages[0].name), "utf8");
async function planted(name, change) {
  const file = join(folder, `planted-${name}.html`);
  const text = change(good);
  if (text === good) throw new Error(`${name}: nothing was planted`);
  writeFileSync(file, text);
  return open(file);
}
const HANDLER = '<img src="nowhere.png" onerror="globalThis.fired = true; document.title = 1">';
const POLICY = /<meta http-equiv="Content-Security-Policy"[^>]*>/;
{
  const { page } = await planted("contrast", (text) => text.replace("<main", '<p id="pale">pale</p><main').replace(POLICY, "").replace("</style>", "#pale { color: #ccc }</style>"));
  const found = await violations(page);
  check("a planted pale text is found", found.some((each) => each.startsWith("color-contrast")), found.join(" "));
}
{
  const { page } = await planted("lang", (text) => text.replace(/<html lang="[a-z]+">/, "<html>"));
  const found = await violations(page);
  check("a page without language is found", found.some((each) => each.startsWith("html-has-lang")), found.join(" "));
}
{
  const { page } = await planted("handler", (text) => text.replace(POLICY, "").replace("</h1>", `</h1>${HANDLER}`));
  const seen = await marks(page);
  check("without the policy a planted handler fires, and is seen", seen.fired && seen.title === "1" && seen.elements === 1 && seen.handlers === 1, JSON.stringify(seen));
}
{
  const { page, said } = await planted("handler-policy", (text) => text.replace("</h1>", `</h1>${HANDLER}`));
  const seen = await marks(page);
  check("the policy holds a planted handler back", !seen.fired && seen.title !== "1" && said.some((each) => each.includes("Content Security Policy")), JSON.stringify(seen));
}
{
  const { asked } = await planted("reference", (text) => text.replace(POLICY, "").replace("</h1>", '</h1><img src="nowhere.png" alt="">'));
  check("a planted reference is seen", asked.length === 1);
}
await browser.close();
console.log(`${pages.length} pages`);
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
