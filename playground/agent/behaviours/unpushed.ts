// Commits and does not push. A later turn pushes.

import { DONE, type Ending, type Turn } from "../turn.ts";
import { good, makeAndCommit, misbehaves } from "./good.ts";

export async function unpushed(turn: Turn): Promise<Ending> {
  if (!misbehaves(turn, 1)) return good(turn);
  const sha = await makeAndCommit(turn);
  turn.say(`Committed ${sha.slice(0, 12)}. I did not push.`);
  return DONE;
}
