// Pods and pod templates, with the defaults that the API server fills in.

import { z } from "zod";
import { conditionSchema, metaSchema } from "./meta.ts";

const containerSchema = z
  .looseObject({
    name: z.string().min(1),
    image: z.string().min(1),
    ports: z.array(z.looseObject({ containerPort: z.int(), protocol: z.string().default("TCP") })).optional(),
    imagePullPolicy: z.enum(["Always", "IfNotPresent", "Never"]).optional(),
    resources: z.looseObject({}).default({}),
    terminationMessagePath: z.string().default("/dev/termination-log"),
    terminationMessagePolicy: z.string().default("File"),
  })
  .transform((container) => ({
    ...container,
    imagePullPolicy: container.imagePullPolicy ?? defaultPullPolicy(container.image),
  }));

const podSpecSchema = z.looseObject({
  containers: z.array(containerSchema).min(1),
  restartPolicy: z.enum(["Always", "OnFailure", "Never"]).default("Always"),
  terminationGracePeriodSeconds: z.int().min(0).default(30),
  dnsPolicy: z.string().default("ClusterFirst"),
  schedulerName: z.string().default("default-scheduler"),
  securityContext: z.looseObject({}).default({}),
  nodeName: z.string().optional(),
  nodeSelector: z.record(z.string(), z.string()).optional(),
});

export const templateSchema = z.looseObject({
  metadata: z
    .looseObject({
      labels: z.record(z.string(), z.string()).optional(),
      annotations: z.record(z.string(), z.string()).optional(),
    })
    .prefault({}),
  spec: podSpecSchema,
});

const stateSchema = z.looseObject({
  waiting: z.looseObject({ reason: z.string().optional(), message: z.string().optional() }).optional(),
  running: z.looseObject({ startedAt: z.string().optional() }).optional(),
  terminated: z
    .looseObject({
      exitCode: z.int(),
      reason: z.string().optional(),
      startedAt: z.string().optional(),
      finishedAt: z.string().optional(),
      containerID: z.string().optional(),
    })
    .optional(),
});

const containerStatusSchema = z.looseObject({
  name: z.string(),
  state: stateSchema.default({}),
  lastState: stateSchema.default({}),
  ready: z.boolean().default(false),
  started: z.boolean().optional(),
  restartCount: z.int().default(0),
  image: z.string().default(""),
  imageID: z.string().default(""),
  containerID: z.string().optional(),
});

const podStatusSchema = z.looseObject({
  phase: z.enum(["Pending", "Running", "Succeeded", "Failed", "Unknown"]).optional(),
  conditions: z.array(conditionSchema).optional(),
  hostIP: z.string().optional(),
  podIP: z.string().optional(),
  podIPs: z.array(z.looseObject({ ip: z.string() })).optional(),
  startTime: z.string().optional(),
  containerStatuses: z.array(containerStatusSchema).optional(),
  qosClass: z.string().optional(),
});

export const podSchema = z.looseObject({
  apiVersion: z.literal("v1").default("v1"),
  kind: z.literal("Pod").default("Pod"),
  metadata: metaSchema,
  spec: podSpecSchema,
  status: podStatusSchema.prefault({}),
});

export type Pod = z.infer<typeof podSchema>;
export type Container = Pod["spec"]["containers"][number];
export type ContainerStatus = z.infer<typeof containerStatusSchema>;
export type ContainerState = z.infer<typeof stateSchema>;
export type PodTemplate = z.infer<typeof templateSchema>;

/** `Always` for `:latest` and for no tag at all, else `IfNotPresent` (kubernetes.io/docs/concepts/containers/images). */
function defaultPullPolicy(image: string): "Always" | "IfNotPresent" {
  const last = image.slice(image.lastIndexOf("/") + 1);
  if (image.includes("@")) return "IfNotPresent";
  return !last.includes(":") || last.endsWith(":latest") ? "Always" : "IfNotPresent";
}
