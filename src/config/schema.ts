// What the operator's YAML file may say, with its defaults. Unknown keys are refused everywhere.

import ms, { type StringValue } from "ms";
import { z } from "zod";
import { findRepoKey } from "../domain/repo.ts";
import { secretRef, t3TokenRef } from "./secrets.ts";

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
  askTimeout: duration.default(ms("4h")).describe("how long the agent waits for an answer before the run is blocked"),
  maxFixes: z.number().int().nonnegative().default(5).describe("corrective turns after a red verdict"),
  fix: duration.default(ms("60m")).describe("from the first red verdict; after it the run is frozen"),
  ciStart: duration.default(ms("10m")),
  ci: duration.default(ms("1h")),
  rollout: duration.default(ms("90m")),
  trustedBots: z.array(z.string()).default([]),
});

const wholeSeconds = duration.refine((value) => value % 1000 === 0, "expected whole seconds, as Kubernetes keeps them");

const httpSchema = z.strictObject({
  host: z
    .string()
    .min(1)
    .optional()
    .describe(
      "the address to listen on; default: 0.0.0.0 in a pod, where the kubelet asks from outside, else 127.0.0.1",
    ),
  port: z
    .number()
    .int()
    .min(0)
    .max(65_535)
    .default(8080)
    .describe("of /healthz, /readyz and /metrics; 0 = any free one, which the log then names"),
});

const leaderElectionSchema = z
  .strictObject({
    enabled: z
      .boolean()
      .default(false)
      .describe(
        "several replicas, of which a Kubernetes Lease lets one act; without it a lock file keeps a second one out",
      ),
    lease: z.string().min(1).default("afk-bot").describe("the Lease's name"),
    namespace: z
      .string()
      .min(1)
      .optional()
      .describe("the Lease's namespace; default: the pod's own, or the kubeconfig's"),
    identity: z
      .string()
      .min(1)
      .optional()
      .describe("how this replica is named in the Lease; default: the host name, which in a pod is the pod's name"),
    leaseDuration: wholeSeconds
      .default(ms("15s"))
      .describe("a standby takes over when the Lease was not renewed for so long"),
    renewDeadline: duration.default(ms("10s")).describe("the leader gives up when it could not renew for so long"),
    retryPeriod: duration.default(ms("2s")).describe("between two tries to get or renew the Lease"),
  })
  .refine(({ leaseDuration, renewDeadline }) => leaseDuration > renewDeadline, {
    path: ["leaseDuration"],
    error: "has to be longer than renewDeadline: what lies between is the margin in which nobody acts",
  })
  .refine(({ renewDeadline, retryPeriod }) => renewDeadline > 2 * retryPeriod, {
    path: ["renewDeadline"],
    error: "has to be longer than two retryPeriods, so that one lost request does not cost the leadership",
  });

export const configSchema = z.strictObject({
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
  http: httpSchema.prefault({}).describe("where the bot says how it is"),
  leaderElection: leaderElectionSchema.prefault({}).describe("for more than one replica"),
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

export type ConfigFile = z.infer<typeof configSchema>;
export type RepoConfig = ConfigFile["repos"][number];
