// Does the work: test first, commit with the trailers, ordinary push, a short summary.

import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { DONE, type Ending, type Turn } from "../turn.ts";
import { buildTestFirst, commit, push, runTests, WorkFailed, write } from "../work.ts";

export async function good(turn: Turn): Promise<Ending> {
  turn.say(`I will start with a failing test for feature ${turn.orders.number}.`);
  const sha = await makeAndCommit(turn);
  const landed = await push(turn);
  turn.say(`Done: feature ${turn.orders.number} is in ${(landed || sha).slice(0, 12)}, with a test.`);
  return DONE;
}

/** The feature, or in a session that has built it already a small change to it; committed, not pushed. */
export async function makeAndCommit(turn: Turn, trailers = turn.orders.trailers): Promise<string> {
  const n = turn.orders.number;
  const source = `src/feature-${n}.js`;
  if (!existsSync(source)) {
    const feature = await buildTestFirst(turn);
    return commit(turn, `feat: add feature ${n}`, [feature.test, feature.source], trailers);
  }
  await write(turn, source, `${await readFile(source, "utf8")}// turn ${turn.memory.turns}\n`);
  if (!(await runTests(turn, `test/feature-${n}.test.js`))) throw new WorkFailed("The test no longer passes.");
  return commit(turn, `feat: revise feature ${n}`, [source], trailers);
}

/** Whether this turn still misbehaves: the setting `times=n` says for how many turns of the session. */
export function misbehaves(turn: Turn, times: number): boolean {
  return turn.memory.turns <= turn.number("times", times);
}
