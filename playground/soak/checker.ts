// What must hold, asked of the services' own books: all the time, and once more in the end.

import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { channel, slackUsers } from "../world/team.ts";
import { ENDED, type Sight } from "./sight.ts";
import type { Stage } from "./stage.ts";

const [, viewer] = slackUsers;

export type Checker = {
  look(all: readonly Sight[], resolved: ReadonlySet<string>): void;
  /** Whatever else is not as it must be. */
  note(broken: string): void;
  broken(): readonly string[];
};

/** Each breach is told once. `resolved`: issues that a person has resolved, whatever the card says yet. */
export function createChecker(): Checker {
  const broken = new Set<string>();
  /** Of repos with a frozen run: how many sessions there were when it was first seen so. */
  const frozen = new Map<string, number>();

  return {
    look(all, resolved) {
      const byRepo = Map.groupBy(all, ({ issue }) => issue.repo);
      for (const [repo, sights] of byRepo) {
        const live = sights.flatMap(({ sessions }) => sessions).filter(isAtWork);
        if (live.length > 1)
          broken.add(`${repo}: ${live.length} agents at work at once (${live.map(({ title }) => title).join(", ")})`);
        const sessions = sights.reduce((count, sight) => count + sight.sessions.length, 0);
        for (const { issue, word } of sights) {
          const key = `${repo}#${issue.number}`;
          if (word !== "Frozen" || resolved.has(key)) frozen.delete(key);
          else if (!frozen.has(key)) frozen.set(key, sessions);
          else if (sessions > (frozen.get(key) ?? 0))
            broken.add(`${repo}: work was begun while #${issue.number} was frozen`);
        }
      }
      for (const { issue, sessions, roots, replies } of all) {
        const key = `${issue.repo}#${issue.number}`;
        const fixes = messagesTo(sessions).filter(({ text }) => text.includes("is not healthy. Fix it forward"));
        if ([...roots, ...replies].some(({ blocks }) => JSON.stringify(blocks).includes(`by <@${viewer.id}>`))) {
          broken.add(`${key}: resolved by somebody who may only look`);
        }
        // A person who unfreezes gives it another budget.
        const most = MOST_FIXES * (resolved.has(key) ? 3 : 1);
        if (fixes.length > most) broken.add(`${key}: ${fixes.length} fixes`);
      }
    },
    note: (what) => void broken.add(what),
    broken: () => [...broken],
  };

  function isAtWork({ session }: Sight["sessions"][number]): boolean {
    return session?.status === "running" && session.activeTurnId !== null;
  }
}

/** As the bot's policy has it. */
const MOST_FIXES = 5;

function messagesTo(sessions: Sight["sessions"]) {
  return sessions.flatMap(({ messages }) => messages.filter(({ role }) => role === "user"));
}

export type Final = {
  readonly ended: number;
  readonly deployed: number;
  readonly escalated: number;
  readonly duplicates: number;
  readonly lost: number;
  readonly leakedTrees: number;
};

/** Once all is over. Tells what it counts, each in a line. */
export async function countAll(stage: Stage, all: readonly Sight[], tell: (line: string) => void): Promise<Final> {
  let [duplicates, lost] = [0, 0];
  const isOpen = ({ word }: Sight): boolean => word !== undefined && !ENDED.has(word);
  const busy = new Set(all.filter(isOpen).map(({ issue }) => issue.repo));
  for (const sight of all) {
    const { issue, roots, replies, sessions, word } = sight;
    const key = `${issue.repo}#${issue.number}`;
    const count = (what: string, most: number, is: number): void => {
      if (is <= most) return;
      duplicates += is - most;
      tell(`DOUBLE  ${key}: ${is} ${what}`);
    };
    count("cards", 1, roots.length);
    count("sessions", 1, sessions.length);
    const ids = replies.map(({ ts }) => JSON.stringify(stage.slack.metadata(channel.id, ts) ?? ts));
    count(`replies, ${new Set(ids).size} of them different`, new Set(ids).size, ids.length);
    const texts = messagesTo(sessions).map(({ id }) => id);
    count("messages to the agent under one id", new Set(texts).size, texts.length);
    const comments = stage.github
      .issue(issue.repo, issue.number)
      .comments.filter(({ body }) => body.includes("<!-- afk-run:"));
    count("comments", 1, comments.length);
    const closed = stage.github.issue(issue.repo, issue.number).state === "closed";
    // One that waits for its repo's turn is not lost: it is seen as not ended.
    const waits = word === undefined && sessions.length === 0 && busy.has(issue.repo);
    if (!waits && (roots.length === 0 || sessions.length === 0 || (word === "Deployed" && !closed))) {
      lost += 1;
      tell(
        `LOST    ${key} (${issue.kind}): ${roots.length} cards, ${sessions.length} sessions, ${word}, ${closed ? "closed" : "open"}`,
      );
    }
  }
  for (const { issue, sessions } of all) {
    const said = sessions.some(({ messages }) =>
      messages.some(({ text }) => text.includes("committed it and did not push")),
    );
    if (!said || (await hasWork(stage, issue))) continue;
    lost += 1;
    tell(`LOST    ${issue.repo}#${issue.number}: what its agent committed and did not push is nowhere any more`);
  }
  const leaked = stage.repos.flatMap((repo) => heldSlots(join(stage.volume, "repos", repo)));
  for (const path of leaked) tell(`LEAKED  ${path}`);
  const word = (is: string): number => all.filter((sight) => sight.word === is).length;
  return {
    ended: all.filter((sight) => ENDED.has(sight.word ?? "")).length,
    deployed: word("Deployed"),
    escalated: all.filter(({ replies }) => replies.some(({ broadcast }) => broadcast)).length,
    duplicates,
    lost,
    leakedTrees: leaked.length,
  };
}

/** On the default branch, in the run's own, or kept when its tree was given back. */
async function hasWork({ github, volume }: Stage, { repo, number }: Sight["issue"]): Promise<boolean> {
  const file = `feature-${number}`;
  const { code } = await github.git.attempt(github.gitDir(repo), ["cat-file", "-e", `main:${file}`]);
  if (code === 0) return true;
  const checkout = join(volume, "repos", repo, "checkout", ".git");
  const { stdout } = await github.git.attempt(checkout, [
    "for-each-ref",
    "--format=%(refname)",
    "refs/afk",
    "refs/heads",
  ]);
  for (const ref of stdout.toString("utf8").split("\n").filter(Boolean)) {
    if ((await github.git.attempt(checkout, ["cat-file", "-e", `${ref}:${file}`])).code === 0) return true;
  }
  return false;
}

/** A slot names its run in its own git directory; a run has its symlink. */
function heldSlots(home: string): readonly string[] {
  const known = join(home, "checkout", ".git", "worktrees");
  const held = namesIn(known).flatMap((name) => (existsSync(join(known, name, "afk-run")) ? [join(known, name)] : []));
  return [...held, ...namesIn(join(home, "runs")).map((name) => join(home, "runs", name))];
}

function namesIn(dir: string): readonly string[] {
  return existsSync(dir) ? readdirSync(dir) : [];
}
