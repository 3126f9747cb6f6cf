// The bot of the model test: the pure core in the order in which reconcile.ts asks it, over the model's outside.

import { decidePreparing, decideStopped } from "../../src/domain/decide.ts";
import type { Decision } from "../../src/domain/decision.ts";
import type { BotEvent } from "../../src/domain/event.ts";
import type { StoppedEvidence } from "../../src/domain/evidence.ts";
import { hasRoom, type Selected, selectNext, supersededBy } from "../../src/domain/gates.ts";
import { branchOf, runIdOf } from "../../src/domain/ids.ts";
import { known } from "../../src/domain/observed.ts";
import { decideOrder, wantsNewSlot } from "../../src/domain/orders.ts";
import type { Policy } from "../../src/domain/policy.ts";
import { holdsRepo, isActive, isEnded, nextOrdinal, type Run, type RunStateOf } from "../../src/domain/run.ts";
import { runsOf } from "../../src/domain/runs.ts";
import { type BotState, emptyState, reduce, reduceAll } from "../../src/domain/state.ts";
import { newSlot } from "../../src/domain/tree-slots.ts";
import { decideTurning } from "../../src/domain/turning.ts";
import { decideVerifying } from "../../src/domain/verifying.ts";
import { run as aRun, oneServer, policy } from "../support/build.ts";
import type { Outside } from "./outside.ts";

/** More steps than this without a wait is a bot that spins. */
const MOST_STEPS = 60;

const RULES = { required: [], ignored: [], whenNone: "red" } as const;

/** What may not be done in a pause. A word to an agent at work starts nothing. */
const STARTS: ReadonlySet<string> = new Set(["prepare-tree", "open-session", "start-turn", "resume-turn", "rerun-ci"]);

/** Events that order an agent's work, whoever wants it. */
const ORDERS_WORK: ReadonlySet<string> = new Set(["run.fix-ordered", "run.again-ordered", "run.rerun-ordered"]);

export class Bot {
  state: BotState = emptyState;
  policy: Policy = { ...policy, maxRuns: 2 };
  readonly journal: BotEvent[] = [];
  /** What was promised and not kept at the moment of a decision or a start; the rest is seen in the state. */
  readonly broken: string[] = [];
  readonly outside: Outside;

  constructor(outside: Outside) {
    this.outside = outside;
  }

  commit(event: BotEvent): void {
    const before = this.active();
    this.journal.push(event);
    this.state = reduce(this.state, event);
    // A look at what is there starts no agent.
    const looks = event.type === "run.landed" || (event.type === "run.unfrozen" && event.how === "verify-again");
    if (this.active() > Math.max(before, looks ? before + 1 : this.policy.maxRuns)) {
      this.broken.push(`${event.type} beyond the cap`);
    }
  }

  private active(): number {
    return Object.values(this.state.runs).filter(isActive).length;
  }

  /** Killed and started again: the state is what the journal on disk gives. */
  crash(): void {
    this.state = reduceAll(emptyState, JSON.parse(JSON.stringify(this.journal)) as BotEvent[]);
  }

  /** Looks at a repo. `between` happens once between a decision and its action, as things do. */
  look(repo: string, between: () => void = () => {}): void {
    let happens: (() => void) | undefined = between;
    const once = (): void => {
      happens?.();
      happens = undefined;
    };
    for (const run of runsOf(this.state, repo)) this.move(run.id, once);
    this.startNext(repo, once);
  }

  private move(id: string, between: () => void): void {
    for (let steps = 0; ; steps += 1) {
      if (steps > MOST_STEPS) throw new Error(`run ${id} spins: ${JSON.stringify(this.state.runs[id]?.state)}`);
      const run = this.state.runs[id];
      const decision = run && this.decide(run);
      if (run === undefined || decision === undefined || decision.do === "wait") return;
      const paused = this.state.pause !== null;
      const green = this.outside.green();
      between();
      if (decision.do === "act") {
        if (this.act(decision.action, run, paused)) return;
        continue;
      }
      const { event } = decision;
      if (paused && (decision.starts || ORDERS_WORK.has(event.type))) this.broken.push(`${event.type} in a pause`);
      if (event.type === "run.deployed" && !green) this.broken.push("deployed without a green CI in sight");
      // As in starts.ts: the cap is asked once more when the start is committed.
      if (decision.starts && !hasRoom(this.state, this.policy)) return;
      this.commit(event);
    }
  }

