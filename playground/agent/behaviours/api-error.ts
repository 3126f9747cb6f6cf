// The provider's API refuses: a result that calls itself a success. `times=` turns of it, all by default.

import type { Ending, Turn } from "../turn.ts";
import { good, misbehaves } from "./good.ts";

export async function apiError(turn: Turn): Promise<Ending> {
  if (!misbehaves(turn, Number.MAX_SAFE_INTEGER)) return good(turn);
  const message = "API Error: 401 Invalid authentication credentials";
  turn.say(message);
  return { outcome: "success", isError: true, message };
}
