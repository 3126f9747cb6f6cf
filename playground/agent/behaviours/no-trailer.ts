// Does the work and pushes it, but forgets every trailer. A later turn remembers them.

import { DONE, type Ending, type Turn } from "../turn.ts";
import { push } from "../work.ts";
import { good, makeAndCommit, misbehaves } from "./good.ts";

export async function noTrailer(turn: Turn): Promise<Ending> {
  if (!misbehaves(turn, 1)) return good(turn);
  await makeAndCommit(turn, []);
  const sha = await push(turn);
  turn.say(`Pushed ${sha.slice(0, 12)}.`);
  return DONE;
}
