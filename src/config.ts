// The operator's one YAML file, read. Everything wrong in it is reported at once, each with its path and what was
// expected; what it may say is in config/schema.ts.

import { readFileSync } from "node:fs";
import { dirname, isAbsolute, resolve } from "node:path";
import { parse as parseYaml, YAMLParseError } from "yaml";
import { describeIssue, duplicates } from "./config/problems.ts";
import { type ConfigFile, configSchema, type RepoConfig } from "./config/schema.ts";
import { loadSecret, loadT3Token, secretRef } from "./config/secrets.ts";
import { loadTrees, secretVariables, type TreesConfig } from "./config/trees.ts";
import type { HousekeepingPolicy } from "./domain/housekeeping.ts";
import type { JobName } from "./domain/housekeeping-state.ts";
import type { Ladder } from "./domain/ladder.ts";
import type { Policy } from "./domain/policy.ts";
import type { RepoKey } from "./domain/repo.ts";
import { AfkError, messageOf } from "./errors.ts";
import type { GitHubCredentials } from "./github/auth.ts";
import type { Registry } from "./registry/registry.ts";
import type { Receive } from "./slack/receive.ts";
import type { TokenFrom } from "./t3/token.ts";

export type { RepoConfig, WorkloadRef } from "./config/schema.ts";

/** The config as the bot uses it: secrets resolved, paths absolute, durations in milliseconds. */
export type Config = {
  readonly github: {
    readonly apiUrl: string;
    readonly credentials: GitHubCredentials;
    /** Most polls an hour, over all repos. */
    readonly requestsPerHour: number;
  };
  readonly slack: {
    readonly apiUrl: string;
    readonly botToken: string;
    readonly receive: Receive;
    readonly channel: string;
    /** Slack users and user groups who may pause, resume and resolve. */
    readonly operators: readonly string[];
    /** GitHub logins by Slack user id. */
    readonly people: Readonly<Record<string, string>>;
  };
  readonly t3: {
    /** The first is the one that the config's own keys name. */
    readonly servers: readonly [T3Server, ...T3Server[]];
    readonly model: ConfigFile["t3"]["model"];
    readonly pilot: ConfigFile["t3"]["pilot"];
    readonly runtimeMode: ConfigFile["t3"]["runtimeMode"];
    readonly prices: ConfigFile["t3"]["prices"];
  };
  readonly kubernetes: { readonly kubeconfig: string | undefined; readonly registries: readonly Registry[] };
  readonly volume: string;
  readonly stateDir: string;
  readonly policy: Policy;
  readonly ladder: Ladder;
  /** Undefined = there is no second bell. */
  readonly ntfy: NtfySettings | undefined;
  readonly housekeeping: HousekeepingSettings;
  readonly http: { readonly host: string; readonly port: number };
  readonly leaderElection: Omit<ConfigFile["leaderElection"], "leaseDuration" | "renewDeadline" | "retryPeriod"> & {
    readonly leaseMs: number;
    readonly renewMs: number;
    readonly retryMs: number;
  };
  /** Regular expressions of what must not be quoted, beside the bot's own secrets and those of known forms. */
  readonly redact: readonly string[];
  readonly logLevel: ConfigFile["logLevel"];
  readonly repos: ReadonlyMap<RepoKey, RepoConfig>;
  readonly trees: TreesConfig;
  /** Every secret that was read, for the log to leave out. */
  readonly secrets: readonly string[];
  /** What it was read from: its own file, then those of the secrets. T3's token file is read anew for each call. */
  readonly files: readonly string[];
};

export type NtfySettings = {
  /** Its last part is the topic's name. */
  readonly topic: string;
  readonly token: string | undefined;
  readonly rings: "pages" | "all";
};

/** One T3 Code server: an executor, by its name. */
export type T3Server = {
  readonly name: string;
  readonly url: string;
  readonly publicUrl: string;
  readonly token: TokenFrom;
  readonly version: string | undefined;
  readonly baseDir: string | undefined;
  /** Runs at once; null = the policy's limit alone. */
  readonly capacity: number | null;
  readonly drain: boolean;
};

