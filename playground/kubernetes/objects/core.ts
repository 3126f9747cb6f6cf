// Namespaces, events and leases.

import { z } from "zod";
import { metaSchema } from "./meta.ts";

export const namespaceSchema = z.looseObject({
  apiVersion: z.literal("v1").default("v1"),
  kind: z.literal("Namespace").default("Namespace"),
  metadata: metaSchema,
  spec: z.looseObject({ finalizers: z.array(z.string()).optional() }).prefault({}),
  status: z.looseObject({ phase: z.string().default("Active") }).prefault({}),
});

const referenceSchema = z.looseObject({
  kind: z.string().optional(),
  namespace: z.string().optional(),
  name: z.string().optional(),
  uid: z.string().optional(),
  apiVersion: z.string().optional(),
  resourceVersion: z.string().optional(),
  fieldPath: z.string().optional(),
});

export const eventSchema = z.looseObject({
  apiVersion: z.literal("v1").default("v1"),
  kind: z.literal("Event").default("Event"),
  metadata: metaSchema,
  involvedObject: referenceSchema,
  reason: z.string().optional(),
  message: z.string().optional(),
  source: z.looseObject({ component: z.string().optional(), host: z.string().optional() }).prefault({}),
  firstTimestamp: z.string().nullish(),
  lastTimestamp: z.string().nullish(),
  count: z.int().optional(),
  type: z.string().optional(),
  eventTime: z.string().nullish(),
  reportingComponent: z.string().default(""),
  reportingInstance: z.string().default(""),
});

export const leaseSchema = z.looseObject({
  apiVersion: z.literal("coordination.k8s.io/v1").default("coordination.k8s.io/v1"),
  kind: z.literal("Lease").default("Lease"),
  metadata: metaSchema,
  spec: z
    .looseObject({
      holderIdentity: z.string().optional(),
      leaseDurationSeconds: z.int().positive().optional(),
      acquireTime: z.string().optional(),
      renewTime: z.string().optional(),
      leaseTransitions: z.int().min(0).optional(),
    })
    .prefault({}),
});

export type Namespace = z.infer<typeof namespaceSchema>;
export type Event = z.infer<typeof eventSchema>;
export type Lease = z.infer<typeof leaseSchema>;
