// Runs into its limit of turns. `times=` turns of it, all by default.

import type { Ending, Turn } from "../turn.ts";
import { good, misbehaves } from "./good.ts";

export async function maxTurns(turn: Turn): Promise<Ending> {
  if (!misbehaves(turn, Number.MAX_SAFE_INTEGER)) return good(turn);
  return { outcome: "max-turns", isError: true, message: "Reached maximum number of turns (3)" };
}
