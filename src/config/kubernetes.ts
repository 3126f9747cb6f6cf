import { z } from "zod";
import { secretRef } from "./secrets.ts";
import { url } from "./values.ts";

const registry = z
  .strictObject({
    host: z.string().regex(/^[a-z0-9.-]+(:\d+)?$/, "expected a host as images name it, such as ghcr.io"),
    url: url.optional(),
    username: z.string().min(1).optional(),
    password: secretRef.optional(),
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
