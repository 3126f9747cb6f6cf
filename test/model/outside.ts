// The outside as the model test has it: issues, sessions with agents, CI. It takes the bot's actions, shows itself as
// evidence, and can go wrong in every way that the commands know.

import type { Action } from "../../src/domain/decision.ts";
import type { RunEvent } from "../../src/domain/event.ts";
import type {
  Candidate,
  MessageSent,
  TurnSeen,
  VerifyingEvidence,
  WorkingEvidence,
} from "../../src/domain/evidence.ts";
import { messageIdOf } from "../../src/domain/ids.ts";
import { known, unknown } from "../../src/domain/observed.ts";
import { nextOrder } from "../../src/domain/orders.ts";
import { type Landed, nextOrdinal, type Run, type Turn } from "../../src/domain/run.ts";
import { candidate, rollout, SHA, T0 } from "../support/build.ts";

export const REPOS = ["acme/one", "acme/two"] as const;
export type Repo = (typeof REPOS)[number];

type Agent = {
  readonly ordinal: number;
  readonly askedAt: number;
  is: "pending" | "running" | "asking" | "ended" | "zombie";
  how: "completed" | "failed" | "interrupted";
  activeAt: number;
};

type Issue = { readonly repo: Repo; readonly number: number; release: { eventId: number; at: number } | null };

export type Doing = "starts" | "works" | "asks" | "ends" | "fails" | "lands";

export type Ci = "silent" | "pending" | "green" | "red";

export class Outside {
  now = T0;
  t3Up = true;
  githubUp = true;
  treesFail = false;
  /** Whether agents end when they are interrupted. */
  obey = true;
  ci: Ci = "pending";
  readonly issues: Issue[] = REPOS.flatMap((repo) => [1, 2].map((number) => ({ repo, number, release: null })));
  readonly sessions = new Map<string, { readonly repo: string; readonly agents: Agent[]; landed: string | null }>();
  private lastEvent = 100;
  private commits = 0;

  private nextSha(): string {
    this.commits += 1;
    return this.commits.toString(16).padStart(40, "0");
  }

  set(weather: Partial<Pick<Outside, "t3Up" | "githubUp" | "treesFail" | "obey" | "ci">>): void {
    Object.assign(this, weather);
  }

  release(index: number): void {
    const issue = this.issues[index];
    if (issue === undefined) return;
    this.lastEvent += 1;
    issue.release = { eventId: this.lastEvent, at: this.now };
  }

  /** Agents that work, or may. */
  living(repo: string): number {
    const all = [...this.sessions.values()].filter((session) => session.repo === repo).flatMap(({ agents }) => agents);
    return all.filter(isLiving).length;
  }

  /** The run has an agent that works, or may. */
  hasLiving(run: string): boolean {
    return this.sessions.get(run)?.agents.some(isLiving) === true;
  }

  /** Whether the message that the run is about to send was not sent before. */
  turnIsNew(run: Run): boolean {
    const ordinal = messageOrdinal(run);
    return this.sessions.get(run.id)?.agents.some((agent) => agent.ordinal === ordinal) !== true;
  }

  /** Green as far as anybody can see it now. */
  green(): boolean {
    return this.githubUp && this.ci === "green";
  }

  /** Somebody pushes what the run made, whatever its agent does or has done. */
  pushLate(run: string): void {
    const session = this.sessions.get(run);
    if (session !== undefined) session.landed = this.nextSha();
  }

  /** What happens to the agent that works in the repo. */
  agent(repo: string, what: Doing): void {
    const session = [...this.sessions.values()].findLast((each) => each.repo === repo && each.agents.some(isLiving));
    const agent = session?.agents.findLast(isLiving);
    if (session === undefined || agent === undefined) return;
    agent.activeAt = this.now;
    if (what === "lands") session.landed = this.nextSha();
    if (what === "asks") agent.is = "asking";
    else if (what === "ends" || what === "fails" || what === "lands") {
      agent.is = "ended";
      agent.how = what === "fails" ? "failed" : "completed";
    } else agent.is = "running";
  }

  restartT3(): void {
    for (const { agents } of this.sessions.values()) {
      for (const agent of agents) if (agent.is === "running" || agent.is === "asking") agent.is = "zombie";
    }
  }

  candidates(repo: string): readonly Candidate[] | undefined {
    if (!this.githubUp) return undefined;
    return this.issues.flatMap(({ repo: of, number, release }) =>
      of === repo && release !== null
        ? [candidate({ number, release: known({ ...release, actor: "maintainer", byBot: false }) })]
        : [],
    );
  }

  /** As observe.ts: of a message that may not have been sent. */
  turnSent(run: Run, ordinal: number): WorkingEvidence["turn"] {
    if (!this.t3Up) return unknown("T3 is down");
    const agent = this.sessions.get(run.id)?.agents.find((each) => each.ordinal === ordinal);
    return known(agent === undefined ? { is: "not-started", why: "" } : this.seen(agent));
  }

  turn(run: Run, turn: Turn): WorkingEvidence["turn"] {
    if (!this.t3Up) return unknown("T3 is down");
    const agent = this.sessions.get(run.id)?.agents.find(({ ordinal }) => ordinal === turn.ordinal);
    return known(agent === undefined ? { is: "missing" } : this.seen(agent));
  }

  sent(run: Run): MessageSent {
    if (!this.t3Up) return unknown("T3 is down");
    const ordinal = messageOrdinal(run);
    return known(this.sessions.get(run.id)?.agents.some((agent) => agent.ordinal === ordinal) === true);
  }

