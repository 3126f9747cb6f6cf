// What the loop needs of the outside. Adapters implement these and translate at their border: no Octokit, Bolt or
// Kubernetes type gets past one. Every read returns `Observed`; every write throws an AfkError with its code.

import type { AuditLine } from "./domain/audit.ts";
import type { RepoFacts } from "./domain/enrolment.ts";
import type { BotEvent } from "./domain/event.ts";
import type {
  BlockerSeen,
  BranchSeen,
  Candidate,
  CheckSeen,
  LandedSeen,
  RolloutSeen,
  TrustedComment,
  TurnSeen,
} from "./domain/evidence.ts";
import type { FailedJob, WorkloadReport } from "./domain/message.ts";
import type { Observed } from "./domain/observed.ts";
import type { PromptAdditions } from "./domain/prompt.ts";
import type { IssueKey, RepoKey, Sha } from "./domain/repo.ts";
import type { Release, Run, RunId, Session, Spend, Tree, TreeMade, Turn } from "./domain/run.ts";
import type { BotState, IssueThread } from "./domain/state.ts";
import type { SlotSeen } from "./domain/tree-slots.ts";
import type { IssueWanted } from "./domain/wanted.ts";

export type Clock = { now(): number };

/** A clock that also wakes: real time, or a time that is set. */
export type Timers = Clock & {
  /** Calls once after so many milliseconds; the answer takes it back. */
  after(ms: number, wake: () => void): () => void;
};

export type Store = {
  readonly state: BotState;
  /** Resolves once the event is durable and applied. Rejects with `conflict` where the volume cannot take it. */
  commit(event: BotEvent): Promise<void>;
  close(): Promise<void>;
};

/** Ended runs that have left the state. */
export type History = {
  /** Durable once it resolves; the same run again is harmless. Throws `conflict` where the disk refuses. */
  add(run: Run): Promise<void>;
  /** Runs that ended between the two times (UTC milliseconds), oldest first. `unreadable` counts lines left out. */
  find(query: {
    readonly since: number;
    readonly until: number;
    readonly repo?: RepoKey;
  }): Promise<{ readonly runs: readonly Run[]; readonly unreadable: number }>;
};

/** Who did what. Only ever added to. */
export type Audit = {
  /** Durable once it resolves. Throws `conflict` where the disk refuses. */
  add(lines: readonly AuditLine[]): Promise<void>;
  /** The newest first; of one issue (`owner/name#12`) or of all. */
  newest(count: number, issue: string | undefined): Promise<readonly AuditLine[]>;
};

export type GitHub = {
  /** `repoId` is GitHub's own number of the repository, which follows no rename. */
  fetchDefaultBranch(
    repo: RepoKey,
  ): Promise<{ readonly name: string; readonly cloneUrl: string; readonly repoId: number }>;
  /** Open issues that carry the ready label, with who released them. */
  fetchCandidates(repo: RepoKey): Promise<Observed<readonly Candidate[]>>;
  /** Issues, open or closed, that carry the label of a run under way. */
  fetchRunning(repo: RepoKey): Promise<Observed<readonly number[]>>;
  /** Every application of the ready label to the issue, oldest first; also those taken back since. */
  fetchReleases(repo: RepoKey, issue: number): Promise<Observed<readonly Release[]>>;
  /** One issue, whatever its state and labels, with everything its gates ask read anew. */
  fetchIssue(repo: RepoKey, issue: number): Promise<Observed<IssueLookup>>;
  /** Comments that may steer a run: by people who may write to the repo and by listed bots, oldest first. */
  fetchTrustedComments(repo: RepoKey, issue: number): Promise<readonly TrustedComment[]>;
  /** From the open ones among `blockers` on: which open issues each waits for, as far as can be read. */
  fetchBlockedBy(blockers: readonly BlockerSeen[]): Promise<ReadonlyMap<string, readonly string[]>>;
  /** `.afk/prompt.md` of the branch; null = it has none. */
  fetchPromptAdditions(repo: RepoKey, branch: string): Promise<PromptAdditions | null>;
  fetchFacts(repo: RepoKey): Promise<Observed<RepoFacts>>;
  /** `color` is six hex digits. A label that is there already is left as it is. */
  createLabel(
    repo: RepoKey,
    label: { readonly name: string; readonly color: string; readonly description: string },
  ): Promise<void>;
  /**
   * The branch's newest commit, at no quota while it stays the same; null = there is no such branch. `maxAgeMs` is how old
   * the answer may be, most of a poll's interval where nothing is said.
   */
  fetchHead(repo: RepoKey, branch: string, maxAgeMs?: number): Promise<Observed<Sha | null>>;
  /** Everything GitHub says of exactly this commit. */
  fetchChecks(repo: RepoKey, sha: Sha): Promise<Observed<readonly CheckSeen[]>>;
  /** Whether a workflow of the commit can run for a push of these paths to the branch. */
  fetchRunnable(repo: RepoKey, sha: Sha, branch: string, paths: readonly string[]): Promise<Observed<boolean>>;
  /** What failed on the commit, with the ends of the logs, as they were written. */
  fetchFailures(repo: RepoKey, sha: Sha): Promise<Observed<readonly FailedJob[]>>;
  /** Runs the failed jobs of a workflow run again; one that runs already is left to it. */
  rerunFailed(repo: RepoKey, run: number): Promise<void>;
  /** Makes labels and open/closed as wanted, in its order; a label that is already gone is no error. */
  showIssue(repo: RepoKey, issue: number, wanted: IssueWanted): Promise<void>;
  /** Edits the run's one comment, found by `marker` where its id is unknown, or creates it. Returns its id. */
  showComment(
    repo: RepoKey,
    issue: number,
    comment: { readonly id: number | null; readonly marker: string; readonly body: string },
  ): Promise<number>;
};

