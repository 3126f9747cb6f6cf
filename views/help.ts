import type { KnownBlock } from "@slack/types";
import type { View } from "./card.ts";
import { COMMANDS, type CommandName, isCommand, nearestCommand } from "./commands.ts";
import { cut, escapeMrkdwn } from "./text.ts";

const names = Object.keys(COMMANDS) as CommandName[];

/** `about`: a command to explain, or what was typed instead of one. */
export function help(about: string | undefined): View {
  if (about !== undefined && isCommand(about)) return note(line(about));
  const intro = about === undefined ? "*AFK commands*" : unknown(about);
  const looking = names.filter((name) => !COMMANDS[name].changes);
  const changing = names.filter((name) => COMMANDS[name].changes);
  return {
    text: "AFK commands",
    blocks: [
      section(intro),
      section(`*For everybody*\n${looking.map(line).join("\n")}`),
      section(`*For operators*\n${changing.map(line).join("\n")}`),
      {
        type: "context",
        elements: [
          {
            type: "mrkdwn",
            text: "An issue is `owner/repo#12`, its address, or `12` where that is clear. Only you see the answers; `--public` after a command that looks shows it to everybody.",
          },
        ],
      },
    ],
  };
}

function unknown(typed: string): string {
  const word = escapeMrkdwn(cut(typed.replaceAll("`", "'"), 60));
  const near = nearestCommand(typed);
  return near === undefined
    ? `There is no command \`${word}\`. There are:`
    : `There is no command \`${word}\`. Did you mean \`/afk ${near}\`?`;
}

function line(name: CommandName): string {
  const { takes, does } = COMMANDS[name];
  return `\`/afk ${name}${takes === "" ? "" : ` ${takes}`}\` – ${does}`.replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** A one-line answer to the person who asked. */
export function note(text: string): View {
  return { text, blocks: [section(text)] };
}

function section(text: string): KnownBlock {
  return { type: "section", text: { type: "mrkdwn", text } };
}
