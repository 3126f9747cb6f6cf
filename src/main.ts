import { Command, CommanderError, Option } from "commander";
import { loadConfig } from "./config.ts";
import { AfkError, messageOf } from "./errors.ts";

// Exit codes: 0 stopped as asked · 1 failed · 2 the command line or the config is wrong.

const program = new Command("afk")
  .description("Takes released GitHub issues to a healthy deploy with coding agents, and asks in Slack when it cannot.")
  .exitOverride()
  .showHelpAfterError("(add --help for the options)");

program
  .command("serve")
  .description("run the bot until it is told to stop (SIGTERM or Ctrl-C)")
  .requiredOption("-c, --config <file>", "the bot's YAML config")
  .action(async ({ config }: { config: string }) => {
    // A wrong config is told before the services' libraries are loaded, which takes a second.
    loadConfig(config, process.env);
    const { serve } = await import("./serve.ts");
    await serve(config, process.env);
  });

program
  .command("check")
  .description("try every connection and right that the bot needs, and say of each that fails what to do")
  .requiredOption("-c, --config <file>", "the bot's YAML config")
  .option("--repo <owner/name>", "of the repos only this one")
  .option("--json", "only the result on stdout, as one line of JSON", false)
  .action(async ({ config, json, repo }: { config: string; json: boolean; repo?: string }) => {
    const loaded = loadConfig(config, process.env);
    const { checkCommand } = await import("./check/command.ts");
    process.exitCode = (await checkCommand(loaded, { json, repo })) ? 0 : 1;
  });

program
  .command("pilot")
  .description("try the T3 instance in a scratch repository; the bot starts nothing without a pass for its version")
  .requiredOption("-c, --config <file>", "the bot's YAML config")
  .option("--json", "only the result on stdout, as one line of JSON", false)
  .option("--timeout <seconds>", "how long the agent's turn may take", "300")
  .option("--executor <name>", "of several T3 servers only this one; default: each in turn")
  .option("--restart-command <command>", "restarts T3, to see whether it survives one; else that is not tried")
  .action(async (options: PilotOptions) => {
    const withinMs = Number(options.timeout) * 1000;
    if (!(withinMs > 0)) throw new AfkError("config", `--timeout: expected seconds, not ${options.timeout}`);
    const loaded = loadConfig(options.config, process.env);
    const { pilotCommand } = await import("./pilot/command.ts");
    const { json, restartCommand, executor } = options;
    process.exitCode = (await pilotCommand(loaded, { json, withinMs, restartCommand, executor })) ? 0 : 1;
  });

program
  .command("why")
  .description("say of an issue which gates let it start and which do not")
  .argument("<issue>", "owner/repo#12, its URL, or just 12 where the config has one repo")
  .requiredOption("-c, --config <file>", "the bot's YAML config")
  .option("--json", "as one line of JSON", false)
  .action(async (issue: string, { config, json }: { config: string; json: boolean }) => {
    const loaded = loadConfig(config, process.env);
    const { whyCommand } = await import("./why-command.ts");
    await whyCommand(loaded, issue, json);
  });

program
  .command("enrol")
  .description("check a repo of the config, and make its labels and its checkout")
  .argument("<repo>", "owner/repo")
  .requiredOption("-c, --config <file>", "the bot's YAML config")
  .option("--dry-run", "check only, change nothing", false)
  .option("--json", "only the result on stdout, as one line of JSON", false)
  .action(async (repo: string, options: { config: string; dryRun: boolean; json: boolean }) => {
    const loaded = loadConfig(options.config, process.env);
    const { enrolCommand } = await import("./enrol/command.ts");
    process.exitCode = (await enrolCommand(loaded, repo, options)) ? 0 : 1;
  });

program
  .command("housekeep")
  .description("make room on the volume; while a bot runs, /afk prune does the same")
  .requiredOption("-c, --config <file>", "the bot's YAML config")
  .option("--dry-run", "only say what would be removed, what stays, and why", false)
  .option("--json", "only the result on stdout, as one line of JSON", false)
  .action(async (options: { config: string; dryRun: boolean; json: boolean }) => {
    const loaded = loadConfig(options.config, process.env);
    const { housekeepCommand } = await import("./housekeep/command.ts");
    process.exitCode = (await housekeepCommand(loaded, options)) ? 0 : 1;
  });

const kept = program
  .command("kept")
  .description("list what was saved of trees before they were given back, or get it back")
  .helpCommand(false);

onVolume(kept.command("list [repo]", { isDefault: true }).description("of one repo, owner/name, or of all"))
  .option("--json", "one line of JSON for each", false)
  .action(async (repo: string | undefined, options: OnVolume & { json: boolean }) => {
    const { keptCommand } = await import("./kept-command.ts");
    await keptCommand(volumeOf(options), repo, options.json);
  });

onVolume(
  kept
    .command("restore <repo> <name> <directory>")
    .description("make a repository of it in a new directory, with the files as they were"),
)
  .option("--json", "as one line of JSON", false)
  .action(async (repo: string, name: string, into: string, options: OnVolume & { json: boolean }) => {
    const { restoreCommand } = await import("./kept-command.ts");
    await restoreCommand(volumeOf(options), { repo, name, into, json: options.json });
  });

onVolume(program.command("cache-env"))
  .description("print the environment variables that point T3's tools at the volume's caches")
  .addOption(
    new Option("--format <format>", "NAME=value lines, a container's env in YAML, or JSON")
      .choices(["env", "yaml", "json"])
      .default("env"),
  )
  .option("--json", "the same as --format json", false)
  .action(async ({ format, json, ...where }: OnVolume & { format: "env" | "yaml" | "json"; json: boolean }) => {
    const { cacheEnvText } = await import("./volume/cache-env-command.ts");
    process.stdout.write(cacheEnvText(volumeOf(where), json ? "json" : format));
  });

program
  .command("config-example")
  .description("print a config to fill in, with every key and default explained")
  .action(async () => {
    const { configExample } = await import("./config/example.ts");
    process.stdout.write(configExample());
  });

program
  .command("config-schema")
  .description("print the config's JSON Schema, for editors")
  .action(async () => {
    const { configJsonSchema } = await import("./config/json-schema.ts");
    process.stdout.write(`${JSON.stringify(configJsonSchema(), null, 2)}\n`);
  });

type PilotOptions = {
  readonly config: string;
  readonly json: boolean;
  readonly timeout: string;
  readonly restartCommand?: string;
  readonly executor?: string;
};

/** Where only the volume is asked for, it may be named without a config. */
type OnVolume = { readonly config?: string; readonly volume?: string };

function onVolume(command: Command): Command {
  return command
    .option("-c, --config <file>", "the bot's YAML config, for its volume")
    .option("--volume <path>", "the volume, instead of a config");
}

function volumeOf({ config, volume }: OnVolume): string {
  if ((config === undefined) === (volume === undefined)) {
    throw new AfkError("config", "give --config <file> or --volume <path>, one of the two");
  }
  return volume ?? loadConfig(config ?? "", process.env).volume;
}

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exit(error.exitCode === 0 ? 0 : 2);
  console.error(`afk: ${messageOf(error)}`);
  process.exit(error instanceof AfkError && error.code === "config" ? 2 : 1);
}
