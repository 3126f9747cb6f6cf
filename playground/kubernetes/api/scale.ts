// The scale subresource: a workload's replica count as an autoscaling/v1 Scale.

import { z } from "zod";
import { metaSchema, type ObjectMeta, selectorSchema } from "../objects/meta.ts";
import { badRequest, conflict, invalid, modified, notFound } from "../status.ts";
import type { Store } from "../store.ts";
import { requireObject } from "./read.ts";
import type { Ask } from "./request.ts";
import { selectorText } from "./selectors.ts";
import { applyPatch, type Written } from "./write.ts";

const scalableSchema = z.looseObject({
  spec: z.looseObject({ replicas: z.int(), selector: selectorSchema }),
  status: z.looseObject({ replicas: z.int().default(0) }),
});

const scaleSchema = z.looseObject({
  metadata: metaSchema,
  spec: z.looseObject({ replicas: z.int().default(0) }).prefault({}),
});

export function readScale(store: Store, ask: Ask): object {
  const object = requireObject(store, ask);
  const { spec, status } = scalableSchema.parse(object);
  const { name, namespace, uid, resourceVersion, creationTimestamp }: ObjectMeta = object.metadata;
  return {
    kind: "Scale",
    apiVersion: "autoscaling/v1",
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
    spec: spec.replicas === 0 ? {} : { replicas: spec.replicas },
    status: { replicas: status.replicas, selector: selectorText(spec.selector) },
  };
}

/** `patch` is undefined for a PUT, whose body is the whole Scale. */
export function writeScale(store: Store, ask: Ask, body: unknown, patchType: string | undefined): Written {
  const before = readScale(store, ask);
  const read = scaleSchema.safeParse(patchType === undefined ? body : applyPatch(patchType, before, body));
  if (!read.success) throw badRequest(`Scale: ${z.prettifyError(read.error)}`);
  const { metadata, spec } = read.data;
  const object = requireObject(store, ask);
  if (metadata.resourceVersion !== "" && metadata.resourceVersion !== object.metadata.resourceVersion) {
    throw conflict(ask.resource, ask.name, modified);
  }
  if (spec.replicas < 0) {
    const message = `Invalid value: ${spec.replicas}: must be greater than or equal to 0`;
    throw invalid(ask.resource, ask.name, [{ reason: "FieldValueInvalid", message, field: "spec.replicas" }]);
  }
  const written = store.update(ask.resource.plural, object, (draft: object) => {
    Object.assign((draft as { spec: object }).spec, { replicas: spec.replicas });
  });
  if (written === undefined) throw notFound(ask.resource, ask.name);
  return { code: 200, object: readScale(store, ask) as Written["object"] };
}
