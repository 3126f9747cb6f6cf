// `afk pilot`: tells each step as it is taken and each check as it stands, and leaves the result for the bot.

import type { Config } from "../config.ts";
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

/** Resolves to whether all passed. With `json` the only line on stdout is the result. */
export async function pilotCommand(
  config: Config,
  options: { readonly json: boolean; readonly withinMs: number; readonly restartCommand: string | undefined },
): Promise<boolean> {
  const { json, withinMs, restartCommand } = options;
  const begun = performance.now();
  const tell = (line: string): void => {
    const at = `${((performance.now() - begun) / 1000).toFixed(1).padStart(6)} s  `;
    (json ? process.stderr : process.stdout).write(`${at}${line}\n`);
  };
  const log = createLog("silent");
  const clock = { now: () => Date.now() };
  const result = await runPilot({ config, withinMs, restartCommand, clock, log, tell: (step) => tell(`${step} …`) });
  await savePilot(config.stateDir, result);
  for (const [index, { name, passed, did, saw, mend, notes }] of result.checks.entries()) {
    tell(`${passed ? "PASS" : "FAIL"}  ${index + 1}/5 ${TITLES[name]}`);
    tell(`        did:  ${did}`);
    tell(`        saw:  ${saw}`);
    if (mend !== null) tell(`        mend: ${mend}`);
    for (const note of notes) tell(`        note: ${note}`);
  }
  const version = result.t3Version ?? "(unknown)";
  tell(result.passed ? `passed for T3 ${version}: the bot may be armed` : `not passed: the bot will not be armed`);
  if (json) process.stdout.write(`${JSON.stringify(result)}\n`);
  return result.passed;
}
