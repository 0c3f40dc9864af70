// A user agent without a screen: cookies, redirects, and forms filled by rules. It behaves as a browser does where a
// server may look: Origin and Sec-Fetch headers, cookies by host and path, POST turned to GET by 303.

import http from "node:http";
import https from "node:https";
import { createHmac } from "node:crypto";
import { read } from "./html.mjs";

const STEPS_MAX = 40;

// `known`: where a name is, and the certificate it shows: { address, ca }.
const request = (url, { method, headers, body }, known) =>
  new Promise((done, fail) => {
    const lib = url.protocol === "https:" ? https : http;
    const there = known ? { hostname: known.address, servername: url.hostname, ca: known.ca } : {};
    const asked = lib.request(url, { method, headers: { host: url.host, ...headers }, timeout: 30_000, agent: false, ...there }, (answer) => {
      const parts = [];
      answer.on("data", (part) => parts.push(part));
      answer.on("error", fail);
      answer.on("end", () =>
        done({ status: answer.statusCode, headers: answer.headers, body: Buffer.concat(parts).toString("utf8") }),
      );
    });
    asked.on("timeout", () => asked.destroy(new Error(`no answer within 30 s from ${url.origin}`)));
    asked.on("error", fail);
    asked.end(body);
  });

export class Agent {
  // `screens`: rules in order, each { screen, has: [field names], fill: {name: value}, press: {name, value} }.
  // `answers`: what "{key}" in a rule's values stands for. `hosts`: names only this agent knows.
  constructor({ screens, answers = {}, language = "ar", hosts = {} }) {
    Object.assign(this, { screens, answers, language, hosts, jar: new Map(), at: null });
  }

  cookies(url) {
    return [...(this.jar.get(url.hostname)?.values() ?? [])]
      .filter(({ path }) => url.pathname === path || url.pathname.startsWith(path.endsWith("/") ? path : `${path}/`))
      .map(({ name, value }) => `${name}=${value}`)
      .join("; ");
  }

  keep(url, lines) {
    if (!this.jar.has(url.hostname)) this.jar.set(url.hostname, new Map());
    const kept = this.jar.get(url.hostname);
    for (const line of lines) {
      const [pair, ...rest] = line.split(";").map((part) => part.trim());
      const name = pair.slice(0, pair.indexOf("="));
      const value = pair.slice(name.length + 1);
      const said = Object.fromEntries(rest.map((r) => [r.split("=")[0].toLowerCase(), r.slice(r.indexOf("=") + 1)]));
      if (name.startsWith("__Host-") && (said.path !== "/" || "domain" in said || !("secure" in said))) {
        throw new Error(`a browser refuses the cookie ${name}: __Host- wants Secure, Path=/ and no Domain`);
      }
      const path = said.path || url.pathname.replace(/\/[^/]*$/, "") || "/";
      const gone = said["max-age"] <= 0 || (!("max-age" in said) && said.expires && new Date(said.expires) <= new Date());
      if (gone) kept.delete(`${name} ${path}`);
      else kept.set(`${name} ${path}`, { name, value, path });
    }
  }

  // One request and its answer; redirects are not followed.
  async send(address, { method = "GET", form } = {}) {
    const url = new URL(address);
    const cross = this.at && this.at.origin !== url.origin;
    const headers = {
      accept: "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8",
      "accept-language": this.language,
      "user-agent": "relying-parties/1",
      "sec-fetch-site": this.at ? (cross ? "cross-site" : "same-origin") : "none",
      "sec-fetch-mode": "navigate",
      "sec-fetch-dest": "document",
      "sec-fetch-user": "?1",
    };
    const cookies = this.cookies(url);
    if (cookies) headers.cookie = cookies;
    let body;
    if (method === "POST") {
      body = new URLSearchParams(form).toString();
      headers["content-type"] = "application/x-www-form-urlencoded";
      headers["content-length"] = Buffer.byteLength(body);
      headers.origin = this.at?.origin ?? url.origin;
    }
    const answer = await request(url, { method, headers, body }, this.hosts[url.hostname]);
    this.keep(url, answer.headers["set-cookie"] ?? []);
    this.at = url;
    return { ...answer, url };
  }

