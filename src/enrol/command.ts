// `afk enrol owner/repo`: checks a repo, says of each check that fails what to do, and makes the rest ready: the labels
// and the checkout. `--dry-run` reads only.

import type { Config } from "../config.ts";
import { type Enrolment, isEnrolled, labelsWanted } from "../domain/enrolment.ts";
import { findRepoKey, type RepoKey } from "../domain/repo.ts";
import { AfkError } from "../errors.ts";
import { createTrees } from "../git/trees.ts";
import { connectGitHub } from "../github/connect.ts";
import { createLog } from "../log.ts";
import type { Clock, GitHub } from "../ports.ts";
import { layoutOf } from "../volume/layout.ts";
import { checkRepo } from "./check.ts";
import { openEnrolmentFiles } from "./files.ts";

const MARK = { pass: "pass", warn: "warn", fail: "FAIL", unknown: "????" } as const;

/** Resolves to whether the repo is enrolled. With `json` the only line on stdout is the result. */
export async function enrolCommand(
  config: Config,
  asked: string,
  { dryRun, json }: { readonly dryRun: boolean; readonly json: boolean },
): Promise<boolean> {
  const repo = findRepoKey(asked);
  if (repo === undefined) throw new AfkError("config", `expected owner/name, not ${JSON.stringify(asked)}`);
  if (!config.repos.has(repo)) {
    throw new AfkError("config", `${repo} is not listed: add it under repos in the config, with its workloads`);
  }
  const tell = (line: string): void => void (json ? process.stderr : process.stdout).write(`${line}\n`);
  const clock: Clock = { now: () => Date.now() };
  const log = createLog("silent");
  const { policy } = config;
  const { github, auth } = await connectGitHub({ ...config.github, policy, keepIn: undefined, clock, log });

  tell(`${repo}: checking …`);
  // A person at the shell who asks for this repo means the one that answers to the name now.
  const seen = await checkRepo(repo, null, { github, labels: policy.labels, clock });
  if (!seen.known) throw new AfkError("unreachable", seen.why);
  const width = Math.max(...seen.value.checks.map(({ check }) => check.length));
  for (const { check, result, why, remedy } of seen.value.checks) {
    tell(`  ${MARK[result]}  ${check.padEnd(width)}  ${why}`);
    if (result !== "pass" && remedy !== null) tell(`        ${" ".repeat(width)}  → ${remedy}`);
  }
  const enrolled = isEnrolled(seen.value);
  const made = enrolled && !dryRun ? await makeReady() : { labels: [], checkout: null };
  if (!dryRun) await openEnrolmentFiles(config.stateDir).save(withLabels(seen.value, made.labels));
  tell(enrolled ? `${repo} is ${dryRun ? "fit to be enrolled" : "enrolled"}.` : `${repo} is not enrolled.`);
  if (json) process.stdout.write(`${JSON.stringify({ ...seen.value, enrolled, dryRun, ...made })}\n`);
  return enrolled;

  async function makeReady(): Promise<{ readonly labels: readonly string[]; readonly checkout: string }> {
    const labels = await makeLabels(github, repo as RepoKey, config, tell);
    const trees = createTrees({
      layout: layoutOf(config.volume),
      token: auth.token,
      origin: github,
      rulesOf: (name) => config.trees.rules.get(name),
      identity: config.trees.identity,
      env: config.trees.env,
      paused: () => true,
      log,
    });
    const checkout = trees.checkoutPath(repo as RepoKey);
    const begun = performance.now();
    tell(`  checkout at ${checkout} …`);
    await trees.ensureCheckout(repo as RepoKey, (line) => tell(`    ${line}`));
    tell(`  checkout is up to date, after ${((performance.now() - begun) / 1000).toFixed(1)} s`);
    return { labels, checkout };
  }
}

async function makeLabels(
  github: GitHub,
  repo: RepoKey,
  config: Config,
  tell: (line: string) => void,
): Promise<readonly string[]> {
  const facts = await github.fetchFacts(repo);
  if (!facts.known || !facts.value.labels.known) return [];
  const there = new Set(facts.value.labels.value.map((name) => name.toLowerCase()));
  const missing = labelsWanted(config.policy.labels).filter(({ name }) => !there.has(name.toLowerCase()));
  for (const label of missing) {
    await github.createLabel(repo, label);
    tell(`  made the label ${label.name}`);
  }
  return missing.map(({ name }) => name);
}

/** The result as it is after the labels were made. */
function withLabels(enrolment: Enrolment, made: readonly string[]): Enrolment {
  if (made.length === 0) return enrolment;
  const checks = enrolment.checks.map((check) =>
    check.check === "labels"
      ? { ...check, result: "pass" as const, why: `made ${made.join(", ")}`, remedy: null }
      : check,
  );
  return { ...enrolment, checks };
}
