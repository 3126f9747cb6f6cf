// Everything a demo needs, up and running in one temporary folder: the world in this process, the bot in its own.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { addressesOf, type WorldAddresses } from "../world/addresses.ts";
import { startWorld, type World } from "../world/world.ts";
import { type Bot, startBot, writeBotConfig } from "./bot.ts";
import { guardFolder } from "./guard.ts";
import { ownAgent } from "./own-agent.ts";
import type { Script } from "./scripts/script.ts";

/** The world, and what a bot needs to know of it. */
export type Ground = AsyncDisposable & {
  readonly dir: string;
  readonly world: World;
  readonly addresses: WorldAddresses;
  readonly configFile: string;
  startBot(): Bot;
};

export type GroundOptions = {
  /** Leaves the folder when all has ended. */
  readonly keep: boolean;
  readonly script: Pick<Script, "config" | "prepare">;
  /** A command to work in place of the scripted agent. */
  readonly agent?: string | undefined;
};

export async function layGround({ keep, script, agent }: GroundOptions): Promise<Ground> {
  const dir = mkdtempSync(join(tmpdir(), "afk-demo-"));
  await using parts = new AsyncDisposableStack();
  const guard = parts.use(guardFolder(dir, keep));
  parts.defer(() => {
    if (!keep) rmSync(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  });
  const own = agent === undefined ? {} : ownAgent(agent, join(dir, "prompts"));
  const world = parts.use(await startWorld(join(dir, "world"), own));
  await script.prepare?.(world);
  const addresses = addressesOf(world, dir);
  const configFile = writeBotConfig(dir, addresses, script.config ?? {});
  const kept = parts.move();
  return {
    dir,
    world,
    addresses,
    configFile,
    startBot() {
      const bot = startBot(dir, configFile, addresses);
      guard.watch(bot.process.pid);
      return bot;
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

export type Stage = Ground & { readonly bot: Bot };

/** The ground with an armed bot on it. */
export async function setStage(options: GroundOptions): Promise<Stage> {
  await using parts = new AsyncDisposableStack();
  const ground = parts.use(await layGround(options));
  const bot = ground.startBot();
  parts.defer(() => bot.stop());
  await bot.said("ready");
  await bot.said("armed");
  const kept = parts.move();
  return { ...ground, bot, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}
