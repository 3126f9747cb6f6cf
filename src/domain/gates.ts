// Who may start an agent, on what, and why not: each gate answers by name. What is unknown does not pass.

import { activeAt, assign, type ExecutorSeen } from "./assign.ts";
import { cycleThrough } from "./blockers.ts";
import { type Enrolment, isEnrolled, troublesOf } from "./enrolment.ts";
import type { BlockerSeen, Candidate } from "./evidence.ts";
import { fail, type Gate, pass } from "./gate.ts";
import { runIdOf } from "./ids.ts";
import type { Observed } from "./observed.ts";
import type { Policy } from "./policy.ts";
import { priorityOf } from "./priority.ts";
import { issueKey, type RepoKey } from "./repo.ts";
import { holdsRepo, isActive, type Release, type Run, waitsForRepo } from "./run.ts";
import { runsOf, runsOfIssue } from "./runs.ts";
import type { Free } from "./space.ts";
import type { BotState } from "./state.ts";
import { trusted, unedited } from "./trust.ts";

/** Why the bot as a whole may start nothing; undefined = armed. */
export type Disarmed = string | undefined;

/** How everything but the issue stands. */
export type Standing = {
  readonly state: BotState;
  readonly policy: Policy;
  readonly disarmed: Disarmed;
  /** The T3 servers, in the config's order. */
  readonly executors: readonly ExecutorSeen[];
  /** The repo has slots on the volume. */
  readonly warm: boolean;
  /** Undefined = the repo is not in the config. Null inside = never checked yet. */
  readonly enrolment: Observed<Enrolment | null> | undefined;
  readonly volumeFree: Observed<Free>;
  readonly now: number;
};

/** An enrolment says what was seen then; older than this it is no evidence any more. */
const ENROLMENT_GOOD_FOR_MS = 24 * 3_600_000;

/**
 * The gates of one issue, in the order people read them; it starts when all pass. `blockedBy` are what is known of the
 * blockers' own blockers, to tell a cycle from a wait.
 */
export function gatesOf(
  repo: RepoKey,
  candidate: Candidate,
  standing: Standing,
  blockedBy: ReadonlyMap<string, readonly string[]> = new Map(),
): readonly Gate[] {
  const { state, policy } = standing;
  return [
    ...repoGates(repo, standing, candidate),
    candidate.state === "open" ? pass("open", "the issue is open") : fail("open", "the issue is closed"),
    labelled(candidate, policy, runsOfIssue(state, repo, candidate.number).find(isActive)),
    trusted(candidate, policy.trustedBots),
    unedited(candidate, policy.trustedBots),
    notYetRun(repo, candidate, state),
    unblocked(repo, candidate, blockedBy),
    capacity(state, policy),
    placed(repo, standing),
    volume(standing),
  ];
}

/** The gates that the repo and the bot answer, whatever the issue. */
function repoGates(repo: RepoKey, standing: Standing, candidate: Candidate): readonly Gate[] {
  const { state, disarmed } = standing;
  return [armed(state, disarmed), enrolled(repo, standing), repoFree(runsOf(state, repo), candidate)];
}

export type Selected = { readonly candidate: Candidate; readonly release: Release };

/**
 * The issue to dispatch next: of those whose gates all pass, by priority label (`priority:N` or `PN`, missing is
 * lowest), then the oldest release, then the number.
 */
export function selectNext(repo: RepoKey, candidates: readonly Candidate[], standing: Standing): Selected | undefined {
  const isNext = ({ candidate }: Selected): boolean => standing.state.next[repo]?.issue === candidate.number;
  return candidates
    .flatMap((candidate) => {
      const release = candidate.release.known ? candidate.release.value : null;
      if (release === null) return [];
      return gatesOf(repo, candidate, standing).every((gate) => gate.pass) ? [{ candidate, release }] : [];
    })
    .sort(
      (a, b) =>
        Number(isNext(b)) - Number(isNext(a)) ||
        compare(priorityOf(a.candidate.labels), priorityOf(b.candidate.labels)) ||
        a.release.at - b.release.at ||
        a.candidate.number - b.candidate.number,
    )[0];
}

/** Infinity less itself is no number: two issues without a priority are equal. */
function compare(a: number, b: number): number {
  return a === b ? 0 : a - b;
}

function armed(state: BotState, disarmed: Disarmed): Gate {
  if (disarmed !== undefined) return fail("armed", disarmed);
  if (state.pause !== null) return fail("armed", `paused by ${state.pause.by}: ${state.pause.reason}`);
  return pass("armed", "not paused");
}

function enrolled(repo: RepoKey, { enrolment, now }: Standing): Gate {
  if (enrolment === undefined) return fail("enrolled", `${repo} is not listed under repos in the config`);
  if (!enrolment.known) return fail("enrolled", `the repo could not be checked: ${enrolment.why}`);
  if (enrolment.value === null) return fail("enrolled", "the repo was not checked yet: `afk enrol` does it at once");
  const { checks, checkedAt } = enrolment.value;
  const when = new Date(checkedAt).toISOString();
  if (!isEnrolled(enrolment.value)) {
    const troubles = troublesOf(enrolment.value).map(({ check, why, remedy }) =>
      `${check}: ${why}. ${remedy ?? ""}`.trim(),
    );
    return fail("enrolled", troubles.join(" · "));
  }
  if (now - checkedAt > ENROLMENT_GOOD_FOR_MS) {
    return fail("enrolled", `the last checks that could be made are too old (${when}): GitHub did not answer since`);
  }
  return pass("enrolled", `${checks.length} checks passed at ${when}`);
}

