// Ends well with an explanation and without a commit. Works in later turns; `times=` says how many it explains.

import { DONE, type Ending, type Turn } from "../turn.ts";
import { good, misbehaves } from "./good.ts";

export async function noCommit(turn: Turn): Promise<Ending> {
  if (!misbehaves(turn, 1)) return good(turn);
  turn.say("I made no change: the description does not say which currency the totals are in. Please tell me.");
  return DONE;
}
