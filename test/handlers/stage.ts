// Slack, the handlers and what is shown, on a state that the test sets: everything but the loop, which carries orders out.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import type { HandlerContext } from "../../handlers/context.ts";
import type { ShownMessage } from "../../playground/slack/outcomes.ts";
import { type Slack, startSlack } from "../../playground/slack/slack.ts";
import { channel, repo, slackUsers } from "../../playground/world/team.ts";
import type { Config } from "../../src/config.ts";
import type { BotEvent } from "../../src/domain/event.ts";
import { known } from "../../src/domain/observed.ts";
import { issueKey } from "../../src/domain/repo.ts";
import type { Run } from "../../src/domain/run.ts";
import { runsOfIssue } from "../../src/domain/runs.ts";
import { type BotState, emptyState, reduce } from "../../src/domain/state.ts";
import { createDependencies } from "../../src/ops/dependencies.ts";
import type { Store } from "../../src/ports.ts";
import { peopleOf } from "../../src/serve/people.ts";
import { createPeopleClient, createSlackClient } from "../../src/slack/client.ts";
import { createPace } from "../../src/slack/pace.ts";
import { createChat } from "../../src/slack/publish.ts";
import { createRights } from "../../src/slack/rights.ts";
import { startSocket } from "../../src/slack/socket.ts";
import { audited, openAudit } from "../../src/store/audit.ts";
import { timersOf } from "../../src/timers.ts";
import { thread } from "../../views/thread.ts";
import { oneServer, policy, run } from "../support/build.ts";
import { until } from "../support/stage.ts";

const [operator, viewer] = slackUsers;
export const GROUP = "S0ONCALL";

export type Stage = AsyncDisposable & {
  readonly slack: Slack;
  readonly state: () => BotState;
  commit(event: BotEvent): Promise<void>;
  run(): Run;
  /** Draws the thread as it should be now. */
  show(): Promise<void>;
  /** What the viewer sees of the run's thread; the escalation is the last reply. */
  replies(): readonly ShownMessage[];
  /** What only that person sees, newest last. */
  told(user: string): readonly ShownMessage[];
  settled(): Promise<void>;
  /** What was in memory only is gone. */
  restart(): Promise<void>;
};

/** With one run in the given state, its thread shown. */
export async function setStage(overrides: Partial<Run>, operators: readonly string[] = [operator.id]): Promise<Stage> {
  const slack = await startSlack({ limits: "off" });
  for (const user of slackUsers) slack.addUser(user);
  slack.addChannel({ ...channel, members: [...slackUsers.map(({ id }) => id), slack.bot.userId] });
  slack.addUsergroup({ id: GROUP, handle: "oncall", users: [] });
  const log = pino({ level: "silent" });
  const apiUrl = slack.apiUrl.replace(/\/$/, "");
  const clock = { now: () => Date.now() };
  const first = run({ repo, ...overrides });
  const { id } = first;
  const dir = mkdtempSync(join(tmpdir(), "afk-handlers-"));
  const audit = openAudit(dir);
  let state = reduce(emptyState, { type: "run.dispatched", at: clock.now(), run: first });
  let drawing = Promise.resolve();

  const plain: Store = {
    get state() {
      return state;
    },
    async commit(event: BotEvent) {
      state = reduce(state, event);
    },
    async close() {},
  };
  const store = audited(plain, audit);
  const chat = createChat(
    createSlackClient(apiUrl, slack.botToken, log),
    channel.id,
    createPace(clock),
    timersOf(clock),
    log,
  );
  const key = issueKey(repo, first.issue.number);
  function show(): Promise<void> {
    drawing = drawing.then(async () => {
      const rules = { policy, audience: { operators, ownersOf: () => [] }, reminders: state.reminders };
      const wanted = thread(runsOfIssue(state, repo, first.issue.number), rules);
      if (wanted !== undefined) await chat.showThread(wanted, state.threads[key], store.commit, true);
    });
    return drawing;
  }
  const client = createPeopleClient(apiUrl, slack.botToken, log);
  const repos = new Map([[repo, { repo, workloads: [], owners: [] }]]);
  const config = { slack: { operators, people: { [operator.id]: "maintainer" } }, repos, policy };
  const context: HandlerContext = {
    config: config as unknown as Config,
    configStanding: () => ({ since: clock.now(), trouble: null }),
    store,
    clock,
    rights: createRights(client, config as unknown as Config, clock),
    audit,
    dependencies: createDependencies(["slack", "t3"], clock, log),
    polling: { everyMs: policy.pollMs, inForce: () => [] },
    armings: [{ name: "t3", last: () => undefined, disarmed: () => undefined, start: () => true }],
    executors: () => oneServer.executors,
    enrolments: { last: async () => undefined },
    housekeeper: {
      plan: () => Promise.reject(new Error("not in this test")),
      prune: async () => "begun",
      report: () => Promise.reject(new Error("not in this test")),
    },
    explain: async (of: string, issue: number) =>
      known({
        issue: issueKey(of, issue),
        exists: true,
        title: "T",
        url: null,
        gates: [],
        starts: true,
        verdict: "Starts.",
      }),
    nudgeAll: () => {},
    nudge: () => void show(),
  };
  const { botToken, appToken } = slack;
  const connect = () => startSocket({ apiUrl, botToken, appToken, client, log, people: peopleOf(context) });
  const connected = () => until("two connections", () => slack.stats().sockets === 2);
  let socket = connect();
  await connected();
  await show();

  return {
    slack,
    state: () => state,
    commit: store.commit,
    run: () => state.runs[id] as Run,
    show,
    replies() {
      const root = state.threads[key]?.ts;
      return slack
        .as(viewer.id)
        .messages(channel.id)
        .filter(({ threadTs, onlyYou }) => threadTs === root && !onlyYou);
    },
    told: (user) =>
      slack
        .as(user)
        .messages(channel.id)
        .filter(({ onlyYou }) => onlyYou),
    settled: () => drawing,
    async restart() {
      await socket.stop();
      await until("no connection", () => slack.stats().sockets === 0);
      socket = connect();
      await connected();
    },
    async [Symbol.asyncDispose]() {
      await socket.stop();
      await drawing;
      await slack.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
