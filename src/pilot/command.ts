// `afk pilot`: tells each step as it is taken and each check as it stands, and leaves the result for the bot.

import type { Config, T3Server } from "../config.ts";
import { AfkError } from "../errors.ts";
import { createLog } from "../log.ts";
import { runPilot } from "./pilot.ts";
import { type Check, savePilot } from "./result.ts";

const TITLES: Readonly<Record<Check["name"], string>> = {
  unattended: "an agent works by the standing rules, with nobody at the keyboard",
  token: "the token: scopes, expiry, renewal",
  completion: "ends and failures can be told by polling and by the stream",
  tree: "the agent is in our tree, and its commit is on our branch",
  instance: "the T3 instance: version, volume, restart",
};

/**
 * Resolves to whether all passed: of the server named, or of each in turn. With `json` the only lines on stdout are the
 * results, one for each server.
 */
export async function pilotCommand(
  config: Config,
  options: PilotAsked & { readonly executor: string | undefined },
): Promise<boolean> {
  const { servers } = config.t3;
  const asked = servers.filter(({ name }) => options.executor === undefined || name === options.executor);
  if (asked.length === 0) {
    const names = servers.map(({ name }) => name).join(", ");
    throw new AfkError("config", `--executor: there is no ${options.executor} in the config; there is ${names}`);
  }
  let passed = true;
  for (const server of asked) passed = (await pilotOne(config, server, options)) && passed;
  return passed;
}

type PilotAsked = { readonly json: boolean; readonly withinMs: number; readonly restartCommand: string | undefined };

async function pilotOne(config: Config, server: T3Server, options: PilotAsked): Promise<boolean> {
  const { json, withinMs, restartCommand } = options;
  const { stateDir, volume, t3 } = config;
  const several = t3.servers.length > 1;
  const begun = performance.now();
  const tell = (line: string): void => {
    const at = `${((performance.now() - begun) / 1000).toFixed(1).padStart(6)} s  `;
    (json ? process.stderr : process.stdout).write(`${at}${line}\n`);
  };
  const log = createLog("silent");
  const clock = { now: () => Date.now() };
  const result = await runPilot({
    server,
    model: t3.model,
    volume,
    withinMs,
    restartCommand,
    clock,
    log,
    tell: (step) => tell(`${step} …`),
  });
  await savePilot(stateDir, server.name, result);
  for (const [index, { name, passed, did, saw, mend, notes }] of result.checks.entries()) {
    tell(`${passed ? "PASS" : "FAIL"}  ${index + 1}/5 ${TITLES[name]}`);
    tell(`        did:  ${did}`);
    tell(`        saw:  ${saw}`);
    if (mend !== null) tell(`        mend: ${mend}`);
    for (const note of notes) tell(`        note: ${note}`);
  }
  const version = result.t3Version ?? "(unknown)";
  const where = several ? ` at ${server.name}` : "";
  tell(
    result.passed
      ? `passed for T3 ${version}: the bot may be armed${where}`
      : `not passed: the bot will not be armed${where}`,
  );
  if (json) process.stdout.write(`${JSON.stringify(several ? { executor: server.name, ...result } : result)}\n`);
  return result.passed;
}
