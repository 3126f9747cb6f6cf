import { findRepoKey } from "../src/domain/repo.ts";
import { note } from "../views/help.ts";
import { escapeMrkdwn } from "../views/text.ts";
import { why } from "../views/why.ts";
import type { Handler } from "./context.ts";

/** `/afk why owner/repo#12`, or `why 12` where there is one repo only. */
export const explainIssue: Handler = async ({ text }, { config, explain }) => {
  const only = config.repos.size === 1 ? [...config.repos.keys()][0] : undefined;
  const asked = findIssue(text, only);
  if (asked === undefined) {
    return note(`Which issue? \`/afk why owner/repo#12\`${only === undefined ? "" : ", or just `/afk why 12`"}`);
  }
  const seen = await explain(asked.repo, asked.number);
  return seen.known ? why(seen.value) : note(`:warning: GitHub cannot be read: ${escapeMrkdwn(seen.why)}`);
};

/** `owner/repo#12`, its URL, `#12` or `12`. */
export function findIssue(
  text: string,
  only: string | undefined,
): { readonly repo: string; readonly number: number } | undefined {
  // Slack puts links into angle brackets.
  const plain = text.trim().replace(/^<([^|>]+)(?:\|[^>]*)?>$/, "$1");
  const found =
    /^(?:(?<named>[^\s#/]+\/[^\s#/]+)(?:\s*#|\s+))?#?(?<number>\d{1,9})$/.exec(plain) ??
    /^https?:\/\/[^/]+\/(?<named>[^/]+\/[^/]+)\/issues\/(?<number>\d{1,9})(?:[#?].*)?$/.exec(plain);
  const named = found?.groups?.["named"];
  const repo = named === undefined ? only : findRepoKey(named);
  const number = Number(found?.groups?.["number"] ?? 0);
  return repo === undefined || number === 0 ? undefined : { repo, number };
}