export type IssueLookup =
  | { readonly is: "found"; readonly candidate: Candidate }
  | { readonly is: "missing"; readonly why: string };

export type Executor = {
  /** What the executor has of a run that the state may not know; null = nothing. Reads only. */
  findSession(run: RunId): Promise<Observed<SessionSeen | null>>;
  /** Project (looked up by workspace root first) and thread; both are adopted where they exist. */
  openSession(run: Run, workspaceRoot: string, refusals: number): Promise<Session>;
  /**
   * Sends the run's message number `ordinal` (from 1): the task, guidance, a correction. Adopted where T3 has it. Throws
   * `conflict` where the agent is at work, unless the message is meant to steer it.
   */
  sendTurn(
    run: Run,
    session: Session,
    message: { readonly ordinal: number; readonly text: string; readonly steers?: boolean },
    refusals: number,
  ): Promise<Turn>;
  /** The turn of a message that may have been sent; null = the session has no such message. Reads only. */
  findTurn(run: Run, session: Session, ordinal: number): Promise<Observed<Turn | null>>;
  /** Asks for the turn's end; whether it came is seen by `observeTurn`. The same attempt is made once only. */
  interrupt(
    run: Run,
    session: Session,
    turn: Turn,
    attempt: { readonly number: number; readonly refusals: number },
  ): Promise<void>;
  /**
   * Ends the session's agent, step by step: call it until it says `ended`. `idle` leaves an agent at work alone and says
   * `busy`, as T3 would hold up all its threads for it: interrupt first. `zombie` ends what only looks like work.
   */
  endSession(
    run: Run,
    session: Session,
    what: "idle" | "zombie",
    refusals: number,
  ): Promise<"ended" | "ending" | "busy">;
  /** Answers a question, by question id: labels, or free text. `stale`: nobody waits for it, and nothing was sent. */
  answer(
    run: Run,
    session: Session,
    requestId: string,
    answers: Readonly<Record<string, string | readonly string[]>>,
    refusals: number,
  ): Promise<"sent" | "stale">;
  approve(
    run: Run,
    session: Session,
    requestId: string,
    decision: "accept" | "decline",
    refusals: number,
  ): Promise<"sent" | "stale">;
  observeTurn(session: Session, turn: Turn, interrupted: boolean): Promise<Observed<TurnSeen>>;
  /** The session's last messages, oldest first, each with who said it and when. The agent's words are hostile. */
  fetchLastMessages(session: Session): Promise<Observed<readonly string[]>>;
  /** What the session has cost so far, as far as that can be told. */
  observeSpend(session: Session): Promise<Spend>;
};

/** `turns` counts the messages of ours it has; `text` and `askedAt` (milliseconds) are the first one's, null = none. */
export type SessionSeen = {
  readonly turns: number;
  readonly first: { readonly text: string; readonly askedAt: number } | null;
  /** The server that has it; absent = there is but one. */
  readonly executor?: string;
};

