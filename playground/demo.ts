// `npm run demo`: the whole main job on this machine, with no account anywhere.

import { once } from "node:events";
import { Command, Option } from "commander";
import { play, playOn } from "./demo/play.ts";
import { scripts } from "./demo/scripts/index.ts";
import type { Outcome } from "./demo/scripts/script.ts";
import { setStage } from "./demo/stage.ts";
import { channel } from "./world/team.ts";

const names = Object.keys(scripts);
const list = names.map((name) => `  ${name.padEnd(16)} ${scripts[name]?.does}`).join("\n");

const program = new Command("npm run demo --")
  .description(
    "Plays an issue's way from label to deploy, with stand-ins for GitHub, Slack, T3 and Kubernetes on loopback.",
  )
  .addOption(
    new Option("--script <name>", "play this script and exit: 0 when it went as it should, 1 when not").choices([
      ...names,
      "all",
    ]),
  )
  .option("--json", "say nothing but the outcome, as one line of JSON", false)
  .option("--keep", "leave the folder with all state and logs", false)
  .addHelpText(
    "after",
    `\nScripts:\n${list}\n  ${"all".padEnd(16)} each of them, one after the other\n\nWithout --script, everything stays up until Ctrl-C.`,
  )
  .parse();
const options = program.opts<{ script?: string; json: boolean; keep: boolean }>();

const begun = performance.now();
function tell(line: string): void {
  if (!options.json) console.log(`${((performance.now() - begun) / 1000).toFixed(1).padStart(5)} s  ${line}`);
}

const stop = new AbortController();
let lastSignalAt = 0;
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => {
    // A terminal's Ctrl-C comes more than once: from its group, and passed on by npm and by scripts/run.mjs.
    const again = stop.signal.aborted && performance.now() - lastSignalAt > 500;
    lastSignalAt = performance.now();
    if (again) process.exit(130);
    stop.abort(new Error("stopped"));
  });
}

async function playAll(): Promise<Outcome> {
  const outcomes: Outcome[] = [];
  for (const name of names) {
    const outcome = await playOne(name);
    outcomes.push(outcome);
    if (stop.signal.aborted) break;
  }
  const failed = outcomes.filter(({ ok }) => !ok).map(({ script }) => script);
  const ms = Math.round(performance.now() - begun);
  return { script: "all", ok: failed.length === 0, played: outcomes.length, failed, ms };
}

async function playOne(name: string): Promise<Outcome> {
  tell(`${name}: ${scripts[name]?.does}`);
  const outcome = await play(name, { keep: options.keep, signal: stop.signal, tell });
  report(outcome);
  return outcome;
}

function report({ script, ok, ms, ...facts }: Outcome): void {
  if (options.json) console.log(JSON.stringify({ script, ok, ...facts, ms }));
  else
    tell(`${ok ? "done" : "NOT AS IT SHOULD"}: ${script} after ${(ms / 1000).toFixed(1)} s ${JSON.stringify(facts)}`);
}

/** Everything up until Ctrl-C, with one issue under way. */
async function stayUp(): Promise<void> {
  tell("starting the world and the bot …");
  await using stage = await setStage({ keep: options.keep, script: scripts["happy"] ?? {} });
  tell("ready");
  report(await playOn(stage, "happy", { signal: stop.signal, tell }));
  const { world, bot, dir } = stage;
  console.log(`
It stays up until Ctrl-C. Where to look:
  GitHub     ${world.github.url}/acme/parcel-rates/issues   (REST under ${world.github.apiUrl})
  Slack      ${world.slack.apiUrl}conversations.history?channel=${channel.id}
  T3         ${world.t3.url}/.well-known/t3/environment
  Cluster    kubectl --kubeconfig ${stage.addresses.kubeconfigFile} …
  Bot's log  ${bot.logFile}
  All state  ${dir}`);
  if (!stop.signal.aborted) await once(stop.signal, "abort");
}

try {
  if (options.script === undefined) await stayUp();
  else if (options.script === "all") {
    const outcome = await playAll();
    report(outcome);
    process.exitCode = outcome.ok ? 0 : 1;
  } else {
    const { ok } = await playOne(options.script);
    process.exitCode = ok ? 0 : 1;
  }
} catch (error) {
  console.error(`demo: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
process.exit();
