// Does the work and ends; `ms=` milliseconds later (500 by default) something begun in the background reports, for
// `report=` milliseconds (100 by default).

import { DONE, type Ending, type Turn } from "../turn.ts";
import { good, misbehaves } from "./good.ts";

export async function late(turn: Turn): Promise<Ending> {
  const ending = await good(turn);
  if (misbehaves(turn, 1)) turn.later(turn.number("ms", 500), report);
  return ending;
}

async function report(turn: Turn): Promise<Ending> {
  turn.say("The background check has finished: nothing to add.");
  await turn.pause(turn.number("report", 100));
  return DONE;
}
