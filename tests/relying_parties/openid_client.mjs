// node openid_client.mjs PARAMETERS [NAME]
//
// A relying party made of the npm package openid-client walks through everything a provider promises, and what it must
// refuse, from outside. The same script runs against the referee (oidc_provider.mjs) and against ours: it knows only
// the parameters. With NAME only the checks whose name contains it are counted. Exit 0: all passed.

import { readFileSync } from "node:fs";
import { Checks } from "./tap.mjs";
import { Listener, Party } from "./party.mjs";
import { run as code } from "./checks/code.mjs";
import { run as tokens } from "./checks/tokens.mjs";
import { run as session } from "./checks/session.mjs";

const parameters = JSON.parse(readFileSync(process.argv[2], "utf8"));
const checks = new Checks({ only: process.argv[3] });
const party = new Party(parameters);
const listener = await new Listener().open(parameters.listener);

for (const [name, run] of Object.entries({ code, tokens, session })) {
  try {
    await run(checks, party, listener);
  } catch (error) {
    // Not a check but the way to the checks: the provider does not answer at all, say.
    await checks.check(`${name}: all of it`.slice(checks.only ? Infinity : 0), () => Promise.reject(error));
    if (checks.only) throw error;
  }
}
listener.close();
checks.end();
