import { note } from "../views/help.ts";
import type { Handler } from "./context.ts";

/** Lets operators through, by the config as it is now; anyone else is told who may. */
export function operatorsOnly(handler: Handler): Handler {
  return async (press, context) => {
    const { operators } = context.config.slack;
    if (operators.includes(press.user)) return await handler(press, context);
    const who =
      operators.length === 0
        ? "No operator is configured"
        : `Operators: ${operators.map((id) => `<@${id}>`).join(", ")}`;
    return note(`:no_entry: Only operators may do that. ${who}.`);
  };
}
