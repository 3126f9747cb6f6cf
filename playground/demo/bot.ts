// The bot as the demo runs it: its own process, its own config file, its secrets in its environment.

import { type ChildProcess, spawn } from "node:child_process";
import { createWriteStream, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { stringify } from "yaml";
import { NODE_ENVIRONMENT, NODE_FLAGS } from "../../scripts/node-flags.ts";
import type { WorldAddresses } from "../world/addresses.ts";
import { channel, cluster, repo, slackUsers, tokens } from "../world/team.ts";

const MAIN = fileURLToPath(new URL("../../src/main.ts", import.meta.url));

export type LogLine = Readonly<Record<string, unknown>> & { readonly msg?: string };

export type Bot = {
  readonly process: ChildProcess;
  readonly logFile: string;
  /** Resolves with the first log line whose `msg` is the given one; rejects when the bot ends before. */
  said(message: string): Promise<LogLine>;
  /** Its log so far. */
  logged(): readonly LogLine[];
  /** The latest message in its log; empty before the first. */
  lastSaid(): string;
  /** SIGTERM, and SIGKILL where that does not help. */
  stop(): Promise<void>;
};

type Settings = Readonly<Record<string, unknown>>;

/** Writes `afk.yaml` for the world into `dir`, with `over` laid over it. Only addresses and clocks differ from a real one. */
export function writeBotConfig(dir: string, world: WorldAddresses, over: Settings = {}): string {
  const file = join(dir, "afk.yaml");
  const config = {
    github: { apiUrl: world.githubApiUrl, token: { env: "AFK_GITHUB_TOKEN" } },
    slack: {
      apiUrl: world.slackApiUrl,
      botToken: { env: "AFK_SLACK_BOT_TOKEN" },
      appToken: { env: "AFK_SLACK_APP_TOKEN" },
      channel: channel.id,
      operators: [slackUsers[0].id],
    },
    t3: { url: world.t3Url, token: { env: "AFK_T3_TOKEN" }, pilot: "auto", baseDir: join(dir, "world", "t3") },
    kubernetes: { kubeconfig: world.kubeconfigFile },
    volume: join(dir, "volume"),
    http: { port: 0 },
    policy: {
      poll: "500ms",
      watch: "200ms",
      retry: "1s",
      stall: "1m",
      turn: "3m",
      ciStart: "20s",
      ci: "1m",
      rollout: "2m",
    },
    repos: [{ repo, workloads: [{ namespace: cluster.namespace, name: cluster.deployment }] }],
  };
  mkdirSync(dir, { recursive: true });
  writeFileSync(file, stringify(layOver(config, over)));
  return file;
}

function layOver(under: Settings, over: Settings): Settings {
  const merged = Object.entries(over).map(([key, value]) => {
    const below = under[key];
    return [key, isSettings(below) && isSettings(value) ? layOver(below, value) : value] as const;
  });
  return { ...under, ...Object.fromEntries(merged) };
}

function isSettings(value: unknown): value is Settings {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** `env` is added to the bot's environment; `main` is the program, the bot's own sources unless said otherwise. */
export function startBot(
  dir: string,
  configFile: string,
  world: Pick<WorldAddresses, "t3Token">,
  { env = {}, main = MAIN }: { readonly env?: Readonly<Record<string, string>>; readonly main?: string } = {},
): Bot {
  const logFile = join(dir, "bot.log");
  const log = createWriteStream(logFile, { flags: "a" });
  const child = spawn(process.execPath, [...NODE_FLAGS, main, "serve", "--config", configFile], {
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      ...NODE_ENVIRONMENT,
      PATH: process.env["PATH"],
      NODE_COMPILE_CACHE: process.env["NODE_COMPILE_CACHE"],
      HOME: dir,
      AFK_GITHUB_TOKEN: tokens.githubBot,
      AFK_SLACK_BOT_TOKEN: "xoxb-playground",
      AFK_SLACK_APP_TOKEN: "xapp-playground",
      AFK_T3_TOKEN: world.t3Token,
      ...env,
    },
    // In a group of its own: a Ctrl-C is for the demo, which then stops the bot in order.
    detached: true,
  });
  const seen: LogLine[] = [];
  const waiting = new Set<() => void>();
  createInterface({ input: child.stdout }).on("line", (line) => {
    log.write(`${line}\n`);
    seen.push(parseLine(line));
    for (const look of waiting) look();
  });
  child.stderr.on("data", (chunk: Buffer) => log.write(chunk));
  const ended = new Promise<void>((resolve) => {
    child.once("exit", () => resolve());
    child.once("error", () => resolve());
  });

  function said(message: string): Promise<LogLine> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const line = seen.find(({ msg }) => msg === message);
        if (line === undefined) return;
        waiting.delete(look);
        resolve(line);
      };
      waiting.add(look);
      look();
      void ended.then(() => reject(new Error(`the bot ended before it said "${message}": see ${logFile}`)));
    });
  }

  async function stop(): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGTERM");
    const timer = setTimeout(() => child.kill("SIGKILL"), 10_000);
    await ended;
    clearTimeout(timer);
    log.end();
  }

  return { process: child, logFile, said, logged: () => seen, lastSaid: () => seen.at(-1)?.msg ?? "", stop };
}

function parseLine(line: string): LogLine {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null ? (value as LogLine) : {};
  } catch {
    return {};
  }
}
