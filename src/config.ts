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
  prepare: duration.default(ms("15m")),
  turnStart: duration.default(ms("5m")),
  turn: duration.default(ms("2h")),
  stall: duration.default(ms("20m")),
  settle: duration.default(ms("2m")),
  ciStart: duration.default(ms("10m")),
  ci: duration.default(ms("1h")),
  rollout: duration.default(ms("90m")),
  trustedBots: z.array(z.string()).default([]),
});

const configSchema = z.strictObject({
  github: z.strictObject({ apiUrl: url.default("https://api.github.com"), token: secretRef }),
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
    token: secretRef,
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
  readonly github: { readonly apiUrl: string; readonly token: string };
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
    readonly token: string;
    readonly model: Parsed["t3"]["model"];
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

export function parseConfig(text: string, path: string, env: NodeJS.ProcessEnv): Config {
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
    bot: secret("slack.botToken", at(raw, "slack", "botToken")),
    app: secret("slack.appToken", at(raw, "slack", "appToken")),
    t3: secret("t3.token", at(raw, "t3", "token")),
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
    github: { apiUrl: data.github.apiUrl, token: secrets.github },
    slack: {
      apiUrl: data.slack.apiUrl,
      botToken: secrets.bot,
      appToken: secrets.app,
      channel: data.slack.channel,
      operators: data.slack.operators,
    },
    t3: { url: data.t3.url, publicUrl: data.t3.publicUrl ?? data.t3.url, token: secrets.t3, model: data.t3.model },
    kubernetes: {
      kubeconfig: data.kubernetes.kubeconfig === undefined ? undefined : absolute(data.kubernetes.kubeconfig),
    },
    volume,
    stateDir: data.state === undefined ? resolve(volume, "state") : absolute(data.state),
    policy: {
      pollMs: policy.poll,
      watchMs: policy.watch,
      maxRuns: policy.maxRuns,
      prepareMs: policy.prepare,
      turnStartMs: policy.turnStart,
      turnMs: policy.turn,
      stallMs: policy.stall,
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
