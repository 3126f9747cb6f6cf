import type { View } from "./card.ts";
import { note } from "./help.ts";
import { cut, escapeMrkdwn } from "./text.ts";

export function paused(reason: string, agents: "stopped" | "watched", count: number): View {
  const said = escapeMrkdwn(cut(reason, 500));
  const runs = count === 1 ? "1 agent" : `${count} agents`;
  const rest =
    count === 0
      ? "No agent works now."
      : `${runs} ${agents === "stopped" ? "told to stop." : "still at work, and watched; `/afk pause --now` stops them."}`;
  return note(`:double_vertical_bar: Paused: ${said}. Nothing new starts and nothing is fixed. ${rest}`);
}
