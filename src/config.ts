// The operator's one YAML file. Everything wrong in it is reported at once, each with its path and what was expected.
// Secrets are never in the file: it names an environment variable or a file that holds each of them.

import { readFileSync } from "node:fs";
import { dirname, isAbsolute, resolve } from "node:path";
import ms, { type StringValue } from "ms";
import { parse as parseYaml, YAMLParseError } from "yaml";
import { z } from "zod";
import type { Policy } from "./domain/policy.ts";
import { findRepoKey, type RepoKey } from "./domain/repo.ts";
import { AfkError, messageOf } from "./errors.ts";
import type { GitHubCredentials } from "./github/auth.ts";
import type { StoredToken, TokenFrom } from "./t3/token.ts";

const url = z
  .url({ protocol: /^https?$/, error: "expected an http(s) URL" })
  .transform((text) => text.replace(/\/+$/, ""));

const duration = z.string("expected a duration such as 500ms, 30s, 5m or 2h").transform((text, context) => {
  const value = /^\d+(\.\d+)?\s*(ms|s|m|h|d)$/.test(text) ? ms(text as StringValue) : undefined;
  if (value !== undefined && value > 0) return value;
  context.addIssue({
    code: "custom",
    message: `expected a duration such as 500ms, 30s, 5m or 2h, not ${JSON.stringify(text)}`,
  });
  return z.NEVER;
});

const secretRef = z.union(
  [
    z.strictObject({
      env: z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "expected the name of an environment variable"),
    }),
    z.strictObject({ file: z.string().min(1) }),
  ],
  { error: "expected { env: NAME } or { file: PATH }: secrets are not written into the config" },
);

const t3TokenRef = z.union(
  [
    ...secretRef.options,
    z.strictObject({ command: z.array(z.string().min(1)).min(1) }).describe("argv that prints a token; no shell"),
    z
      .strictObject({ exchange: z.strictObject({ adminToken: secretRef }) })
      .describe("mints a token that can do no more than the bot needs"),
  ],
  {
    error:
      "expected { env: NAME }, { file: PATH }, { command: [PROGRAM, ARGUMENT …] } or { exchange: { adminToken: { env or file } } }",
  },
);

const repoKey = z.string().transform((text, context) => {
  const key = findRepoKey(text);
  if (key !== undefined) return key;
  context.addIssue({ code: "custom", message: `expected owner/name, not ${JSON.stringify(text)}` });
  return z.NEVER;
});

const workload = z.strictObject({
  kind: z.enum(["Deployment", "StatefulSet", "DaemonSet"]).default("Deployment"),
  namespace: z.string().min(1),
  name: z.string().min(1),
  container: z.string().min(1).optional().describe("default: the first container"),
});
export type WorkloadRef = z.infer<typeof workload>;

const policySchema = z.strictObject({
  poll: duration.default(ms("30s")),
  watch: duration.default(ms("5s")),
  maxRuns: z.number().int().positive().default(4),
  minFreePercent: z.number().min(0).max(90).default(5).describe("of the volume; below it nothing new starts"),
  prepare: duration.default(ms("15m")),
  turnStart: duration.default(ms("5m")),
  turn: duration.default(ms("2h")),
  stall: duration.default(ms("20m")),
  zombie: duration.default(ms("2m")),
  budgetUsd: z.number().positive().default(100).describe("what a run may cost"),
  budgetTokens: z.number().int().positive().optional().describe("where its cost is unknown; default: no limit"),
  settle: duration.default(ms("2m")),
  ciStart: duration.default(ms("10m")),
  ci: duration.default(ms("1h")),
  rollout: duration.default(ms("90m")),
  trustedBots: z.array(z.string()).default([]),
});

