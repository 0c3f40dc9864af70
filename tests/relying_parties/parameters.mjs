// node parameters.mjs --provider referee.json --issuer URL --listener PORT --apache PORT --plain PORT --out FILE
//                     [--registrations FOLDER] [--set person.identity=...]...
//
// Writes the parameters of a run: what is known of the provider (its screens, levels, scopes: a committed file), an
// invented person, and one client of each kind with keys and secrets made now. No key is kept in the repository.
// The clients are in the standard's words (RFC 7591), so that either provider can be told of them. --registrations writes
// each as our provider registers it, NAME.json.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { randomBytes } from "node:crypto";
import { exportJWK, generateKeyPair, calculateJwkThumbprint } from "jose";

export function options(words) {
  const found = { set: [] };
  for (let at = 0; at < words.length; at++) {
    if (!words[at].startsWith("--")) throw new Error(`not an option: ${words[at]}`);
    const name = words[at].slice(2);
    const value = words[++at];
    if (value === undefined) throw new Error(`--${name} wants a value`);
    if (name === "set") found.set.push(value);
    else found[name] = value;
  }
  return found;
}

async function key() {
  const { privateKey, publicKey } = await generateKeyPair("ES256", { extractable: true });
  const named = { kid: await calculateJwkThumbprint(await exportJWK(publicKey)), alg: "ES256", use: "sig" };
  return { private: { ...(await exportJWK(privateKey)), ...named }, public: { ...(await exportJWK(publicKey)), ...named } };
}

const secret = () => randomBytes(32).toString("base64url");

// Where the relying parties live. Nobody resolves these names: the agent stops at a redirect URI, and is told where
// Apache is. Two hosts are two sectors. Applications and back channels are on loopback.
const ONE = "https://one.example";
const TWO = "https://two.example";

// One client of each kind the checks need. `listener` is the port of the script's own back channel, `plain` of Apache's.
export async function clients({ listener, scope, offline, resource, apache }) {
  const here = `http://127.0.0.1:${listener}`;
  const scopes = [...new Set(`${scope} ${offline?.scope ?? ""}`.split(" ").filter(Boolean))].join(" ");
  const common = {
    response_types: ["code"],
    grant_types: ["authorization_code"],
    id_token_signed_response_alg: "ES256",
    subject_type: "pairwise",
    scope: scopes,
  };
  const web = (name, base = ONE) => ({
    ...common,
    client_id: name,
    client_name: name,
    redirect_uris: [`${base}/${name}/callback`],
    token_endpoint_auth_method: "client_secret_basic",
    client_secret: secret(),
  });
  const keyed = async (name, more) => {
    const pair = await key();
    const { client_secret: _, ...rest } = web(name);
    return {
      metadata: {
        ...rest,
        token_endpoint_auth_method: "private_key_jwt",
        token_endpoint_auth_signing_alg: "ES256",
        jwks: { keys: [pair.public] },
        ...more,
      },
      key: pair.private,
    };
  };
  const none = { redirect_uris: [], response_types: [] };
  return {
    web: {
      metadata: {
        ...web("web"),
        grant_types: ["authorization_code", "refresh_token"],
        post_logout_redirect_uris: [`${ONE}/web/signed-out`],
        backchannel_logout_uri: `${here}/web/backchannel`,
        backchannel_logout_session_required: true,
      },
    },
    keyed: await keyed("keyed", {}),
    fapi: await keyed("fapi", {
      grant_types: ["authorization_code", "refresh_token"],
      require_pushed_authorization_requests: true,
      dpop_bound_access_tokens: true,
    }),
    service: await keyed("service", { ...none, grant_types: ["client_credentials"], scope: resource?.scope }),
    api: { metadata: { ...web("api"), ...none, grant_types: ["client_credentials"], scope: resource?.scope } },
    device: {
      metadata: {
        ...common,
        ...none,
        client_id: "device",
        client_name: "device",
        subject_type: "public",
        token_endpoint_auth_method: "none",
        grant_types: ["urn:ietf:params:oauth:grant-type:device_code"],
      },
    },
    sector: { metadata: web("sector") },
    elsewhere: { metadata: web("elsewhere", TWO) },
    app: {
      metadata: {
        ...common,
        client_id: "app",
        client_name: "app",
        application_type: "native",
        redirect_uris: [`${here}/app/callback`],
        token_endpoint_auth_method: "none",
      },
    },
    apache: {
      metadata: {
        ...web("apache"),
        redirect_uris: [`${apache.url}/protected/callback`],
        post_logout_redirect_uris: [`${apache.url}/signed-out`],
        backchannel_logout_uri: `${apache.plain}/protected/callback?logout=backchannel`,
        backchannel_logout_session_required: true,
      },
    },
  };
}

// What sso::client::Registration reads: the same words, less those it has no choice about, and names in both languages.
function registration({ client_id, client_name, client_secret, response_types, subject_type, scope, ...rest }) {
  const { backchannel_logout_session_required, token_endpoint_auth_signing_alg, application_type, ...told } = rest;
  return {
    ...told,
    client_name: { ar: client_name, en: client_name },
    profile: rest.require_pushed_authorization_requests ? "fapi2" : "baseline",
    scopes: (scope ?? "").split(" ").filter(Boolean),
  };
}

function register(folder, clients) {
  mkdirSync(folder, { recursive: true });
  for (const { metadata } of Object.values(clients)) {
    writeFileSync(join(folder, `${metadata.client_id}.json`), JSON.stringify(registration(metadata), null, 2));
  }
}

async function main() {
  const given = options(process.argv.slice(2));
  const issuer = given.issuer.replace(/\/$/, "");
  const provider = JSON.parse(readFileSync(given.provider, "utf8").replaceAll("{issuer}", issuer));
  const made = { ...provider, issuer, listener: Number(given.listener) };
  made.apache = { url: `https://apache.example:${given.apache}`, plain: `http://127.0.0.1:${given.plain}` };
  made.clients = await clients(made);
  for (const line of given.set) {
    const [path, value] = [line.slice(0, line.indexOf("=")).split("."), line.slice(line.indexOf("=") + 1)];
    path.slice(0, -1).reduce((at, name) => (at[name] ??= {}), made)[path.at(-1)] = value;
  }
  writeFileSync(given.out, JSON.stringify(made, null, 2), { mode: 0o600 });
  if (given.registrations) register(given.registrations, made.clients);
}

if (process.argv[1]?.endsWith("parameters.mjs")) await main();
