// `afk why owner/repo#12`, beside a running bot or without one: reads GitHub and the bot's files, and changes nothing but
// the repo's enrolment where that has to be checked again.

import { findIssue } from "../handlers/target.ts";
import { whyText } from "../views/why.ts";
import type { Config, T3Server } from "./config.ts";
import { disarmedEverywhere, type ExecutorSeen } from "./domain/assign.ts";
import { pollEvery } from "./domain/pace.ts";
import { createEnrolments } from "./enrol/enrolments.ts";
import { AfkError } from "./errors.ts";
import { hasSlots } from "./git/slots.ts";
import { connectGitHub } from "./github/connect.ts";
import { createLog } from "./log.ts";
import { disarmedBy } from "./pilot/arming.ts";
import { watchPilot } from "./pilot/result.ts";
import type { Clock } from "./ports.ts";
import { peekState } from "./store/peek.ts";
import { layoutOf } from "./volume/layout.ts";
import { readFree } from "./volume/space.ts";
import { explain } from "./why.ts";

export async function whyCommand(config: Config, asked: string, json: boolean): Promise<void> {
  const repos = [...config.repos.keys()];
  const issue = findIssue(asked, repos.length === 1 ? repos[0] : undefined);
  if (issue === undefined) throw new AfkError("config", `expected owner/name#12, not ${JSON.stringify(asked)}`);
  const clock: Clock = { now: () => Date.now() };
  const log = createLog("silent");
  const { policy, stateDir } = config;
  const { github } = await connectGitHub({ ...config.github, policy, keepIn: undefined, clock, log });
  const executors = await Promise.all(config.t3.servers.map((server) => seenNow(server, stateDir)));
  const seen = await explain(issue.repo, issue.number, {
    github,
    state: await peekState(stateDir),
    enrolments: createEnrolments({ repos, stateDir, github, labels: policy.labels, clock, log }),
    policy: { ...policy, pollMs: pollEvery(policy.pollMs, repos.length, config.github.requestsPerHour) },
    clock,
    readVolumeFree: () => readFree(config.volume),
    disarmed: () => disarmedEverywhere(executors),
    executors: () => executors,
    isWarm: (repo) => hasSlots(layoutOf(config.volume), repo),
  });
  if (!seen.known) throw new AfkError("unreachable", seen.why);
  console.log(json ? JSON.stringify(seen.value) : whyText(seen.value));
}

async function seenNow({ name, url, capacity, drain }: T3Server, stateDir: string): Promise<ExecutorSeen> {
  const version = await t3Version(url);
  const disarmed = disarmedBy(watchPilot(stateDir, name)(), version);
  return { name, capacity, drain, disarmed, down: version === undefined ? `at ${url}` : undefined };
}

/** What T3 says it is; undefined where it does not answer. It says so to anybody. */
async function t3Version(url: string): Promise<string | undefined> {
  try {
    const response = await fetch(`${url}/.well-known/t3/environment`, { signal: AbortSignal.timeout(5_000) });
    const { serverVersion } = (await response.json()) as { serverVersion?: unknown };
    return typeof serverVersion === "string" ? serverVersion : undefined;
  } catch {
    return undefined;
  }
}
