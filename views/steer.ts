import type { View } from "./card.ts";
import { note } from "./help.ts";

export const mentionedElsewhere: View = note(
  "A mention steers an agent in its run's own thread, and this is none. `/afk status` lists the runs; `/afk tell <issue> <words>` reaches an agent from anywhere.".replaceAll(
    /<(\w+)>/g,
    "&lt;$1&gt;",
  ),
);

export const emptyMention: View = note("What should the agent be told? Write it after the mention.");
