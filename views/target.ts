import type { View } from "./card.ts";
import { note } from "./help.ts";

/** `number` 0 = none was given. */
export function whichIssue(number: number, repos: readonly string[]): View {
  if (repos.length > 1) {
    const names = repos.map((repo) => `\`${repo}#${number}\``).join(", ");
    return note(`Which one? ${names}`);
  }
  return note("Which issue? `owner/repo#12`, its address, or just `12` where that is clear.");
}

export function noRun(repo: string, issue: number): View {
  return note(`${repo}#${issue} has no run. \`/afk why ${repo}#${issue}\` says what it waits for.`);
}
