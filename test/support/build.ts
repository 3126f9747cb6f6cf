// Values of the domain for tests, each complete and overridable.

import type { Candidate, RolloutSeen } from "../../src/domain/evidence.ts";
import { branchOf, runIdOf } from "../../src/domain/ids.ts";
import { known } from "../../src/domain/observed.ts";
import type { Policy } from "../../src/domain/policy.ts";
import type { Run, Turn } from "../../src/domain/run.ts";

export const T0 = Date.parse("2026-01-05T09:00:00.000Z");
export const SHA = "a".repeat(40);
const BASE = "b".repeat(40);
const MINUTE = 60_000;

export const policy: Policy = {
  pollMs: 30_000,
  refreshMs: 10 * MINUTE,
  watchMs: 5_000,
  maxRuns: 4,
  minFree: 0.05,
  prepareMs: 15 * MINUTE,
  turnStartMs: 5 * MINUTE,
  turnMs: 120 * MINUTE,
  stallMs: 20 * MINUTE,
  retryMs: 30_000,
  settleMs: 2 * MINUTE,
  askTimeoutMs: 240 * MINUTE,
  maxFixes: 5,
  fixMs: 60 * MINUTE,
  zombieMs: 2 * MINUTE,
  budgetUsd: 100,
  budgetTokens: null,
  ciStartMs: 10 * MINUTE,
  ciMs: 60 * MINUTE,
  rolloutMs: 90 * MINUTE,
  labels: { ready: "ready-for-agent", running: "agent-running", human: "ready-for-human" },
  trustedBots: ["release-train[bot]"],
};

export const release = { eventId: 7, actor: "maintainer", at: T0 - MINUTE };

export const turn: Turn = { ordinal: 1, messageId: "m-1", askedAt: T0, turnIdsBefore: [], turnId: "t-1" };

/** One T3 server that takes what comes. */
export const oneServer = {
  executors: [{ name: "t3", capacity: null, drain: false, disarmed: undefined, down: undefined }],
  warm: false,
} as const;

export function run(overrides: Partial<Run> = {}): Run {
  const id = runIdOf("acme/shop", 12, release);
  return {
    id,
    repo: "acme/shop",
    issue: { number: 12, title: "Add a discount", url: "https://github.com/acme/shop/issues/12" },
    release,
    defaultBranch: "main",
    branch: branchOf(12, id),
    slot: 1,
    prompt: { text: "Do it.", sha256: "0".repeat(64), sources: [] },
    startedAt: T0,
    reached: {},
    messages: 1,
    orders: [],
    resolved: [],
    tree: { path: `/volume/repos/acme/shop/runs/${id}`, slotPath: "/volume/repos/acme/shop/slots/1", base: BASE },
    session: { projectId: "p-1", threadId: "th-1", url: "https://t3.example/env/th-1" },
    state: { name: "working", since: T0, turn, stop: null },
    shown: { commentId: null, comment: null, issue: null },
    ...overrides,
  };
}

export function candidate(overrides: Partial<Candidate> = {}): Candidate {
  return {
    number: 12,
    title: "Add a discount",
    body: "Ten per cent off.",
    url: "https://github.com/acme/shop/issues/12",
    state: "open",
    labels: ["ready-for-agent"],
    release: known({ ...release, byBot: false }),
    permission: known("write"),
    edits: known([]),
    blockers: known([]),
    ...overrides,
  };
}

export function rollout(overrides: Partial<RolloutSeen> = {}): RolloutSeen {
  return {
    workload: "Deployment shop/web",
    carries: "landed",
    image: `registry.example/shop:${SHA}`,
    paused: false,
    generation: 3,
    observedGeneration: 3,
    desired: 2,
    updated: 2,
    replicas: 2,
    available: 2,
    progressDeadlineExceeded: null,
    podTroubles: [],
    ...overrides,
  };
}