  // Goes to an address and on through redirects and screens until an address is one of `until` (and any query), or the
  // screen named `stop` is shown. Answers { url, passed: [names of screens], page, status, body }.
  async visit(address, { until = [], stop, answers = {}, form, method } = {}) {
    const passed = [];
    const filled = { ...this.answers, ...answers };
    let next = { address: String(address), method: method ?? (form ? "POST" : "GET"), form };
    for (let step = 0; step < STEPS_MAX; step++) {
      if (until.some((end) => isAt(next.address, end))) return { url: new URL(next.address), passed };
      const answer = await this.send(next.address, next);
      if (answer.status >= 300 && answer.status < 400 && answer.headers.location) {
        next = { address: new URL(answer.headers.location, answer.url).href };
        continue;
      }
      const page = read(answer.body);
      if (page.refresh) {
        next = { address: new URL(page.refresh, answer.url).href };
        continue;
      }
      const found = this.match(page);
      if (!found || (stop && found.rule.screen === stop)) {
        const shown = { url: answer.url, passed, page, status: answer.status, headers: answer.headers, body: answer.body };
        if (stop ? found?.rule.screen === stop : !until.length) return shown;
        const wanted = stop ? `the screen "${stop}"` : until.join(" or ");
        throw new Error(
          `${answer.status} from ${answer.url.pathname} instead of ${wanted}; passed ${passed.join(", ") || "no screen"}; ` +
            `"${page.title}": ${page.text.slice(0, 300)}`,
        );
      }
      passed.push(found.rule.screen);
      if (passed.filter((name) => name === found.rule.screen).length > 4) {
        throw new Error(`the screen "${found.rule.screen}" comes again and again: ${page.text.slice(0, 300)}`);
      }
      next = await this.fill(answer.url, found, filled);
    }
    throw new Error(`no end after ${STEPS_MAX} steps; passed ${passed.join(", ")}`);
  }

  match(page) {
    for (const rule of this.screens) {
      for (const form of page.forms) {
        const names = new Set([...form.fields.map(([name]) => name), ...form.buttons.map(({ name }) => name)]);
        const action = !rule.action || form.action.includes(rule.action);
        if (action && (rule.has ?? []).every((name) => names.has(name))) return { rule, form };
      }
    }
    return null;
  }

  async fill(base, { rule, form }, answers) {
    const body = [];
    const open = { ...rule.fill };
    for (const [name, value] of form.fields) {
      if (name in open) body.push([name, await this.answer(open[name], answers)]);
      else if (value !== null) body.push([name, value]);
      delete open[name];
    }
    if (Object.keys(open).length) throw new Error(`the screen "${rule.screen}" has no field ${Object.keys(open).join(", ")}`);
    const pressed = rule.press ? form.buttons.find((b) => b.name === rule.press.name && b.value === rule.press.value) : null;
    if (rule.press && !pressed) throw new Error(`the screen "${rule.screen}" has no button ${rule.press.name}=${rule.press.value}`);
    const button = pressed ?? form.buttons[0];
    if (button?.name) body.push([button.name, button.value]);

    const url = new URL(form.action || base.href, base);
    if (form.method === "post") return { address: url.href, method: "POST", form: body };
    url.search = new URLSearchParams(body).toString();
    return { address: url.href };
  }

  async answer(value, answers) {
    if (typeof value !== "string") return totp(answers[value.totp] ?? value.totp);
    return value.replace(/\{(\w+)\}/g, (all, key) => answers[key] ?? all);
  }
}

const isAt = (address, end) => address === end || address.startsWith(`${end}?`) || address.startsWith(`${end}#`);

const spent = new Map(); // secret -> last step used: a server takes no code twice
const step = () => Math.floor(Date.now() / 30_000);

// A person whose code is spent waits for the next one, and so does this.
export async function totp(secret) {
  while (spent.has(secret) && step() <= spent.get(secret)) {
    await new Promise((go) => setTimeout(go, 30_000 - (Date.now() % 30_000) + 50));
  }
  spent.set(secret, step());
  return code(secret);
}

// RFC 6238, SHA-1, 6 digits, 30 s: the code of now.
export function code(secret) {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step()));
  const mac = createHmac("sha1", base32(secret)).update(counter).digest();
  const number = mac.readUInt32BE(mac[19] & 15) & 0x7fffffff;
  return String(number % 1_000_000).padStart(6, "0");
}

function base32(text) {
  const bits = [...text.replace(/=+$/, "").toUpperCase()]
    .map((letter) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(letter).toString(2).padStart(5, "0"))
    .join("");
  return Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
}
