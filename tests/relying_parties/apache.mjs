// node apache.mjs PARAMETERS
//
// A second relying party, in C: mod_auth_openidc under a private Apache with its own configuration, ports, certificate,
// pid file and logs in a temporary folder. A person signs in through it, sees who they are, is asked for a second factor where the
// page wants one, signs out, and is signed out by a back-channel logout. Apache ends with the script.

import { execFileSync, spawn } from "node:child_process";
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { randomBytes } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Agent } from "./agent.mjs";
import { Checks, equal, that } from "./tap.mjs";

const PROGRAM = "/usr/sbin/apache2";
const MODULES = "/usr/lib/apache2/modules";
const USED = ["mpm_event", "authn_core", "authz_core", "authz_user", "dir", "mime", "include", "ssl", "auth_openidc"];

const parameters = JSON.parse(readFileSync(process.argv[2], "utf8"));
const { url: here, plain } = parameters.apache;

function configuration(folder, user) {
  const { issuer, scope, levels, clients } = parameters;
  const { client_id, client_secret, redirect_uris, post_logout_redirect_uris } = clients.apache.metadata;
  const { hostname, port } = new URL(here);
  return `ServerRoot "${folder}"
ServerName ${hostname}
Listen 127.0.0.1:${port} https
Listen ${new URL(plain).host}
PidFile "${folder}/pid"
DefaultRuntimeDir "${folder}"
Mutex file:${folder}
ErrorLog "${folder}/error.log"
LogLevel warn auth_openidc:info
StartServers 1
ServerLimit 2
ThreadsPerChild 8
MaxRequestWorkers 16
${USED.map((name) => `LoadModule ${name}_module ${MODULES}/mod_${name}.so`).join("\n")}
${user ? `User #${user.uid}\nGroup #${user.gid}` : ""}
TypesConfig /dev/null
AddType text/html .shtml
AddOutputFilter INCLUDES .shtml
DirectoryIndex index.shtml
DocumentRoot "${folder}/pages"

<VirtualHost 127.0.0.1:${port}>
  ServerName ${hostname}
  SSLEngine on
  SSLCertificateFile "${folder}/certificate.pem"
  SSLCertificateKeyFile "${folder}/key.pem"
</VirtualHost>

OIDCProviderMetadataURL ${issuer}/.well-known/openid-configuration
OIDCClientID ${client_id}
OIDCClientSecret ${client_secret}
OIDCProviderTokenEndpointAuth client_secret_basic
OIDCRedirectURI ${redirect_uris[0]}
OIDCDefaultLoggedOutURL ${post_logout_redirect_uris[0]}
OIDCCryptoPassphrase ${randomBytes(24).toString("hex")}
OIDCScope "${scope}"
OIDCResponseType code
OIDCPKCEMethod S256
OIDCIDTokenSignedResponseAlg ES256
OIDCRemoteUserClaim sub
OIDCPassClaimsAs environment
OIDCSessionType server-cache
OIDCCacheType file
OIDCCacheDir "${folder}/cache"

<Directory "${folder}/pages">
  Options +Includes
  Require all granted
</Directory>
<Location "/protected">
  AuthType openid-connect
  Require valid-user
</Location>
<Location "/protected/high">
  AuthType openid-connect
  OIDCPathAuthRequestParams acr_values=${encodeURIComponent(levels.high)}
  OIDCUnAutzAction auth
  Require claim acr:${levels.high}
</Location>
`;
}

const echo = (names) => names.map((name) => `<p>${name}=[<!--#echo var="${name}" -->]</p>`).join("\n");

function lay(folder) {
  const root = process.getuid() === 0;
  const id = (what) => Number(execFileSync("id", [what, "www-data"]));
  const user = root ? { uid: id("-u"), gid: id("-g") } : null;
  chmodSync(folder, 0o755);
  for (const name of ["pages/protected/high", "cache"]) mkdirSync(join(folder, name), { recursive: true });
  if (user) chownSync(join(folder, "cache"), user.uid, user.gid);
  const page = `<!doctype html><html lang="en"><title>Who</title>\n${echo(["REMOTE_USER", "OIDC_CLAIM_acr", "OIDC_CLAIM_name", "OIDC_CLAIM_iss"])}\n`;
  writeFileSync(join(folder, "pages/protected/index.shtml"), page);
  writeFileSync(join(folder, "pages/protected/high/index.shtml"), page);
  writeFileSync(join(folder, "pages/signed-out"), "signed out\n");
  const subject = ["-subj", "/CN=apache.example", "-addext", "subjectAltName=DNS:apache.example"];
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", join(folder, "key.pem")];
  execFileSync("openssl", ["req", "-x509", "-days", "2", ...subject, ...key, "-out", join(folder, "certificate.pem")], { stdio: "ignore" });
  writeFileSync(join(folder, "apache.conf"), configuration(folder, user), { mode: 0o600 });
}

async function start(folder) {
  const log = join(folder, "error.log");
  const apache = spawn(PROGRAM, ["-D", "FOREGROUND", "-f", join(folder, "apache.conf")], { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  apache.stderr.on("data", (part) => (said += part));
  for (let tries = 0; tries < 100 && apache.exitCode === null; tries++) {
    if (await fetch(`${plain}/signed-out`).then((answer) => answer.ok, () => false)) return apache;
    await new Promise((go) => setTimeout(go, 100));
  }
  apache.kill();
  try {
    said += readFileSync(log, "utf8");
  } catch {
    // It ended before it had a log.
  }
  throw new Error(`Apache did not start: ${said}`);
}

const shown = ({ page }, name) => page.text.match(new RegExp(`${name}=\\[(.*?)\\]`))?.[1];

async function run(checks, folder) {
  const { screens, person, levels, issuer, claims } = parameters;
  const hosts = { "apache.example": { address: "127.0.0.1", ca: readFileSync(join(folder, "certificate.pem")) } };
  const agent = () => new Agent({ screens, answers: person, hosts });
  const end = (await (await fetch(`${issuer}/.well-known/openid-configuration`)).json()).end_session_endpoint;
  const [after] = parameters.clients.apache.metadata.post_logout_redirect_uris;
  const [callback] = parameters.clients.apache.metadata.redirect_uris;

  const signIn = async (who, path = "/protected/") => {
    const answer = await who.visit(`${here}${path}`);
    equal(`${answer.status} ${answer.url.href}`, `200 ${here}${path}`, "the page after the sign-in");
    return answer;
  };
  // What the protected page does to this browser now: the page itself, or the provider's first screen.
  const meets = async (who) => (await who.visit(`${here}/protected/`, { stop: "password" }).then(() => "sign-in", () => "the page"));

  await checks.check("apache-sign-in", async () => {
    const answer = await signIn(agent());
    that(answer.passed[0] === "password", `the screens were ${answer.passed}`);
    that(shown(answer, "REMOTE_USER")?.length > 10, `REMOTE_USER is ${shown(answer, "REMOTE_USER")}`);
    equal(shown(answer, "OIDC_CLAIM_iss"), issuer, "iss");
    for (const name of claims) that(shown(answer, `OIDC_CLAIM_${name}`), `no ${name}`);
    that(!answer.body.includes(person.identity), "the login identifier was told");
  });

  await checks.check("apache-session", async () => {
    const who = agent();
    await signIn(who);
    equal((await signIn(who)).passed, [], "the screens of a second visit");
    equal(await meets(agent()), "sign-in", "another browser meets");
  });

  await checks.check("apache-step-up", async () => {
    const who = agent();
    await signIn(who);
    const answer = await signIn(who, "/protected/high/");
    that(answer.passed.includes("factor"), `no second factor was asked; passed ${answer.passed}`);
    equal(shown(answer, "OIDC_CLAIM_acr"), levels.high, "acr");
  });

  await checks.check("apache-sign-out", async () => {
    const who = agent();
    await signIn(who);
    const url = `${callback}?logout=${encodeURIComponent(after)}`;
    const { url: back, passed } = await who.visit(url, { until: [after] });
    that(back.href.startsWith(after), `it ended at ${back}`);
    equal(await meets(who), "sign-in", `after the screens ${passed}, the browser meets`);
  });

  await checks.check("apache-back-channel-logout", async () => {
    const who = agent();
    await signIn(who);
    const kept = new Map([...who.jar]);
    await who.visit(end); // the person signs out at the provider itself
    who.jar = kept;
    for (let tries = 0; tries < 100 && (await meets(who)) === "the page"; tries++) await new Promise((go) => setTimeout(go, 100));
    equal(await meets(who), "sign-in", "with the cookie of Apache's session still there, the browser meets");
  });
}

const checks = new Checks();
const folder = mkdtempSync(join(tmpdir(), "relying-apache."));
let apache;
try {
  lay(folder);
  apache = await start(folder);
  await run(checks, folder);
} catch (error) {
  checks.fail("apache: all of it", error);
} finally {
  if (checks.failed) {
    try {
      console.error(readFileSync(join(folder, "error.log"), "utf8").split("\n").slice(-20).join("\n"));
    } catch {
      // No log.
    }
  }
  if (apache && apache.exitCode === null) {
    apache.kill("SIGTERM");
    await new Promise((done) => apache.once("exit", done));
  }
  rmSync(folder, { recursive: true, force: true });
}
checks.end();
