// `npm run demo`: the whole main job on this machine, with no account anywhere.

import { Command, InvalidArgumentError, Option } from "commander";
import { play } from "./demo/play.ts";
import { scripts } from "./demo/scripts/index.ts";
import type { Outcome } from "./demo/scripts/script.ts";
import { stayUp } from "./demo/stay.ts";

const names = Object.keys(scripts);
const list = names.map((name) => `  ${name.padEnd(16)} ${scripts[name]?.does}`).join("\n");

const program = new Command("npm run demo --")
  .description(
    "Tries the bot on this machine: a page with Slack, GitHub, T3 and a cluster that stand-ins play on loopback.",
  )
  .option("--port <number>", "the page's port; any free one if not given", portOf, 0)
  .option("--agent <command>", "what works in the sessions instead of the scripted agent: 'CMD {promptFile}'")
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
    `\nScripts:\n${list}\n  ${"all".padEnd(16)} each of them, one after the other\n\nWithout --script the page stays up until Ctrl-C. Several demos may run at once.`,
  )
  .parse();
const options = program.opts<{
  script?: string;
  agent?: string;
  port: number;
  json: boolean;
  keep: boolean;
}>();

function portOf(given: string): number {
  const port = Number(given);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new InvalidArgumentError("Not a port.");
  return port;
}

const begun = performance.now();
function tell(line: string): void {
  if (!options.json) console.log(`${((performance.now() - begun) / 1000).toFixed(1).padStart(5)} s  ${line}`);
}

function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const taken = "code" in error && error.code === "EADDRINUSE";
  return taken ? `port ${options.port} is taken: give another --port, or none for any free one` : error.message;
}

const stop = new AbortController();
let lastSignalAt = 0;
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
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

function opened(url: string): void {
  console.log(`
  Open ${url} and follow the tour. Ctrl-C ends it all.
`);
}

try {
  if (options.script === undefined) {
    tell("starting GitHub, Slack, T3, a cluster, and the bot …");
    await stayUp({ ...options, agent: options.agent, signal: stop.signal, tell, opened });
  } else if (options.script === "all") {
    const outcome = await playAll();
    report(outcome);
    process.exitCode = outcome.ok ? 0 : 1;
  } else {
    const { ok } = await playOne(options.script);
    process.exitCode = ok ? 0 : 1;
  }
} catch (error) {
  console.error(`demo: ${wordsOf(error)}`);
  process.exitCode = 1;
}
process.exit();
