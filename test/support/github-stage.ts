// The stand-in GitHub with one enrolled repo, its people, and the bot's real adapter connected to it. Time is set.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { type GitHub as StandIn, startGitHub } from "../../playground/github/server.ts";
import type { Candidate } from "../../src/domain/evidence.ts";
import { known } from "../../src/domain/observed.ts";
import { emptyState } from "../../src/domain/state.ts";
import { createEnrolments, type Enrolments } from "../../src/enrol/enrolments.ts";
import { connectGitHub, type GitHubConnection } from "../../src/github/connect.ts";
import { always, type MayAct } from "../../src/leader/fence.ts";
import type { Clock } from "../../src/ports.ts";
import { type Answer, explain } from "../../src/why.ts";
import { oneServer, policy } from "./build.ts";

export const repo = "acme/shop";

export type GitHubStage = AsyncDisposable & {
  readonly hub: StandIn;
  readonly dir: string;
  readonly clock: Clock;
  readonly connection: GitHubConnection;
  readonly enrolments: Enrolments;
  /** Lets time pass: GitHub's stamps have whole seconds. */
  pass(seconds: number): void;
  /** An issue by `author`, labelled by `by` a minute later. Returns its number. */
  released(author: string, by: string, text?: { readonly title?: string; readonly body?: string }): number;
  /** The gates of the issue that fail, by name, as `why` tells them. */
  failing(number: number): Promise<readonly string[]>;
  why(number: number, inRepo?: string): Promise<Answer>;
  /** What a poll gives, by issue number. Fails the test where GitHub is unknown. */
  poll(): Promise<ReadonlyMap<number, Candidate>>;
  connect(token: string, keepIn?: string, mayAct?: MayAct): Promise<GitHubConnection>;
};

const THEN = Date.parse("2030-01-01T09:00:00Z");

export async function setGitHubStage(from = THEN): Promise<GitHubStage> {
  const dir = await mkdtemp(join(tmpdir(), "gates-"));
  let now = from;
  const clock: Clock = { now: () => now };
  const log = pino({ level: "silent" });
  const hub = await startGitHub({ dataDir: join(dir, "github"), now: () => new Date(now) });
  for (const login of ["maintainer", "triager", "outsider", "afk-bot"]) {
    hub.addUser({ login, type: "User", token: `token-${login}` });
  }
  for (const login of ["release-train[bot]", "stranger[bot]"])
    hub.addUser({ login, type: "Bot", token: `token-${login}` });
  await hub.createRepo({
    owner: "acme",
    name: "shop",
    files: { "CONTEXT.md": "# Shop\n", ".github/workflows/ci.yml": "on: push\njobs: {}\n" },
    collaborators: { maintainer: "maintain", triager: "triage", "afk-bot": "write", "release-train[bot]": "write" },
  });
  const connect: GitHubStage["connect"] = (token, keepIn, mayAct = always) =>
    connectGitHub({ apiUrl: hub.apiUrl, credentials: { kind: "token", token }, policy, keepIn, mayAct, clock, log });
  const connection = await connect("token-afk-bot");
  const { github } = connection;
  const enrolments = createEnrolments({
    repos: [repo],
    stateDir: join(dir, "state"),
    github,
    labels: policy.labels,
    clock,
    log,
  });
  const pass = (seconds: number): void => {
    now += seconds * 1000;
  };

  async function why(number: number, inRepo = repo): Promise<Answer> {
    const readVolumeFree = async () => known({ share: 0.5, of: "bytes" as const });
    const around = {
      enrolments,
      policy,
      clock,
      readVolumeFree,
      disarmed: () => undefined,
      isWarm: async () => false,
      executors: () => oneServer.executors,
    };
    const seen = await explain(inRepo, number, { ...around, github, state: emptyState });
    if (!seen.known) throw new Error(seen.why);
    return seen.value;
  }

  async function close(): Promise<void> {
    await connection.close();
    await hub.close();
    await rm(dir, { recursive: true, force: true });
  }

  return {
    hub,
    dir,
    clock,
    connection,
    enrolments,
    pass,
    released(author, by, { title = "Add a discount", body = "Ten per cent off." } = {}) {
      const { number } = hub.as(author).createIssue(repo, { title, body });
      pass(60);
      hub.as(by).label({ repo, number }, policy.labels.ready);
      return number;
    },
    why,
    async failing(number) {
      return (await why(number)).gates.flatMap(({ gate, pass: passes }) => (passes ? [] : [gate]));
    },
    async poll() {
      const seen = await github.fetchCandidates(repo);
      if (!seen.known) throw new Error(seen.why);
      return new Map(seen.value.map((candidate) => [candidate.number, candidate]));
    },
    connect,
    [Symbol.asyncDispose]: close,
  };
}
