// `npm run soak`: a week of work in minutes, with everything going wrong that can. See docs/reliability.md.

import { Command, InvalidArgumentError } from "commander";
import { mayMount, runMounting } from "./namespace.ts";
import { isAsItMustBe, soak } from "./soak.ts";

function above(least: number) {
  return (text: string): number => {
    const value = Number(text);
    if (Number.isFinite(value) && value >= least) return value;
    throw new InvalidArgumentError(`expected a number, ${least} at least`);
  };
}

const program = new Command("npm run soak --")
  .description(
    "Plays issues of every kind in many repos, with faults drawn from a seed, and reads the books in the end.",
  )
  .option("--json", "say nothing on stdout but the outcome, as one line of JSON", false)
  .option("--minutes <n>", "how long things go wrong; then all has to come to an end", above(0.1), 10)
  .option("--seed <n>", "plays the faults of an earlier soak again; default: a new one", above(0))
  .option("--repos <n>", "how many repos", above(1), 100)
  .option("--issues <n>", "how many issues, over all repos", above(1), 1_000)
  .option(
    "--keep",
    "leave the folder of the world, with the bot's log and state, also when all is as it must be",
    false,
  )
  .addHelpText(
    "after",
    "\nExit codes: 0 all ended and nothing was lost, doubled, leaked or broken · 1 something was · 2 wrong options",
  )
  .exitOverride();

type Options = { json: boolean; minutes: number; seed?: number; repos: number; issues: number; keep: boolean };

try {
  program.parse();
} catch (error) {
  process.exit((error as { readonly exitCode?: number }).exitCode === 0 ? 0 : 2);
}

if (!mayMount() && (await runMounting())) process.exit();

const { seed = Math.floor(Math.random() * 1_000_000), repos, issues, ...options } = program.opts<Options>();
const begun = performance.now();
const tell = (line: string): void => {
  const seconds = ((performance.now() - begun) / 1000).toFixed(1).padStart(6);
  console.error(`${seconds} s  ${line}`);
};

const early = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => {
    tell(`${signal}: ends here`);
    early.abort();
  });
}

try {
  const outcome = await soak({
    ...options,
    mounts: mayMount(),
    signal: early.signal,
    seed,
    repos: Math.floor(repos),
    issues: Math.floor(issues),
    tell,
  });
  console.log(JSON.stringify(outcome));
  const ok = isAsItMustBe(outcome);
  process.exitCode = ok ? 0 : 1;
  const never = Object.keys(outcome.struck).filter((what) => outcome.struck[what] === 0);
  if (never.length > 0) tell(`never struck: ${never.join(", ")}`);
  if (!ok) tell(`not as it must be: npm run soak -- --seed ${seed} plays the same faults again`);
} catch (error) {
  console.error(`soak: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  process.exitCode = 1;
}
