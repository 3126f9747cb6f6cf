// What is to be seen of one issue in the services themselves, and what must not be there twice. Never asks the bot.

import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { pino } from "pino";
import { threadIdOf } from "../../src/domain/ids.ts";
import { openHistory } from "../../src/store/history.ts";
import { openStore } from "../../src/store/store.ts";
import { channel, repo, slackUsers } from "../world/team.ts";
import { countWrongRemovals, lookAtVolume, type VolumeSight } from "./housekeeping.ts";
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
  readonly volume: VolumeSight;
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
    volume: lookAtVolume(stage),
  };
}

export type Wrong = {
  readonly duplicateSessions: number;
  readonly duplicateTurns: number;
  readonly duplicateRoots: number;
  readonly duplicateComments: number;
  readonly lostRuns: number;
  readonly wrongRemovals: number;
};

/** Counts what there is too much or too little of, once the bot has stopped. A reply posted twice counts as a root. */
export async function countWrong(stage: Stage, number: number, path: Path): Promise<Wrong> {
  const { sessions, losesState } = path;
  const threads = stage.t3.threads();
  const turns = threads.flatMap(({ messages }) => messages.filter(({ role }) => role === "user"));
  const { roots, replies } = messagesOf(stage, number);
  const comments = stage.github.issue(repo, number).comments.length;
  const { known, state } = await remembered(stage);
  return {
    duplicateSessions: Math.max(0, threads.length - sessions),
    duplicateTurns: Math.max(0, turns.length - path.turns) + (await extraLandings(stage, number, path.commits)),
    duplicateRoots: Math.max(0, roots.length - 1) + replies.length - new Set(replies).size,
    duplicateComments: Math.max(0, comments - sessions),
    // Without its state the bot need not know of a run that had come to its end: only what is to be seen counts.
    lostRuns: losesState
      ? 0
      : threads.filter(({ id }) => !known.has(id)).length + Math.max(0, sessions - threads.length),
    wrongRemovals: path.prunes ? countWrongRemovals(stage, state) : 0,
  };
}

/** From the bot's own files: its state, and the threads of the runs that it knows or knew. */
async function remembered({ stateDir }: Stage) {
  const store = await openStore(stateDir, pino({ level: "silent" }));
  const past = await openHistory(stateDir).find({ since: 0, until: Date.now() });
  const ids = [...Object.keys(store.state.runs), ...past.runs.map(({ id }) => id)];
  const { state } = store;
  await store.close();
  return { state, known: new Set(ids.map(threadIdOf)) };
}

async function extraLandings({ github }: Stage, number: number, commits: number): Promise<number> {
  const log = await github.git.run(github.gitDir(repo), ["log", "--format=%B", "main"]);
  const landed = log.toString().match(new RegExp(`^Closes #${number}$`, "gm")) ?? [];
  return Math.max(0, landed.length - commits);
}

/** What is shown of the issue: threads of other things, such as the volume, are not among it. */
function messagesOf({ slack }: Stage, number: number): { roots: readonly string[]; replies: readonly string[] } {
  const shown = slack.as(viewer.id).messages(channel.id);
  const others = new Set(
    shown.flatMap(({ ts, threadTs, text }) => (threadTs === undefined && !isOf(text, number) ? [ts] : [])),
  );
  return {
    roots: shown.flatMap(({ threadTs, text }) => (threadTs === undefined && isOf(text, number) ? [text] : [])),
    replies: shown.flatMap(({ threadTs, text }) => (threadTs === undefined || others.has(threadTs) ? [] : [text])),
  };
}

function isOf(text: string, number: number): boolean {
  return text.includes(`${repo}#${number}`);
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
