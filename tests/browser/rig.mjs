// A person at a real Chromium, for tests of pages: a browser without a window, an authenticator for passkeys, pictures
// of a page at both widths, axe, and ears for everything a browser complains of. What a page did wrong is collected
// and thrown by `well(name)`: nothing is only logged.

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import AxeBuilder from "@axe-core/playwright";
import { chromium } from "playwright-core";

export const WIDTHS = { desk: 1280, phone: 390 };
const AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"];

// Chromium calls its maker at each start unless told not to. Its sandbox does not run as root.
const FLAGS = [
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  ...(process.getuid() === 0 ? ["--no-sandbox"] : []),
];

// axe takes a text whose letters join, and so measure less together than alone, for an icon font, and does not look at
// its contrast: no Arabic text would ever be looked at. It measures on a canvas, which is told here that all letters are
// alike.
function letMeasure() {
  CanvasRenderingContext2D.prototype.measureText = (text) => ({ width: 10 * text.length });
}

// A page that is not well can still be used: the story may go on.
export class Unwell extends Error {}

export class Rig {
  // `pictures`: the folder of the screenshots; none are taken without it.
  static async start({ origin, pictures, executablePath = "/usr/bin/chromium" }) {
    if (pictures) mkdirSync(pictures, { recursive: true });
    const browser = await chromium.launch({ executablePath, args: FLAGS });
    return Object.assign(new Rig(), { browser, origin, pictures });
  }

  // A person with a device of their own: cookies, language, authenticator.
  async person(language = "ar", { script = true } = {}) {
    const context = await this.browser.newContext({
      locale: language === "ar" ? "ar-PS" : "en-GB",
      timezoneId: "Asia/Hebron",
      viewport: { width: WIDTHS.desk, height: 900 },
      javaScriptEnabled: script,
      reducedMotion: "reduce",
    });
    context.setDefaultTimeout(15_000);
    const page = await context.newPage();
    return new Person(this, page, language, script).listen();
  }

  end() {
    return this.browser.close();
  }
}

export class Person {
  constructor(rig, page, language, script) {
    Object.assign(this, { rig, page, language, script, wrong: [], expected: new Set() });
  }

  async listen() {
    const { page, rig } = this;
    page.on("console", (message) => {
      if (message.type() !== "error") return;
      // The status of the page itself is judged by who asked for it: a form may well be refused with 422.
      const main = message.text().startsWith("Failed to load resource") && message.location().url === page.url();
      if (!main) this.wrong.push(`console: ${message.text()}`);
    });
    page.on("pageerror", (error) => this.wrong.push(`script: ${error.message}`));
    page.on("requestfailed", (request) => {
      const { errorText } = request.failure() ?? {};
      if (errorText !== "net::ERR_ABORTED") this.wrong.push(`${errorText} for ${request.url()}`);
    });
    page.on("request", (request) => {
      const url = new URL(request.url());
      if (rig.origin && url.protocol.startsWith("http") && url.origin !== rig.origin && !this.expected.has(url.origin)) {
        this.wrong.push(`the page asks another host: ${url.origin}`);
      }
    });
    page.on("response", (answer) => {
      if (answer.status() >= 500 || (answer.status() >= 400 && !answer.request().isNavigationRequest())) {
        this.wrong.push(`${answer.status()} for ${answer.url()}`);
      }
    });
    await page.exposeFunction("__violated", (what) => this.wrong.push(`content security policy: ${what}`));
    await page.addInitScript(() =>
      document.addEventListener("securitypolicyviolation", (event) => {
        window.__violated(`${event.effectiveDirective} stopped ${event.blockedURI || "inline"} at ${event.sourceFile ?? ""}:${event.lineNumber}`);
      }),
    );
    return this;
  }

  // Lets the page speak to another origin too: a relying party's, say.
  expect(origin) {
    this.expected.add(origin);
  }

  async go(path) {
    const answer = await this.page.goto(new URL(path, this.rig.origin).href);
    if (answer.status() >= 400) throw new Error(`${answer.status()} for ${path}`);
    return answer;
  }

  // An authenticator built into the device. It answers while it is touched: one that always did would take the quiet
  // offer of a passkey in a form (conditional mediation) before anybody asked for it.
  async authenticator() {
    this.cdp = await this.page.context().newCDPSession(this.page);
    await this.cdp.send("WebAuthn.enable", { enableUI: false });
    const { authenticatorId } = await this.cdp.send("WebAuthn.addVirtualAuthenticator", {
      options: {
        protocol: "ctap2",
        ctap2Version: "ctap2_1",
        transport: "internal",
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: true,
        automaticPresenceSimulation: false,
      },
    });
    this.authenticatorId = authenticatorId;
  }

  // The finger is on the sensor while `run` runs.
  async touches(run) {
    const finger = (enabled) => this.cdp.send("WebAuthn.setAutomaticPresenceSimulation", { authenticatorId: this.authenticatorId, enabled });
    await finger(true);
    try {
      return await run();
    } finally {
      await finger(false);
    }
  }

  async passkeys() {
    const { credentials } = await this.cdp.send("WebAuthn.getCredentials", { authenticatorId: this.authenticatorId });
    return credentials;
  }

  // The page is well: axe finds nothing, nothing sticks out at either width, the browser did not complain. Pictures of
  // both widths are kept under NAME.
  async well(name) {
    const { page } = this;
    await page.waitForLoadState("load");
    await this.tongue();
    const found = [];
    for (const [device, width] of Object.entries(WIDTHS)) {
      await page.setViewportSize({ width, height: device === "desk" ? 900 : 844 });
      if (this.script) found.push(...(await this.axe(device)), ...(await this.wide(device, width)));
      if (this.rig.pictures) await page.screenshot({ path: join(this.rig.pictures, `${name}.${this.language}.${width}.png`), fullPage: true });
    }
    await page.setViewportSize({ width: WIDTHS.desk, height: 900 });
    found.push(...this.wrong.splice(0));
    if (found.length) throw new Unwell(`${name} (${this.language}): ${[...new Set(found)].join("; ")}`);
  }

  // The page is in the language of the person, and runs its way.
  async tongue() {
    const { lang, dir } = await this.page.locator("html").evaluate(({ lang, dir }) => ({ lang, dir }));
    const rtl = this.language === "ar";
    if (!lang.startsWith(this.language) || (dir || "ltr") !== (rtl ? "rtl" : "ltr")) this.wrong.push(`lang="${lang}" dir="${dir}"`);
  }

  async axe(device) {
    await this.page.evaluate(letMeasure);
    // No frames, so no second page to put results together in: half the time.
    const { violations } = await new AxeBuilder({ page: this.page }).setLegacyMode().withTags(AXE_TAGS).analyze();
    return violations.map(({ id, help, nodes }) => `axe ${id} (${device}): ${help}: ${nodes.map(({ target }) => target.join(" ")).join(", ")}`);
  }

  // Nothing makes the whole page scroll sideways (WCAG 1.4.10).
  async wide(device, width) {
    const needs = await this.page.evaluate(() => document.documentElement.scrollWidth);
    return needs > width ? [`the page is ${needs} px wide on a ${device} of ${width}`] : [];
  }
}
