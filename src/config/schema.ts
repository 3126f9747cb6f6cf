// What the operator's YAML file may say, with its defaults: this is the order of its sections, each of which has a file
// beside this one. Unknown keys are refused everywhere.
//
// Every key carries its explanation: afk.example.yaml and afk.schema.json are made of them (`npm run generate`). A key
// with an example is written out there, whether it must be given or is one that everybody should think about.

import { z } from "zod";
import { ntfySchema, remindersSchema } from "./bells.ts";
import { githubSchema } from "./github.ts";
import { housekeepingSchema } from "./housekeeping.ts";
import { kubernetesSchema } from "./kubernetes.ts";
import { httpSchema, leaderElectionSchema } from "./operation.ts";
import { labelsSchema, policySchema } from "./policy.ts";
import { commitsSchema, reposSchema } from "./repos.ts";
import { slackSchema } from "./slack.ts";
import { t3Schema } from "./t3.ts";
import { pattern } from "./values.ts";

export const configSchema = z.strictObject({
  github: githubSchema,
  slack: slackSchema,
  t3: t3Schema,
  repos: reposSchema,
  volume: z
    .string()
    .min(1)
    .meta({ description: "The volume shared with T3, mounted at this same path there.", examples: ["/volume"] }),
  state: z.string().min(1).optional().describe("The bot's memory. Default: state on the volume."),
  kubernetes: kubernetesSchema,
  commits: commitsSchema,
  labels: labelsSchema,
  policy: policySchema,
  reminders: remindersSchema,
  ntfy: ntfySchema,
  housekeeping: housekeepingSchema,
  http: httpSchema,
  leaderElection: leaderElectionSchema,
  redact: z
    .array(pattern)
    .default([])
    .describe("More patterns of what must not be quoted anywhere; keys and tokens of known forms are left out anyway."),
  logLevel: z
    .enum(["trace", "debug", "info", "warn", "error"])
    .default("info")
    .describe("How much is logged, as JSON lines on stdout."),
});

export type ConfigFile = z.infer<typeof configSchema>;
export type RepoConfig = ConfigFile["repos"][number];
export type { WorkloadRef } from "./repos.ts";
