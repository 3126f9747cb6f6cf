// Everything a demo needs, up and running in one temporary folder: the world in this process, the bot in its own.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { addressesOf, type WorldAddresses } from "../world/addresses.ts";
import { startWorld, type World } from "../world/world.ts";
import { type Bot, startBot, writeBotConfig } from "./bot.ts";
import type { Script } from "./scripts/script.ts";

export type Stage = AsyncDisposable & {
  readonly dir: string;
  readonly world: World;
  readonly addresses: WorldAddresses;
  readonly configFile: string;
  readonly bot: Bot;
  /** Ends the bot and the world; removes the folder unless it is to be kept. */
  close(): Promise<void>;
};

/** Resolves when the bot is armed. */
export async function setStage(options: {
  readonly keep: boolean;
  readonly script: Pick<Script, "config" | "prepare">;
}): Promise<Stage> {
  const { config = {}, prepare } = options.script;
  const dir = mkdtempSync(join(tmpdir(), "afk-demo-"));
  let world: World | undefined;
  let bot: Bot | undefined;
  let closing: Promise<void> | undefined;

  async function end(): Promise<void> {
    await bot?.stop();
    await world?.close();
    if (!options.keep) rmSync(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
  function close(): Promise<void> {
    closing ??= end();
    return closing;
  }

  try {
    world = await startWorld(join(dir, "world"));
    await prepare?.(world);
    const addresses = addressesOf(world, dir);
    const configFile = writeBotConfig(dir, addresses, config);
    bot = startBot(dir, configFile, addresses);
    await bot.said("ready");
    await bot.said("armed");
    return { dir, world, addresses, configFile, bot, close, [Symbol.asyncDispose]: close };
  } catch (error) {
    await close();
    throw error;
  }
}
