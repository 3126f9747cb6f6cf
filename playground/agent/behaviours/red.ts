// Pushes code whose test is green here and red where `CI=true`. Each later turn is a correction; the last of `fixes=`
// (1 by default) makes it green, the ones before push something that helps nothing.

import { DONE, type Ending, type Turn } from "../turn.ts";
import { buildTestFirst, commit, push, write } from "../work.ts";

export async function red(turn: Turn): Promise<Ending> {
  return correctable(turn, {
    path: `test/ci-${turn.orders.number}.test.js`,
    broken: (attempt) => ciTest(`attempt ${attempt}`, true),
    sound: ciTest("fixed", false),
  });
}

export type Fault = {
  readonly path: string;
  broken(attempt: number): string;
  readonly sound: string;
};

/** Builds the feature with a fault in it, then corrects the fault over `fixes=` later turns. */
export async function correctable(turn: Turn, fault: Fault): Promise<Ending> {
  const n = turn.orders.number;
  if (turn.memory.turns === 1) {
    const feature = await buildTestFirst(turn);
    await write(turn, fault.path, fault.broken(0));
    await commit(turn, `feat: add feature ${n}`, [feature.test, feature.source, fault.path]);
  } else {
    turn.memory.fixes += 1;
    const sound = turn.memory.fixes >= turn.number("fixes", 1);
    await write(turn, fault.path, sound ? fault.sound : fault.broken(turn.memory.fixes));
    await commit(turn, `fix: correct feature ${n}, attempt ${turn.memory.fixes}`, [fault.path]);
  }
  const sha = await push(turn);
  turn.say(`Pushed ${sha.slice(0, 12)}.`);
  return DONE;
}

function ciTest(note: string, failsInCi: boolean): string {
  return [
    `// ${note}`,
    `import("node:test").then(async ({ test }) => {`,
    `  const assert = await import("node:assert/strict");`,
    `  test("the service answers in time", () => {`,
    failsInCi
      ? `    assert.notEqual(process.env.CI, "true", "timed out after 5000 ms waiting for the service");`
      : `    assert.ok(true);`,
    `  });`,
    `});`,
    "",
  ].join("\n");
}