  private seen(agent: Agent): TurnSeen {
    const turnId = `turn-${agent.ordinal}`;
    switch (agent.is) {
      case "pending":
        return { is: "pending" };
      case "running":
        return { is: "running", turnId, activeAt: agent.activeAt };
      case "zombie":
        return { is: "running", turnId, activeAt: agent.activeAt, restarted: { certain: true, since: agent.activeAt } };
      case "asking":
        return { is: "asking", turnId, kind: "input", requests: [{ id: "r", text: "Which one?" }] };
      case "ended":
        return { is: "ended", turnId, how: agent.how, lastWords: null, error: null };
      default:
        return agent.is satisfies never;
    }
  }

  working(run: Run, turn: Turn): WorkingEvidence {
    return { turn: this.turn(run, turn), landed: this.landed(run) };
  }

  landed(run: Run): WorkingEvidence["landed"] {
    const sha = this.sessions.get(run.id)?.landed ?? null;
    return this.githubUp ? known(sha === null ? null : { sha, commits: 1 }) : unknown("GitHub is down");
  }

  verifying(run: Run, landed: Landed): VerifyingEvidence {
    const down = unknown("GitHub is down");
    if (!this.githubUp) return { branch: down, checks: down, rollouts: known([]) };
    const own = { sha: this.sessions.get(run.id)?.landed ?? landed.sha, commits: 1 };
    const branch = known({ head: own.sha, there: true, own });
    const state = { silent: undefined, pending: "pending", green: "success", red: "failure" } as const;
    const check = state[this.ci];
    const checks =
      check === undefined
        ? []
        : [{ source: "check-run", name: "test", state: check, conclusion: check, url: null } as const];
    const runnable = known(true);
    return { branch, checks: known(checks), runnable, failures: known([]), rollouts: known([rollout()]) };
  }

  /** Takes an action as the adapters do: adopts what is there. Throws where it cannot be taken. */
  act(action: Action, run: Run): readonly RunEvent[] {
    const base = { at: this.now, run: run.id };
    const inT3 = action !== "prepare-tree" && action !== "release-tree";
    if ((inT3 && !this.t3Up) || (action === "prepare-tree" && (this.treesFail || !this.githubUp))) {
      throw new Error(`${action} is impossible`);
    }
    const session = this.sessions.get(run.id);
    switch (action) {
      case "prepare-tree":
        return [{ type: "run.tree-ready", ...base, tree: { path: "/r", slotPath: "/s", base: SHA } }];
      case "open-session":
        if (session === undefined) this.sessions.set(run.id, { repo: run.repo, agents: [], landed: null });
        return [{ type: "run.session-opened", ...base, session: { projectId: "p", threadId: run.id, url: null } }];
      case "start-turn":
        return [{ type: "run.turn-started", ...base, turn: this.ask(run, messageOrdinal(run), 0) }];
      case "resume-turn": {
        if (run.state.name !== "working" && run.state.name !== "fixing") return [];
        const { resumes = 0 } = run.state.turn;
        return [{ type: "run.turn-started", ...base, turn: this.ask(run, nextOrdinal(run), resumes + 1) }];
      }
      case "interrupt":
        for (const agent of session?.agents ?? []) if (this.obey && agent.is !== "ended") end(agent);
        return [];
      case "stop-session":
        for (const agent of session?.agents ?? []) if (agent.is !== "ended") end(agent);
        return [];
      case "end-idle-session":
        for (const agent of session?.agents ?? []) if (agent.is === "pending") end(agent);
        return [];
      case "carry-out-order":
        return this.carryOut(run);
      case "rerun-ci":
        return [];
      case "gather-forensics":
        return [{ type: "run.forensics-kept", ...base, path: "/forensics", summary: "" }];
      case "release-tree":
        // As in act.ts: a tree is not taken from under an agent at work.
        if (this.hasLiving(run.id)) return [];
        return [{ type: "run.tree-released", ...base }];
      default:
        return action satisfies never;
    }
  }

  /** A word to the agent steers it; an answer lets it work on, where it still asks. */
  private carryOut(run: Run): readonly RunEvent[] {
    const order = nextOrder(run);
    if (order === undefined) return [];
    const base = { at: this.now, run: run.id };
    if (order.what.kind === "steer") {
      const ordinal = nextOrdinal(run);
      const messageId = messageIdOf(run.id, ordinal);
      return [{ type: "run.steered", ...base, ordinal, messageId, askedAt: this.now, order: order.id }];
    }
    const asking = this.sessions.get(run.id)?.agents.find(({ is }) => is === "asking");
    if (asking !== undefined) Object.assign(asking, { is: "running", activeAt: this.now });
    const outcome = asking === undefined ? "stale" : "done";
    return [{ type: "run.order-over", ...base, order: order.id, outcome, text: "" }];
  }

  private ask(run: Run, ordinal: number, resumes: number): Turn {
    const agents = this.sessions.get(run.id)?.agents ?? [];
    const agent = agents.find((each) => each.ordinal === ordinal) ?? {
      ordinal,
      askedAt: this.now,
      is: "pending" as const,
      how: "completed" as const,
      activeAt: this.now,
    };
    if (!agents.includes(agent)) agents.push(agent);
    const messageId = messageIdOf(run.id, ordinal);
    return {
      ordinal,
      messageId,
      askedAt: agent.askedAt,
      turnIdsBefore: [],
      turnId: null,
      ...(resumes > 0 && { resumes }),
    };
  }
}

function isLiving({ is }: Agent): boolean {
  return is === "pending" || is === "running" || is === "asking";
}

function end(agent: Agent): void {
  agent.is = "ended";
  agent.how = "interrupted";
}

function messageOrdinal(run: Run): number {
  return run.state.name === "preparing" ? (run.state.message?.ordinal ?? 1) : nextOrdinal(run);
}
