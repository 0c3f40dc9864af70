// node faults.mjs PARAMETERS [FAULT...]
//
// A check that cannot fail proves nothing. The referee is started wrong in one way after another, and each time the
// check of that fault must be red. Prints "ok FAULT" where it was.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { Checks, that } from "./tap.mjs";

// fault -> a check that it turns red 
export const FAULTS = {
  refresh_kept: "refresh-reuse",
  one_subject: "pairwise",
  par_optional: "fapi-needs-par",
  silent: "back-channel-logout",
  level_ignored: "step-up",
  always_english: "ui-locales",
  no_iss: "iss",
  dpop_optional: "dpop-required",
  revocation_ignored: "revocation",
  session_forgotten: "prompt-none",
  prompt_ignored: "prompt-login",
  any_secret: "client-secret-wrong",
  any_redirect: "redirect-uri-unknown",
  any_return: "rp-logout-unregistered",
  pkce_optional: "pkce-required",
};

const beside = (name) => process.argv[1].replace(/faults\.mjs$/, name);

function start(script, ...words) {
  const child = spawn(process.execPath, [...process.execArgv, beside(script), ...words], { stdio: ["ignore", "pipe", "ignore"] });
  child.stdout.setEncoding("utf8");
  return child;
}

// What it says later is read too: a closed pipe would end it.
const listening = (referee) =>
  new Promise((done, fail) => {
    referee.stdout.on("data", (said) => said.includes("listens at") && done());
    referee.once("exit", () => fail(new Error("the referee did not start")));
  });

async function red(parameters, fault, check) {
  const referee = start("oidc_provider.mjs", parameters, "--fault", fault);
  try {
    await listening(referee);
    const client = start("openid_client.mjs", parameters, "--only", check);
    let said = "";
    for await (const part of client.stdout) said += part;
    that(said.includes(`not ok ${check}:`), `with this fault "${check}" said: ${said.trim().split("\n").pop()}`);
  } finally {
    referee.kill();
    if (referee.exitCode === null) await once(referee, "exit");
  }
}

async function main() {
  const [parameters, ...only] = process.argv.slice(2);
  const checks = new Checks();
  for (const [fault, check] of Object.entries(FAULTS)) {
    if (!only.length || only.includes(fault)) await checks.check(`${fault} -> ${check}`, () => red(parameters, fault, check));
  }
  checks.end();
}

if (process.argv[1]?.endsWith("faults.mjs")) await main();