function repoFree(runs: readonly Run[], candidate: Candidate): Gate {
  const holders = runs
    .filter((run) => !supersededBy(run, candidate))
    .flatMap((run) => holdsRepo(run) ?? goesFirst(run) ?? []);
  return holders.length === 0 ? pass("repo free", "no run holds the repo") : fail("repo free", holders.join("; "));
}

function goesFirst(run: Run): string | undefined {
  if (waitsForRepo(run) === undefined) return undefined;
  const landed = run.state.name === "blocked" && run.state.landed !== undefined;
  const why = landed ? "landed after it was blocked, and is judged first" : "was unblocked and goes first";
  return `run ${run.id} on #${run.issue.number} ${why}`;
}

/** Releasing a blocked issue anew is a person's decision to try it again on what is there now. */
export function supersededBy(run: Run, candidate: Candidate): boolean {
  if (run.state.name !== "blocked" || run.state.agentMayLive || run.state.landed !== undefined) return false;
  const release = candidate.release.known ? candidate.release.value : null;
  return run.issue.number === candidate.number && release !== null && release.at > run.state.since;
}

function labelled(candidate: Candidate, policy: Policy, current: Run | undefined): Gate {
  const has = new Set(candidate.labels.map((label) => label.toLowerCase()));
  const { ready, running, human } = policy.labels;
  if (!has.has(ready.toLowerCase())) return fail("labelled", `the issue does not carry ${ready}`);
  if (has.has(human.toLowerCase())) return fail("labelled", `the issue also carries ${human}: it waits for a person`);
  if (has.has(running.toLowerCase())) {
    if (current !== undefined)
      return fail("labelled", `the issue carries ${running}: run ${current.id} of it is on its way`);
    return fail("labelled", `the issue carries ${running}, though no run of it is known here: remove that label first`);
  }
  return pass("labelled", `carries ${ready}`);
}

function notYetRun(repo: RepoKey, candidate: Candidate, state: BotState): Gate {
  const release = candidate.release.known ? candidate.release.value : null;
  const id = release === null ? undefined : runIdOf(repo, candidate.number, release);
  return id === undefined || (state.runs[id] === undefined && state.past[id] === undefined)
    ? pass("new release", "this application of the label started no run yet")
    : fail("new release", `this application of the label started run ${id}: remove the label and add it again`);
}

function unblocked(repo: RepoKey, candidate: Candidate, blockedBy: ReadonlyMap<string, readonly string[]>): Gate {
  const { blockers } = candidate;
  if (!blockers.known) return fail("unblocked", `its blockers could not be read: ${blockers.why}`);
  const open = blockers.value.filter(({ state }) => !state.known || state.value === "open");
  if (open.length === 0) {
    const names = blockers.value.map(({ name }) => name).join(", ");
    return pass("unblocked", names === "" ? "names no blocker" : `all blockers are closed: ${names}`);
  }
  const self = issueKey(repo, candidate.number);
  const edges = new Map([...blockedBy, [self, open.map(({ name }) => name)]]);
  const cycle = cycleThrough(self, edges);
  const ring = cycle === undefined ? "" : `; they wait for each other for ever: ${cycle.join(" → ")}`;
  return fail("unblocked", `${open.map(blockerText).join(", ")}${ring}`);
}

function blockerText({ name, source, state }: BlockerSeen): string {
  const from = source === "dependency" ? "dependency" : "named in the text";
  return state.known ? `${name} is ${state.value} (${from})` : `${name} cannot be read (${from}): ${state.why}`;
}

function capacity(state: BotState, policy: Policy): Gate {
  const active = Object.values(state.runs).filter(isActive).length;
  return hasRoom(state, policy)
    ? pass("capacity", `${active} of ${policy.maxRuns} runs active`)
    : fail("capacity", `all ${policy.maxRuns} runs are in use`);
}

/** Whether the cap on runs over all repos has room for one more. */
export function hasRoom(state: BotState, policy: Policy): boolean {
  return Object.values(state.runs).filter(isActive).length < policy.maxRuns;
}

function placed(repo: RepoKey, { state, executors, warm, policy }: Standing): Gate {
  const place = assign(repo, state, executors, warm, policy.maxRuns);
  if (place.trouble !== undefined) return fail("executor", place.trouble);
  const active = activeAt(place.executor, state, executors);
  const { capacity } = executors.find(({ name }) => name === place.executor) ?? { capacity: null };
  const load = capacity === null ? `${active}` : `${active} of ${capacity}`;
  return pass("executor", `${place.executor} takes it, with ${load} ${active === 1 ? "run" : "runs"} active`);
}

function volume({ volumeFree, policy }: Standing): Gate {
  if (!volumeFree.known) return fail("volume", `its free space is unknown: ${volumeFree.why}`);
  const { share, of } = volumeFree.value;
  const says = `${percent(share)} of the volume's ${of === "bytes" ? "space" : "files (inodes)"} is free`;
  return share >= policy.minFree
    ? pass("volume", says)
    : fail("volume", `${says}, less than the ${percent(policy.minFree)} to keep: \`/afk prune\` makes room`);
}

function percent(share: number): string {
  return `${(share * 100).toFixed(share < 0.1 ? 1 : 0)} %`;
}
