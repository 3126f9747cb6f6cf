// Pushes a change that is green in CI and makes the deployment crash: `deploy.json` says `{"crash": true}`. Later turns
// correct it, the last of `fixes=` (1 by default) for good.

import type { Ending, Turn } from "../turn.ts";
import { correctable } from "./red.ts";

export async function crashloop(turn: Turn): Promise<Ending> {
  return correctable(turn, {
    path: "deploy.json",
    broken: (attempt) => `${JSON.stringify({ crash: true, attempt })}\n`,
    sound: `${JSON.stringify({ crash: false })}\n`,
  });
}
