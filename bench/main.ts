// `npm run bench -- <name> [--json]`: measurements of this machine, one file each. The last line of stdout is the result
// as one JSON object; what is told on the way goes to stderr.

import { Command, InvalidArgumentError } from "commander";
import { runAll } from "./all.ts";

type Options = { readonly json: boolean; readonly trees?: number; readonly entries?: number };
type Bench = { run(options: Options): Promise<Record<string, unknown>> };

const benches: Readonly<Record<string, { readonly measures: string; load(): Promise<Bench> }>> = {
  tick: {
    measures: "a look at 1,000 idle repos: requests, quota, time against a bare loop, memory",
    load: () => import("./tick.ts"),
  },
  verify: {
    measures: "200 landed commits watched at once: requests, quota, lag of a change in the cluster",
    load: () => import("./verify.ts"),
  },
  store: {
    measures: "durable commits a second, stalls, start and adoption times",
    load: () => import("./store.ts"),
  },
  slack: {
    measures:
      "a press until its card is redrawn; 200 runs that change every second: staleness, questions, 429s, duplicates",
    load: () => import("./slack.ts"),
  },
  trees: {
    measures:
      "a warm tree against bare git and a throwaway clone with install and build; what a release holds up; the disk after 20 issues",
    load: () => import("./trees.ts"),
  },
  housekeep: {
    measures:
      "a plan and a pass over a volume of 1,000 trees and 200,000 cache entries, with runs dispatched meanwhile",
    load: () => import("./housekeep.ts"),
  },
  start: {
    measures: "from the start of the bot's process until it is ready, as shipped and from its sources",
    load: () => import("./start.ts"),
  },
  t3: {
    measures: "observing a long thread, reads of an idle bot, lag of a state change",
    load: () => import("./t3.ts"),
  },
};

function whole(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new InvalidArgumentError("expected a whole number above zero");
}

const list = Object.entries(benches).map(([name, { measures }]) => `  ${name.padEnd(10)} ${measures}`);

const program = new Command("npm run bench --")
  .argument("<name>", "what to measure; `all` measures one after the other, in about a quarter of an hour")
  .option("--json", "only the result", false)
  .option("--trees <n>", "housekeep: how many trees instead of 1,000", whole)
  .option("--entries <n>", "housekeep: how many cache entries instead of 200,000", whole)
  .addHelpText("after", `\nBenches:\n${list.join("\n")}`)
  .action(async (name: string, options: Options) => {
    if (name === "all") {
      const result = await runAll(Object.keys(benches));
      process.exitCode = (result["failed"] as readonly string[]).length === 0 ? 0 : 1;
      return console.log(JSON.stringify(result));
    }
    const bench = benches[name];
    if (bench === undefined) program.error(`no bench ${JSON.stringify(name)}. There are: ${Object.keys(benches)}`);
    else console.log(JSON.stringify(await (await bench.load()).run(options)));
  });

await program.parseAsync();
process.exit();
