import type { HomeView } from "@slack/types";
import { disarmedEverywhere } from "../src/domain/assign.ts";
import { home } from "../views/home.ts";
import type { HandlerContext } from "./context.ts";
import { showStatus } from "./status.ts";

/** The fleet at a glance, for whoever opens the app. */
export async function showHome(user: string, context: HandlerContext): Promise<HomeView> {
  const { store, clock, rights, armings, config } = context;
  const status = await showStatus({ id: "home", user, text: "", channel: "" }, context);
  const may = await rights.mayResolve(user, undefined);
  return home({
    status: "text" in status ? status.text : "",
    runs: Object.values(store.state.runs),
    pause: store.state.pause,
    disarmed: disarmedEverywhere(context.executors()),
    pilots: armings.map((one) => ({ name: one.name, last: one.last() })),
    dependencies: context.dependencies.all(),
    policy: config.policy,
    mayResolve: may.is === "yes",
    now: clock.now(),
  });
}
