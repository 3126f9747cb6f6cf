// The kinds of apps/v1, with the defaults that the API server fills in.

import { z } from "zod";
import { conditionSchema, intOrPercent, metaSchema, selectorSchema } from "./meta.ts";
import { templateSchema } from "./pods.ts";

const count = z.int().min(0);
const apps = z.literal("apps/v1").default("apps/v1");

const deploymentStrategy = z
  .looseObject({
    type: z.enum(["RollingUpdate", "Recreate"]).default("RollingUpdate"),
    rollingUpdate: z
      .looseObject({ maxSurge: intOrPercent.optional(), maxUnavailable: intOrPercent.optional() })
      .optional(),
  })
  .prefault({})
  .transform((strategy) =>
    strategy.type === "RollingUpdate"
      ? { ...strategy, rollingUpdate: { maxSurge: "25%", maxUnavailable: "25%", ...strategy.rollingUpdate } }
      : strategy,
  );

export const deploymentSchema = z.looseObject({
  apiVersion: apps,
  kind: z.literal("Deployment").default("Deployment"),
  metadata: metaSchema,
  spec: z.looseObject({
    replicas: count.default(1),
    selector: selectorSchema,
    template: templateSchema,
    strategy: deploymentStrategy,
    minReadySeconds: count.optional(),
    revisionHistoryLimit: count.default(10),
    progressDeadlineSeconds: count.default(600),
    paused: z.boolean().optional(),
  }),
  // Counts of zero are left out, as the Go types' omitempty does.
  status: z
    .looseObject({
      observedGeneration: z.int().optional(),
      replicas: count.optional(),
      updatedReplicas: count.optional(),
      readyReplicas: count.optional(),
      availableReplicas: count.optional(),
      unavailableReplicas: count.optional(),
      conditions: z.array(conditionSchema).optional(),
    })
    .prefault({}),
});

export const replicaSetSchema = z.looseObject({
  apiVersion: apps,
  kind: z.literal("ReplicaSet").default("ReplicaSet"),
  metadata: metaSchema,
  spec: z.looseObject({
    replicas: count.default(1),
    selector: selectorSchema,
    template: templateSchema,
    minReadySeconds: count.optional(),
  }),
  status: z
    .looseObject({
      replicas: count.default(0),
      fullyLabeledReplicas: count.optional(),
      readyReplicas: count.optional(),
      availableReplicas: count.optional(),
      observedGeneration: z.int().optional(),
      conditions: z.array(conditionSchema).optional(),
    })
    .prefault({}),
});

export const statefulSetSchema = z.looseObject({
  apiVersion: apps,
  kind: z.literal("StatefulSet").default("StatefulSet"),
  metadata: metaSchema,
  spec: z.looseObject({
    replicas: count.default(1),
    selector: selectorSchema,
    template: templateSchema,
    serviceName: z.string().default(""),
    podManagementPolicy: z.enum(["OrderedReady", "Parallel"]).default("OrderedReady"),
    updateStrategy: z
      .looseObject({
        type: z.enum(["RollingUpdate", "OnDelete"]).default("RollingUpdate"),
        rollingUpdate: z.looseObject({ partition: count.default(0) }).prefault({}),
      })
      .prefault({}),
    minReadySeconds: count.optional(),
    revisionHistoryLimit: count.default(10),
  }),
  status: z
    .looseObject({
      observedGeneration: z.int().optional(),
      replicas: count.default(0),
      readyReplicas: count.optional(),
      currentReplicas: count.optional(),
      updatedReplicas: count.optional(),
      currentRevision: z.string().optional(),
      updateRevision: z.string().optional(),
      collisionCount: count.optional(),
      availableReplicas: count.default(0),
    })
    .prefault({}),
});

export const daemonSetSchema = z.looseObject({
  apiVersion: apps,
  kind: z.literal("DaemonSet").default("DaemonSet"),
  metadata: metaSchema,
  spec: z.looseObject({
    selector: selectorSchema,
    template: templateSchema,
    updateStrategy: z
      .looseObject({
        type: z.enum(["RollingUpdate", "OnDelete"]).default("RollingUpdate"),
        rollingUpdate: z
          .looseObject({ maxSurge: intOrPercent.default(0), maxUnavailable: intOrPercent.default(1) })
          .prefault({}),
      })
      .prefault({}),
    minReadySeconds: count.optional(),
    revisionHistoryLimit: count.default(10),
  }),
  status: z
    .looseObject({
      currentNumberScheduled: count.default(0),
      numberMisscheduled: count.default(0),
      desiredNumberScheduled: count.default(0),
      numberReady: count.default(0),
      observedGeneration: z.int().optional(),
      updatedNumberScheduled: count.optional(),
      numberAvailable: count.optional(),
      numberUnavailable: count.optional(),
    })
    .prefault({}),
});

export const controllerRevisionSchema = z.looseObject({
  apiVersion: apps,
  kind: z.literal("ControllerRevision").default("ControllerRevision"),
  metadata: metaSchema,
  data: z.looseObject({}).optional(),
  revision: z.int(),
});

export type Deployment = z.infer<typeof deploymentSchema>;
export type ReplicaSet = z.infer<typeof replicaSetSchema>;
export type StatefulSet = z.infer<typeof statefulSetSchema>;
export type DaemonSet = z.infer<typeof daemonSetSchema>;
export type ControllerRevision = z.infer<typeof controllerRevisionSchema>;
