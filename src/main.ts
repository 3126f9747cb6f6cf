import { Command, CommanderError } from "commander";
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
    const loaded = loadConfig(config, process.env);
    // Loaded late: the services' libraries take a second that --help and a wrong config need not wait for.
    const { serve } = await import("./serve.ts");
    await serve(loaded);
  });

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exit(error.exitCode === 0 ? 0 : 2);
  console.error(`afk: ${messageOf(error)}`);
  process.exit(error instanceof AfkError && error.code === "config" ? 2 : 1);
}
