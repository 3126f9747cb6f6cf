import { z } from "zod";
import { caches } from "../volume/caches.ts";
import { duration, repoKey, userOrGroup, variableName } from "./values.ts";

const workload = z
  .strictObject({
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
    annotation: z
      .string()
      .min(1)
      .optional()
      .describe("of the workload or its pods, that names the commit instead of the image's tag"),
    imageLabel: z
      .string()
      .min(1)
      .optional()
      .describe(
        "of the image, that names the commit, where images are named by digest: org.opencontainers.image.revision, mostly; " +
          "looked up in its registry, which kubernetes.registries lists",
      ),
  })
  .refine(({ annotation, imageLabel }) => annotation === undefined || imageLabel === undefined, {
    path: ["imageLabel"],
    error: "annotation and imageLabel both name the commit: give one of them",
  });
export type WorkloadRef = z.infer<typeof workload>;

const setup = z
  .strictObject({
    command: z
      .string()
      .trim()
      .min(1)
      .meta({ description: "run by sh in a new or changed tree", examples: ["npm ci"] }),
    timeout: duration.prefault("10m").describe("how long it may take"),
    env: z
      .array(variableName)
      .default([])
      .describe("variables of the bot's environment that it gets; it has no others"),
    inputs: z
      .array(z.string().min(1))
      .default([])
      .describe(
        "paths and folders it depends on, besides lock files and manifests: while none of them changes it is skipped",
      ),
  })
  .meta({
    description: "makes a tree ready to work in; default: nothing is run",
    examples: [{ command: "npm ci" }],
  });

export const reposSchema = z
  .array(
    z.strictObject({
      repo: repoKey.meta({ description: "owner/name", examples: ["acme/shop"] }),
      workloads: z.array(workload).describe("what a commit must be healthy on; [] = CI alone decides"),
      ci: z
        .strictObject({
          required: z.array(z.string().min(1)).default([]).describe("checks that must be there and pass, by name"),
          ignored: z.array(z.string().min(1)).default([]).describe("checks that do not count; * stands for anything"),
          whenNone: z
            .enum(["red", "green"])
            .default("red")
            .describe("what it means that no workflow can run for a change"),
        })
        .prefault({})
        .describe("how CI is judged"),
      owners: z
        .array(userOrGroup)
        .default([])
        .describe("users or user groups who may resolve this repo's escalations too, and are asked first"),
      setup: setup.optional(),
      caches: z
        .array(z.enum(caches.map(({ tool }) => tool) as [string, ...string[]]))
        .optional()
        .describe("tools whose caches the setup gets; default: those that its lock files speak for"),
      submodules: z.boolean().default(false).describe("whether its trees have them"),
      lfs: z.boolean().default(false).describe("whether its trees have the large files; needs git-lfs"),
    }),
  )
  .min(1, "expected at least one repo")
  .describe("The repos that the bot works in.");

export const commitsSchema = z
  .strictObject({
    name: z.string().min(1).default("AFK agent").describe("who agents commit as"),
    email: z
      .string()
      .regex(/^[^\s@<>]+@[^\s@<>]+$/, "expected an email address")
      .default("afk-agent@users.noreply.github.com")
      .describe("GitHub shows the account that has this address"),
  })
  .prefault({})
  .describe("The git identity of the trees.");