const configSchema = z.strictObject({
  github: z
    .strictObject({
      apiUrl: url.default("https://api.github.com"),
      token: secretRef.optional().describe("a personal access token, fine-grained or classic"),
      app: z
        .strictObject({
          id: z.number().int().positive(),
          installationId: z.number().int().positive(),
          privateKey: secretRef,
        })
        .optional()
        .describe("a GitHub App, instead of a token"),
      requestsPerHour: z.number().int().min(60).default(36_000).describe("of polls; the interval stretches to keep it"),
    })
    .refine(({ token, app }) => token !== undefined || app !== undefined, {
      path: ["token"],
      error: "missing: give a token, or an app",
    })
    .refine(({ token, app }) => token === undefined || app === undefined, {
      path: ["app"],
      error: "give a token or an app, not both",
    }),
  slack: z.strictObject({
    apiUrl: url.default("https://slack.com/api"),
    botToken: secretRef,
    appToken: secretRef,
    channel: z.string().regex(/^[CG][A-Z0-9]+$/, "expected a channel id such as C0123ABCD"),
    operators: z.array(z.string().regex(/^[UW][A-Z0-9]+$/, "expected a user id such as U0123ABCD")).default([]),
  }),
  t3: z.strictObject({
    url,
    publicUrl: url.optional().describe("for links people open; default: url"),
    token: t3TokenRef,
    version: z.string().min(1).optional().describe("the server version that is meant to answer"),
    baseDir: z.string().min(1).optional().describe("T3's base directory, where the bot can read it"),
    pilot: z.enum(["required", "auto"]).default("required").describe("auto: the bot runs the pilot by itself"),
    prices: z
      .record(
        z.string(),
        z.strictObject({ inputPerMTok: z.number().nonnegative(), outputPerMTok: z.number().nonnegative() }),
      )
      .default({})
      .describe("USD for a million tokens, by model"),
    model: z
      .strictObject({ instanceId: z.string().regex(/^[a-zA-Z][a-zA-Z0-9_-]*$/), model: z.string().min(1) })
      .default({ instanceId: "claudeAgent", model: "claude-opus-4-8" }),
  }),
  kubernetes: z
    .strictObject({ kubeconfig: z.string().min(1).optional().describe("default: the pod's own service account") })
    .default({}),
  volume: z.string().min(1).describe("the shared volume, at the same path as in T3"),
  state: z.string().min(1).optional().describe("default: <volume>/state"),
  labels: z
    .strictObject({
      ready: z.string().min(1).default("ready-for-agent"),
      running: z.string().min(1).default("agent-running"),
      human: z.string().min(1).default("ready-for-human"),
    })
    .prefault({}),
  policy: policySchema.prefault({}),
  logLevel: z.enum(["trace", "debug", "info", "warn", "error"]).default("info"),
  repos: z
    .array(
      z.strictObject({
        repo: repoKey,
        workloads: z.array(workload).describe("an empty list: CI alone decides"),
      }),
    )
    .min(1, "expected at least one repo"),
});

type Parsed = z.infer<typeof configSchema>;
export type RepoConfig = Parsed["repos"][number];

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
    readonly appToken: string;
    readonly channel: string;
    /** Slack user ids who may pause and resume. */
    readonly operators: readonly string[];
  };
  readonly t3: {
    readonly url: string;
    readonly publicUrl: string;
    readonly token: TokenFrom;
    readonly model: Parsed["t3"]["model"];
    readonly version: string | undefined;
    readonly baseDir: string | undefined;
    readonly pilot: Parsed["t3"]["pilot"];
    readonly prices: Parsed["t3"]["prices"];
  };
  readonly kubernetes: { readonly kubeconfig: string | undefined };
  readonly volume: string;
  readonly stateDir: string;
  readonly policy: Policy;
  readonly logLevel: Parsed["logLevel"];
  readonly repos: ReadonlyMap<RepoKey, RepoConfig>;
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
  const secret = (at: string, ref: unknown): string => {
    const known = secretRef.safeParse(ref);
    if (!known.success) return "";
    const found = loadSecret(known.data, dirname(path), env);
    if ("problem" in found) problems.push(`${at}: ${found.problem}`);
    return "value" in found ? found.value : "";
  };
  const secrets = {
    github: secret("github.token", at(raw, "github", "token")),
    githubKey: secret("github.app.privateKey", at(raw, "github", "app", "privateKey")),
    bot: secret("slack.botToken", at(raw, "slack", "botToken")),
    app: secret("slack.appToken", at(raw, "slack", "appToken")),
    t3: loadT3Token(at(raw, "t3", "token"), dirname(path), secret),
  };
  if (!parsed.success || problems.length > 0) {
    const list = problems.map((problem) => `  - ${problem}`).join("\n");
    throw new AfkError("config", `${path} has ${problems.length} problem${problems.length === 1 ? "" : "s"}:\n${list}`);
  }

  const { data } = parsed;
  const absolute = (file: string): string => (isAbsolute(file) ? file : resolve(dirname(path), file));
  const volume = absolute(data.volume);
  const { policy } = data;
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
      appToken: secrets.app,
      channel: data.slack.channel,
      operators: data.slack.operators,
    },
    t3: {
      url: data.t3.url,
      publicUrl: data.t3.publicUrl ?? data.t3.url,
      token: secrets.t3,
      model: data.t3.model,
      version: data.t3.version,
      baseDir: data.t3.baseDir === undefined ? undefined : absolute(data.t3.baseDir),
      pilot: data.t3.pilot,
      prices: data.t3.prices,
    },
    kubernetes: {
      kubeconfig: data.kubernetes.kubeconfig === undefined ? undefined : absolute(data.kubernetes.kubeconfig),
    },
    volume,
    stateDir: data.state === undefined ? resolve(volume, "state") : absolute(data.state),
    policy: {
      pollMs: policy.poll,
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
      settleMs: policy.settle,
      ciStartMs: policy.ciStart,
      ciMs: policy.ci,
      rolloutMs: policy.rollout,
      labels: data.labels,
      trustedBots: policy.trustedBots,
    },
    logLevel: data.logLevel,
    repos: new Map(data.repos.map((repo) => [repo.repo, repo])),
  };
}

