// Tokens after the code: refresh, DPoP, device, client credentials, client authentication, introspection, revocation.

import { createHash } from "node:crypto";
import * as openid from "openid-client";
import { SignJWT, exportJWK, importJWK } from "jose";
import { equal, refused, that } from "../tap.mjs";
import { basic, error, post } from "../party.mjs";

export async function run(checks, party) {
  const { resource } = party.parameters;
  const web = await party.as("web");
  const server = web.serverMetadata();
  const who = party.person();
  const signed = (request = {}) => party.signIn("web", { who, request: { ...party.offline(), ...request } });
  const credentials = { scope: resource.scope, resource: resource.indicator };

  await checks.check("refresh", async () => {
    const { tokens, claims } = await signed();
    that(tokens.refresh_token, "no refresh token");
    const next = await openid.refreshTokenGrant(web, tokens.refresh_token);
    that(next.refresh_token && next.refresh_token !== tokens.refresh_token, "the refresh token was not rotated");
    if (next.id_token) equal(next.claims().sub, claims.sub, "sub after the refresh");
    await openid.fetchUserInfo(web, next.access_token, claims.sub);
  });

  await checks.check("refresh-reuse", async () => {
    const { tokens } = await signed();
    const next = await openid.refreshTokenGrant(web, tokens.refresh_token);
    for (const [token, what] of [
      [tokens.refresh_token, "a refresh token used twice"],
      [next.refresh_token, "the rest of the family after a reuse (RFC 9700 section 4.14.2)"],
    ]) {
      equal((await refused(openid.refreshTokenGrant(web, token), what)).error, "invalid_grant", "the error");
    }
    await refused(openid.fetchUserInfo(web, next.access_token, openid.skipSubjectCheck), "an access token of the family");
  });

  await checks.check("refresh-other-client", async () => {
    const { tokens } = await signed();
    const failure = await refused(openid.refreshTokenGrant(await party.as("fapi"), tokens.refresh_token), "another client's refresh token");
    that(["invalid_grant", "invalid_dpop_proof"].includes(failure.error), `the error is ${failure.error}`);
    await openid.refreshTokenGrant(web, tokens.refresh_token); // and its owner still has it
  });

  await checks.check("refresh-scope-wider", async () => {
    const { tokens } = await signed();
    const failure = await refused(openid.refreshTokenGrant(web, tokens.refresh_token, { scope: `${tokens.scope ?? party.parameters.scope} everything` }), "a wider scope");
    equal(failure.error, "invalid_scope", "the error");
  });

  const fapi = await party.as("fapi");
  const pair = await openid.randomDPoPKeyPair("ES256", { extractable: true });
  const DPoP = openid.getDPoPHandle(fapi, pair);
  let bound = null;

  await checks.check("dpop-code", async () => {
    bound = await party.signIn("fapi", { who, par: true, DPoP, request: party.offline() });
    equal(bound.tokens.token_type.toLowerCase(), "dpop", "token_type");
  });

  const boundCheck = (name, body) =>
    checks.check(name, () => {
      if (!bound) throw new Error("no DPoP-bound tokens: see dpop-code");
      return body();
    });

  await boundCheck("dpop-userinfo", async () => {
    const about = await openid.fetchUserInfo(fapi, bound.tokens.access_token, bound.claims.sub, { DPoP });
    equal(about.sub, bound.claims.sub, "sub");
  });

  await boundCheck("dpop-bearer-refused", async () => {
    const answer = await fetch(server.userinfo_endpoint, { headers: { authorization: `Bearer ${bound.tokens.access_token}` } });
    equal(answer.status, 401, "the status of a DPoP-bound token sent as a bearer");
  });

  await boundCheck("dpop-other-key", async () => {
    const other = openid.getDPoPHandle(fapi, await openid.randomDPoPKeyPair("ES256"));
    await refused(openid.fetchUserInfo(fapi, bound.tokens.access_token, bound.claims.sub, { DPoP: other }), "a proof with another key");
  });

  await boundCheck("dpop-proofs-refused", async () => {
    const token = bound.tokens.access_token;
    const now = Math.floor(Date.now() / 1000);
    const good = { jti: crypto.randomUUID(), htm: "GET", htu: server.userinfo_endpoint, iat: now, ath: createHash("sha256").update(token).digest("base64url") };
    const jwk = await exportJWK(pair.publicKey);
    const { d: _, ext, key_ops, ...open } = jwk;
    const proof = (claims, typ = "dpop+jwt") => new SignJWT({ ...good, jti: crypto.randomUUID(), ...claims }).setProtectedHeader({ alg: "ES256", typ, jwk: open }).sign(pair.privateKey);
    const send = async (made) => {
      const answer = await fetch(server.userinfo_endpoint, { headers: { authorization: `DPoP ${token}`, dpop: made } });
      return { status: answer.status, nonce: answer.headers.get("dpop-nonce"), challenge: answer.headers.get("www-authenticate") ?? "" };
    };
    const { nonce } = await send(await proof({}));
    const fresh = nonce ? { nonce } : {};
    const once = await proof(fresh);
    equal((await send(once)).status, 200, "the status with a good proof");
    for (const [what, made] of [
      ["the same proof again (RFC 9449 section 11.1)", once],
      ["a proof for POST", await proof({ ...fresh, htm: "POST" })],
      ["a proof for another address", await proof({ ...fresh, htu: `${server.userinfo_endpoint}/more` })],
      ["a proof without ath", await proof({ ...fresh, ath: undefined })],
      ["a proof for another token", await proof({ ...fresh, ath: createHash("sha256").update("other").digest("base64url") })],
      ["a proof of typ JWT", await proof(fresh, "JWT")],
      // A nonce says by itself that the proof is fresh.
      ...(nonce ? [["a proof with another nonce", await proof({ nonce: "not-one-of-theirs" })]] : [["a proof of an hour ago", await proof({ iat: now - 3600 })]]),
    ]) {
      const { status, challenge } = await send(made);
      equal(status, 401, `the status with ${what}`);
      that(/^DPoP\b/i.test(challenge) || /, ?DPoP\b/i.test(challenge), `WWW-Authenticate with ${what} is "${challenge}"`);
    }
  });

  await boundCheck("dpop-refresh", async () => {
    const next = await openid.refreshTokenGrant(fapi, bound.tokens.refresh_token, undefined, { DPoP });
    equal(next.token_type.toLowerCase(), "dpop", "token_type after the refresh");
    const about = await openid.fetchUserInfo(fapi, next.access_token, bound.claims.sub, { DPoP });
    equal(about.sub, bound.claims.sub, "sub");
  });

  await checks.check("dpop-required", async () => {
    const { url, checks: expect } = await party.request("fapi", {}, { par: true });
    const { url: response } = await who.visit(url, { until: [party.redirectUri("fapi")] });
    const failure = await refused(openid.authorizationCodeGrant(fapi, response, expect), "a bearer token for a client of DPoP");
    that(["invalid_dpop_proof", "invalid_request", "invalid_grant"].includes(failure.error), `the error is ${failure.error}`);
  });

  await checks.check("device", async () => {
    const device = await party.as("device");
    const asked = await openid.initiateDeviceAuthorization(device, { scope: party.parameters.scope });
    that(asked.user_code && asked.verification_uri && asked.expires_in > 0, "no user_code, verification_uri or expires_in");
    const pending = await post(server.token_endpoint, {
      grant_type: "urn:ietf:params:oauth:grant-type:device_code",
      device_code: asked.device_code,
      client_id: party.metadata("device").client_id,
    });
    error(pending, 400, "authorization_pending");
    const shown = await who.visit(asked.verification_uri, { answers: { user_code: asked.user_code } });
    that(shown.status === 200 && shown.passed.includes("user code"), `the device pages ended with ${shown.status}: ${shown.page.text.slice(0, 200)}`);
    const tokens = await openid.pollDeviceAuthorizationGrant(device, asked, undefined, { signal: AbortSignal.timeout(60_000) });
    const about = await openid.fetchUserInfo(device, tokens.access_token, openid.skipSubjectCheck);
    that(about.sub, "no sub");
  });

  await checks.check("public-client", async () => {
    const { tokens } = await party.signIn("app", { who });
    that(tokens.id_token, "no ID token");
    const answer = await post(server.token_endpoint, { grant_type: "client_credentials", client_id: party.metadata("app").client_id });
    that([400, 401].includes(answer.status) && !answer.body?.access_token, `a client without a secret got ${answer.status} for client_credentials`);
  });

  await checks.check("client-credentials", async () => {
    const tokens = await openid.clientCredentialsGrant(await party.as("service"), credentials);
    party.seen.tokens.access_token = tokens.access_token;
    that(tokens.access_token && !tokens.id_token && !tokens.refresh_token, "only an access token was expected");
    if (tokens.scope) equal(tokens.scope, resource.scope, "scope");
  });

  await checks.check("private-key-jwt", async () => {
    const { tokens } = await party.signIn("keyed", { who });
    that(tokens.id_token, "no ID token");
  });

  await checks.check("private-key-jwt-other-key", async () => {
    const { key } = party.parameters.clients.fapi;
    const wrong = await party.as("service", openid.PrivateKeyJwt({ key: await importJWK(key, "ES256"), kid: key.kid }));
    equal((await refused(openid.clientCredentialsGrant(wrong, credentials), "another client's key")).error, "invalid_client", "the error");
  });

  await checks.check("client-secret-basic", async () => {
    const tokens = await openid.clientCredentialsGrant(await party.as("api"), credentials);
    that(tokens.access_token, "no access token");
  });

  await checks.check("client-secret-wrong", async () => {
    const answer = await post(server.token_endpoint, { grant_type: "client_credentials" }, basic({ ...party.metadata("api"), client_secret: "not it" }));
    error(answer, 401, "invalid_client");
    that(/^Basic\b/i.test(answer.headers.get("www-authenticate") ?? ""), `WWW-Authenticate is ${answer.headers.get("www-authenticate")} (RFC 6749 section 5.2)`);
  });

  await checks.check("client-unknown", async () => {
    const answer = await post(server.token_endpoint, { grant_type: "client_credentials" }, basic({ client_id: "nobody", client_secret: "not it" }));
    error(answer, 401, "invalid_client");
  });

  // A provider may tell of a token only to the client it was made for.
  await checks.check("introspection", async () => {
    const { tokens, claims } = await signed();
    const about = await openid.tokenIntrospection(web, tokens.access_token);
    equal(about.active, true, "active");
    equal(about.client_id, party.metadata("web").client_id, "client_id");
    that(about.sub && about.exp && claims.sub, "no sub or exp");
    equal(await openid.tokenIntrospection(web, "nothing-we-issued"), { active: false }, "the answer about an unknown token");
    const { status } = await post(server.introspection_endpoint, { token: tokens.access_token });
    that(status === 400 || status === 401, `introspection without authentication answered ${status}`);
  });

  await checks.check("revocation", async () => {
    const { tokens } = await signed();
    await openid.tokenRevocation(web, tokens.refresh_token, { token_type_hint: "refresh_token" });
    equal((await refused(openid.refreshTokenGrant(web, tokens.refresh_token), "a revoked refresh token")).error, "invalid_grant", "the error");
    equal((await openid.tokenIntrospection(web, tokens.access_token)).active, false, "the access token of the revoked grant, active");
    await openid.tokenRevocation(web, "nothing-we-issued"); // RFC 7009 section 2.2: 200 too
  });

  await checks.check("revocation-access-token", async () => {
    const { tokens } = await signed();
    await openid.tokenRevocation(web, tokens.access_token, { token_type_hint: "access_token" });
    equal((await openid.tokenIntrospection(web, tokens.access_token)).active, false, "active");
  });
}
