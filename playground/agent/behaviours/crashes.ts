// Exits in mid-turn. `times=` turns of it, all by default.

import type { Ending, Turn } from "../turn.ts";
import { good, misbehaves } from "./good.ts";

export async function crashes(turn: Turn): Promise<Ending> {
  if (!misbehaves(turn, Number.MAX_SAFE_INTEGER)) return good(turn);
  turn.say("Crashing.");
  await turn.pause(20);
  process.exit(1);
}
