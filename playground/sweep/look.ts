// What is to be seen of one issue in the services themselves, and what must not be there twice. Never asks the bot.

import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { pino } from "pino";
import { threadIdOf } from "../../src/domain/ids.ts";
import { openHistory } from "../../src/store/history.ts";
import { openStore } from "../../src/store/store.ts";
import { channel, repo, slackUsers } from "../world/team.ts";
import type { Path } from "./paths.ts";
import type { Stage } from "./stage.ts";

export type Sight = {
  /** The card's first word in lower case; undefined = no card yet. */
  readonly card: string | undefined;
  readonly replies: readonly string[];
  /** The first bold word of each of the bot's comments, in lower case. */
  readonly comments: readonly string[];
  readonly labels: readonly string[];
  readonly closed: boolean;
  /** Slots that a run holds. */
  readonly trees: number;
};

const [, viewer] = slackUsers;

export function look(stage: Stage, number: number): Sight {
  const issue = stage.github.issue(repo, number);
  const { roots, replies } = messagesOf(stage, number);
  return {
    card: roots[0]?.split(":")[0]?.toLowerCase(),
    replies,
    comments: issue.comments.map(({ body }) => /\*\*(\w+)/.exec(body)?.[1]?.toLowerCase() ?? ""),
    labels: issue.labels.map((label) => (typeof label === "string" ? label : label.name)),
    closed: issue.state === "closed",
    trees: heldSlots(join(stage.volume, "repos", repo)),
  };
}

export type Wrong = {
  readonly duplicateSessions: number;
  readonly duplicateTurns: number;
  readonly duplicateRoots: number;
  readonly duplicateComments: number;
  readonly lostRuns: number;
};

/** Counts what there is too much or too little of, once the bot has stopped. A reply posted twice counts as a root. */
export async function countWrong(stage: Stage, number: number, path: Path): Promise<Wrong> {
  const { sessions, losesState } = path;
  const threads = stage.t3.threads();
  const turns = threads.flatMap(({ messages }) => messages.filter(({ role }) => role === "user"));
  const { roots, replies } = messagesOf(stage, number);
  const comments = stage.github.issue(repo, number).comments.length;
  const known = await knownThreads(stage);
  return {
    duplicateSessions: Math.max(0, threads.length - sessions),
    duplicateTurns: Math.max(0, turns.length - path.turns) + (await extraLandings(stage, number, path.commits)),
    duplicateRoots: Math.max(0, roots.length - 1) + replies.length - new Set(replies).size,
    duplicateComments: Math.max(0, comments - sessions),
    // Without its state the bot need not know of a run that had come to its end: only what is to be seen counts.
    lostRuns: losesState
      ? 0
      : threads.filter(({ id }) => !known.has(id)).length + Math.max(0, sessions - threads.length),
  };
}

/** Threads of the runs that the bot knows or knew, from its own files. */
async function knownThreads({ stateDir }: Stage): Promise<ReadonlySet<string>> {
  const store = await openStore(stateDir, pino({ level: "silent" }));
  const past = await openHistory(stateDir).find({ since: 0, until: Date.now() });
  const ids = [...Object.keys(store.state.runs), ...past.runs.map(({ id }) => id)];
  await store.close();
  return new Set(ids.map(threadIdOf));
}

async function extraLandings({ github }: Stage, number: number, commits: number): Promise<number> {
  const log = await github.git.run(github.gitDir(repo), ["log", "--format=%B", "main"]);
  const landed = log.toString().match(new RegExp(`^Closes #${number}$`, "gm")) ?? [];
  return Math.max(0, landed.length - commits);
}

function messagesOf({ slack }: Stage, number: number): { roots: readonly string[]; replies: readonly string[] } {
  const shown = slack.as(viewer.id).messages(channel.id);
  return {
    roots: shown.flatMap(({ threadTs, text }) =>
      threadTs === undefined && text.includes(`${repo}#${number}`) ? [text] : [],
    ),
    replies: shown.flatMap(({ threadTs, text }) => (threadTs === undefined ? [] : [text])),
  };
}

/** A slot names its run in its own git directory. A worktree that is still being made counts too. */
function heldSlots(home: string): number {
  const known = join(home, "checkout", ".git", "worktrees");
  return filesIn(known).filter(
    (name) => existsSync(join(known, name, "afk-run")) || existsSync(join(known, name, "locked")),
  ).length;
}

function filesIn(dir: string): readonly string[] {
  return existsSync(dir) ? readdirSync(dir) : [];
}
