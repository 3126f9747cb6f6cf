// Does what a prompt spells out: runs its shell commands in order, commits the file it names, and pushes.

import { DONE, type Ending, type Turn } from "../turn.ts";
import { commit, push } from "../work.ts";

export async function commands(turn: Turn): Promise<Ending> {
  for (const command of turn.orders.commands ?? []) await turn.bash("sh", ["-c", command]);
  const sha = await commit(turn, "chore: report", turn.orders.adds === undefined ? [] : [turn.orders.adds]);
  if (turn.orders.branch !== undefined) await push(turn);
  turn.say(`Done: ${sha.slice(0, 12)}.`);
  return DONE;
}
