// node oidc_provider.mjs PARAMETERS [--fault NAME]
//
// The referee: the npm package oidc-provider with the clients, the person and the levels of a parameters file, on the
// loopback port of its issuer. It proves the scripts: what they ask is what a certified provider answers. Its sign-in
// pages are three forms of ours (identity and password, code, consent), because the package's own cannot raise a level.
//
// --fault NAME makes it wrong in one way, so that the check of that name is seen red: see faults.mjs.

import { readFileSync } from "node:fs";
import { createHash, randomBytes } from "node:crypto";
import { exportJWK, generateKeyPair } from "jose";
import Provider, { interactionPolicy } from "oidc-provider";
import { code } from "./agent.mjs";
import { FAULTS } from "./faults.mjs";

const parameters = JSON.parse(readFileSync(process.argv[2], "utf8"));
const fault = process.argv[3] === "--fault" ? process.argv[4] : null;
if (fault && !(fault in FAULTS)) throw new Error(`no fault ${fault}; there are ${Object.keys(FAULTS).join(", ")}`);

const { issuer, person, levels, resource } = parameters;
const { Check, base } = interactionPolicy;

async function jwk() {
  const { privateKey } = await generateKeyPair("ES256", { extractable: true });
  return { ...(await exportJWK(privateKey)), use: "sig", alg: "ES256" };
}

// The level asked for by acr_values is a login too, unless the session has it or a higher one.
function policy() {
  const prompts = base();
  prompts.get("login").checks.add(
    new Check("level", "a higher level is needed", (ctx) => {
      const asked = (ctx.oidc.params.acr_values ?? "").split(" ").includes(levels.high);
      if (fault === "level_ignored" || !asked || ctx.oidc.session.acr === levels.high) return Check.NO_NEED_TO_PROMPT;
      return Check.REQUEST_PROMPT;
    }),
  );
  return prompts;
}

// Requests by POST want a cookie with SameSite=None, which a browser does not keep without TLS; browsers come to localhost.
const posted = new URL(issuer).hostname !== "localhost";

const configuration = {
  clients: Object.values(parameters.clients).map(({ metadata }) => ({
    ...metadata,
    scope: undefined,
    ...(fault === "one_subject" ? { subject_type: "public" } : {}),
    ...(fault === "par_optional" ? { require_pushed_authorization_requests: false } : {}),
    ...(fault === "dpop_optional" ? { dpop_bound_access_tokens: false } : {}),
    ...(fault === "silent" ? { backchannel_logout_uri: undefined } : {}),
  })),
  jwks: { keys: [await jwk()] },
  cookies: { keys: [randomBytes(32).toString("hex")], ...(posted ? { long: { sameSite: "none" } } : {}) },
  enableHttpPostMethods: posted,
  claims: { openid: ["sub"], profile: ["name", "given_name", "family_name"], acr: null, amr: null, auth_time: null, sid: null, iss: null },
  acrValues: [levels.low, levels.high],
  scopes: ["openid", "offline_access"],
  subjectTypes: ["public", "pairwise"],
  pairwiseIdentifier: (_, account, client) =>
    createHash("sha256").update(`${client.sectorIdentifier} ${account} referee`).digest("base64url"),
  enabledJWA: {
    idTokenSigningAlgValues: ["ES256"],
    clientAuthSigningAlgValues: ["ES256", "EdDSA", "RS256"],
    dPoPSigningAlgValues: ["ES256", "EdDSA"],
  },
  responseTypes: ["code"],
  // The package refuses to call loopback addresses; the relying parties of a test have no others.
  fetch: (url, { dispatcher: _, ...rest }) => fetch(url, rest),
  pkce: { required: () => fault !== "pkce_optional" },
  rotateRefreshToken: fault !== "refresh_kept",
  interactions: { url: (_, interaction) => `/interaction/${interaction.uid}`, policy: policy() },
  findAccount: (_, id) => ({
    accountId: id,
    claims: () => ({ sub: id, name: "ليان صالح", given_name: "ليان", family_name: "صالح" }),
  }),
  features: {
    devInteractions: { enabled: false },
    backchannelLogout: { enabled: true },
    claimsParameter: { enabled: true },
    clientCredentials: { enabled: true },
    deviceFlow: { enabled: true },
    dPoP: { enabled: true, nonceSecret: randomBytes(32), requireNonce: () => true },
    fapi: {
      enabled: true,
      profile: (_, client) => (client?.clientId === "fapi" && !fault ? "2.0" : undefined),
    },
    introspection: { enabled: true },
    pushedAuthorizationRequests: { enabled: true },
    revocation: { enabled: true, ...(fault === "revocation_ignored" ? { allowedPolicy: () => false } : {}) },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => undefined,
      getResourceServerInfo: () => ({
        scope: resource.scope,
        audience: resource.indicator,
        accessTokenFormat: "jwt",
        jwt: { sign: { alg: "ES256" } },
      }),
    },
    rpInitiatedLogout: { enabled: true },
  },
};

const provider = new Provider(issuer, configuration);

const WORDS = {
  ar: { dir: "rtl", sign_in: "تسجيل الدخول", factor: "الرمز", consent: "الموافقة", go: "متابعة", identity: "رقم الهوية", password: "كلمة السر" },
  en: { dir: "ltr", sign_in: "Sign in", factor: "Code", consent: "Consent", go: "Continue", identity: "ID number", password: "Password" },
};

