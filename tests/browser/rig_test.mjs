// node rig_test.mjs
//
// The rig on small pages of its own: it passes the good one, and each bad one is bad in one way that it must name.
// Then a passkey is made and used, with a wrong one refused.

import http from "node:http";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Rig } from "./rig.mjs";
import { Checks, equal, that } from "../relying_parties/tap.mjs";

const CSP = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'";

const page = (inside, { lang = "ar", dir = "rtl", head = "" } = {}) =>
  `<!doctype html><html lang="${lang}" dir="${dir}"><head><meta charset="utf-8"><title>صفحة</title>
<meta name="viewport" content="width=device-width"><link rel="icon" href="/icon"><link rel="stylesheet" href="/style.css">${head}</head>
<body><main><h1>صفحة</h1>${inside}</main></body></html>`;

const form = `<form method="post" action="/good"><p><label for="n">رقم الهوية</label> <input id="n" name="identity" autocomplete="username webauthn"></p><button>متابعة</button></form>`;

// path -> [page, what the rig must say about it]
const BAD = {
  "/no-label": [page(`<form><input name="identity"></form>`), "axe label"],
  "/pale": [page(`<p class="pale">كلام</p>`), "axe color-contrast"],
  "/small": [page(`<p><a class="small" href="/good">أ</a><a class="small" href="/pale">ب</a></p>`), "axe target-size"],
  "/wide": [page(`<p class="wide">كلام</p>`), "on a phone of 390"],
  "/inline": [page(`<p>كلام</p><script>document.title = "x";</script>`), "content security policy"],
  "/throws": [page(`<p>كلام</p>`, { head: `<script src="/throws.js"></script>` }), "script: broken"],
  "/logs": [page(`<p>كلام</p>`, { head: `<script src="/logs.js"></script>` }), "console: complaint"],
  "/missing": [page(`<p><img src="/no-such.png" alt="صورة"></p>`), "404 for"],
  "/english": [page(`<p>words</p>`, { lang: "en", dir: "ltr" }), 'lang="en"'],
  "/left-to-right": [page(`<p>كلام</p>`, { dir: "ltr" }), 'dir="ltr"'],
  "/stopped": [page(`<p>كلام</p>`, { head: `<script src="/abroad.js"></script>` }), "connect-src stopped"],
  "/abroad": [page(`<p>كلام</p>`, { head: `<script src="/abroad.js"></script>` }), "asks another host"],
};

// Makes a passkey, or uses it, and writes what came of it into the page.
const PASSKEYS = `
const b64 = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes)));
const rpId = location.hostname;
let last;
async function make() {
  const made = await navigator.credentials.create({ publicKey: {
    challenge: new Uint8Array(32), rp: { id: rpId, name: "rig" },
    user: { id: new Uint8Array([1]), name: "x", displayName: "x" },
    pubKeyCredParams: [{ type: "public-key", alg: -7 }],
    authenticatorSelection: { residentKey: "required", userVerification: "required" } } });
  last = made.rawId;
  return made.id;
}
let offer, offered;
function conditional() {
  offer = new AbortController();
  offered = navigator.credentials.get({ mediation: "conditional", signal: offer.signal, publicKey: {
    challenge: new Uint8Array(32), rpId } }).then(() => "taken", (error) => error.name);
}
async function use(id) {
  offer?.abort();
  const got = await navigator.credentials.get({ publicKey: {
    challenge: new Uint8Array(32), rpId, userVerification: "required", timeout: 2000,
    allowCredentials: id ? [{ type: "public-key", id: new Uint8Array(16) }] : [] } });
  return { id: got.id, flags: new Uint8Array(got.response.authenticatorData)[32] };
}
Object.assign(window, { make, use, conditional, offered: () => offered });`;

