// node compare_discovery.mjs OURS REFEREE
//
// The discovery documents of two issuers, key by key. Prints what ours lacks: a key, or a value of a list. What it
// lacks on purpose stands in discovery_allowed.json with its reason; an entry there that is not needed is a fault too.

import { readFileSync } from "node:fs";
import { join, dirname } from "node:path";
import { Checks } from "./tap.mjs";

const [ours, referee] = await Promise.all(process.argv.slice(2, 4).map(discovery));
const allowed = JSON.parse(readFileSync(join(dirname(process.argv[1]), "discovery_allowed.json"), "utf8"));

async function discovery(issuer) {
  const answer = await fetch(`${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`);
  if (!answer.ok) throw new Error(`${issuer} answered ${answer.status}`);
  const type = answer.headers.get("content-type") ?? "";
  if (!type.startsWith("application/json")) throw new Error(`${issuer} calls its discovery document ${type}`);
  return answer.json();
}

// "key", or "key: value" for a value of a list.
function* lacking() {
  for (const [key, value] of Object.entries(referee)) {
    if (!(key in ours)) yield key;
    else if (Array.isArray(value)) {
      for (const one of value) if (!ours[key].includes(one)) yield `${key}: ${one}`;
    } else if (typeof value === "boolean" && value && ours[key] !== true) yield `${key}: ${value}`;
  }
}

const checks = new Checks();
const lacks = [...lacking()];
for (const name of new Set([...lacks, ...Object.keys(allowed)])) {
  await checks.check(name, () => {
    if (!(name in allowed)) throw new Error(`the referee has it, ours has ${JSON.stringify(ours[name.split(":")[0]]) ?? "no such key"}`);
    if (!lacks.includes(name)) throw new Error(`discovery_allowed.json allows what is not lacking (${allowed[name]})`);
  });
}
for (const key of Object.keys(ours)) if (!(key in referee)) console.log(`# only ours: ${key} = ${JSON.stringify(ours[key])}`);
await checks.check("compared", () => {
  if (Object.keys(referee).length < 20) throw new Error("the referee says next to nothing");
});
checks.end();
