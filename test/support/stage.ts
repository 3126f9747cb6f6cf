// A world in this process and a bot in its own, for scenarios: people act in the world, and look at what comes of it.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Bot, startBot, writeBotConfig } from "../../playground/demo/bot.ts";
import type { ShownMessage } from "../../playground/slack/outcomes.ts";
import { addressesOf } from "../../playground/world/addresses.ts";
import { channel, repo, slackUsers } from "../../playground/world/team.ts";
import { startWorld, type World, type WorldOptions } from "../../playground/world/world.ts";

export const [operator, viewer] = slackUsers;

export type Stage = AsyncDisposable & {
  readonly dir: string;
  readonly world: World;
  /** `env` is added to the bot's environment. */
  startBot(env?: Readonly<Record<string, string>>): Bot;
  /** The maintainer files an issue for the scripted agent and labels it. Returns its number. */
  release(behaviour: string, title?: string): number;
  /** Slack's card of the issue as the viewer sees it, and the replies below it. */
  thread(issue: number): {
    readonly root: ShownMessage | undefined;
    readonly roots: number;
    readonly replies: readonly ShownMessage[];
  };
};

/** `over` is laid over the bot's config. */
export async function setStage(
  over: Readonly<Record<string, unknown>> = {},
  options: WorldOptions = {},
): Promise<Stage> {
  const dir = mkdtempSync(join(tmpdir(), "afk-stage-"));
  const world = await startWorld(join(dir, "world"), options);
  const addresses = addressesOf(world, dir);
  const config = writeBotConfig(dir, addresses, over);
  const bots: Bot[] = [];
  const maintainer = world.github.as("maintainer");

  return {
    dir,
    world,
    startBot(env = {}) {
      const bot = startBot(dir, config, addresses, { env });
      bots.push(bot);
      return bot;
    },
    release(behaviour, title = "Quote a surcharge for islands") {
      const { number } = maintainer.createIssue(repo, { title, body: `Please.\n\nScripted agent: ${behaviour}` });
      maintainer.label({ repo, number }, "ready-for-agent");
      return number;
    },
    thread(issue) {
      const shown = world.slack.as(viewer.id).messages(channel.id);
      const roots = shown.filter(({ text, threadTs }) => threadTs === undefined && text.includes(`${repo}#${issue} `));
      const root = roots[0];
      return {
        root,
        roots: roots.length,
        replies: shown.filter(({ threadTs }) => root !== undefined && threadTs === root.ts),
      };
    },
    async [Symbol.asyncDispose]() {
      for (const bot of bots) await bot.stop();
      await world.close();
      rmSync(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    },
  };
}

/** Waits until `look` gives something other than undefined or false. Rejects after `withinMs`, saying what was wanted. */
export async function until<T>(what: string, look: () => T | undefined | false, withinMs = 90_000): Promise<T> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const seen = look();
    if (seen !== undefined && seen !== false) return seen;
    if (performance.now() > deadline) throw new Error(`not seen within ${withinMs / 1000} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
