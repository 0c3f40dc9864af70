// The relying party that the checks play: openid-client with one of the clients of the parameters, and the listener
// that takes back-channel logouts.

import http from "node:http";
import * as openid from "openid-client";
import { importJWK } from "jose";
import { Agent } from "./agent.mjs";
import { that } from "./tap.mjs";

export class Party {
  constructor(parameters) {
    this.parameters = parameters;
    this.configured = new Map();
    const { client_id } = parameters.clients.web.metadata;
    this.seen = { issuer: parameters.issuer, client_id, audience: parameters.resource.indicator, tokens: {} };
  }

  // A person at a new device.
  person(language = "ar") {
    const { screens, person } = this.parameters;
    return new Agent({ screens, answers: person, language });
  }

  metadata(name) {
    return this.parameters.clients[name].metadata;
  }

  // openid-client configured as one of the clients; `authentication` in place of the client's own.
  async as(name, authentication) {
    if (!authentication && this.configured.has(name)) return this.configured.get(name);
    const { metadata, key } = this.parameters.clients[name];
    const own = {
      client_secret_basic: () => openid.ClientSecretBasic(metadata.client_secret),
      private_key_jwt: async () => openid.PrivateKeyJwt({ key: await importJWK(key, "ES256"), kid: key.kid }),
      none: () => openid.None(),
    };
    const config = await openid.discovery(
      new URL(this.parameters.issuer),
      metadata.client_id,
      { id_token_signed_response_alg: metadata.id_token_signed_response_alg },
      authentication ?? (await own[metadata.token_endpoint_auth_method]()),
      { execute: [openid.allowInsecureRequests] },
    );
    if (!authentication) this.configured.set(name, config);
    return config;
  }

  redirectUri(name) {
    return this.metadata(name).redirect_uris[0];
  }

  // An authorization request with PKCE, state and nonce: { url, checks }.
  async request(name, more = {}, { par = false, DPoP } = {}) {
    const config = await this.as(name);
    const verifier = openid.randomPKCECodeVerifier();
    const checks = { pkceCodeVerifier: verifier, expectedState: openid.randomState(), expectedNonce: openid.randomNonce(), idTokenExpected: true };
    const parameters = {
      redirect_uri: this.redirectUri(name),
      scope: this.parameters.scope,
      response_type: "code",
      code_challenge: await openid.calculatePKCECodeChallenge(verifier),
      code_challenge_method: "S256",
      state: checks.expectedState,
      nonce: checks.expectedNonce,
      ...more,
    };
    for (const [key, value] of Object.entries(parameters)) if (value === undefined) delete parameters[key];
    if (parameters.max_age !== undefined) checks.maxAge = Number(parameters.max_age);
    const url = par
      ? await openid.buildAuthorizationUrlWithPAR(config, parameters, { DPoP })
      : openid.buildAuthorizationUrl(config, parameters);
    return { url, checks };
  }

  // The whole of a sign-in: { tokens, claims, response (the address the code came to), passed, checks }.
  async signIn(name, { who = this.person(), request = {}, par, DPoP } = {}) {
    const { url, checks } = await this.request(name, request, { par, DPoP });
    const { url: response, passed } = await who.visit(url, { until: [this.redirectUri(name)] });
    const tokens = await openid.authorizationCodeGrant(await this.as(name), response, checks, undefined, { DPoP });
    return { tokens, claims: tokens.claims(), response, passed, checks, who };
  }

  // An authorization request that is expected to come back with an error: the parameters of that answer.
  async denied(name, { who = this.person(), request = {} } = {}) {
    const { url } = await this.request(name, request);
    const { url: response } = await who.visit(url, { until: [this.redirectUri(name)] });
    return Object.fromEntries(new URLSearchParams(response.search || response.hash.slice(1)));
  }

  offline() {
    const { scope, offline } = this.parameters;
    return offline ? { scope: [scope, offline.scope].filter(Boolean).join(" "), prompt: offline.prompt } : {};
  }
}

// Takes POSTs to the relying parties' back-channel addresses. `next(path)` is the body of the next one.
export class Listener {
  constructor() {
    this.waiting = [];
    this.server = http.createServer(async (req, res) => {
      let body = "";
      for await (const part of req) body += part;
      const at = this.waiting.findIndex(({ path }) => path === req.url);
      res.writeHead(200, { "cache-control": "no-store" }).end();
      if (at >= 0) this.waiting.splice(at, 1)[0].done({ method: req.method, headers: req.headers, form: new URLSearchParams(body) });
    });
  }

  async open(port) {
    await new Promise((done, fail) => this.server.once("error", fail).listen(port, "127.0.0.1", done));
    return this;
  }

  next(path, seconds = 30) {
    return new Promise((done, fail) => {
      const late = setTimeout(() => fail(new Error(`nothing was posted to ${path} within ${seconds} s`)), seconds * 1000);
      this.waiting.push({ path, done: (got) => (clearTimeout(late), done(got)) });
    });
  }

  close() {
    this.server.close();
    this.server.closeAllConnections();
  }
}

// A request past openid-client, for what no good client sends.
export async function post(endpoint, form, headers = {}) {
  const answer = await fetch(endpoint, { method: "POST", body: new URLSearchParams(form), headers, redirect: "manual" });
  const text = await answer.text();
  let body = null;
  try {
    body = JSON.parse(text);
  } catch {
    // Some errors are pages.
  }
  return { status: answer.status, headers: answer.headers, body, text };
}

export const basic = ({ client_id, client_secret }) => ({
  authorization: `Basic ${Buffer.from(`${encodeURIComponent(client_id)}:${encodeURIComponent(client_secret)}`).toString("base64")}`,
});

export function error(answer, status, ...codes) {
  const code = codes.join(" or ");
  that(answer.status === status && codes.includes(answer.body?.error), `answered ${answer.status} ${answer.body?.error ?? answer.text.slice(0, 120)}, not ${status} ${code}`);
}
