// `npm run sweep`: kills the bot at every request, git command and store write of its ways, starts it again, and counts
// what is there twice or not at all. See docs/decisions/0003-killed-at-every-step.md.

import { Command, InvalidArgumentError, Option } from "commander";
import { paths } from "./paths.ts";
import { sweep } from "./sweep.ts";

const list = Object.entries(paths).map(([name, { does }]) => `  ${name.padEnd(10)} ${does}`);

function whole(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new InvalidArgumentError("expected a whole number above zero");
}

function count(text: string): number {
  return text === "0" ? 0 : whole(text);
}

function shardOf(text: string): { readonly part: number; readonly of: number } {
  const [part = 0, of = 0] = text.split("/").map(Number);
  if (part >= 1 && part <= of) return { part, of };
  throw new InvalidArgumentError("expected i/n, such as 1/2");
}

const program = new Command("npm run sweep --")
  .description("Kills the bot at every step of its ways, before and after, and looks whether anything came of it.")
  .option("--json", "say nothing on stdout but the outcome, as one line of JSON", false)
  .addOption(new Option("--only <path...>", "these ways only").choices(Object.keys(paths)))
  .option("--shard <i/n>", "this part of the points only", shardOf, { part: 1, of: 1 })
  .option("--every <n>", "every n-th point only", whole, 1)
  .option("--worlds <n>", "worlds at once", whole, 6)
  .option("--kills <n>", "kills in a play at most; 1 = each point in a world of its own", whole, 24)
  .option("--spare <n>", "moments besides, that only a killed bot comes to, a play is killed at", count, 1)
  .option("--keep", "leave the folders of all worlds", false)
  .addHelpText("after", `\nWays:\n${list.join("\n")}`)
  .parse();

const options = program.opts<{
  json: boolean;
  only?: readonly string[];
  shard: { part: number; of: number };
  every: number;
  worlds: number;
  kills: number;
  spare: number;
  keep: boolean;
}>();

const begun = performance.now();
const tell = (line: string): void => {
  const seconds = ((performance.now() - begun) / 1000).toFixed(1).padStart(6);
  console.error(`${seconds} s  ${line}`);
};

try {
  const total = await sweep({ ...options, paths: options.only ?? Object.keys(paths), tell });
  console.log(JSON.stringify(total));
  const { points, finished, ...wrong } = total;
  process.exitCode = finished === points && Object.values(wrong).every((count) => count === 0) ? 0 : 1;
} catch (error) {
  console.error(`sweep: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