/** Where T3's token comes from. A file is looked at now, so that a wrong path is told at the start. */
function loadT3Token(raw: unknown, base: string, secret: (at: string, ref: unknown) => string): TokenFrom {
  const ref = t3TokenRef.safeParse(raw).data;
  if (ref !== undefined && "command" in ref) return { from: "command", argv: ref.command };
  const exchange = ref !== undefined && "exchange" in ref;
  const stored = exchange ? ref.exchange.adminToken : ref;
  const value = secret(exchange ? "t3.token.exchange.adminToken" : "t3.token", stored);
  const token: StoredToken =
    stored !== undefined && "file" in stored
      ? { from: "file", path: resolve(base, stored.file) }
      : { from: "value", value };
  return exchange ? { from: "exchange", adminToken: token } : token;
}

function loadSecret(
  ref: z.infer<typeof secretRef>,
  base: string,
  env: NodeJS.ProcessEnv,
): { readonly value: string } | { readonly problem: string } {
  if ("env" in ref) {
    const value = env[ref.env]?.trim();
    return value ? { value } : { problem: `the environment variable ${ref.env} is not set` };
  }
  const file = resolve(base, ref.file);
  try {
    const value = readFileSync(file, "utf8").trim();
    return value === "" ? { problem: `the secret file ${file} is empty` } : { value };
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "unreadable";
    return { problem: `the secret file ${file} cannot be read (${code})` };
  }
}

function duplicates(data: Parsed): string[] {
  const seen = new Set<string>();
  return data.repos.flatMap(({ repo }, index) => {
    if (!seen.has(repo)) {
      seen.add(repo);
      return [];
    }
    return [`repos[${index}].repo: ${repo} is listed twice`];
  });
}

function describeIssue(issue: z.core.$ZodIssue): string {
  const path = issue.path
    .map((part, index) => (typeof part === "number" ? `[${part}]` : `${index === 0 ? "" : "."}${String(part)}`))
    .join("");
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => `${path === "" ? key : `${path}.${key}`}: unknown key`).join("\n  - ");
  }
  const text = issue.message.replace(/^Invalid input: /, "").replace(/, received undefined$/, "");
  const missing = issue.code === "invalid_type" && issue.input === undefined;
  return `${path || "(top level)"}: ${missing ? "missing, " : ""}${text}`;
}

function at(value: unknown, ...keys: readonly string[]): unknown {
  return keys.reduce<unknown>(
    (inner, key) => (typeof inner === "object" && inner !== null ? (inner as Record<string, unknown>)[key] : undefined),
    value,
  );
}
