// Ends in an error. `times=` turns of it, all by default.

import type { Ending, Turn } from "../turn.ts";
import { good, misbehaves } from "./good.ts";

export async function fails(turn: Turn): Promise<Ending> {
  if (!misbehaves(turn, Number.MAX_SAFE_INTEGER)) return good(turn);
  turn.say("About to fail.");
  return { outcome: "error", isError: true, message: "The tool runtime gave up." };
}
