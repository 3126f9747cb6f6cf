// `npm run fuzz -- <name> [--json]`: random histories against a promise. The last line of stdout is the result as one JSON
// object; what is told on the way goes to stderr. The same seed plays the same cases.

import { Command, InvalidArgumentError } from "commander";
import { fuzzTrees } from "./trees.ts";

function whole(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new InvalidArgumentError("expected a whole number above zero");
}

const program = new Command("npm run fuzz --")
  .description("Plays random histories, with kills in between, and counts what was lost.")
  .argument("<name>", "what to play: trees")
  .option("--json", "say nothing on stdout but the outcome, as one line of JSON", false)
  .option(
    "--cases <n>",
    "how many trees are taken, worked in and given back (default: 2000; with --minutes: no bound)",
    whole,
  )
  .option("--minutes <n>", "begin no other volume after so many minutes", whole)
  .option("--seed <n>", "what chance begins with", whole, (Date.now() % 1_000_000) + 1)
  .option("--from <n>", "the first case to play, with those before it left out: they are of other volumes", whole, 1)
  .option("--keep", "leave the folders of volumes in which something went wrong", false)
  .addHelpText(
    "after",
    "\nFuzzes:\n  trees      every commit and file of a run is on the remote or kept, whatever state its tree is in",
  )
  .parse();

const [name] = program.args;
const { minutes, cases, ...options } = program.opts<{
  json: boolean;
  cases?: number;
  minutes?: number;
  seed: number;
  from: number;
  keep: boolean;
}>();
if (name !== "trees") program.error(`no fuzz ${JSON.stringify(name)}. There is: trees`);

const begun = performance.now();
const outcome = await fuzzTrees({
  ...options,
  cases: cases ?? (minutes === undefined ? 2_000 : Number.POSITIVE_INFINITY),
  withinMs: minutes === undefined ? Number.POSITIVE_INFINITY : minutes * 60_000,
  tell: (line) => console.error(`${((performance.now() - begun) / 1000).toFixed(1).padStart(6)} s  ${line}`),
});
console.log(JSON.stringify({ fuzz: "trees", ...outcome }));
const { lostCommits, lostFiles, stuck, dirty, leaked, trapped } = outcome;
process.exit(lostCommits + lostFiles + stuck + dirty + leaked + trapped === 0 ? 0 : 1);