  /** True: nothing more to do now. */
  private act(action: Extract<Decision, { do: "act" }>["action"], run: Run, paused: boolean): boolean {
    if (STARTS.has(action) && paused) this.broken.push(`${action} in a pause`);
    if (action === "start-turn" && this.outside.living(run.repo) > 0 && this.outside.turnIsNew(run)) {
      this.broken.push("a turn begun beside an agent at work");
    }
    try {
      const events = this.outside.act(action, run);
      for (const event of events) this.commit(event);
      return events.length === 0;
    } catch (error) {
      if (run.state.name === "preparing") {
        const at = this.outside.now;
        const text = String(error);
        this.commit({ type: "run.step-failed", at, run: run.id, step: action, text, refused: false });
      }
      return true;
    }
  }

  private decide(run: Run): Decision | undefined {
    const asked = this.decideAsked(run);
    if (asked !== undefined && asked.do !== "wait") return asked;
    return this.decideByItself(run) ?? asked;
  }

  private decideAsked(run: Run): Decision | undefined {
    const around = {
      paused: this.state.pause !== null,
      others: runsOf(this.state, run.repo).filter(({ id }) => id !== run.id),
      room: hasRoom(this.state, this.policy),
      sent: this.outside.sent(run),
      freeSlot: wantsNewSlot(run) ? this.freeSlot(run.repo) : undefined,
      policy: this.policy,
    };
    return decideOrder(run, around, this.outside.now);
  }

  private freeSlot(repo: string): number {
    const held = runsOf(this.state, repo).filter((run) => !isEnded(run) || run.tree !== null);
    return newSlot(
      [],
      held.map(({ slot }) => slot),
    );
  }

  private decideByItself(run: Run): Decision | undefined {
    const { outside, policy: by } = this;
    const { state } = run;
    const paused = this.state.pause !== null;
    switch (state.name) {
      case "preparing":
        return decidePreparing(run, state, outside.sent(run), by, paused, outside.now);
      case "working":
      case "fixing":
        return decideTurning(run, state, outside.working(run, state.turn), by, outside.now, paused);
      case "verifying":
        return decideVerifying(run, state, outside.verifying(run, state.landed), RULES, by, outside.now, paused);
      case "blocked":
      case "frozen":
        return decideStopped(run, state, this.stopped(run, state), by, outside.now);
      case "deployed":
      case "abandoned":
      case "handed-over":
        return run.tree === null ? undefined : { do: "act", action: "release-tree" };
      default:
        return state satisfies never;
    }
  }

  private stopped(run: Run, state: RunStateOf<"blocked"> | RunStateOf<"frozen">): StoppedEvidence {
    const { outside } = this;
    const others = runsOf(this.state, run.repo).filter(({ id }) => id !== run.id);
    return {
      turn: state.turn === null ? outside.turnSent(run, nextOrdinal(run)) : outside.turn(run, state.turn),
      landed: outside.landed(run),
      free: others.every((other) => holdsRepo(other) === undefined),
    };
  }

  private startNext(repo: string, between: () => void): void {
    if (runsOf(this.state, repo).some(isActive)) return;
    const candidates = this.outside.candidates(repo);
    if (candidates === undefined) return;
    const selected = this.select(repo, candidates);
    between();
    // As in reconcile.ts: the gates are asked once more when the start is committed.
    if (selected === undefined || this.select(repo, [selected.candidate]) === undefined) return;
    for (const earlier of runsOf(this.state, repo)) {
      if (isEnded(earlier) || !supersededBy(earlier, selected.candidate)) continue;
      this.commit({ type: "run.abandoned", at: this.outside.now, run: earlier.id, why: "released again" });
    }
    if (this.state.pause !== null) this.broken.push("dispatch in a pause");
    const run = this.newRun(repo, selected);
    this.commit({ type: "run.dispatched", at: this.outside.now, run });
    this.move(run.id, between);
  }

  private select(repo: string, candidates: Parameters<typeof selectNext>[1]): Selected | undefined {
    const { now } = this.outside;
    const pass = { check: "repository", result: "pass", why: "", remedy: null } as const;
    const enrolment = { repo, repoId: 1, fullName: repo, defaultBranch: "main", checkedAt: now, checks: [pass] };
    return selectNext(repo, candidates, {
      state: this.state,
      policy: this.policy,
      disarmed: undefined,
      ...oneServer,
      enrolment: known(enrolment),
      volumeFree: known({ share: 0.5, of: "bytes" }),
      now,
    });
  }

  private newRun(repo: string, { candidate: { number }, release }: Selected): Run {
    const { now } = this.outside;
    const id = runIdOf(repo, number, release);
    const state = { name: "preparing", since: now, failure: null, refusals: 0 } as const;
    const issue = { number, title: "An issue", url: "https://github.com/acme/one/issues/1" };
    const { eventId, actor, at } = release;
    const own = { id, repo, issue, release: { eventId, actor, at }, branch: branchOf(number, id), startedAt: now };
    return aRun({ ...own, slot: this.freeSlot(repo), messages: 0, tree: null, session: null, state });
  }
}
