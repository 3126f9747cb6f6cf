// After a start, before a repo is worked on: runs that live and are not in the state are taken on or put before a person.
// With the state whole this is one request per repo that finds nothing.

import { findSlot } from "./dispatch.ts";
import { adoptedRun, escalatedRun, possibleRuns, rebuiltRun, strandedOf } from "./domain/adopt.ts";
import type { BotEvent } from "./domain/event.ts";
import type { Candidate } from "./domain/evidence.ts";
import type { RepoKey } from "./domain/repo.ts";
import type { Release, Run } from "./domain/run.ts";
import { AfkError, messageOf } from "./errors.ts";
import type { Parts } from "./parts.ts";
import type { SessionSeen, Store } from "./ports.ts";

type Record = (event: BotEvent, parts: Parts) => Promise<void>;

/** Repos looked at since this state was loaded. A run cannot become stranded while the bot has its state. */
const looked = new WeakMap<Store, Set<RepoKey>>();

/** False: GitHub or T3 could not say what lives, so nothing may start in the repo yet. */
export async function adoptStranded(repo: RepoKey, parts: Parts, record: Record): Promise<boolean> {
  const { github, store, dependencies, log } = parts;
  const done = looked.get(store) ?? new Set();
  looked.set(store, done);
  if (done.has(repo)) return true;
  const running = await github.fetchRunning(repo);
  dependencies.noteObserved("github", running);
  if (!running.known) {
    log.warn({ repo, why: running.why }, "runs under way unknown");
    return false;
  }
  for (const issue of strandedOf(repo, running.value, store.state)) {
    if (!(await adoptOne(repo, issue, parts, record))) return false;
  }
  done.add(repo);
  return true;
}

async function adoptOne(repo: RepoKey, issue: number, parts: Parts, record: Record): Promise<boolean> {
  const { github, executor, clock, log } = parts;
  const [seen, releases] = await Promise.all([github.fetchIssue(repo, issue), github.fetchReleases(repo, issue)]);
  if (!seen.known || !releases.known) return false;
  if (seen.value.is === "missing") return true;
  const possible = possibleRuns(repo, issue, releases.value);
  const latest = possible[0];
  if (latest === undefined) {
    log.error({ repo, issue }, "labelled as worked on, and never released: remove the label");
    return true;
  }
  const { candidate } = seen.value;
  for (const { id, release } of possible) {
    const session = await executor.findSession(id);
    if (!session.known) return false;
    if (session.value === null) continue;
    await record(await takeOn(repo, candidate, release, session.value, parts), parts);
    return true;
  }
  const run = await rebuild(repo, candidate, latest.release, "", parts);
  await record(
    escalated(run, "T3 has no session of any run that this issue's releases can have started.", parts),
    parts,
  );
  log.warn({ repo, issue, run: run.id, at: clock.now() }, "stranded run escalated");
  return true;
}

/** Every step looks for what is there first, so this finds the tree, the session and the turn as they are. */
async function takeOn(
  repo: RepoKey,
  candidate: Candidate,
  release: Release,
  seen: SessionSeen,
  parts: Parts,
): Promise<BotEvent> {
  const { trees, executor, clock, log } = parts;
  const { first, turns, executor: at } = seen;
  const rebuilt = await rebuild(repo, candidate, release, first?.text ?? "", parts);
  const run = at === undefined ? rebuilt : { ...rebuilt, executor: at };
  if (first === null) return escalated(run, "Its session was opened and never given its task.", parts);
  try {
    const { tree } = await trees.prepare(run);
    const session = await executor.openSession({ ...run, tree }, trees.checkoutPath(repo), 0);
    const turn = await executor.sendTurn(run, session, { ordinal: turns, text: first.text }, 0);
    log.warn({ repo, issue: candidate.number, run: run.id, turns }, "stranded run adopted");
    return { type: "run.adopted", at: clock.now(), run: adoptedRun(run, { tree, session, turn }, first.askedAt) };
  } catch (error) {
    if (error instanceof AfkError && (error.code === "conflict" || error.code === "refused")) {
      return escalated(run, messageOf(error), parts);
    }
    throw error;
  }
}

async function rebuild(repo: RepoKey, issue: Candidate, release: Release, text: string, parts: Parts): Promise<Run> {
  const { github, dependencies, store, trees, clock } = parts;
  const { name: defaultBranch } = await dependencies.watch("github", () => github.fetchDefaultBranch(repo));
  const possible = possibleRuns(repo, issue.number, [release])[0];
  const slot = await findSlot(repo, possible?.id ?? "", store.state, trees);
  return rebuiltRun({ repo, issue, release, defaultBranch, slot }, text, clock.now());
}

function escalated(run: Run, details: string, { clock }: Parts): BotEvent {
  return { type: "run.adopted", at: clock.now(), run: escalatedRun(run, details, clock.now()) };
}
