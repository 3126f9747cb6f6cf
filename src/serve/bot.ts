// The bot that a config makes: adapters, loops and handlers, wired here and nowhere else.
//
// cold → warm (connected, asking each service whether it answers, doing nothing) → leading → stopped. A bot can be
// replaced by one of another config in the same process; what outlives it is in `Base`, and in the store.

import { startBells } from "../bells.ts";
import type { Config } from "../config.ts";
import { disarmedEverywhere } from "../domain/assign.ts";
import type { CiRules } from "../domain/checks.ts";
import { createRedact } from "../domain/redact.ts";
import { createEnrolments } from "../enrol/enrolments.ts";
import { hasSlots } from "../git/slots.ts";
import { createUpkeep } from "../git/upkeep.ts";
import { startHousekeeper } from "../housekeep/housekeeper.ts";
import { fenced } from "../leader/fence.ts";
import { createLoop } from "../loop.ts";
import { startProbes } from "../ops/probes.ts";
import type { Parts } from "../parts.ts";
import { createArming } from "../pilot/arming.ts";
import type { Store } from "../ports.ts";
import { createPublisher } from "../publish.ts";
import { reconcile } from "../reconcile.ts";
import { startReceiving } from "../slack/receive.ts";
import { audited, openAudit } from "../store/audit.ts";
import { openHistory } from "../store/history.ts";
import { timersOf } from "../timers.ts";
import { startTokens } from "../tokens.ts";
import { createForensics } from "../volume/forensics.ts";
import { layoutOf } from "../volume/layout.ts";
import { readFree } from "../volume/space.ts";
import { explain } from "../why.ts";
import type { Base } from "./base.ts";
import { dependenciesOf, executorsSeen } from "./members.ts";
import { connectOutside } from "./outside.ts";
import { peopleOf } from "./people.ts";
import { createWakes } from "./wakes.ts";

/** How long a stop waits for work under way. Kubernetes kills after 30 s by default. */
const DRAIN_MS = 20_000;
/** A clone or a setup may take minutes: its repo waits for it in the next bot, and the other repos do not. */
const LEFT_MS = 60 * 60_000;
/** A repo that is at work for longer hangs, unless its tree may take longer to prepare. */
const STUCK_MS = 30 * 60_000;

/** A token that is renewed by itself is refused for a moment. */
const REFUSED_MS = 60_000;

export type WarmBot = {
  /** Starts to act; once. `left` is what the bot before it left at work. */
  lead(store: Store, left?: Left): Bot;
  /** Of a bot that never led. */
  close(): Promise<void>;
};

/** Of a repo that is in the config no more, and has a run all the same. */
const NO_RULES: CiRules = { required: [], ignored: [], whenNone: "red" };

export type Bot = {
  /** Lets work under way finish, for a while; before a replacement what is being shown to people is finished whole. */
  stop(because: "the process ends" | "it is replaced"): Promise<Left>;
};

/** The repos that were still at work after a while, and when they are done. */
export type Left = { readonly repos: readonly string[]; done(): Promise<unknown> };

