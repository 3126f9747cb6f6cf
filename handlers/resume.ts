import { note } from "../views/help.ts";
import type { Handler } from "./context.ts";

export const resume: Handler = async ({ user }, { store, clock, nudgeAll }) => {
  if (store.state.pause === null) return note("Nothing is paused.");
  await store.commit({ type: "bot.resumed", at: clock.now(), by: user });
  nudgeAll();
  return note(":arrow_forward: Resumed: ready issues are looked for again.");
};
