// Everything a demo needs, up and running: the world and the bot as child processes, in one temporary folder.

import { type ChildProcess, fork } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ShownMessage } from "../slack/outcomes.ts";
import type { Answer, Question, WorldAddresses } from "../world/process.ts";
import { slackUsers } from "../world/team.ts";
import { type Bot, startBot, writeBotConfig } from "./bot.ts";

const WORLD = fileURLToPath(new URL("../world/process.ts", import.meta.url));

export type Stage = AsyncDisposable & {
  readonly dir: string;
  readonly world: WorldAddresses;
  readonly bot: Bot;
  /** A channel as the viewer sees it in the Slack client. */
  messages(channel: string): Promise<readonly ShownMessage[]>;
  /** Ends both processes; removes the folder unless it is to be kept. */
  close(): Promise<void>;
};

export async function setStage(options: { readonly keep: boolean }): Promise<Stage> {
  const dir = mkdtempSync(join(tmpdir(), "afk-demo-"));
  const process = fork(WORLD, [join(dir, "world")], { stdio: ["ignore", "inherit", "inherit", "ipc"], detached: true });
  let bot: Bot | undefined;

  async function close(): Promise<void> {
    await bot?.stop();
    await end(process);
    if (!options.keep) rmSync(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }

  try {
    const world = await addressesOf(process);
    bot = startBot(dir, writeBotConfig(dir, world), world);
    await bot.said("ready");
    await bot.said("armed");
    return { dir, world, bot, messages: clientOf(process), close, [Symbol.asyncDispose]: close };
  } catch (error) {
    await close();
    throw error;
  }
}

function addressesOf(process: ChildProcess): Promise<WorldAddresses> {
  return new Promise((resolve, reject) => {
    process.once("message", (message) => resolve((message as { addresses: WorldAddresses }).addresses));
    process.once("exit", (code) => reject(new Error(`the world ended with code ${code} before it was ready`)));
    process.once("error", reject);
  });
}

function clientOf(process: ChildProcess): Stage["messages"] {
  let asked = 0;
  const [, viewer] = slackUsers;
  return (channel) =>
    new Promise((resolve, reject) => {
      asked += 1;
      const question: Question = { id: asked, ask: "messages", as: viewer.id, channel };
      const hear = (message: unknown): void => {
        const answer = message as Answer;
        if (answer.id !== question.id) return;
        process.off("message", hear);
        resolve(answer.messages);
      };
      process.on("message", hear);
      process.send(question, (error) => error && reject(error));
    });
}

async function end(process: ChildProcess): Promise<void> {
  if (process.exitCode !== null || process.signalCode !== null) return;
  const ended = new Promise((resolve) => process.once("exit", resolve));
  process.kill("SIGTERM");
  const timer = setTimeout(() => process.kill("SIGKILL"), 10_000);
  await ended;
  clearTimeout(timer);
}
