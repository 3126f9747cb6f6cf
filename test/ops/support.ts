// The sweep's cheap world, and a bot of which is asked over HTTP how it is.

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Bot, startBot } from "../../playground/demo/bot.ts";
import { type Stage, setStage } from "../../playground/sweep/stage.ts";
import { repo } from "../../playground/world/team.ts";

export type OpsStage = AsyncDisposable & {
  readonly world: Stage;
  readonly logFile: string;
  startBot(): Bot;
  /** The maintainer files and releases an issue for the cheap agent. Returns its number. */
  release(): number;
};

export async function setOpsStage(): Promise<OpsStage> {
  const dir = mkdtempSync(join(tmpdir(), "afk-ops-"));
  const world = await setStage(dir);
  const bots: Bot[] = [];
  return {
    world,
    logFile: join(dir, "bot.log"),
    startBot() {
      const bot = startBot(dir, world.configFile, world.addresses);
      bots.push(bot);
      return bot;
    },
    release() {
      const maintainer = world.github.as("maintainer");
      const { number } = maintainer.createIssue(repo, { title: "Quote a surcharge", body: "Please." });
      maintainer.label({ repo, number }, "ready-for-agent");
      return number;
    },
    async [Symbol.asyncDispose]() {
      for (const bot of bots) await bot.stop();
      await world[Symbol.asyncDispose]();
      rmSync(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    },
  };
}

export type Pages = {
  get(path: string): Promise<{ readonly status: number; readonly text: string }>;
  /** A metric's value with exactly these labels; undefined = it is not there. */
  metric(name: string, labels?: Readonly<Record<string, string>>): Promise<number | undefined>;
};

/** Once the bot serves its pages. */
export async function pagesOf(bot: Bot): Promise<Pages> {
  const { port } = await bot.said("health pages served");
  const url = `http://127.0.0.1:${String(port)}`;
  const get = async (path: string): Promise<{ status: number; text: string }> => {
    const answer = await fetch(`${url}${path}`);
    return { status: answer.status, text: await answer.text() };
  };
  return {
    get,
    async metric(name, labels = {}) {
      const { text } = await get("/metrics");
      const inside = Object.entries(labels).map(([key, value]) => `${key}="${value}"`);
      const start = inside.length === 0 ? `${name} ` : `${name}{${inside.join(",")}} `;
      const line = text.split("\n").find((one) => one.startsWith(start));
      return line === undefined ? undefined : Number(line.slice(start.length));
    },
  };
}

/** As `until` of the scenarios, for what has to be asked for. */
export async function eventually<T>(
  what: string,
  look: () => Promise<T | undefined | false>,
  withinMs = 80_000,
): Promise<T> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const seen = await look();
    if (seen !== undefined && seen !== false) return seen;
    if (performance.now() > deadline) throw new Error(`not seen within ${withinMs / 1000} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

export function linesOf(logFile: string): readonly Readonly<Record<string, unknown>>[] {
  const lines = readFileSync(logFile, "utf8").split("\n").filter(Boolean);
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}
