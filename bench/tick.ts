// What looking at many idle repos costs: requests, quota, time against a bare loop of the same requests, and memory.
//
// GitHub is a process of its own here (tick-github.ts): one answer per repo with an ETag, 304 for who has it, and the
// rate-limit headers, 304 free, as documented. The bot's real adapter asks it over the same loopback as the bare loop.

import { mkdtempSync, rmSync } from "node:fs";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { pollEvery, requestsPerHourAt } from "../src/domain/pace.ts";
import { connectGitHub } from "../src/github/connect.ts";
import { type Server, startServer } from "./tick-server.ts";

const REPOS = 1_000;
const OWNERS = 10;
const CONCURRENCY = 8;
const ROUNDS = 15;
/** One in a hundred repos changes. */
const CHANGED = REPOS / 100;
const labels = { ready: "ready-for-agent", running: "agent-running", human: "ready-for-human" };

export async function run({ json }: { readonly json: boolean }): Promise<Record<string, unknown>> {
  const say = (line: string): void => void (json || process.stderr.write(`${line}\n`));
  const dir = mkdtempSync(join(tmpdir(), "afk-tick-"));
  const server = await startServer();
  try {
    return await measure(server, dir, say);
  } finally {
    server.process.kill();
    rmSync(dir, { recursive: true, force: true });
  }
}

async function measure(server: Server, dir: string, say: (line: string) => void): Promise<Record<string, unknown>> {
  const repos = Array.from({ length: REPOS }, (_, n) => `owner${n % OWNERS}/repo${n}`);
  const connect = () =>
    connectGitHub({
      apiUrl: server.url,
      credentials: { kind: "token", token: "bench" },
      policy: { labels, trustedBots: [], watchMs: 5_000, pollMs: 30_000 },
      keepIn: dir,
      clock: { now: () => Date.now() },
      log: pino({ level: "silent" }),
    });
  const tickOf = (github: Awaited<ReturnType<typeof connect>>["github"]) => () =>
    inParallel(repos, async (repo) => {
      const seen = await github.fetchCandidates(repo);
      if (!seen.known) throw new Error(seen.why);
      if (seen.value.length > 0) throw new Error("the idle repos have no released issue");
    });

  const first = await connect();
  await tickOf(first.github)();
  say(`first look: ${JSON.stringify(await server.take())}`);
  await first.close();

  // As after a restart: what was known comes from the disk.
  const { github, close } = await connect();
  const tick = tickOf(github);
  await tick();
  const afterRestart = await server.take();
  say(`after a restart: ${JSON.stringify(afterRestart)}`);

  const bare = await bareLoop(server.url, repos);
  await bare();
  const times: { tick: number[]; bare: number[] } = { tick: [], bare: [] };
  let idle = await server.take();
  for (let round = 0; round < ROUNDS; round += 1) {
    times.bare.push(await timed(bare));
    await server.take();
    times.tick.push(await timed(tick));
    idle = await server.take();
  }
  const tickMs = median(times.tick);
  const bareMs = median(times.bare);
  say(`bare loop ${times.bare.map(Math.round)} ms, tick ${times.tick.map(Math.round)} ms`);
  const rssMb = Math.round(process.memoryUsage().rss / 1024 / 1024);

  await server.change(CHANGED);
  await tick();
  const changed = await server.take();
  say(`with ${CHANGED} repos changed: ${JSON.stringify(changed)}`);
  await close();

  const pace = [10, 100, 300, 1_000].map((count) => {
    const everyMs = pollEvery(30_000, count, 36_000);
    return { repos: count, wantedMs: 30_000, everyMs, requestsPerHour: requestsPerHourAt(everyMs, count) };
  });
  return {
    bench: "tick",
    repos: REPOS,
    owners: OWNERS,
    requests: idle.requests,
    quotaUsed: idle.quotaUsed,
    vsBareLoop: Math.round((tickMs / bareMs) * 100) / 100,
    rssMb,
    tickMs: Math.round(tickMs),
    bareLoopMs: Math.round(bareMs),
    changedRepos: CHANGED,
    quotaUsedWithChanges: changed.quotaUsed,
    requestsWithChanges: changed.requests,
    quotaUsedAfterRestart: afterRestart.quotaUsed,
    pace,
  };
}

/** The same requests with the same ETags over node:http, nothing else done with the answers. */
async function bareLoop(url: string, repos: readonly string[]): Promise<() => Promise<void>> {
  const agent = new Agent({ keepAlive: true, maxSockets: CONCURRENCY });
  const etags = new Map<string, string>();
  return () =>
    inParallel(repos, async (repo) => {
      const path = `${url}/repos/${repo}/issues?state=open&labels=${labels.ready}&per_page=100`;
      const { etag } = await get(path, etags.get(repo), agent);
      if (etag !== undefined) etags.set(repo, etag);
    });
}

function get(url: string, etag: string | undefined, agent: Agent): Promise<{ etag: string | undefined }> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: "token bench", ...(etag === undefined ? {} : { "if-none-match": etag }) };
    request(url, { agent, headers }, (response) => {
      response.resume();
      response.on("end", () => resolve({ etag: response.headers.etag }));
    })
      .on("error", reject)
      .end();
  });
}

async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = items.values();
  const workers = Array.from({ length: CONCURRENCY }, async () => {
    for (const item of queue) await work(item);
  });
  await Promise.all(workers);
}

async function timed(work: () => Promise<void>): Promise<number> {
  const begun = performance.now();
  await work();
  return performance.now() - begun;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
