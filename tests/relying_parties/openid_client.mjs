// node openid_client.mjs PARAMETERS [--only NAME] [--tokens FILE]
//
// A relying party made of the npm package openid-client walks through everything a provider promises, and what it must
// refuse, from outside. The same script runs against the referee (oidc_provider.mjs) and against ours: it knows only
// the parameters. --only: the checks whose name contains NAME. --tokens: writes the tokens it met, for tokens.py to read
// with another code base. Exit 0: all passed.

import { readFileSync, writeFileSync } from "node:fs";
import { Listener, Party } from "./party.mjs";
import { Checks } from "./tap.mjs";
import { options } from "./parameters.mjs";
import { run as code } from "./checks/code.mjs";
import { run as tokens } from "./checks/tokens.mjs";
import { run as session } from "./checks/session.mjs";

const parameters = JSON.parse(readFileSync(process.argv[2], "utf8"));
const given = options(process.argv.slice(3));
const checks = new Checks({ only: given.only });
const party = new Party(parameters);
const listener = await new Listener().open(parameters.listener);

for (const [name, run] of Object.entries({ code, tokens, session })) {
  try {
    await run(checks, party, listener);
  } catch (error) {
    // Not a check but the way to the checks: the provider does not answer at all, say.
    checks.fail(`${name}: all of it`, error);
  }
}
listener.close();
if (given.tokens) writeFileSync(given.tokens, JSON.stringify(party.seen, null, 2), { mode: 0o600 });
checks.end();
