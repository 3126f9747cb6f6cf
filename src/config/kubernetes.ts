import { z } from "zod";
import { secretRef } from "./secrets.ts";
import { url } from "./values.ts";

const registry = z
  .strictObject({
    host: z
      .string()
      .regex(/^[a-z0-9.-]+(:\d+)?$/, "expected a host as images name it, such as ghcr.io")
      .describe("as images name it, such as ghcr.io"),
    url: url.optional().describe("where its API is; default: https:// and the host"),
    username: z.string().min(1).optional().describe("whom it knows the bot as; default: what it shows to everybody"),
    password: secretRef.optional().describe("or a token that may read images; { env: NAME } or { file: PATH }"),
  })
  .refine(({ username, password }) => (username === undefined) === (password === undefined), {
    path: ["password"],
    error: "username and password belong together",
  });

export const kubernetesSchema = z
  .strictObject({
    kubeconfig: z.string().min(1).optional().describe("default: the pod's own service account"),
    registries: z
      .array(registry)
      .default([])
      .describe(
        "in which images' labels are looked up, for workloads with an imageLabel; " +
          "[{ host: ghcr.io, username: NAME, password: { env: AFK_REGISTRY_PASSWORD } }]",
      ),
  })
  .prefault({})
  .describe("The cluster that the workloads run in.");
