// Does the work and pushes it to a branch of its own. A later turn pushes to the right one.

import { DONE, type Ending, type Turn } from "../turn.ts";
import { push } from "../work.ts";
import { good, makeAndCommit, misbehaves } from "./good.ts";

export async function wrongBranch(turn: Turn): Promise<Ending> {
  if (!misbehaves(turn, 1)) return good(turn);
  await makeAndCommit(turn);
  const branch = `agent/feature-${turn.orders.number}`;
  await push(turn, branch);
  turn.say(`Pushed to ${branch}.`);
  return DONE;
}
