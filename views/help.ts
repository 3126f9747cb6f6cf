import type { View } from "./card.ts";

const LINES = [
  ["status", "what runs, what is blocked, which services answer"],
  ["why owner/repo#12", "which gates let an issue start, and which do not"],
  ["repos [part]", "which repos are enrolled, and what the others lack"],
  ["pilot [run]", "what the last try of T3 found; an operator may run it anew"],
  ["pause [reason]", "start nothing new; what runs is still watched"],
  ["resume", "start new work again"],
  ["help", "this list"],
] as const;

export function help(unknownCommand: string | undefined): View {
  const intro = unknownCommand === undefined ? "*AFK commands*" : "There is no such command. There are:";
  const text = [intro, ...LINES.map(([command, does]) => `\`/afk ${command}\` – ${does}`)].join("\n");
  return { text: "AFK commands", blocks: [{ type: "section", text: { type: "mrkdwn", text } }] };
}

/** A one-line answer to the person who asked. */
export function note(text: string): View {
  return { text, blocks: [{ type: "section", text: { type: "mrkdwn", text } }] };
}
