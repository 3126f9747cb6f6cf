import type { View } from "./card.ts";
import { note } from "./help.ts";
import { mention } from "./mention.ts";
import { escapeMrkdwn } from "./text.ts";

/** Why somebody may not do a thing: they are not listed, or nobody can tell. */
export type NotAllowed =
  | { readonly is: "no"; readonly who: readonly string[] }
  | { readonly is: "unknown"; readonly why: string };

/** Said to the person alone, with who may. */
export function refusal(may: NotAllowed): View {
  if (may.is === "unknown") {
    return note(
      `:warning: Whether you may do that cannot be told now: ${escapeMrkdwn(may.why)}. Try again in a minute.`,
    );
  }
  const who = may.who.length === 0 ? "No operator is configured" : `Operators: ${may.who.map(mention).join(", ")}`;
  return note(`:no_entry: Only operators may do that. ${who}.`);
}
