// Who may start an agent, on what, and why not: each gate answers by name.

import type { Candidate } from "./evidence.ts";
import { runIdOf } from "./ids.ts";
import type { Policy } from "./policy.ts";
import type { RepoKey } from "./repo.ts";
import { holdsRepo, isActive, type Release, type Run } from "./run.ts";
import { type BotState, runsOf } from "./state.ts";

export type Gate = { readonly gate: string; readonly pass: boolean; readonly why: string };

/** Why the bot as a whole may start nothing; undefined = armed. */
export type Disarmed = string | undefined;

/** The gates of one issue, in the order people read them. All must pass; what is unknown does not pass. */
export function gatesOf(
  repo: RepoKey,
  candidate: Candidate,
  state: BotState,
  policy: Policy,
  disarmed: Disarmed,
): readonly Gate[] {
  return [
    armed(state, disarmed),
    repoFree(runsOf(state, repo), candidate),
    labelled(candidate, policy),
    trusted(candidate, policy),
    notYetRun(repo, candidate, state),
    capacity(state, policy),
  ];
}

/**
 * The issue to dispatch next: of those whose gates all pass, by priority label (`priority:N` or `PN`, missing is
 * lowest), then the oldest release, then the number.
 */
export function selectNext(
  repo: RepoKey,
  candidates: readonly Candidate[],
  state: BotState,
  policy: Policy,
  disarmed: Disarmed,
): { readonly candidate: Candidate; readonly release: Release } | undefined {
  return candidates
    .flatMap((candidate) => {
      const release = candidate.release.known ? candidate.release.value : null;
      if (release === null) return [];
      return gatesOf(repo, candidate, state, policy, disarmed).every((gate) => gate.pass)
        ? [{ candidate, release }]
        : [];
    })
    .sort(
      (a, b) =>
        priorityOf(a.candidate) - priorityOf(b.candidate) ||
        a.release.at - b.release.at ||
        a.candidate.number - b.candidate.number,
    )[0];
}

/** Lower is sooner. */
export function priorityOf(candidate: Candidate): number {
  const found = candidate.labels.flatMap((label) => {
    const digits = /^(?:priority:|p)\s*(\d{1,3})$/i.exec(label.trim())?.[1];
    return digits === undefined ? [] : [Number(digits)];
  });
  return found.length === 0 ? Number.POSITIVE_INFINITY : Math.min(...found);
}

function armed(state: BotState, disarmed: Disarmed): Gate {
  if (disarmed !== undefined) return fail("armed", disarmed);
  if (state.pause !== null) return fail("armed", `paused by ${state.pause.by}: ${state.pause.reason}`);
  return pass("armed", "not paused");
}

function repoFree(runs: readonly Run[], candidate: Candidate): Gate {
  const holders = runs.filter((run) => !supersededBy(run, candidate)).flatMap((run) => holdsRepo(run) ?? []);
  return holders.length === 0 ? pass("repo free", "no run holds the repo") : fail("repo free", holders.join("; "));
}

/** Releasing a blocked issue anew is a person's decision to try it again on what is there now. */
export function supersededBy(run: Run, candidate: Candidate): boolean {
  if (run.state.name !== "blocked" || run.state.agentMayLive) return false;
  const release = candidate.release.known ? candidate.release.value : null;
  return run.issue.number === candidate.number && release !== null && release.at > run.state.since;
}

function labelled(candidate: Candidate, policy: Policy): Gate {
  const has = new Set(candidate.labels.map((label) => label.toLowerCase()));
  const { ready, running, human } = policy.labels;
  if (!has.has(ready.toLowerCase())) return fail("labelled", `the issue does not carry ${ready}`);
  if (has.has(human.toLowerCase())) return fail("labelled", `the issue also carries ${human}: it waits for a person`);
  if (has.has(running.toLowerCase())) {
    return fail("labelled", `the issue carries ${running}, though no run of it is known here: remove that label first`);
  }
  return pass("labelled", `carries ${ready}`);
}

function trusted(candidate: Candidate, policy: Policy): Gate {
  const { release, permission } = candidate;
  if (!release.known) return fail("trust", `cannot tell who applied the label: ${release.why}`);
  if (release.value === null) return fail("trust", "nobody can be named who applied the label: remove it and add it");
  const { actor, byBot } = release.value;
  if (byBot) {
    const listed = policy.trustedBots.some((bot) => bot.toLowerCase() === actor.toLowerCase());
    return listed ? pass("trust", `labelled by the listed bot ${actor}`) : fail("trust", `bot ${actor} is not listed`);
  }
  if (!permission.known) return fail("trust", `cannot read ${actor}'s permission: ${permission.why}`);
  const may = permission.value === "admin" || permission.value === "maintain" || permission.value === "write";
  const says = `labelled by ${actor}, who has ${permission.value} on the repo`;
  return may ? pass("trust", says) : fail("trust", `${says}: write is needed`);
}

function notYetRun(repo: RepoKey, candidate: Candidate, state: BotState): Gate {
  const release = candidate.release.known ? candidate.release.value : null;
  const earlier = release === null ? undefined : state.runs[runIdOf(repo, candidate.number, release)];
  return earlier === undefined
    ? pass("new release", "this application of the label started no run yet")
    : fail("new release", `this application of the label started run ${earlier.id}: remove the label and add it again`);
}

function capacity(state: BotState, policy: Policy): Gate {
  const active = Object.values(state.runs).filter(isActive).length;
  return active < policy.maxRuns
    ? pass("capacity", `${active} of ${policy.maxRuns} runs active`)
    : fail("capacity", `all ${policy.maxRuns} runs are in use`);
}

function pass(gate: string, why: string): Gate {
  return { gate, pass: true, why };
}

function fail(gate: string, why: string): Gate {
  return { gate, pass: false, why };
}