export type Trees = {
  /** Absolute path of the repo's persistent clone, whether or not it exists yet. */
  checkoutPath(repo: RepoKey): string;
  treePath(repo: RepoKey, run: string): string;
  /** Clones the checkout, or fetches it; `onProgress` gets git's own words, a line at a time. */
  ensureCheckout(repo: RepoKey, onProgress: (line: string) => void): Promise<void>;
  /** The repo's slots that are there: also those of runs that the state does not know. */
  findSlots(repo: RepoKey): Promise<readonly SlotSeen[]>;
  /**
   * Fetches, then makes the run's slot its tree: on its branch at the newest head, and set up. One that was ready before is
   * left as it is. Throws `refused` where the setup command fails.
   */
  prepare(run: Run): Promise<{ readonly tree: Tree; readonly made: TreeMade }>;
  /**
   * Fetches, then looks for the run's own commits on the default branch. Null = none landed. `head` is what the branch is
   * known to be at: where it was fetched at that already, nothing is fetched.
   */
  findLanded(run: Run, head?: Sha): Promise<Observed<LandedSeen | null>>;
  /** The default branch beside what landed on it, by a fetch no older than `maxAgeMs`. */
  observeBranch(run: Run, landed: Sha, maxAgeMs: number): Promise<Observed<BranchSeen>>;
  /** Another branch of the remote that has what the run committed last; null = none. By the fetched history. */
  findElsewhere(run: Run): Promise<Observed<string | null>>;
  /** Paths that differ between the run's base and the commit, by the fetched history. */
  changedPaths(run: Run, sha: Sha): Promise<Observed<readonly string[]>>;
  /** The run's own commits on the default branch, newest first, by the fetched history. */
  findCommits(run: Run): Promise<Observed<readonly Sha[]>>;
  /** What changed between the run's base and the commit, as a patch, by the fetched history. */
  diffOf(run: Run, sha: Sha): Promise<Observed<string>>;
  /** Whether `sha` is `ancestorOf` or one of its ancestors, by the fetched history. */
  contains(repo: RepoKey, sha: Sha, inCommit: string): Promise<boolean>;
  /**
   * Takes the tree back, after saving what is not on the remote under `refs/afk/kept`; resolves to the refs it wrote. The
   * slot stays, warm for the next run, and is set up for it without anybody waiting.
   */
  release(run: Run): Promise<readonly string[]>;
  /** Fetches, then brings slots that no run holds to the default branch's head, and sets them up in the same way. */
  refresh(repo: RepoKey): Promise<void>;
  /** Takes a slot that no run holds off the volume, after saving what is in it all the same. */
  removeSlot(
    repo: RepoKey,
    slot: number,
  ): Promise<
    { readonly is: "removed"; readonly saved: readonly string[] } | { readonly is: "kept"; readonly why: string }
  >;
  /** When the oldest setup under way began, in UTC milliseconds; undefined = none is under way. */
  setupsSince(): number | undefined;
  /** Ends setups that are under way. */
  close(): Promise<void>;
};

export type Cluster = {
  /** The repo's workloads as they are, judged against the landed commit. */
  observeRollouts(repo: RepoKey, sha: Sha): Promise<Observed<readonly RolloutSeen[]>>;
  /** Conditions, events, pods and the ends of their logs, for people and for whoever fixes it. */
  fetchReports(repo: RepoKey): Promise<Observed<readonly WorkloadReport[]>>;
  /** Called with the repo of each workload that changed, once its rollout has been observed. */
  onChange(heard: (repo: RepoKey) => void): void;
  close(): void;
};

/** The broken state of frozen runs, for people to look into. */
export type Forensics = {
  /** Keeps the files (names and texts) under the name, instead of what was there; returns where. Throws `conflict`. */
  keep(name: string, files: ReadonlyMap<string, string>): Promise<string>;
};

/** One card and its replies, as they should be. */
export type ThreadWanted = {
  readonly issue: IssueKey;
  readonly root: SlackText;
  readonly replies: readonly (SlackText & { readonly key: string; readonly broadcast: boolean })[];
  /** Emoji on people's own messages; kept among the replies by their key. */
  readonly reactions: readonly { readonly key: string; readonly ts: string; readonly emoji: string }[];
};
export type SlackText = {
  readonly text: string;
  readonly blocks: readonly unknown[];
  /** The same for a workspace that does not take the newer of the blocks; absent = there are none. */
  readonly classic?: readonly unknown[];
};

export type Chat = {
  /**
   * Makes the issue's Slack thread as wanted, from what `thread` says was posted; commits each step it takes. What is
   * urgent waits for room only as long as it must, and leaves the card ("left") where there is room for the replies alone.
   * Throws `unreachable` where Slack is away: the caller comes back.
   */
  showThread(
    wanted: ThreadWanted,
    thread: IssueThread | undefined,
    commit: Store["commit"],
    urgent: boolean,
  ): Promise<"done" | "left">;
  /** How long until there is room for all that is to be shown, in milliseconds; 0 = now. */
  roomMs(wanted: ThreadWanted, thread: IssueThread | undefined): number;
  /** Throws `config`, saying what to do, where nothing can be shown in the channel now. */
  checkChannel(): Promise<void>;
};

/** Who may resolve what; `repo` undefined = what concerns all repos. Asked anew at each press. */
export type Rights = {
  mayResolve(
    user: string,
    repo: RepoKey | undefined,
  ): Promise<
    | { readonly is: "yes" }
    | { readonly is: "no"; readonly who: readonly string[] }
    | { readonly is: "unknown"; readonly why: string }
  >;
  /** The GitHub login of a Slack user, where the config knows it. */
  githubOf(user: string): string | null;
};

/** `channel`: the one in Slack that the threads are in. The first T3 server is `t3`, a further one `t3:` and its name. */
export type Dependency = "github" | "t3" | `t3:${string}` | "slack" | "channel" | "cluster";