const FILES = {
  "/style.css": ["text/css", "html{color:#111;background:#fff;font:18px/1.7 sans-serif}.pale{color:#bbb}.wide{width:900px}.small{display:inline-block;width:12px;height:12px;font-size:10px;line-height:12px}button,input{min-height:44px}"],
  "/throws.js": ["text/javascript", `throw new Error("broken");`],
  "/logs.js": ["text/javascript", `console.error("complaint");`],
  "/abroad.js": ["text/javascript", `fetch("http://127.0.0.1:9/").catch(() => {});`],
  "/passkeys.js": ["text/javascript", PASSKEYS],
  "/icon": ["image/svg+xml", `<svg xmlns="http://www.w3.org/2000/svg"/>`],
};

function serve() {
  const server = http.createServer((req, res) => {
    const path = req.url.split("?")[0];
    const headers = { "content-security-policy": CSP, "content-type": "text/html; charset=utf-8" };
    if (path in FILES) res.writeHead(200, { ...headers, "content-type": FILES[path][0] }).end(FILES[path][1]);
    else if (path === "/abroad") res.writeHead(200, { "content-type": headers["content-type"] }).end(BAD[path][0]); // no policy stops it
    else if (path in BAD) res.writeHead(200, headers).end(BAD[path][0]);
    else if (path === "/cookie") res.writeHead(200, { ...headers, "set-cookie": "__Host-visit=1; Secure; HttpOnly; SameSite=Lax; Path=/" }).end(page(`<p>${req.headers.cookie ?? "none"}</p>`));
    else if (path === "/good") res.writeHead(req.method === "POST" ? 422 : 200, headers).end(page(form));
    else if (path === "/passkeys") res.writeHead(200, headers).end(page(form, { head: `<script src="/passkeys.js"></script>` }));
    else res.writeHead(404).end();
  });
  return new Promise((done) => server.listen(0, "localhost", () => done(server)));
}

const server = await serve();
const pictures = mkdtempSync(join(tmpdir(), "browser-rig."));
const origin = `http://localhost:${server.address().port}`;
const rig = await Rig.start({ origin, pictures });
const checks = new Checks();

await checks.check("good", async () => {
  const person = await rig.person("ar");
  await person.go("/good");
  await person.well("good");
  for (const width of [1280, 390]) that(existsSync(join(pictures, `good.ar.${width}.png`)), `no picture at ${width}`);
});

await checks.check("form-refused", async () => {
  const person = await rig.person("ar");
  await person.go("/good");
  await person.page.click("button"); // answered with 422, which is no fault of the page
  await person.well("form-refused");
});

for (const [path, [, expected]] of Object.entries(BAD)) {
  await checks.check(`bad${path}`, async () => {
    const person = await rig.person("ar");
    await person.go(path);
    const said = await person.well(path.slice(1)).then(() => "nothing", (error) => error.message);
    that(said.includes(expected), `the rig said ${said}`);
    await person.page.context().close();
  });
}

// What a session of ours needs of a browser on loopback without TLS.
await checks.check("host-cookie", async () => {
  const person = await rig.person("ar");
  for (const expected of ["none", "__Host-visit=1"]) {
    await person.go("/cookie");
    equal(await person.page.locator("main p").textContent(), expected, "the cookie sent");
  }
});

await checks.check("passkey", async () => {
  const person = await rig.person("ar");
  await person.go("/passkeys");
  await person.authenticator();
  const made = await person.touches(() => person.page.evaluate(() => window.make()));
  await person.page.evaluate(() => window.conditional());
  const second = () => new Promise((go) => setTimeout(() => go("waits"), 1000));
  equal(await Promise.race([person.page.evaluate(() => window.offered()), second()]), "waits", "the quiet offer, untouched");
  const used = await person.touches(() => person.page.evaluate(() => window.use()));
  equal(used.id, made, "the passkey used");
  equal(used.flags & 5, 5, "flags UP and UV");
  equal((await person.passkeys()).length, 1, "passkeys in the authenticator");
  equal(await person.page.evaluate(() => window.offered()), "AbortError", "the quiet offer");
  const refusal = await person.page.evaluate(() => window.use("unknown").then(() => "taken", (error) => error.name));
  equal(refusal, "NotAllowedError", "an unknown passkey");
  await person.well("passkeys");
});

await rig.end();
server.close();
server.closeAllConnections();
rmSync(pictures, { recursive: true });
checks.end();
