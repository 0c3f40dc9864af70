// node journey.mjs PARAMETERS [--pictures FOLDER] [--language ar|en] [--pages FILE]
//
// A person's whole way, in a real browser, in both languages: registers at home, is verified at a desk, activates, sets
// a password, adds a passkey, steps up with it, and signs out everywhere. The way is data: pages.json. Every page that
// is looked at must be well in both widths (rig.mjs). PARAMETERS are those of tests/relying_parties: issuer and the
// client "app"; people in them replace those of pages.json.
//
// A step, in this order: `forget` cookies, `go` to a page or `authorize` at a level, plug in an `authenticator`, `fill`
// fields by name, `press` ("form": the first button of what was filled, "passkey", or NAME=VALUE), give what `consents`
// ask for, come to where it `arrives`, to the client with an `acr`, `keep` what the page shows, count `passkeys`, `look`.
// "{sms}" is the code in the newest message of the provider's spool (`spool` in PARAMETERS), "{totp}" the code of now.

import { readFileSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import * as openid from "openid-client";
import { Rig, Unwell } from "./rig.mjs";
import { totp } from "../relying_parties/agent.mjs";
import { options } from "../relying_parties/parameters.mjs";
import { Listener, Party } from "../relying_parties/party.mjs";
import { Checks, equal, that } from "../relying_parties/tap.mjs";

const parameters = JSON.parse(readFileSync(process.argv[2], "utf8"));
const given = options(process.argv.slice(3));
const { pages, people, journey, allow } = JSON.parse(readFileSync(given.pages ?? join(dirname(process.argv[1]), "pages.json"), "utf8"));
const party = new Party(parameters);

class Journey {
  constructor(rig, language) {
    const { [language]: own, ...others } = people;
    Object.assign(this, { rig, language, persons: new Map(), read: new Set() });
    this.known = { ...others, ...own, ...parameters.people, ...parameters.people?.[language] };
  }

  async person(name) {
    if (!this.persons.has(name)) {
      const person = await this.rig.person(this.language);
      person.expect(new URL(party.redirectUri("app")).origin);
      this.persons.set(name, person);
    }
    return this.persons.get(name);
  }

  // "{citizen.name.0}": a value of a person, or one that was kept on the way.
  async say(text, who) {
    if (text === "{totp}") return totp(this.known[who].totp);
    if (text === "{sms}") return this.sms(this.known[who].mobile);
    return text.replace(/\{([\w.]+)\}/g, (all, path) => {
      const value = path.split(".").reduce((at, key) => at?.[key], this.known);
      if (value === undefined) throw new Error(`nothing is known of ${all}`);
      return value;
    });
  }

  // The code in the newest message to a number, from the provider's spool: it leaves a moment after the page.
  async sms(mobile) {
    const folder = join(parameters.spool, "sms");
    const to = `To: ${mobile.replace("+", "")}`;
    for (let tries = 0; tries < 100; tries++) {
      const names = readdirSync(folder).filter((name) => !name.startsWith(".") && !this.read.has(name));
      for (const name of names.sort((a, b) => Number(b) - Number(a))) {
        const text = readFileSync(join(folder, name), "utf8");
        const code = text.startsWith(to) && text.split("\n\n")[1]?.match(/(?<!\d)\d{6}(?!\d)/)?.[0];
        if (!code) continue;
        this.read.add(name);
        return code;
      }
      await new Promise((go) => setTimeout(go, 100));
    }
    throw new Error(`no message with a code came to ${mobile}`);
  }

  async step(step) {
    const person = await this.person(step.who);
    const { page } = person;
    const about = step.as ?? step.who;
    if (step.forget) await page.context().clearCookies();
    if (step.go) await this.go(person, step);
    if (step.authorize) await this.authorize(person, step.authorize);
    if (step.authenticator) await person.authenticator();
    const form = step.fill ? await this.fill(page, step.fill, about) : null;
    if (step.press) await this.press(person, step.press, form);
    if (step.consents) await this.consent(person);
    if (step.arrives) await this.arrives(page, step.arrives, about);
    if (step.acr) await this.acr(page, step.acr);
    for (const [name, selector] of Object.entries(step.keep ?? {})) {
      const shown = page.locator(await this.say(selector, about)).first();
      this.known[name] = (await shown.getAttribute("data-copy")) ?? (await shown.textContent()).trim();
    }
    if (step.passkeys) equal((await person.passkeys()).length, step.passkeys, "the passkeys of the device");
    if (step.look) await person.well(step.look);
  }

  // The first page of a person is asked for in their language; the choice stays with the visit.
  async go(person, { go, who, as }) {
    const path = await this.say(pages[go], as ?? who);
    const choice = `${path.includes("?") ? "&" : "?"}lang=${this.language}`;
    await person.go(person.greeted ? path : path + choice);
    person.greeted = true;
  }

  async authorize(person, level) {
    const { url, checks } = await party.request("app", { acr_values: level, ui_locales: this.language });
    this.asked = checks;
    await person.page.goto(url.href);
  }

  async fill(page, fields, who) {
    let form;
    for (const [name, text] of Object.entries(fields)) {
      const value = await this.say(text, who);
      const field = page.locator(`main [name="${name}"]:not([type=hidden])`);
      const count = await field.count();
      that(count > 0, `${new URL(page.url()).pathname} has no field ${name}`);
      const kind = await field.first().evaluate(({ tagName, type }) => (tagName === "INPUT" ? type : tagName.toLowerCase()));
      if (kind === "radio" || kind === "checkbox") await page.locator(`main [name="${name}"][value="${value}"]`).check();
      else if (kind === "select") await field.selectOption(value);
      else await field.first().fill(value);
      form ??= page.locator("main form").filter({ has: page.locator(`[name="${name}"]`) }).first();
    }
    return form;
  }

  async press(person, what, form) {
    const { page } = person;
    if (what === "passkey") return person.touches(() => this.passkey(page));
    const button =
      what === "form"
        ? (form ?? page.locator("main form")).locator("button:not([type=button])").first()
        : page.locator(`main button[name="${what.split("=")[0]}"][value="${what.split("=")[1]}"]`).first();
    await Promise.all([page.waitForEvent("load"), button.click()]);
    await this.onward(page);
  }

  // A page that only leads on to the next one, as after a sign-in that began elsewhere, is left by itself.
  async onward(page) {
    const there = () => document.readyState === "complete" && !document.querySelector('meta[http-equiv="refresh"]');
    for (let tries = 0; tries < 100; tries++) {
      if (await page.evaluate(there).catch(() => false)) return;
      await new Promise((go) => setTimeout(go, 100));
    }
    throw new Error(`${page.url()} leads on and on`);
  }

  // The browser's own ceremony, then the form is sent by the page.
  async passkey(page) {
    const form = page.locator("form[data-passkey]").first();
    const failed = form.locator("[data-passkey-failed]").waitFor({ state: "visible" }).then(() => "failed", () => "gone");
    const gone = page.waitForEvent("load").then(() => "gone");
    await form.locator("button").first().click();
    equal(await Promise.race([failed, gone]), "gone", "the passkey");
    await this.onward(page);
  }

  async consent(person) {
    const [name, value] = allow.split("=");
    if (await person.page.locator(`main button[name="${name}"][value="${value}"]`).count()) await this.press(person, allow);
  }

  async arrives(page, where, who) {
    const path = await this.say(pages[where], who);
    equal(new URL(page.url()).pathname, path, "the page arrived at");
  }

  // The code is at the client: what it tells of the level.
  async acr(page, level) {
    const back = party.redirectUri("app");
    that(page.url().startsWith(back), `the browser is at ${page.url().split("?")[0]}, not back at the client`);
    const tokens = await openid.authorizationCodeGrant(await party.as("app"), new URL(page.url()), this.asked);
    equal(tokens.claims().acr, level, "acr");
  }
}

const describe = ({ who, go, authorize, fill, press, consents, arrives, acr, look }) =>
  [
    who,
    go && `goes to ${go}`,
    authorize && `asks for ${authorize}`,
    fill && `fills in ${Object.keys(fill).join(", ")}`,
    press && `presses ${press}`,
    consents && "consents",
    arrives && `arrives at ${arrives}`,
    acr && `has ${acr}`,
    look && `sees ${look}`,
  ]
    .filter(Boolean)
    .join(" ");

const checks = new Checks();
const listener = await new Listener().open(parameters.listener);
const rig = await Rig.start({ origin: parameters.issuer, pictures: given.pictures });
for (const language of given.language ? [given.language] : ["ar", "en"]) {
  const way = new Journey(rig, language);
  for (const [at, step] of journey.entries()) {
    let lost = null;
    await checks.check(`${language} ${String(at + 1).padStart(2, "0")} ${describe(step)}`, () =>
      way.step(step).catch((error) => {
        lost = error instanceof Unwell ? null : error;
        throw error;
      }),
    );
    if (!lost) continue;
    if (at + 1 < journey.length) checks.fail(`${language}: the other ${journey.length - at - 1} steps`, new Error("the way ended before them"));
    break;
  }
}
await rig.end();
listener.close();
checks.end();
