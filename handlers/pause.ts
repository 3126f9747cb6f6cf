import { isActive } from "../src/domain/run.ts";
import { paused } from "../views/switches.ts";
import type { Handler } from "./context.ts";
import { order } from "./resolve.ts";

/** The kill switch. `--now` also interrupts what works; those runs are blocked, and can be unblocked later. */
export const pause: Handler = async (press, context) => {
  const { store, clock } = context;
  const words = press.text.split(/\s+/).filter(Boolean);
  const isNow = words.includes("--now");
  const reason = words.filter((word) => word !== "--now").join(" ") || "no reason given";
  await store.commit({ type: "bot.paused", at: clock.now(), by: press.user, reason });
  const working = Object.values(store.state.runs).filter((run) => isActive(run) && run.state.name !== "verifying");
  if (isNow) {
    for (const run of working) {
      const what = { kind: "stop" as const, reason: `Paused: ${reason}` };
      await order({ ...press, id: `${press.id}/${run.id}` }, run, what, "command", context);
    }
  }
  return paused(reason, isNow ? "stopped" : "watched", working.length);
};