export type HousekeepingSettings = {
  readonly policy: HousekeepingPolicy;
  readonly timeZone: string;
  /** Cron expressions. */
  readonly timetable: Readonly<Record<JobName, string>>;
  readonly measureForMs: number;
  readonly keepCheckpointsMs: number;
};

/** Reads and checks the file. Throws AfkError `config` whose message lists every problem, one a line. */
export function loadConfig(path: string, env: NodeJS.ProcessEnv): Config {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new AfkError("config", `Cannot read the config file ${path}: ${messageOf(error)}`);
  }
  return parseConfig(text, path, env);
}

function parseConfig(text: string, path: string, env: NodeJS.ProcessEnv): Config {
  let raw: unknown;
  try {
    raw = parseYaml(text);
  } catch (error) {
    const where = error instanceof YAMLParseError ? error.message : messageOf(error);
    throw new AfkError("config", `${path} is not valid YAML: ${where}`);
  }
  const parsed = configSchema.safeParse(raw ?? {});
  const problems = parsed.success ? duplicates(parsed.data) : parsed.error.issues.map(describeIssue);
  const read: string[] = [];
  const files = [path];
  const secret = (at: string, ref: unknown): string => {
    const known = secretRef.safeParse(ref);
    if (!known.success) return "";
    const found = loadSecret(known.data, dirname(path), env);
    if ("problem" in found) problems.push(`${at}: ${found.problem}`);
    else read.push(found.value);
    if ("file" in known.data && !at.startsWith("t3.")) files.push(resolve(dirname(path), known.data.file));
    return "value" in found ? found.value : "";
  };
  const secrets = {
    github: secret("github.token", at(raw, "github", "token")),
    githubKey: secret("github.app.privateKey", at(raw, "github", "app", "privateKey")),
    bot: secret("slack.botToken", at(raw, "slack", "botToken")),
    app: secret("slack.appToken", at(raw, "slack", "appToken")),
    signing: secret("slack.signingSecret", at(raw, "slack", "signingSecret")),
    ntfy: secret("ntfy.token", at(raw, "ntfy", "token")),
    registries: entriesOf(at(raw, "kubernetes", "registries")).map((one, index) =>
      secret(`kubernetes.registries[${index}].password`, at(one, "password")),
    ),
    t3: loadT3Token(at(raw, "t3", "token"), "t3.token", dirname(path), secret),
    others: entriesOf(at(raw, "t3", "others")).map((one, index) =>
      loadT3Token(at(one, "token"), `t3.others[${index}].token`, dirname(path), secret),
    ),
  };
  const trees = parsed.success ? loadTrees(parsed.data, env, secretVariables(raw)) : undefined;
  problems.push(...(trees?.problems ?? []));
  if (!parsed.success || trees === undefined || problems.length > 0) {
    const list = problems.map((problem) => `  - ${problem}`).join("\n");
    throw new AfkError("config", `${path} has ${problems.length} problem${problems.length === 1 ? "" : "s"}:\n${list}`);
  }

  const { data } = parsed;
  const absolute = (file: string): string => (isAbsolute(file) ? file : resolve(dirname(path), file));
  const volume = absolute(data.volume);
  const { policy } = data;
  const server = (one: Omit<ConfigFile["t3"]["others"][number], "token">, token: TokenFrom | undefined): T3Server => ({
    name: one.name,
    url: one.url,
    publicUrl: one.publicUrl ?? one.url,
    token: token ?? { from: "value", value: "" },
    version: one.version,
    baseDir: one.baseDir === undefined ? undefined : absolute(one.baseDir),
    capacity: one.capacity ?? null,
    drain: one.drain,
  });
  const host = data.http.host ?? (env["KUBERNETES_SERVICE_HOST"] ? "0.0.0.0" : "127.0.0.1");
  const { leaseDuration, renewDeadline, retryPeriod, ...election } = data.leaderElection;
  return {
    github: {
      apiUrl: data.github.apiUrl,
      credentials:
        data.github.app === undefined
          ? { kind: "token", token: secrets.github }
          : {
              kind: "app",
              appId: data.github.app.id,
              installationId: data.github.app.installationId,
              // In an environment variable the lines of a key are often joined.
              privateKey: secrets.githubKey.replaceAll("\\n", "\n"),
            },
      requestsPerHour: data.github.requestsPerHour,
    },
    slack: {
      apiUrl: data.slack.apiUrl,
      botToken: secrets.bot,
      receive:
        data.slack.mode === "socket"
          ? { mode: "socket", appToken: secrets.app }
          : {
              mode: "http",
              signingSecret: secrets.signing,
              host: data.slack.requests.host ?? host,
              port: data.slack.requests.port,
            },
      channel: data.slack.channel,
      operators: data.slack.operators,
      people: data.slack.people,
    },
    t3: {
      servers: [server(data.t3, secrets.t3), ...data.t3.others.map((one, index) => server(one, secrets.others[index]))],
      model: data.t3.model,
      pilot: data.t3.pilot,
      runtimeMode: data.t3.runtimeMode,
      prices: data.t3.prices,
    },
    kubernetes: {
      kubeconfig: data.kubernetes.kubeconfig === undefined ? undefined : absolute(data.kubernetes.kubeconfig),
      registries: data.kubernetes.registries.map(({ host, url, username }, index) => ({
        host,
        // Docker's own is reached by another name than images call it by.
        url: url ?? `https://${host === "docker.io" ? "registry-1.docker.io" : host}`,
        login: username === undefined ? undefined : { username, password: secrets.registries[index] ?? "" },
      })),
    },
    volume,
    stateDir: data.state === undefined ? resolve(volume, "state") : absolute(data.state),
    policy: {
      pollMs: policy.poll,
      refreshMs: policy.refresh,
      watchMs: policy.watch,
      maxRuns: policy.maxRuns,
      minFree: policy.minFreePercent / 100,
      prepareMs: policy.prepare,
      turnStartMs: policy.turnStart,
      turnMs: policy.turn,
      stallMs: policy.stall,
      zombieMs: policy.zombie,
      budgetUsd: policy.budgetUsd,
      budgetTokens: policy.budgetTokens ?? null,
      retryMs: policy.retry,
      settleMs: policy.settle,
      askTimeoutMs: policy.askTimeout,
      maxFixes: policy.maxFixes,
      fixMs: policy.fix,
      ciStartMs: policy.ciStart,
      ciMs: policy.ci,
      rolloutMs: policy.rollout,
      labels: data.labels,
      trustedBots: policy.trustedBots,
    },
    ladder: {
      threadMs: data.reminders.thread,
      mentionMs: data.reminders.mention,
      pageMs: data.reminders.page,
      everyMs: data.reminders.every,
      quiet: data.reminders.quiet ?? null,
    },
    ntfy: data.ntfy && { topic: data.ntfy.topic, token: secrets.ntfy || undefined, rings: data.ntfy.rings },
    housekeeping: housekeepingOf(data.housekeeping),
    http: { host, port: data.http.port },
    leaderElection: { ...election, leaseMs: leaseDuration, renewMs: renewDeadline, retryMs: retryPeriod },
    redact: data.redact,
    logLevel: data.logLevel,
    repos: new Map(data.repos.map((repo) => [repo.repo, repo])),
    trees: trees.config,
    // Whoever knows a topic may read it, and write to it.
    secrets: [...read, ...trees.secrets, ...(data.ntfy === undefined ? [] : [data.ntfy.topic])],
    files,
  };
}

function housekeepingOf(data: ConfigFile["housekeeping"]): HousekeepingSettings {
  const { timeZone, volume, repos, tools, measure, report } = data;
  return {
    policy: {
      high: data.highPercent / 100,
      low: data.lowPercent / 100,
      keepIdleSlotsMs: data.keepIdleSlots,
    },
    timeZone,
    timetable: { volume, repos, tools, measure, report },
    measureForMs: data.measureFor,
    keepCheckpointsMs: data.keepCheckpoints,
  };
}

function entriesOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function at(value: unknown, ...keys: readonly string[]): unknown {
  return keys.reduce<unknown>(
    (inner, key) => (typeof inner === "object" && inner !== null ? (inner as Record<string, unknown>)[key] : undefined),
    value,
  );
}