/** Throws `config` where something that the config names cannot be loaded. */
export async function warmUp(config: Config, base: Base): Promise<WarmBot> {
  const { dependencies, health, metrics, clock, log } = base;
  const { meter } = metrics;
  let leading: Store | undefined;
  const paused = (): boolean => leading === undefined || leading.state.pause !== null;
  const outside = await connectOutside(config, base, paused);
  const { policy, github, executor, trees, cluster, chat, members, connection } = outside;
  const probes = startProbes({ ...outside, githubClient: connection.client, dependencies, log });
  metrics.calls.name({
    github: config.github.apiUrl,
    slack: config.slack.apiUrl,
    cluster: outside.clusterClients.server,
    ...Object.fromEntries(config.t3.servers.map(({ url }, index) => [members[index]?.dependency ?? "t3", url])),
  });

  function lead(kept: Store, left: Left | undefined): Bot {
    const audit = openAudit(config.stateDir);
    const store = audited(kept, audit);
    leading = store;
    dependencies.follow(dependenciesOf(config));
    const repos = [...config.repos.keys()];
    const { labels, pollMs } = policy;
    const enrolments = createEnrolments({ repos, stateDir: config.stateDir, github, labels, clock, log });
    const publisher = createPublisher({
      store,
      github,
      chat,
      policy,
      audience: { operators: config.slack.operators, ownersOf: (repo) => config.repos.get(repo)?.owners ?? [] },
      dependencies,
      meter,
      timers: timersOf(clock),
      log,
    });
    const parts: Parts = {
      store,
      history: fenced(openHistory(config.stateDir), { add: "acts", find: "looks" }, base.mayAct),
      github,
      executor,
      trees,
      cluster,
      forensics: createForensics(config.volume),
      redact: createRedact(config.secrets, config.redact),
      ciRules: (repo) => config.repos.get(repo)?.ci ?? NO_RULES,
      publisher,
      dependencies,
      policy,
      enrolments,
      readVolumeFree: () => readFree(config.volume),
      disarmed: () => disarmedEverywhere(executors()),
      executors: () => executors(),
      isWarm: (repo) => hasSlots(layoutOf(config.volume), repo),
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
    for (const repo of left?.repos ?? []) void loop.hold(repo, async () => left?.done());
    health.watch(loop.load, Math.max(STUCK_MS, 2 * policy.prepareMs));
    const wakes = createWakes({ loop, store, repos, pollMs });
    for (const { client } of members) client.watch(wakes.nudgeSession);
    cluster.onChange(wakes.nudgeVerifying);
    const armings = members.map(({ client }, index) =>
      createArming({
        config,
        server: config.t3.servers[index] ?? config.t3.servers[0],
        client,
        clock,
        log,
        paused,
        onArmed: wakes.nudgeAll,
      }),
    );
    const executors = () => executorsSeen(config, armings, dependencies);
    const housekeeper = startHousekeeper({
      settings: config.housekeeping,
      minFree: policy.minFree,
      stateDir: config.stateDir,
      layout: layoutOf(config.volume),
      repos,
      trees,
      upkeep: createUpkeep(layoutOf(config.volume)),
      store,
      history: parts.history,
      loop,
      chat,
      dependencies,
      mayAct: base.mayTouch,
      clock,
      log,
    });
    const bells = startBells({
      store,
      ladder: config.ladder,
      policy,
      second: outside.secondBell,
      nudge: (run) => publisher.nudge(run),
      clock,
      log,
    });
    const tokens = startTokens({
      store,
      chat,
      dependencies,
      operators: config.slack.operators,
      ntfy: outside.secondBell?.ntfy,
      lastsMs: REFUSED_MS,
      clock,
      log,
    });
    const people = peopleOf({
      config,
      configStanding: base.configStanding,
      store,
      dependencies,
      clock,
      rights: outside.rights,
      audit,
      enrolments,
      polling: { everyMs: pollMs, inForce: connection.limits.inForce },
      armings,
      executors,
      housekeeper,
      explain: (repo, issue) => explain(repo, issue, { ...parts, state: store.state }),
      nudgeAll: wakes.nudgeAll,
      nudge(run) {
        publisher.nudge(run, "person");
        loop.nudge(run.repo);
      },
    });
    const receiving = startReceiving(config.slack, { client: outside.slackForPeople, log, people });
    metrics.show({ limits: connection.limits, volume: config.volume, executors, runs: () => store.state });

    for (const run of Object.values(store.state.runs)) publisher.nudge(run);
    wakes.nudgeRunning();
    wakes.nudgeAll();
    const enrolling = enrolments.watch();
    log.info({ repos: repos.length, runs: Object.keys(store.state.runs).length }, "ready");

    return {
      async stop(because) {
        wakes.stop();
        // Setups end at once: they are begun anew, and nothing waits for them meanwhile.
        const [unfinished] = await Promise.all([loop.stop(DRAIN_MS), housekeeper.stop(DRAIN_MS), trees.close()]);
        const showing = publisher.stop(because === "it is replaced" ? LEFT_MS : DRAIN_MS);
        const saying = Promise.all([showing, bells.stop(DRAIN_MS), tokens.stop(DRAIN_MS)]);
        await Promise.all([saying, receiving.stop(), probes.stop(), ...armings.map((one) => one.stop())]);
        await enrolling.stop();
        await outside.close();
        return { repos: unfinished, done: () => loop.stop(LEFT_MS) };
      },
    };
  }

  return {
    lead,
    async close() {
      await probes.stop();
      await outside.close();
    },
  };
}
