import { pilot, pilots } from "../views/pilot.ts";
import type { Handler, HandlerContext } from "./context.ts";
import { operatorsOnly } from "./guard.ts";

/** `/afk pilot` shows the last results to anybody; `run [name]` is an operator's, as it costs an agent's turn. */
export const showPilot: Handler = (press, context) => {
  const [word = "", name] = press.text.trim().toLowerCase().split(/\s+/);
  return word === "run" ? operatorsOnly("pilot", start(name))(press, context) : show(word, context, false);
};

function start(name: string | undefined): Handler {
  return async (_press, context) => {
    for (const arming of context.armings) if (name === undefined || arming.name === name) arming.start();
    return show(name ?? "", context, true);
  };
}

/** Of one server check by check; of several in a line each, unless one is named. */
async function show(name: string, { armings }: HandlerContext, started: boolean) {
  const one = armings.find((arming) => arming.name === name) ?? (armings.length === 1 ? armings[0] : undefined);
  if (one !== undefined) return pilot(one.last(), one.disarmed(), started);
  return pilots(
    armings.map((arming) => ({ name: arming.name, last: arming.last(), disarmed: arming.disarmed() })),
    started,
  );
}
