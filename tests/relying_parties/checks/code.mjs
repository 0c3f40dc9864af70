// The authorization code: discovery, PKCE, iss, ID token, userinfo, PAR, and what a provider must refuse there.

import * as openid from "openid-client";
import { createRemoteJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from "jose";
import { equal, refused, that } from "../tap.mjs";
import { basic, error, post } from "../party.mjs";

export async function run(checks, party) {
  const { issuer, person, claims: expected } = party.parameters;
  const config = await party.as("web");
  const server = config.serverMetadata();
  const signed = await party.signIn("web").catch((failure) => ({ failure }));
  const check = (name, body) =>
    checks.check(name, () => {
      if (signed.failure) throw new Error("no sign-in", { cause: signed.failure });
      return body();
    });

  await checks.check("discovery", () => {
    equal(server.issuer, issuer, "issuer");
    equal(server.code_challenge_methods_supported, ["S256"], "code_challenge_methods_supported");
    equal(server.authorization_response_iss_parameter_supported, true, "authorization_response_iss_parameter_supported");
    for (const name of ["authorization", "token", "userinfo", "introspection", "revocation", "end_session", "pushed_authorization_request", "device_authorization"]) {
      that(server[`${name}_endpoint`]?.startsWith(issuer), `${name}_endpoint is ${server[`${name}_endpoint`]}`);
    }
    that(!server.id_token_signing_alg_values_supported.includes("none"), "the ID token may be unsigned");
  });

  await check("code-pkce", () => that(signed.passed[0] === "password", `the first screen was ${signed.passed[0]}`));

  await check("iss", async () => {
    equal(signed.response.searchParams.get("iss"), issuer, "iss in the response (RFC 9207)");
    const { url, checks: expect } = await party.request("web");
    const { url: response } = await signed.who.visit(url, { until: [party.redirectUri("web")] });
    response.searchParams.set("iss", "https://other.example");
    await refused(openid.authorizationCodeGrant(config, response, expect), "a response with another iss");
  });

  await check("id-token", async () => {
    const keys = createRemoteJWKSet(new URL(server.jwks_uri));
    const { client_id } = party.metadata("web");
    const { payload, protectedHeader } = await jwtVerify(signed.tokens.id_token, keys, { issuer, audience: client_id, algorithms: ["ES256"] });
    that(protectedHeader.kid, "the ID token has no kid");
    party.seen.tokens.id_token = signed.tokens.id_token;
    equal(payload.nonce, signed.checks.expectedNonce, "nonce");
    that(Number.isInteger(payload.auth_time ?? payload.iat), "auth_time is no number");
    that(payload.exp - payload.iat <= 3600, "the ID token lives longer than an hour");
    that(!JSON.stringify(payload).includes(person.identity), "the ID token carries the login identifier");
  });

  await check("jwks", async () => {
    const { keys } = (party.seen.jwks = await (await fetch(server.jwks_uri)).json());
    that(keys.length > 0, "no key");
    for (const key of keys) that(key.kid && key.alg && !("d" in key) && !("k" in key), `a key of the set is not a named public key: ${Object.keys(key)}`);
    that(keys.some(({ kid }) => kid === decodeProtectedHeader(signed.tokens.id_token).kid), "the key of the ID token is not in the set");
  });

  await check("userinfo", async () => {
    const about = await openid.fetchUserInfo(config, signed.tokens.access_token, signed.claims.sub);
    for (const name of expected) that(about[name], `no ${name}`);
  });

  await check("userinfo-token-unknown", async () => {
    const answer = await fetch(server.userinfo_endpoint, { headers: { authorization: "Bearer nothing-we-issued" } });
    equal(answer.status, 401, "the status");
    const challenge = answer.headers.get("www-authenticate") ?? "";
    that(/^Bearer\b/i.test(challenge) || /, ?Bearer\b/i.test(challenge), `WWW-Authenticate is "${challenge}"`);
    that(challenge.includes('error="invalid_token"'), `WWW-Authenticate names no invalid_token: "${challenge}"`);
  });

  await check("code-once", async () => {
    const { url, checks: expect } = await party.request("web");
    const { url: response } = await signed.who.visit(url, { until: [party.redirectUri("web")] });
    const tokens = await openid.authorizationCodeGrant(config, response, expect);
    const failure = await refused(openid.authorizationCodeGrant(config, response, expect), "a code used twice");
    equal(failure.error, "invalid_grant", "the error");
    await refused(openid.fetchUserInfo(config, tokens.access_token, openid.skipSubjectCheck), "a token of a code used twice (RFC 9700 section 4.5)");
  });

  await check("code-verifier-wrong", async () => {
    const { url, checks: expect } = await party.request("web");
    const { url: response } = await signed.who.visit(url, { until: [party.redirectUri("web")] });
    const failure = await refused(
      openid.authorizationCodeGrant(config, response, { ...expect, pkceCodeVerifier: openid.randomPKCECodeVerifier() }),
      "a wrong code_verifier",
    );
    equal(failure.error, "invalid_grant", "the error");
  });

  for (const [name, more] of [
    ["pkce-required", { code_challenge: undefined, code_challenge_method: undefined }],
    ["pkce-plain-refused", { code_challenge_method: "plain" }],
  ]) {
    await check(name, async () => equal((await party.denied("web", { who: signed.who, request: more })).error, "invalid_request", "the error"));
  }

  await check("redirect-uri-unknown", async () => {
    const { url } = await party.request("web", { redirect_uri: `${party.redirectUri("web")}/more` });
    const shown = await signed.who.visit(url, { until: [party.redirectUri("web"), `${party.redirectUri("web")}/more`] }).catch((failure) => ({ failure }));
    that(shown.failure && /^4\d\d /.test(shown.failure.message), `the answer went to ${shown.url}`);
  });

  await check("response-type-unknown", async () => {
    const { error: code, state, iss } = await party.denied("web", { who: signed.who, request: { response_type: "token" } });
    that(["unsupported_response_type", "unauthorized_client", "invalid_request"].includes(code), `the error is ${code}`);
    that(state && iss === issuer, "state or iss is missing from the error");
  });

  await check("request-object-refused", async () => {
    const answer = await party.denied("web", { who: signed.who, request: { request: "eyJhbGciOiJub25lIn0.e30." } });
    equal(answer.error, "request_not_supported", "the error (OpenID Connect Core section 6)");
  });

  await check("request-uri-refused", async () => {
    const answer = await party.denied("web", { who: signed.who, request: { request_uri: "https://other.example/request" } });
    that(["request_uri_not_supported", "invalid_request_uri", "invalid_request"].includes(answer.error), `the error is ${answer.error}`);
  });

  await check("claims-parameter", async () => {
    const claims = JSON.stringify({ userinfo: { [expected[0]]: { essential: true } } });
    const { tokens } = await party.signIn("web", { who: signed.who, request: { scope: "openid", claims } });
    const about = await openid.fetchUserInfo(config, tokens.access_token, signed.claims.sub);
    that(about[expected[0]], `no ${expected[0]} though it was asked for by name`);
  });

  await check("unknown-parameter", async () => {
    const { tokens } = await party.signIn("web", { who: signed.who, request: { extra: "not in any standard" } });
    that(tokens.id_token, "no ID token");
  });

  await check("authorization-by-post", async () => {
    const { url } = await party.request("web");
    const { url: response } = await party.person().visit(url.origin + url.pathname, { form: [...url.searchParams], until: [party.redirectUri("web")] });
    that(response.searchParams.has("code"), `no code: ${response.searchParams.get("error")}`);
  });

  await check("consent-denied", async () => {
    const who = party.person();
    who.screens = who.screens.map((rule) => (rule.screen === "consent" ? { ...rule, press: { ...rule.press, value: rule.refuse } } : rule));
    const answer = await party.denied("keyed", { who, request: { prompt: "consent" } });
    equal(answer.error, "access_denied", "the error");
  });

  await check("par", async () => {
    const { url } = await party.request("web", {}, { par: true });
    equal([...url.searchParams.keys()].sort(), ["client_id", "request_uri"], "the parameters in the browser");
    const { tokens } = await party.signIn("web", { who: signed.who, par: true });
    that(tokens.id_token, "no ID token");
  });

  await check("par-once", async () => {
    const { url } = await party.request("web", {}, { par: true });
    await signed.who.visit(url, { until: [party.redirectUri("web")] });
    const second = await signed.who.visit(url, { until: [party.redirectUri("web")] }).catch((failure) => ({ failure }));
    that(second.failure || second.url.searchParams.has("error"), "a request_uri gave two codes");
  });

  await check("par-of-another-client", async () => {
    const { url } = await party.request("web", {}, { par: true });
    url.searchParams.set("client_id", party.metadata("keyed").client_id);
    const shown = await signed.who.visit(url, { until: [party.redirectUri("web"), party.redirectUri("keyed")] }).catch((failure) => ({ failure }));
    that(shown.failure || shown.url.searchParams.has("error"), "a request_uri served another client");
  });

  await check("par-unauthenticated", async () => {
    const { client_id } = party.metadata("web");
    const answer = await post(server.pushed_authorization_request_endpoint, { client_id, response_type: "code" });
    error(answer, 401, "invalid_client");
  });

  await check("fapi-needs-par", async () => {
    const { error: code } = await party.denied("fapi", { who: signed.who });
    equal(code, "invalid_request", "the error without a pushed request");
  });

  await check("grant-unknown", async () => {
    error(await post(server.token_endpoint, { grant_type: "password", username: "x", password: "y" }, basic(party.metadata("web"))), 400, "unsupported_grant_type");
  });

  await check("no-store", async () => {
    const answer = await post(server.token_endpoint, { grant_type: "authorization_code", code: "none" }, basic(party.metadata("web")));
    that(/no-store/.test(answer.headers.get("cache-control") ?? ""), `Cache-Control is ${answer.headers.get("cache-control")}`);
  });

  await check("access-token-kept-short", () => {
    that(signed.tokens.expires_in > 0 && signed.tokens.expires_in <= 3600, `expires_in is ${signed.tokens.expires_in}`);
    const parts = signed.tokens.access_token.split(".");
    if (parts.length !== 3) return; // opaque
    equal(decodeProtectedHeader(signed.tokens.access_token).typ, "at+jwt", "typ of the access token (RFC 9068)");
    for (const name of ["iss", "aud", "sub", "client_id", "exp", "iat", "jti"]) that(name in decodeJwt(signed.tokens.access_token), `the access token has no ${name}`);
  });
}
