// What judging many landed commits costs: requests and quota while nothing changes, and how long after the API server's
// last word a run shows it. The bot's own loop, adapters and decisions; GitHub is a process of its own (tick-github.ts),
// the cluster the playground's, on one machine with everything else.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { type Cluster, clusterAdmin, startKubernetes } from "../playground/kubernetes/cluster.ts";
import { known } from "../src/domain/observed.ts";
import type { Run } from "../src/domain/run.ts";
import { connectGitHub } from "../src/github/connect.ts";
import { createClusterClients } from "../src/kubernetes/clients.ts";
import { createCluster } from "../src/kubernetes/cluster.ts";
import { createLoop } from "../src/loop.ts";
import type { Parts } from "../src/parts.ts";
import { reconcile } from "../src/reconcile.ts";
import { createLabelOf } from "../src/registry/registry.ts";
import { openStore } from "../src/store/store.ts";
import { policy as testPolicy } from "../test/support/build.ts";
import { activeRun } from "./runs.ts";
import { type Server, startServer } from "./tick-server.ts";

const RUNS = 200;
const NAMESPACES = 10;
const WATCH_MS = 5_000;
/** Intervals in which nothing changes. */
const IDLE = 4;
const OLD = "0".repeat(40);

const repoOf = (n: number): string => `owner/repo${n}`;
const shaOf = (n: number): string => (n + 1).toString(16).padStart(40, "f");
const placeOf = (n: number) => ({ namespace: `team-${n % NAMESPACES}`, name: `web-${n}` });
const imageOf = (n: number, sha: string): string => `registry.example/web-${n}:${sha}`;

export async function run({ json }: { readonly json: boolean }): Promise<Record<string, unknown>> {
  const say = (line: string): void => void (json || process.stderr.write(`${line}\n`));
  const dir = mkdtempSync(join(tmpdir(), "afk-verify-"));
  const [server, cluster] = await Promise.all([startServer(), startKubernetes({ speed: 50 })]);
  try {
    return await measure(server, cluster, dir, say);
  } finally {
    server.process.kill();
    await cluster.close();
    rmSync(dir, { recursive: true, force: true });
  }
}

