import { z } from "zod";
import { repoKey, userOrGroup } from "./values.ts";

const workload = z.strictObject({
  namespace: z
    .string()
    .min(1)
    .meta({ description: "where it runs", examples: ["shop"] }),
  name: z
    .string()
    .min(1)
    .meta({ description: "what it is called", examples: ["web"] }),
  kind: z.enum(["Deployment", "StatefulSet", "DaemonSet"]).default("Deployment").describe("what it is"),
  container: z
    .string()
    .min(1)
    .optional()
    .describe("the one whose image tag names the commit; default: the first container"),
});
export type WorkloadRef = z.infer<typeof workload>;

export const reposSchema = z
  .array(
    z.strictObject({
      repo: repoKey.meta({ description: "owner/name", examples: ["acme/shop"] }),
      workloads: z.array(workload).describe("what a commit must be healthy on; [] = CI alone decides"),
      owners: z
        .array(userOrGroup)
        .default([])
        .describe("users or user groups who may resolve this repo's escalations too, and are asked first"),
    }),
  )
  .min(1, "expected at least one repo")
  .describe("The repos that the bot works in.");
