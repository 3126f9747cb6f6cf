// The bot that a config makes: adapters, loops and handlers, wired here and nowhere else. It can be taken down and built
// anew in the same process; what outlives it is in `Base`, and in the state.

import type { Config } from "../config.ts";
import { createEnrolments } from "../enrol/enrolments.ts";
import { createLoop } from "../loop.ts";
import { startProbes } from "../ops/probes.ts";
import type { Parts } from "../parts.ts";
import { createArming } from "../pilot/arming.ts";
import { createPublisher } from "../publish.ts";
import { reconcile } from "../reconcile.ts";
import { startSocket } from "../slack/socket.ts";
import { openHistory } from "../store/history.ts";
import { timersOf } from "../timers.ts";
import { readFree } from "../volume/space.ts";
import { explain } from "../why.ts";
import type { Base } from "./base.ts";
import { connectOutside } from "./outside.ts";
import { peopleOf } from "./people.ts";
import { createWakes } from "./wakes.ts";

/** How long a stop waits for work under way. Kubernetes kills after 30 s by default. */
const DRAIN_MS = 20_000;
/** A repo that is at work for longer hangs, unless its tree may take longer to prepare. */
const STUCK_MS = 30 * 60_000;

export type Bot = {
  /** Lets work under way finish, for a while. Resolves to the repos that were still at work then. */
  stop(): Promise<readonly string[]>;
};

export async function startBot(config: Config, base: Base): Promise<Bot> {
  const { store, dependencies, health, metrics, clock, log } = base;
  const { meter } = metrics;
  const outside = await connectOutside(config, base);
  const { policy, github, executor, trees, cluster, chat, t3, connection } = outside;
  const repos = [...config.repos.keys()];
  const enrolments = createEnrolments({
    repos,
    stateDir: config.stateDir,
    github,
    labels: policy.labels,
    clock,
    log,
  });
  const publisher = createPublisher({ store, github, chat, policy, dependencies, meter, timers: timersOf(clock), log });
  const parts: Parts = {
    store,
    history: openHistory(config.stateDir),
    github,
    executor,
    trees,
    cluster,
    publisher,
    dependencies,
    policy,
    enrolments,
    readVolumeFree: () => readFree(config.volume),
    disarmed: () => arming.disarmed(),
    model: config.t3.model.model,
    clock,
    log,
  };

  const loop = createLoop<string>({
    name: "repo",
    concurrency: 8,
    backoff: { firstMs: 1_000, ceilingMs: 60_000 },
    log,
    meter,
    work: (repo) => reconcile(repo, parts),
  });
  health.watch(loop.load, Math.max(STUCK_MS, 2 * policy.prepareMs));
  const { pollMs } = policy;
  const wakes = createWakes({ loop, store, repos, pollMs });
  t3.watch(wakes.nudgeSession);
  const arming = createArming({
    config,
    client: t3,
    clock,
    log,
    paused: () => store.state.pause !== null,
    onArmed: wakes.nudgeAll,
  });
  const people = peopleOf({
    config,
    store,
    dependencies,
    clock,
    rights: outside.rights,
    enrolments,
    polling: { everyMs: pollMs, inForce: connection.limits.inForce },
    arming,
    explain: (repo, issue) => explain(repo, issue, { ...parts, state: store.state }),
    nudgeAll: wakes.nudgeAll,
    nudge(run) {
      publisher.nudge(run, "person");
      loop.nudge(run.repo);
    },
  });
  const socket = startSocket({ ...config.slack, client: outside.slackForPeople, log, people });
  metrics.calls.name({
    github: config.github.apiUrl,
    slack: config.slack.apiUrl,
    t3: config.t3.url,
    cluster: outside.clusterClients.server,
  });
  metrics.show({ limits: connection.limits, volume: config.volume, disarmed: arming.disarmed });
  const probes = startProbes({ ...outside, githubClient: connection.client, dependencies, log });

  for (const run of Object.values(store.state.runs)) publisher.nudge(run);
  wakes.nudgeRunning();
  wakes.nudgeAll();
  const enrolling = enrolments.watch();
  log.info({ repos: config.repos.size, runs: Object.keys(store.state.runs).length }, "ready");

  return {
    async stop() {
      wakes.stop();
      const unfinished = await loop.stop(DRAIN_MS);
      await Promise.all([publisher.stop(DRAIN_MS), socket.stop(), probes.stop(), arming.stop()]);
      await enrolling.stop();
      await outside.close();
      return unfinished;
    },
  };
}
