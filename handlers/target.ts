// Which run a command is about: `owner/repo#12`, its address, or `12` where one issue of that number is open or only one
// repo is there. What follows are the person's words.

import { escalationsOf } from "../src/domain/escalation.ts";
import { findRepoKey } from "../src/domain/repo.ts";
import { isEnded } from "../src/domain/run.ts";
import { runsOfIssue } from "../src/domain/runs.ts";
import type { SlackText } from "../src/ports.ts";
import { noRun, whichIssue } from "../views/target.ts";
import type { HandlerContext } from "./context.ts";
import type { Subject } from "./resolve.ts";

type Found = { readonly repo: string; readonly issue: number; readonly words: string };

/** The issue that the text begins with. */
export function findIssueIn(
  text: string,
  { config, store }: Pick<HandlerContext, "config" | "store">,
): Found | { readonly say: SlackText } {
  const [first = "", second = "", ...rest] = text.trim().split(/\s+/);
  const only = config.repos.size === 1 ? [...config.repos.keys()][0] : undefined;
  const named = findIssue(first, undefined);
  if (named !== undefined) return { repo: named.repo, issue: named.number, words: [second, ...rest].join(" ").trim() };
  const apart = findIssue(`${first} ${second}`, undefined);
  if (apart !== undefined) return { repo: apart.repo, issue: apart.number, words: rest.join(" ") };
  const number = Number(/^#?(\d{1,9})$/.exec(first)?.[1] ?? 0);
  const open = Object.values(store.state.runs).filter((run) => !isEnded(run) && run.issue.number === number);
  const repos = [...new Set(open.map(({ repo }) => repo))];
  const repo = repos.length === 1 ? repos[0] : repos.length === 0 ? only : undefined;
  if (number === 0 || repo === undefined) return { say: whichIssue(number, repos) };
  return { repo, issue: number, words: [second, ...rest].join(" ").trim() };
}

/** The issue's latest run, with what is asked of people about it. */
export function findRun(
  text: string,
  context: Pick<HandlerContext, "config" | "store">,
): { readonly subject: Subject; readonly words: string } | { readonly say: SlackText } {
  const found = findIssueIn(text, context);
  if ("say" in found) return found;
  const run = runsOfIssue(context.store.state, found.repo, found.issue).at(-1);
  if (run === undefined) return { say: noRun(found.repo, found.issue) };
  return { subject: { run, escalation: escalationsOf(run)[0] ?? null }, words: found.words };
}

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
