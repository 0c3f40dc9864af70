// node golden.mjs [--pictures FOLDER] [--only NAME]
//
// Every golden page of the repository, as a browser sees it: served with our style sheet, scripts, fonts and content
// security policy, looked at in both widths by axe, and run in its language's direction. A golden page is what a test
// in Rust holds a page of ours to, so this looks at every page without a provider running.

import http from "node:http";
import { existsSync, readFileSync, readdirSync, statSync } from "node:fs";
import { basename, extname, join } from "node:path";
import { Rig } from "./rig.mjs";
import { options } from "../relying_parties/parameters.mjs";
import { Checks } from "../relying_parties/tap.mjs";

const ROOTS = ["portal", "sso", "switch"];
const ASSETS = "portal/look/assets";
const TYPES = { ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml", ".woff2": "font/woff2" };

// The policy of portal/look/src/headers.rs, read from there: what is not sent cannot be broken.
const CSP = readFileSync("portal/look/src/headers.rs", "utf8")
  .match(/"(default-src 'none'; script-src[\s\S]*?)"/)[1]
  .replace(/\\\s+/g, "")
  .replace("{ends}", "'self'");

// NAME.LANGUAGE.html in a folder golden/pages.
function* golden(folder) {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) {
      if (name !== "target") yield* golden(path);
    } else if (folder.endsWith("golden/pages") && /\.(ar|en)\.html$/.test(name)) yield path;
  }
}

function serve(pages) {
  const server = http.createServer((req, res) => {
    // The quiet offer of a passkey asks for options that only a provider has: here there are none to offer.
    if (req.method === "POST") return res.writeHead(200, { "content-type": "application/json" }).end("{}");
    const path = decodeURIComponent(req.url.split("?")[0]);
    const asset = path.startsWith("/assets/") && !path.includes("..") ? join(ASSETS, path.slice("/assets/".length)) : null;
    if (asset && existsSync(asset)) return res.writeHead(200, { "content-type": TYPES[extname(asset)] }).end(readFileSync(asset));
    const page = pages.find((page) => path === `/golden/${basename(page)}`);
    if (!page) return res.writeHead(404).end();
    // A drawing is looked at where it is: one that leads on at once is held still.
    const drawing = readFileSync(page, "utf8").replace(/<meta http-equiv="refresh"[^>]*>/, "");
    return res.writeHead(200, { "content-type": "text/html; charset=utf-8", "content-security-policy": CSP }).end(drawing);
  });
  return new Promise((done) => server.listen(0, "localhost", () => done(server)));
}

const given = options(process.argv.slice(2));
const pages = ROOTS.filter(existsSync).flatMap((root) => [...golden(root)]);
const server = await serve(pages);
const rig = await Rig.start({ origin: `http://localhost:${server.address().port}`, pictures: given.pictures });
const checks = new Checks({ only: given.only });
const people = { ar: await rig.person("ar"), en: await rig.person("en") };

for (const page of pages) {
  const [name, language] = basename(page).split(/\.(ar|en)\.html$/);
  await checks.check(`${name} (${language})`, async () => {
    await people[language].go(`/golden/${basename(page)}`);
    await people[language].well(name);
  });
}
await rig.end();
server.close();
server.closeAllConnections();
checks.end();
