// Wants to run a command that needs permission. Refused, it ends without doing the work.

import { DONE, type Ending, type Turn } from "../turn.ts";
import { good, misbehaves } from "./good.ts";

const COMMAND = "npm install --no-save left-pad";

export async function approval(turn: Turn): Promise<Ending> {
  if (!misbehaves(turn, 1)) return good(turn);
  turn.say("I need permission for one command.");
  if (!(await turn.mayRun(COMMAND))) {
    turn.say("The command was refused, so I stopped.");
    return DONE;
  }
  return good(turn);
}
