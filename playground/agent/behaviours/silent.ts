// Starts, then says and does nothing until it is interrupted. `times=` turns of it, all by default.

import type { Ending, Turn } from "../turn.ts";
import { good, misbehaves } from "./good.ts";

const LONGEST_MS = 2 ** 31 - 1;

export async function silent(turn: Turn): Promise<Ending> {
  if (!misbehaves(turn, Number.MAX_SAFE_INTEGER)) return good(turn);
  turn.say("Let me think about this.");
  await turn.pause(LONGEST_MS);
  return good(turn);
}
