import { note } from "../views/help.ts";
import { escapeMrkdwn } from "../views/text.ts";
import type { Handler } from "./context.ts";

export const pause: Handler = async ({ user, text }, { store, clock }) => {
  const reason = text.trim() || "no reason given";
  await store.commit({ type: "bot.paused", at: clock.now(), by: user, reason });
  return note(`:double_vertical_bar: Paused: ${escapeMrkdwn(reason)}. Nothing new starts; what runs is still watched.`);
};
