// Named checks, one line each, and the closing line "N passed, N failed".

export class Checks {
  constructor({ only } = {}) {
    Object.assign(this, { only, passed: 0, failed: 0 });
  }

  // A check that throws has failed; the others go on.
  async check(name, run) {
    if (this.only && !name.includes(this.only)) return;
    try {
      await run();
      this.passed += 1;
      console.log(`ok ${name}`);
    } catch (error) {
      this.fail(name, error);
    }
  }

  fail(name, error) {
    this.failed += 1;
    console.log(`not ok ${name}: ${why(error)}`);
  }

  // The closing line; no check at all is a failure too.
  end() {
    console.log(`${this.passed} passed, ${this.failed} failed`);
    process.exitCode = this.failed || !this.passed ? 1 : 0;
  }
}

export function that(holds, sentence) {
  if (!holds) throw new Error(sentence);
}

export function equal(found, wanted, what) {
  that(
    JSON.stringify(found) === JSON.stringify(wanted),
    `${what} is ${JSON.stringify(found)}, not ${JSON.stringify(wanted)}`,
  );
}

// Runs what must fail and answers the error it failed with.
export async function refused(promise, what) {
  let answer;
  try {
    answer = await promise;
  } catch (error) {
    return error;
  }
  throw new Error(`${what} was accepted: ${JSON.stringify(answer)?.slice(0, 200)}`);
}

function why(error) {
  const parts = [];
  for (let at = error; at && parts.length < 4; at = at.cause) {
    if (at instanceof Error) {
      parts.push(`${at.message}${at.error ? ` [${at.error}${at.error_description ? `: ${at.error_description}` : ""}]` : ""}`);
    } else {
      parts.push(at.status && at.url ? `${at.status} from ${new URL(at.url).pathname}` : JSON.stringify(at).slice(0, 300));
    }
  }
  return parts.join(" <- ").replace(/\s+/g, " ");
}
