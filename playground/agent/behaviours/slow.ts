// Does the work after `ms=` milliseconds (3,000 by default) of steady, visible reading.

import type { Ending, Turn } from "../turn.ts";
import { good } from "./good.ts";

export async function slow(turn: Turn): Promise<Ending> {
  const ms = turn.number("ms", 3_000);
  const step = Math.max(50, Math.min(500, ms / 5));
  turn.say("Reading the code first.");
  for (let spent = 0; spent < ms; spent += step) {
    await turn.tool("Read", { file_path: "README.md" }, async () => {
      await turn.pause(Math.min(step, ms - spent));
      return "read";
    });
  }
  return good(turn);
}
