import { pilot } from "../views/pilot.ts";
import type { Handler } from "./context.ts";
import { operatorsOnly } from "./guard.ts";

const show: Handler = async (_press, { arming }) => pilot(arming.last(), arming.disarmed(), false);

const start: Handler = async (_press, { arming }) => {
  arming.start();
  return pilot(arming.last(), arming.disarmed(), true);
};

/** `/afk pilot` shows the last result to anybody; `/afk pilot run` is an operator's, as it costs an agent's turn. */
export const showPilot: Handler = (press, context) =>
  press.text.trim().toLowerCase() === "run" ? operatorsOnly("pilot", start)(press, context) : show(press, context);
