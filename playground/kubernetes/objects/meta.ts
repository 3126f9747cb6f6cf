// What every object has. Schemas are loose: fields that the stand-in has no use for are kept as they came.

import { z } from "zod";

const stringMap = z.record(z.string(), z.string());

const ownerSchema = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  name: z.string(),
  uid: z.string(),
  controller: z.boolean().optional(),
  blockOwnerDeletion: z.boolean().optional(),
});

/** `name`, `uid`, `resourceVersion` and `creationTimestamp` are empty only until the object is stored. */
export const metaSchema = z
  .looseObject({
    name: z.string().default(""),
    generateName: z.string().optional(),
    namespace: z.string().optional(),
    uid: z.string().default(""),
    resourceVersion: z.string().default(""),
    generation: z.int().optional(),
    creationTimestamp: z.string().default(""),
    deletionTimestamp: z.string().optional(),
    deletionGracePeriodSeconds: z.int().optional(),
    labels: stringMap.optional(),
    annotations: stringMap.optional(),
    ownerReferences: z.array(ownerSchema).optional(),
    finalizers: z.array(z.string()).optional(),
  })
  .prefault({});

export const conditionSchema = z.looseObject({
  type: z.string(),
  status: z.string(),
  reason: z.string().optional(),
  message: z.string().optional(),
  lastUpdateTime: z.string().optional(),
  lastTransitionTime: z.string().optional(),
});

const expressionSchema = z.looseObject({
  key: z.string(),
  operator: z.enum(["In", "NotIn", "Exists", "DoesNotExist"]),
  values: z.array(z.string()).optional(),
});

export const selectorSchema = z.looseObject({
  matchLabels: stringMap.optional(),
  matchExpressions: z.array(expressionSchema).optional(),
});

export const intOrPercent = z.union([z.int().min(0), z.string().regex(/^\d+%$/)]);

export type ObjectMeta = z.infer<typeof metaSchema>;
export type Owner = z.infer<typeof ownerSchema>;
export type Condition = z.infer<typeof conditionSchema>;
export type LabelSelector = z.infer<typeof selectorSchema>;
export type IntOrPercent = z.infer<typeof intOrPercent>;

/** Any stored object, seen from the parts of the server that treat all kinds alike. */
export type KubeObject = {
  readonly apiVersion: string;
  readonly kind: string;
  metadata: ObjectMeta;
  [field: string]: unknown;
};