function form(locale, uid, title, inside) {
  const words = WORDS[locale];
  return `<!doctype html><html lang="${locale}" dir="${words.dir}"><head><meta charset="utf-8"><link rel="icon" href="data:,"><title>${words[title]}</title></head>
<body><main><h1>${words[title]}</h1><form method="post" action="/interaction/${uid}"><input type="hidden" name="step" value="${title}">
${inside(words)}</form></main></body></html>`;
}

const field = (name, label, type) =>
  `<p><label for="${name}">${label}</label> <input id="${name}" name="${name}" type="${type}" autocomplete="off"></p>`;

function page(uid, step, locale) {
  if (step === "consent") {
    return form(locale, uid, "consent", ({ go }) => `<button name="decision" value="allow">${go}</button> <button name="decision" value="deny">×</button>`);
  }
  if (step === "factor") return form(locale, uid, "factor", ({ go, factor }) => `${field("code", factor, "text")}<button>${go}</button>`);
  return form(
    locale,
    uid,
    "sign_in",
    ({ go, identity, password }) => `${field("identity", identity, "text")}${field("password", password, "password")}<button>${go}</button>`,
  );
}

async function body(req) {
  let text = "";
  for await (const part of req) text += part;
  return Object.fromEntries(new URLSearchParams(text));
}

async function consent(details) {
  const { prompt, params, session, grantId } = details;
  const grant = grantId ? await provider.Grant.find(grantId) : new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
  if (prompt.details.missingOIDCScope) grant.addOIDCScope(prompt.details.missingOIDCScope.join(" "));
  if (prompt.details.missingOIDCClaims) grant.addOIDCClaims(prompt.details.missingOIDCClaims);
  for (const [indicator, scopes] of Object.entries(prompt.details.missingResourceScopes ?? {})) {
    grant.addResourceScope(indicator, scopes.join(" "));
  }
  return { consent: { grantId: await grant.save() } };
}

const login = (high) => ({ login: { accountId: person.identity, acr: high ? levels.high : levels.low, amr: high ? ["pwd", "otp", "mfa"] : ["pwd"] } });

provider.use(async (ctx, next) => {
  if (!ctx.path.startsWith("/interaction/")) return next();
  const details = await provider.interactionDetails(ctx.req, ctx.res);
  const { prompt, params, uid } = details;
  const locale = fault === "always_english" || (params.ui_locales ?? "ar").startsWith("en") ? "en" : "ar";
  const high = (params.acr_values ?? "").split(" ").includes(levels.high) || (params.claims ?? "").includes(levels.high);
  const show = (step, status = 200) => {
    ctx.status = status;
    ctx.type = "html";
    ctx.body = page(uid, step, locale);
  };
  if (ctx.method === "GET") return show(prompt.name === "consent" ? "consent" : prompt.reasons.includes("level") && details.session ? "factor" : "sign_in");

  const filled = await body(ctx.req);
  let result;
  if (filled.step === "consent") {
    result = filled.decision === "allow" ? await consent(details) : { error: "access_denied" };
  } else if (filled.step === "factor") {
    if (filled.code !== code(person.totp)) return show("factor", 422);
    result = login(true);
  } else {
    if (filled.identity !== person.identity || filled.password !== person.password) return show("sign_in", 422);
    if (high && fault !== "level_ignored") return show("factor");
    result = login(false);
  }
  ctx.respond = false;
  await provider.interactionFinished(ctx.req, ctx.res, result, { mergeWithLastSubmission: false });
});

// Faults that no setting of the package makes.
const break_it = {
  no_iss: async (ctx, next) => {
    await next();
    const to = ctx.response.get("location");
    if (!to) return;
    const url = new URL(to, issuer);
    if (!url.searchParams.has("iss")) return;
    url.searchParams.delete("iss");
    ctx.redirect(url.href);
  },
  session_forgotten: (ctx, next) => {
    if (ctx.path === "/auth") delete ctx.req.headers.cookie;
    return next();
  },
  prompt_ignored: (ctx, next) => {
    if (ctx.path === "/auth" && ctx.query.prompt === "login") ctx.query = { ...ctx.query, prompt: undefined };
    return next();
  },
  any_secret: (ctx, next) => {
    const { client_id, client_secret } = parameters.clients.api.metadata;
    const given = Buffer.from((ctx.get("authorization") ?? "").replace("Basic ", ""), "base64").toString();
    if (given.startsWith(`${client_id}:`)) ctx.req.headers.authorization = `Basic ${Buffer.from(`${client_id}:${client_secret}`).toString("base64")}`;
    return next();
  },
}[fault];
if (break_it) provider.use(break_it);
if (fault === "any_redirect") provider.Client.prototype.redirectUriAllowed = () => true;
if (fault === "any_return") provider.Client.prototype.postLogoutRedirectUriAllowed = () => true;

const { hostname, port } = new URL(issuer);
const server = provider.listen(Number(port), hostname, () => console.log(`the referee listens at ${issuer}`));
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => server.close(() => process.exit(0)) && server.closeAllConnections());