async function measure(
  server: Server,
  cluster: Cluster,
  dir: string,
  say: (line: string) => void,
): Promise<Record<string, unknown>> {
  const numbers = Array.from({ length: RUNS }, (_, n) => n + 1);
  for (let n = 0; n < NAMESPACES; n += 1) cluster.createNamespace(`team-${n}`);
  await Promise.all(
    numbers.map((n) =>
      cluster.createDeployment({ ...placeOf(n), image: imageOf(n, OLD), replicas: 0, wait: "healthy" }),
    ),
  );
  cluster.addToken("bot", { user: "bot", rules: clusterAdmin });
  writeFileSync(join(dir, "kubeconfig"), cluster.kubeconfig("bot"));

  const clock = { now: () => Date.now() };
  const log = pino({ level: "silent" });
  const policy = { ...testPolicy, watchMs: WATCH_MS };
  const store = await openStore(join(dir, "state"), log);
  const credentials = { kind: "token", token: "bench" } as const;
  const connection = await connectGitHub({ apiUrl: server.url, credentials, policy, keepIn: undefined, clock, log });
  const repos = new Map(
    numbers.map((n) => [repoOf(n), { workloads: [{ kind: "Deployment" as const, ...placeOf(n) }] }]),
  );
  const bot = createCluster(
    createClusterClients(join(dir, "kubeconfig")),
    repos,
    async () => false,
    createLabelOf([]),
    log,
  );
  // Git has no part in what is measured: the branch stands where the commit landed.
  const trees = {
    observeBranch: async (_run: Run, sha: string) => known({ head: sha, there: true, own: { sha, commits: 1 } }),
    changedPaths: async () => known([]),
    findSlots: async () => [],
    release: async () => [],
  };
  const parts = {
    store,
    github: connection.github,
    cluster: bot,
    trees,
    policy,
    clock,
    log,
    redact: (text: string) => text,
    ciRules: () => ({ required: [], ignored: [], whenNone: "red" }),
    dependencies: { noteObserved: () => {}, watch: <T>(_of: string, call: () => Promise<T>) => call() },
    publisher: { nudge: () => {}, isShown: () => false },
    disarmed: () => ({ why: "a bench starts nothing" }),
  } as unknown as Parts;
  for (const n of numbers) await store.commit({ type: "run.dispatched", at: clock.now(), run: landedRun(n) });

  const loop = createLoop<string>({
    name: "repo",
    concurrency: 8,
    backoff: { firstMs: 1_000, ceilingMs: 60_000 },
    log,
    work: (repo) => (isVerifying(repo) ? reconcile(repo, parts) : Promise.resolve(null as never)),
  });
  const runOf = (repo: string): Run | undefined => Object.values(store.state.runs).find((each) => each.repo === repo);
  const isVerifying = (repo: string): boolean => runOf(repo)?.state.name === "verifying";
  bot.onChange((repo) => isVerifying(repo) && loop.nudge(repo));
  for (const n of numbers) {
    loop.nudge(repoOf(n));
    await pause(WATCH_MS / RUNS);
  }
  await pause(2 * WATCH_MS);
  await server.take();
  const asked = cluster.listener.count();
  await pause(IDLE * WATCH_MS);
  const idle = await server.take();
  const requestsPerRun = idle.requests / RUNS / IDLE;
  const clusterRequests = cluster.listener.count() - asked;
  say(`${RUNS} runs, ${IDLE} intervals, nothing changes: ${JSON.stringify(idle)}; ${clusterRequests} to the cluster`);

  await server.change(RUNS + 1);
  await pause(2 * WATCH_MS);
  await server.take();
  await pause(IDLE * WATCH_MS);
  const waiting = await server.take();
  say(`CI is green, the rollouts are waited for: ${JSON.stringify(waiting)}`);

  const lags = await lagsOf(numbers, cluster, (n) => runOf(repoOf(n))?.state);
  say(`lags: ${lags.map(Math.round).join(" ")}`);
  await loop.stop(5_000);
  bot.close();
  await connection.close();
  await store.close();
  return {
    bench: "verify",
    watchLagP95Ms: Math.round(lags[Math.floor(lags.length * 0.95)] ?? -1),
    quotaUsed: idle.quotaUsed,
    requestsPerRun: Math.round(requestsPerRun * 100) / 100,
    runs: RUNS,
    watchMs: WATCH_MS,
    watchLagMaxMs: Math.round(lags.at(-1) ?? -1),
    requestsPerRunWhileRollingOut: Math.round((waiting.requests / RUNS / IDLE) * 100) / 100,
    quotaUsedWhileRollingOut: waiting.quotaUsed,
    clusterRequestsWhileIdle: clusterRequests,
  };
}

/** From the write that makes a workload healthy on the commit to the run that says deployed, sorted. */
async function lagsOf(
  numbers: readonly number[],
  cluster: Cluster,
  stateOf: (n: number) => Run["state"] | undefined,
): Promise<readonly number[]> {
  const healthyAt = new Map<string, number>();
  const done = cluster.onChange(({ object }) => {
    const { metadata } = object as { metadata: { name: string; generation?: number } };
    const { status } = object as { status?: { observedGeneration?: number } };
    if (status?.observedGeneration === metadata.generation) healthyAt.set(metadata.name, Date.now());
  });
  const lags: number[] = [];
  for (const n of numbers) {
    const { name } = placeOf(n);
    healthyAt.delete(name);
    cluster.setImage({ ...placeOf(n), image: imageOf(n, shaOf(n)) });
    await pause(50);
  }
  const deadline = Date.now() + 30_000;
  for (const n of numbers) {
    while (stateOf(n)?.name !== "deployed" && Date.now() < deadline) await pause(20);
    const state = stateOf(n);
    const at = healthyAt.get(placeOf(n).name);
    if (state?.name === "deployed" && at !== undefined) lags.push(Math.max(0, state.since - at));
    else lags.push(Number.POSITIVE_INFINITY);
  }
  done();
  return lags.toSorted((a, b) => a - b);
}

function landedRun(n: number): Run {
  const now = Date.now();
  const landed = { sha: shaOf(n), commits: 1, seenAt: now };
  return { ...activeRun(n, repoOf(n)), state: { name: "verifying", since: now, landed, onRed: "fix", reverts: false } };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
