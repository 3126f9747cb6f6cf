// What the bot can see of the outside, in its own nouns. Adapters translate into these; decisions read only these.

import type { Observed } from "./observed.ts";
import type { Landed, Release } from "./run.ts";

export type Permission = "admin" | "maintain" | "write" | "triage" | "read" | "none";

/** An open issue that carries the ready label. */
export type Candidate = {
  readonly number: number;
  readonly title: string;
  readonly body: string;
  readonly url: string;
  readonly labels: readonly string[];
  /** The latest application of the ready label; null where GitHub has no such event. */
  readonly release: Observed<(Release & { readonly byBot: boolean }) | null>;
  /** The releasing actor's permission on the repo, now. */
  readonly permission: Observed<Permission>;
};

/** What the session shows of one turn. `lastWords` is the agent's own text: hostile, for quoting only. */
export type TurnSeen =
  | { readonly is: "missing" }
  | { readonly is: "pending" }
  | { readonly is: "not-started"; readonly why: string }
  | { readonly is: "running"; readonly turnId: string; readonly activeAt: number }
  | {
      readonly is: "asking";
      readonly turnId: string;
      readonly kind: "approval" | "input";
      readonly requests: readonly { readonly id: string; readonly text: string }[];
    }
  | {
      readonly is: "ended";
      readonly turnId: string | null;
      readonly how: "completed" | "failed" | "interrupted";
      readonly lastWords: string | null;
      readonly error: string | null;
    };

export type CheckState = "pending" | "success" | "failure" | "ignored";

/** A check run, a commit status or a workflow run of exactly the landed commit. */
export type CheckSeen = {
  readonly source: "check-run" | "status" | "workflow-run";
  readonly name: string;
  readonly state: CheckState;
  readonly url: string | null;
};

/** A workload's health figures, by the field names of the Kubernetes API. */
export type RolloutSeen = {
  /** `Deployment namespace/name` */
  readonly workload: string;
  /** Whether the workload's image carries the landed commit, one that contains it, or something else. */
  readonly carries: "landed" | "descendant" | "other";
  readonly image: string;
  readonly paused: boolean;
  readonly generation: number;
  readonly observedGeneration: number;
  readonly desired: number;
  readonly updated: number;
  readonly replicas: number;
  readonly available: number;
  readonly progressDeadlineExceeded: string | null;
  /** Trouble in pods of the new revision: CrashLoopBackOff, ImagePullBackOff, OOMKilled … */
  readonly podTroubles: readonly { readonly pod: string; readonly reason: string; readonly message: string }[];
};

export type WorkingEvidence = {
  readonly turn: Observed<TurnSeen>;
  /** Asked only once the turn has ended, unknown before that. */
  readonly landed: Observed<Pick<Landed, "sha" | "commits"> | null>;
};

export type VerifyingEvidence = {
  readonly checks: Observed<readonly CheckSeen[]>;
  readonly rollouts: Observed<readonly RolloutSeen[]>;
};

/** green and red end a verdict; `waitingFor` is for people. */
export type Verdict =
  | { readonly is: "green"; readonly evidence: readonly string[] }
  | { readonly is: "red"; readonly reasons: readonly string[] }
  | { readonly is: "pending"; readonly waitingFor: string };
