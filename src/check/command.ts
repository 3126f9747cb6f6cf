// `afk check`: tries every connection and every right that the bot needs, and says of each that fails what to do.

import type { Config } from "../config.ts";
import { findRepoKey, type RepoKey } from "../domain/repo.ts";
import { AfkError } from "../errors.ts";
import { connectGitHub } from "../github/connect.ts";
import { createLog } from "../log.ts";
import type { Clock } from "../ports.ts";
import { checkClock } from "./clock.ts";
import { checkCluster } from "./cluster.ts";
import { type Area, type Finding, untried } from "./finding.ts";
import { checkGitHub, checkRepoAccess } from "./github.ts";
import { checkSlack } from "./slack.ts";
import { checkT3 } from "./t3.ts";
import { checkVolume } from "./volume.ts";

const MARK: Readonly<Record<Finding["result"], string>> = { pass: "pass", warn: "warn", fail: "FAIL", unknown: "????" };

export type Checked = { readonly ok: boolean; readonly areas: readonly Area[] };

/** Resolves to whether nothing fails. With `json` the only line on stdout is the result. */
export async function checkCommand(
  config: Config,
  { json, repo }: { readonly json: boolean; readonly repo: string | undefined },
): Promise<boolean> {
  const tell = (line: string): void => void (json ? process.stderr : process.stdout).write(`${line}\n`);
  const checked = await checkAll(config, chosen(config, repo), tell);
  if (json) process.stdout.write(`${JSON.stringify(checked)}\n`);
  return checked.ok;
}

/** Tells each area as soon as it is known, in the same order each time. */
async function checkAll(config: Config, repos: readonly RepoKey[], tell: (line: string) => void): Promise<Checked> {
  const clock: Clock = { now: () => Date.now() };
  const log = createLog("silent");
  const { policy } = config;
  const connection = await connectGitHub({ ...config.github, policy, keepIn: undefined, clock, log });
  const services = [
    checkVolume(config),
    checkClock(config.github.apiUrl, clock),
    checkSlack(config, log),
    checkGitHub(config, connection, clock),
    ...config.t3.servers.map((server) => checkT3(server, config, clock, log)),
    checkCluster(config),
  ];
  const areas: Area[] = [];
  for (const one of services) areas.push(show(await one, tell));
  const github = areas.find(({ area }) => area === "github");
  if (github !== undefined && isGood(github)) {
    for (const repo of repos) areas.push(show(await checkRepoAccess(repo, policy.labels, connection, clock), tell));
  } else {
    const findings = repos.map((repo) => untried(repo, "github"));
    areas.push(show({ area: "repos", findings }, tell));
  }
  await connection.close();

  const all = areas.flatMap(({ findings }) => findings);
  const count = (result: Finding["result"]): number => all.filter((finding) => finding.result === result).length;
  const ok = areas.every(isGood);
  tell("");
  tell(
    ok
      ? `${count("pass")} passed, ${count("warn")} to look at: the bot can work.`
      : `${count("fail") + count("unknown")} of ${all.length} do not pass. Mend what is marked and run it again.`,
  );
  return { ok, areas };
}

function chosen(config: Config, asked: string | undefined): readonly RepoKey[] {
  if (asked === undefined) return [...config.repos.keys()];
  const repo = findRepoKey(asked);
  if (repo === undefined) throw new AfkError("config", `--repo: expected owner/name, not ${JSON.stringify(asked)}`);
  if (!config.repos.has(repo)) throw new AfkError("config", `--repo: ${repo} is not listed in the config`);
  return [repo];
}

function isGood({ findings }: Area): boolean {
  return findings.every(({ result }) => result === "pass" || result === "warn");
}

function show(area: Area, tell: (line: string) => void): Area {
  const width = Math.max(...area.findings.map(({ check }) => check.length));
  tell(area.area);
  for (const { check, result, why, remedy } of area.findings) {
    tell(`  ${MARK[result]}  ${check.padEnd(width)}  ${why}`);
    if (result !== "pass" && remedy !== null) tell(`        ${" ".repeat(width)}  → ${remedy}`);
  }
  return area;
}
