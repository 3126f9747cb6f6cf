// `npm run demo`: the whole main job on this machine, with no account anywhere.

import { Command, Option } from "commander";
import { play, type ScriptName, scripts } from "./demo/scripts.ts";
import { type Stage, setStage } from "./demo/stage.ts";
import { channel } from "./world/team.ts";

const names = Object.keys(scripts) as ScriptName[];
const list = names.map((name) => `  ${name.padEnd(16)} ${scripts[name].does}`).join("\n");

const program = new Command("npm run demo --")
  .description(
    "Plays an issue's way from label to deploy, with stand-ins for GitHub, Slack, T3 and Kubernetes on loopback.",
  )
  .addOption(
    new Option("--script <name>", "play this script and exit: 0 when it went as it should, 1 when not").choices(names),
  )
  .option("--json", "say nothing but the outcome, as one line of JSON", false)
  .option("--keep", "leave the folder with all state and logs", false)
  .addHelpText(
    "after",
    `\nScripts:\n${list}\n\nWithout --script, happy is played and everything stays up until Ctrl-C.`,
  )
  .parse();
const options = program.opts<{ script?: ScriptName; json: boolean; keep: boolean }>();

const begun = performance.now();
function tell(line: string): void {
  if (!options.json) console.log(`${((performance.now() - begun) / 1000).toFixed(1).padStart(5)} s  ${line}`);
}

let stage: Stage | undefined;
let stopped = false;
const asked = new Promise<void>((resolve) => {
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      if (stopped) process.exit(130);
      stopped = true;
      resolve();
    });
  }
});

try {
  tell("starting the world and the bot …");
  stage = await setStage(options);
  tell("ready");
  const outcome = await Promise.race([play(options.script ?? "happy", stage, tell), asked]);
  if (outcome !== undefined) {
    if (options.json) console.log(JSON.stringify(outcome));
    else
      tell(
        outcome.ok
          ? `done: ${outcome.state} after ${(outcome.ms / 1000).toFixed(1)} s`
          : `not as it should: ${JSON.stringify(outcome)}`,
      );
    process.exitCode = outcome.ok ? 0 : 1;
  }
  if (options.script === undefined && !options.json && !stopped) {
    const { world, bot, dir } = stage;
    console.log(`
It stays up until Ctrl-C. Where to look:
  GitHub     ${world.githubUrl}/acme/parcel-rates/issues   (REST under ${world.githubApiUrl})
  Slack      ${world.slackApiUrl}conversations.history?channel=${channel.id}
  T3         ${world.t3Url}/.well-known/t3/environment
  Cluster    kubectl --kubeconfig ${world.kubeconfigFile} …
  Bot's log  ${bot.logFile}
  All state  ${dir}`);
    await asked;
  }
} catch (error) {
  console.error(`demo: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
} finally {
  await stage?.close();
}
process.exit();
