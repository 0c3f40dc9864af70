// The session at the provider: prompt, max_age, levels, languages, sectors, and both kinds of logout.

import * as openid from "openid-client";
import { createRemoteJWKSet, jwtVerify } from "jose";
import { equal, refused, that } from "../tap.mjs";

const EVENT = "http://schemas.openid.net/event/backchannel-logout";

export async function run(checks, party, listener) {
  const { issuer, levels } = party.parameters;
  const web = await party.as("web");
  const server = web.serverMetadata();
  const home = party.person();
  const first = await party.signIn("web", { who: home }).catch((failure) => ({ failure }));
  const check = (name, body) =>
    checks.check(name, () => {
      if (first.failure) throw new Error("no sign-in", { cause: first.failure });
      return body();
    });

  await checks.check("login-required", async () => {
    const answer = await party.denied("web", { request: { prompt: "none" } });
    equal(answer.error, "login_required", "the error");
    equal(answer.iss, issuer, "iss");
    that(answer.state, "state is missing");
  });

  await check("prompt-none", async () => {
    const { claims, passed } = await party.signIn("web", { who: home, request: { prompt: "none" } });
    equal(passed, [], "the screens");
    equal(claims.sub, first.claims.sub, "sub");
  });

  await check("max-age", async () => {
    const { claims, passed } = await party.signIn("web", { who: home, request: { max_age: "10000" } });
    that(!passed.includes("password"), "a session of seconds was too old for max_age=10000");
    that(Number.isInteger(claims.auth_time), "auth_time is missing though max_age was asked");
    const again = await party.signIn("web", { who: home, request: { max_age: "0" } });
    that(again.passed.includes("password"), "max_age=0 asked for no password");
    that(again.claims.auth_time >= claims.auth_time, "auth_time went back");
  });

  await check("prompt-login", async () => {
    const { claims, passed } = await party.signIn("web", { who: home, request: { prompt: "login" } });
    that(passed.includes("password"), "prompt=login asked for no password");
    equal(claims.sub, first.claims.sub, "sub");
  });

  await check("step-up", async () => {
    const who = party.person();
    const claims = JSON.stringify({ id_token: { amr: null } });
    const low = await party.signIn("web", { who, request: { acr_values: levels.low } });
    equal(low.claims.acr, levels.low, "acr after a password");
    const high = await party.signIn("web", { who, request: { acr_values: levels.high, claims } });
    that(high.passed.includes("factor"), `no second factor was asked; passed ${high.passed}`);
    equal(high.claims.acr, levels.high, "acr after the second factor");
    that(high.claims.amr?.includes("mfa") || high.claims.amr?.includes("otp"), `amr is ${JSON.stringify(high.claims.amr)} (RFC 8176)`);
    const later = await party.signIn("web", { who, request: { acr_values: levels.high, prompt: "none" } });
    equal(later.claims.acr, levels.high, "acr of the session later");
  });

  await check("acr-essential", async () => {
    const claims = JSON.stringify({ id_token: { acr: { essential: true, values: [levels.high] } } });
    const answer = await party.denied("web", { who: home, request: { claims, prompt: "none" } });
    that(["login_required", "interaction_required", "unmet_authentication_requirements"].includes(answer.error), `prompt=none with an essential acr that the session has not: ${answer.error}`);
    const high = await party.signIn("web", { who: party.person(), request: { claims } });
    equal(high.claims.acr, levels.high, "acr");
  });

  await check("prompt-consent", async () => {
    const { passed } = await party.signIn("web", { who: home, request: { prompt: "consent" } });
    equal(passed, ["consent"], "the screens");
  });

  await check("ui-locales", async () => {
    for (const [locale, lang, dir] of [["ar", "ar", "rtl"], ["en", "en", "ltr"]]) {
      const { url } = await party.request("web", { ui_locales: locale });
      const { page } = await party.person(lang === "ar" ? "en" : "ar").visit(url, { stop: "password" });
      that(page.lang.startsWith(lang) && (page.dir || "ltr") === dir, `ui_locales=${locale} gave lang="${page.lang}" dir="${page.dir}"`);
    }
  });

  await check("login-hint", async () => {
    const { url } = await party.request("web", { login_hint: party.parameters.person.identity });
    const { page } = await party.person().visit(url, { stop: "password" });
    that(page.forms.length > 0, "no form");
  });

  await check("pairwise", async () => {
    const same = await party.signIn("sector", { who: home });
    const other = await party.signIn("elsewhere", { who: home });
    equal(same.claims.sub, first.claims.sub, "sub at another client of the same sector");
    that(other.claims.sub !== first.claims.sub, "two sectors have the same sub");
    that(!JSON.stringify([same.claims, other.claims]).includes(party.parameters.person.identity), "the login identifier was told");
  });

  await check("rp-logout", async () => {
    const who = party.person();
    const { tokens } = await party.signIn("web", { who });
    const [back] = party.metadata("web").post_logout_redirect_uris;
    const url = openid.buildEndSessionUrl(web, { id_token_hint: tokens.id_token, post_logout_redirect_uri: back, state: "there-and-back" });
    const { url: end } = await who.visit(url, { until: [back] });
    equal(end.searchParams.get("state"), "there-and-back", "state");
    equal((await party.denied("web", { who, request: { prompt: "none" } })).error, "login_required", "after the logout, prompt=none");
  });

  await check("rp-logout-unregistered", async () => {
    const who = party.person();
    const { tokens } = await party.signIn("web", { who });
    const [back] = party.metadata("web").post_logout_redirect_uris;
    const url = openid.buildEndSessionUrl(web, { id_token_hint: tokens.id_token, post_logout_redirect_uri: `${back}/more` });
    await refused(who.visit(url, { until: [back, `${back}/more`] }), "an unregistered post_logout_redirect_uri");
  });

  await check("back-channel-logout", async () => {
    const who = party.person();
    const { tokens, claims } = await party.signIn("web", { who });
    const { backchannel_logout_uri, post_logout_redirect_uris, client_id } = party.metadata("web");
    const told = listener.next(new URL(backchannel_logout_uri).pathname);
    const url = openid.buildEndSessionUrl(web, { id_token_hint: tokens.id_token, post_logout_redirect_uri: post_logout_redirect_uris[0] });
    const [, { method, headers, form }] = await Promise.all([who.visit(url, { until: post_logout_redirect_uris }), told]);
    equal(method, "POST", "the method");
    that(headers["content-type"].startsWith("application/x-www-form-urlencoded"), `Content-Type is ${headers["content-type"]}`);

    party.seen.tokens.logout_token = form.get("logout_token");

    // OpenID Connect Back-Channel Logout 1.0 section 2.4 and 2.6.
    const keys = createRemoteJWKSet(new URL(server.jwks_uri));
    const { payload, protectedHeader } = await jwtVerify(form.get("logout_token"), keys, { issuer, audience: client_id, typ: "logout+jwt" });
    that(protectedHeader.alg !== "none" && payload.jti && payload.iat, "jti or iat is missing");
    that(payload.exp - payload.iat <= 300, `exp is ${payload.exp - payload.iat} s after iat`);
    equal(payload.events?.[EVENT], {}, `events["${EVENT}"]`);
    that(!("nonce" in payload), "a logout token has no nonce");
    that(claims.sid, "the ID token has no sid");
    equal(payload.sid, claims.sid, "sid");
    if (payload.sub) equal(payload.sub, claims.sub, "sub");
  });
}
