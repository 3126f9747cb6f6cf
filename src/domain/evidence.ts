// What the bot can see of the outside, in its own nouns. Adapters translate into these; decisions read only these.

import type { FailedJob } from "./message.ts";
import type { Observed } from "./observed.ts";
import type { Sha } from "./repo.ts";
import type { Landed, Release, Spend } from "./run.ts";

export type Permission = "admin" | "maintain" | "write" | "triage" | "read" | "none";

/** An issue with what its gates ask. Title and body are of the same reading as `edits`. */
export type Candidate = {
  readonly number: number;
  readonly title: string;
  readonly body: string;
  readonly url: string;
  readonly state: "open" | "closed";
  readonly labels: readonly string[];
  /** The latest application of the ready label; null where GitHub has no such event. */
  readonly release: Observed<(Release & { readonly byBot: boolean }) | null>;
  /** The releasing actor's permission on the repo, now. */
  readonly permission: Observed<Permission>;
  /** What happened to the issue after that application that changes what was released. */
  readonly edits: Observed<readonly EditSeen[]>;
  /** Native dependencies and those of the body, each once. */
  readonly blockers: Observed<readonly BlockerSeen[]>;
};

/** A change of the issue after its release. `editor` null = GitHub names nobody. */
export type EditSeen = {
  readonly what: "title" | "body" | "repository";
  readonly editor: string | null;
  readonly at: number;
  readonly permission: Observed<Permission>;
};

export type BlockerSeen = {
  /** `owner/name#12`, or the address of one on another GitHub. */
  readonly name: string;
  readonly source: "dependency" | "text";
  readonly state: Observed<"open" | "closed">;
};

/** A comment by someone who may write to the repo. */
export type TrustedComment = {
  readonly id: number;
  readonly author: string;
  readonly at: number;
  readonly body: string;
};

/** A question the agent asks. Answers are keyed by `id`; `many`: several labels may be chosen. */
export type QuestionSeen = {
  readonly id: string;
  readonly text: string;
  readonly header: string | null;
  readonly options: readonly { readonly label: string; readonly description: string | null }[];
  readonly many: boolean;
};

/**
 * The executor was restarted since the turn's last sign of life, at `since` by our clock; then nothing works on it any
 * more. Not certain: its stream broke and came back, and nothing was heard of the turn after that.
 */
export type Restarted = { readonly certain: boolean; readonly since: number };

/** What the session shows of one turn. `lastWords` is the agent's own text: hostile, for quoting only. */
export type TurnSeen =
  | { readonly is: "missing" }
  | { readonly is: "pending"; readonly restarted?: Restarted | undefined }
  | { readonly is: "not-started"; readonly why: string }
  | {
      readonly is: "running";
      readonly turnId: string;
      readonly activeAt: number;
      readonly restarted?: Restarted | undefined;
    }
  | {
      readonly is: "asking";
      readonly turnId: string;
      readonly kind: "approval" | "input";
      readonly requests: readonly {
        readonly id: string;
        readonly text: string;
        readonly questions?: readonly QuestionSeen[];
      }[];
      readonly restarted?: Restarted | undefined;
    }
  | {
      readonly is: "ended";
      readonly turnId: string | null;
      readonly how: "completed" | "failed" | "interrupted";
      readonly lastWords: string | null;
      readonly error: string | null;
      /** When the session came to rest, as its record says (UTC milliseconds); absent = not told. */
      readonly at?: number | undefined;
    };

export type CheckState = "pending" | "success" | "failure" | "ignored";

/** A check run, a commit status or a workflow run of exactly the landed commit. */
export type CheckSeen = {
  readonly source: "check-run" | "status" | "workflow-run";
  readonly name: string;
  readonly state: CheckState;
  /** GitHub's own word once it is completed. */
  readonly conclusion: string | null;
  readonly url: string | null;
  /** Of a workflow run: its check suite. */
  readonly suite?: number | undefined;
  /** Of a job: its workflow run's check suite. Jobs are judged by their workflow run. */
  readonly of?: number | undefined;
};

/** The default branch as it was last fetched, beside the commit that landed. */
export type BranchSeen = {
  readonly head: Sha;
  /** Whether the landed commit is still on it. */
  readonly there: boolean;
  /** The run's newest own commit on it; null = none. */
  readonly own: LandedSeen | null;
};

/** `note`: what people should know of how it was told to be the run's own. */
export type LandedSeen = Pick<Landed, "sha" | "commits" | "note">;

/** A workload's health figures, by the field names of the Kubernetes API. */
export type RolloutSeen = {
  /** `Deployment namespace/name` */
  readonly workload: string;
  /** Whether the workload's image carries the landed commit, one that contains it, or something else. */
  readonly carries: "landed" | "descendant" | "other";
  readonly image: string;
  /** The cluster has no such workload. */
  readonly absent?: true;
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

/** Whether the session has the message that is to start the next turn: it may have been sent just before a crash. */
export type MessageSent = Observed<boolean>;

export type WorkingEvidence = {
  readonly turn: Observed<TurnSeen>;
  /** Asked only once the turn has ended, unknown before that. */
  readonly landed: Observed<LandedSeen | null>;
  /** Where nothing landed: another branch that the agent pushed its commits to. Absent = none, or not asked. */
  readonly elsewhere?: string | null | undefined;
  /** Of the whole run so far. Absent where nobody looked. */
  readonly spend?: Spend | undefined;
};

export type StoppedEvidence = {
  readonly turn: Observed<TurnSeen>;
  /** What of a blocked run's own has arrived on the default branch since; unknown where nobody asked. */
  readonly landed: Observed<LandedSeen | null>;
  /** Whether no other run holds the repo. */
  readonly free: boolean;
};

export type VerifyingEvidence = {
  readonly branch: Observed<BranchSeen>;
  readonly checks: Observed<readonly CheckSeen[]>;
  /** Of the branch's head, where that is a later commit that contains the landed one. Absent = not asked, or it is not. */
  readonly later?: { readonly sha: Sha; readonly checks: Observed<readonly CheckSeen[]> } | undefined;
  /** Whether a workflow can run for what was changed. Absent = not asked. */
  readonly runnable?: Observed<boolean> | undefined;
  /** What failed, with what the runners say of it. Absent = not asked. */
  readonly failures?: Observed<readonly FailedJob[]> | undefined;
  readonly rollouts: Observed<readonly RolloutSeen[]>;
};

/** green and red end a verdict; `waitingFor` is for people. */
export type Verdict =
  | { readonly is: "green"; readonly evidence: readonly string[] }
  | { readonly is: "red"; readonly reasons: readonly string[] }
  | { readonly is: "pending"; readonly waitingFor: string };
