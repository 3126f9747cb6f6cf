// As `silent`, and hears no interrupt for `ms=` milliseconds (40,000 by default), as an agent whose tool does not end.
// `times=` turns of it, one by default.

import { setTimeout as sleep } from "node:timers/promises";
import type { Ending, Turn } from "../turn.ts";
import { good, misbehaves } from "./good.ts";

export async function deaf(turn: Turn): Promise<Ending> {
  if (!misbehaves(turn, 1)) return good(turn);
  turn.say("Let me wait for that tool.");
  await sleep(turn.number("ms", 40_000));
  await turn.pause(0);
  return good(turn);
}
