// What the stand-in knows: plain data, named as docs.github.com names it. Nothing here knows of HTTP.
//
// Times are ISO strings with whole seconds, because that is all that GitHub gives: two things done within one second
// cannot be told apart by time, only by the order of their ids.

export type Role = "admin" | "maintain" | "write" | "triage" | "read";

export type User = {
  readonly id: number;
  readonly login: string;
  /** A `Bot` is a GitHub App acting as itself, with an installation token; a machine account is a `User`. */
  readonly type: "User" | "Bot" | "Organization";
  readonly email: string;
  readonly createdAt: string;
};

export type Label = {
  readonly id: number;
  name: string;
  color: string;
  description: string | null;
  readonly isDefault: boolean;
};

export type StateReason = "completed" | "not_planned" | "duplicate" | "reopened";

/** One version of a text that was edited. GitHub keeps none before the first edit, then the original too. */
export type Edit = { readonly id: number; readonly editor: string; readonly editedAt: string; readonly text: string };

export type Comment = {
  readonly id: number;
  readonly author: string;
  body: string;
  readonly createdAt: string;
  updatedAt: string;
  readonly edits: Edit[];
};

type EventDetail =
  | { readonly event: "labeled" | "unlabeled"; readonly label: { readonly name: string; readonly color: string } }
  | { readonly event: "closed"; readonly stateReason: StateReason; readonly commitId: string | null }
  | { readonly event: "reopened" }
  | { readonly event: "transferred" }
  | { readonly event: "renamed"; readonly from: string; readonly to: string }
  | { readonly event: "assigned" | "unassigned"; readonly assignee: string }
  | { readonly event: "referenced"; readonly commitId: string; readonly commitRepo: string }
  | { readonly event: "blocked_by_added" | "blocked_by_removed"; readonly other: IssueKey }
  | { readonly event: "blocking_added" | "blocking_removed"; readonly other: IssueKey };

/** An issue across repositories: repository id and issue number. */
export type IssueKey = { readonly repo: number; readonly number: number };

export type IssueEvent = EventDetail & { readonly id: number; readonly actor: string; readonly createdAt: string };
export type NewEvent = EventDetail;

export type Issue = {
  readonly id: number;
  readonly number: number;
  readonly author: string;
  title: string;
  body: string | null;
  state: "open" | "closed";
  stateReason: StateReason | null;
  labels: Label[];
  assignees: string[];
  readonly comments: Comment[];
  readonly events: IssueEvent[];
  readonly bodyEdits: Edit[];
  blockedBy: IssueKey[];
  readonly createdAt: string;
  updatedAt: string;
  closedAt: string | null;
  closedBy: string | null;
};

export type RunStatus = "queued" | "in_progress" | "completed" | "pending";
export type Conclusion =
  | "success"
  | "failure"
  | "neutral"
  | "cancelled"
  | "skipped"
  | "timed_out"
  | "action_required"
  | "stale";

export type CheckRun = {
  readonly id: number;
  readonly suiteId: number;
  readonly headSha: string;
  readonly app: App;
  name: string;
  status: RunStatus;
  conclusion: Conclusion | null;
  startedAt: string | null;
  completedAt: string | null;
  externalId: string;
  detailsUrl: string;
  output: { title: string | null; summary: string | null; text: string | null };
  /** What the runner, or the job by a workflow command, says beside the log. */
  annotations: readonly Annotation[];
};

export type Annotation = {
  readonly path: string;
  readonly line: number;
  readonly level: "notice" | "warning" | "failure";
  readonly message: string;
};

export type App = { readonly id: number; readonly slug: string; readonly name: string; readonly owner: string };

export type CheckSuite = {
  readonly id: number;
  readonly app: App;
  readonly headSha: string;
  readonly headBranch: string | null;
  readonly before: string | null;
  status: RunStatus;
  conclusion: Conclusion | null;
  readonly createdAt: string;
  updatedAt: string;
};

export type Status = {
  readonly id: number;
  readonly sha: string;
  readonly state: "error" | "failure" | "pending" | "success";
  readonly context: string;
  readonly description: string | null;
  readonly targetUrl: string | null;
  readonly creator: string;
  readonly createdAt: string;
};

export type Workflow = { readonly id: number; readonly path: string; name: string; readonly createdAt: string };

export type WorkflowRun = {
  readonly id: number;
  readonly workflowId: number;
  readonly name: string;
  readonly path: string;
  readonly runNumber: number;
  readonly event: string;
  readonly headBranch: string;
  readonly headSha: string;
  readonly before: string;
  readonly suiteId: number;
  readonly actor: string;
  readonly displayTitle: string;
  readonly createdAt: string;
  triggeringActor: string;
  attempt: number;
  status: RunStatus;
  conclusion: Conclusion | null;
  startedAt: string;
  updatedAt: string;
};

export type Step = {
  readonly name: string;
  readonly number: number;
  status: "queued" | "in_progress" | "completed";
  conclusion: Conclusion | null;
  startedAt: string | null;
  completedAt: string | null;
};

/** A job of one attempt of a workflow run. Its id is also the id of its check run, as with GitHub Actions. */
export type Job = {
  readonly id: number;
  readonly runId: number;
  readonly attempt: number;
  /** The key under `jobs:` in the workflow file. */
  readonly key: string;
  readonly name: string;
  readonly createdAt: string;
  status: RunStatus;
  conclusion: Conclusion | null;
  startedAt: string | null;
  completedAt: string | null;
  readonly steps: Step[];
  log: string;
};

/** What a protected branch refuses. Force pushes and deletions are always refused, also for administrators. */
export type Protection = {
  readonly requirePullRequest: boolean;
  readonly requiredChecks: readonly string[];
  /** Logins that may push, or undefined for everyone with write access. */
  readonly restrictedTo: readonly string[] | undefined;
  readonly enforceAdmins: boolean;
};

export type Repo = {
  readonly id: number;
  readonly owner: string;
  name: string;
  readonly private: boolean;
  readonly defaultBranch: string;
  readonly gitDir: string;
  readonly createdAt: string;
  archived: boolean;
  updatedAt: string;
  pushedAt: string;
  nextNumber: number;
  /** By lower-case login. */
  readonly collaborators: Map<string, Role>;
  readonly protections: Map<string, Protection>;
  readonly labels: Label[];
  readonly issues: Issue[];
  readonly checkSuites: CheckSuite[];
  readonly checkRuns: CheckRun[];
  readonly statuses: Status[];
  readonly workflows: Workflow[];
  readonly runs: WorkflowRun[];
  readonly jobs: Job[];
};

export type Push = {
  /** `owner/name` as the repository is spelt now. */
  readonly repo: string;
  /** The full ref, `refs/heads/main`. */
  readonly ref: string;
  /** Forty zeros for a ref that is new. */
  readonly before: string;
  /** Forty zeros for a ref that was deleted. */
  readonly after: string;
  readonly pusher: string;
};

/** Who carries out what people ask of workflow runs. Without one, a run can be neither cancelled nor run again. */
export type ActionsRunner = {
  rerun(repo: Repo, run: WorkflowRun, by: string, onlyFailed: boolean): void;
  cancel(repo: Repo, run: WorkflowRun): void;
};

export const zeroSha = "0".repeat(40);
