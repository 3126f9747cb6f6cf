// Runs as figures: how many are where, how long they take, what became of them, what waits for people and since when.
// What is now is read from the state at each scrape; what happened is counted as it is committed.

import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import { isEnded, type Run, type RunId, type RunState } from "../../domain/run.ts";
import type { BotState } from "../../domain/state.ts";
import type { Clock, Store } from "../../ports.ts";

const STATES = [
  "preparing",
  "working",
  "verifying",
  "fixing",
  "blocked",
  "frozen",
  "deployed",
  "handed-over",
  "abandoned",
] as const satisfies readonly RunState["name"][];

const KINDS = ["blocked", "frozen", "approval", "input"] as const;
/** An age bucket holds what is younger than its time and older than the one before. */
const AGES = [
  { age: "1h", below: 3_600_000 },
  { age: "4h", below: 14_400_000 },
  { age: "1d", below: 86_400_000 },
  { age: "older", below: Number.POSITIVE_INFINITY },
] as const;

const MINUTES = [0.1, 0.5, 1, 2, 5, 10, 20, 40, 60, 120, 240].map((minutes) => minutes * 60);

export type RunMetrics = {
  /** The store, every commit of which is counted. */
  metered(store: Store): Store;
};

export function createRunMetrics(registry: Registry, clock: Clock): RunMetrics {
  const registers = [registry];
  let read: (() => BotState) | undefined;
  /** The state each run was last seen in: several commits may come at once, and a move is counted once. */
  const seen = new Map<RunId, RunState>();

  new Gauge({
    name: "afk_runs",
    help: "Runs in the bot's memory, by state.",
    labelNames: ["state"],
    registers,
    collect() {
      for (const state of STATES) this.set({ state }, 0);
      for (const { state } of Object.values(read?.().runs ?? {})) this.inc({ state: state.name });
    },
  });
  new Gauge({
    name: "afk_escalations",
    help: "Open questions to people, by kind and by how old they are.",
    labelNames: ["kind", "age"],
    registers,
    collect() {
      for (const kind of KINDS) for (const { age } of AGES) this.set({ kind, age }, 0);
      for (const { kind, since } of questions(read?.())) {
        const age = AGES.find(({ below }) => clock.now() - since < below)?.age ?? "older";
        this.inc({ kind, age });
      }
    },
  });
  new Gauge({
    name: "afk_escalation_oldest_seconds",
    help: "Age of the oldest open question to people, by kind; 0 = there is none.",
    labelNames: ["kind"],
    registers,
    collect() {
      for (const kind of KINDS) {
        const times = questions(read?.()).flatMap((question) => (question.kind === kind ? [question.since] : []));
        this.set({ kind }, times.length === 0 ? 0 : Math.max(0, clock.now() - Math.min(...times)) / 1000);
      }
    },
  });
  new Gauge({
    name: "afk_paused",
    help: "1 = people have paused the bot.",
    registers,
    collect() {
      this.set(read !== undefined && read().pause !== null ? 1 : 0);
    },
  });

  const started = new Counter({
    name: "afk_runs_started_total",
    help: "Runs dispatched.",
    labelNames: ["repo"],
    registers,
  });
  const ended = new Counter({
    name: "afk_runs_ended_total",
    help: "Runs that ended or stopped for people, by what became of them.",
    labelNames: ["repo", "outcome"],
    registers,
  });
  const whole = new Histogram({
    name: "afk_run_seconds",
    help: "From a run's dispatch to its end, by outcome.",
    labelNames: ["outcome"],
    buckets: MINUTES,
    registers,
  });
  const stays = new Histogram({
    name: "afk_run_state_seconds",
    help: "How long runs stayed in a state, by the state they left.",
    labelNames: ["state"],
    buckets: MINUTES,
    registers,
  });
  const fixTurns = new Counter({ name: "afk_fix_turns_total", help: "Corrective turns begun.", registers });
  const fixed = new Counter({
    name: "afk_fix_forward_total",
    help: "Runs with a red verdict that were tried to be fixed, by how that came out.",
    labelNames: ["outcome"],
    registers,
  });
  for (const outcome of ["deployed", "frozen", "blocked", "handed-over", "abandoned"]) fixed.inc({ outcome }, 0);
  const cost = new Counter({
    name: "afk_run_cost_usd_total",
    help: "What ended runs cost, where that is known.",
    registers,
  });
  const commits = new Counter({
    name: "afk_commits_total",
    help: "Events committed, by how that went.",
    labelNames: ["result"],
    registers,
  });
  for (const result of ["ok", "failed"]) commits.inc({ result }, 0);
  const commitSeconds = new Histogram({
    name: "afk_commit_seconds",
    help: "How long a commit took to be durable.",
    buckets: [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3],
    registers,
  });

  function note(run: Run): void {
    const before = seen.get(run.id);
    const { state } = run;
    seen.set(run.id, state);
    if (before === undefined) started.inc({ repo: run.repo });
    if (before?.name === state.name) return;
    if (before !== undefined) stays.observe({ state: before.name }, Math.max(0, state.since - before.since) / 1000);
    if (state.name === "fixing") fixTurns.inc();
    if (!isEnded(run) && state.name !== "blocked" && state.name !== "frozen") return;
    ended.inc({ repo: run.repo, outcome: state.name });
    if ((run.fixes?.attempts ?? 0) > 0) fixed.inc({ outcome: state.name });
    if (!isEnded(run)) return;
    whole.observe({ outcome: state.name }, Math.max(0, state.since - run.startedAt) / 1000);
    cost.inc(run.spend?.usd ?? 0);
  }

  return {
    metered(store) {
      read = () => store.state;
      seen.clear();
      for (const run of Object.values(store.state.runs)) seen.set(run.id, run.state);
      return {
        get state() {
          return store.state;
        },
        async commit(event) {
          const done = commitSeconds.startTimer();
          try {
            await store.commit(event);
            commits.inc({ result: "ok" });
          } catch (error) {
            commits.inc({ result: "failed" });
            throw error;
          } finally {
            done();
          }
          if (!("run" in event)) return;
          const id = typeof event.run === "string" ? event.run : event.run.id;
          const run = store.state.runs[id];
          if (run === undefined) seen.delete(id);
          else note(run);
        },
        close: () => store.close(),
      };
    },
  };
}

type Question = { readonly kind: (typeof KINDS)[number]; readonly since: number };

function questions(state: BotState | undefined): readonly Question[] {
  return Object.values(state?.runs ?? {}).flatMap(({ state: at }): readonly Question[] => {
    if (at.name === "blocked" || at.name === "frozen") return [{ kind: at.name, since: at.since }];
    if ((at.name === "working" || at.name === "fixing") && at.asked !== undefined) {
      return [{ kind: at.asked.kind, since: at.asked.since }];
    }
    return [];
  });
}
