// create, update, patch and delete: admission, optimistic locking, and which part of an object a request may touch.

import { randomBytes } from "node:crypto";
import { z } from "zod";
import { type Clock, timestamp } from "../clock.ts";
import { shown, stored } from "../objects/event-forms.ts";
import type { KubeObject } from "../objects/meta.ts";
import { parseObject, validate } from "../objects/validate.ts";
import {
  alreadyExists,
  badRequest,
  conflict,
  forbidden,
  invalid,
  modified,
  notFound,
  type Status,
  unsupportedMediaType,
} from "../status.ts";
import { copy, type Store } from "../store.ts";
import { jsonPatch, mergePatch, patchTypes, strategicMergePatch } from "./patch.ts";
import { listObjects, requireObject } from "./read.ts";
import { type Ask, storedNamespace } from "./request.ts";

export type Written = { readonly code: 200 | 201; readonly object: KubeObject };

export function createObject(store: Store, ask: Ask, body: unknown): Written {
  const object = parseObject(ask.resource, stored(ask.resource, body), storedNamespace(ask));
  const { generateName, name } = object.metadata;
  if (name === "" && generateName !== undefined) object.metadata.name = `${generateName}${suffix()}`;
  if (object.metadata.resourceVersion !== "") {
    throw badRequest("resourceVersion should not be set on objects to be created");
  }
  validate(ask.resource, object, undefined);
  admit(store, ask, object);
  if (ask.resource.plural !== "namespaces" && ask.resource.subresources.includes("status")) object["status"] = {};
  const fresh = parseObject(ask.resource, object, storedNamespace(ask));
  if (isDryRun(ask)) return { code: 201, object: shown(ask.resource, fresh) };
  const created = store.create(ask.resource.plural, fresh as never) as KubeObject | undefined;
  if (created === undefined) throw alreadyExists(ask.resource, object.metadata.name);
  return { code: 201, object: shown(ask.resource, created) };
}

/** The NamespaceLifecycle admission: nothing is created in a namespace that is not there, or on its way out. */
function admit(store: Store, ask: Ask, object: KubeObject): void {
  if (!ask.resource.namespaced) return;
  const namespace = store.get("namespaces", "", ask.namespace);
  if (namespace === undefined) throw notFound({ group: "", plural: "namespaces" }, ask.namespace);
  if (namespace.metadata.deletionTimestamp === undefined) return;
  const why = `unable to create new content in namespace ${ask.namespace} because it is being terminated`;
  throw forbidden(ask.resource, object.metadata.name, why);
}

export function updateObject(store: Store, ask: Ask, body: unknown): Written {
  const next = parseObject(ask.resource, stored(ask.resource, body), storedNamespace(ask));
  const { name } = next.metadata;
  if (name !== ask.name) {
    throw badRequest(`the name of the object (${name}) does not match the name on the URL (${ask.name})`);
  }
  const previous = store.get(ask.resource.plural, storedNamespace(ask), ask.name);
  if (previous === undefined && ask.resource.createOnUpdate && ask.subresource === undefined) {
    return createObject(store, ask, { ...next, metadata: { ...next.metadata, resourceVersion: "" } });
  }
  if (next.metadata.resourceVersion === "" && !ask.resource.unconditionalUpdate) {
    const message = "Invalid value: 0x0: must be specified for an update";
    throw invalid(ask.resource, name, [{ reason: "FieldValueInvalid", message, field: "metadata.resourceVersion" }]);
  }
  return { code: 200, object: replace(store, ask, requireObject(store, ask), next) };
}

export function patchObject(store: Store, ask: Ask, contentType: string, patch: unknown): Written {
  const previous = requireObject(store, ask);
  const patched = applyPatch(contentType, shown(ask.resource, previous), patch);
  const next = parseObject(ask.resource, stored(ask.resource, patched), storedNamespace(ask));
  if (next.metadata.name !== ask.name) {
    throw badRequest(`the name of the object (${next.metadata.name}) does not match the name on the URL (${ask.name})`);
  }
  return { code: 200, object: replace(store, ask, previous, next) };
}

/** Throws a 415 for a patch type that is none of the three. */
export function applyPatch(contentType: string, target: unknown, patch: unknown): unknown {
  if (contentType === patchTypes.json) return jsonPatch(target, patch);
  if (typeof patch !== "object" || patch === null || Array.isArray(patch)) {
    throw badRequest("error decoding patch: json: cannot unmarshal into Go value of type map[string]interface {}");
  }
  if (contentType === patchTypes.merge) return mergePatch(target, patch);
  if (contentType === patchTypes.strategic) return strategicMergePatch(target, patch);
  throw unsupportedMediaType(Object.values(patchTypes));
}

function replace(store: Store, ask: Ask, previous: KubeObject, next: KubeObject): KubeObject {
  checkVersion(ask, previous, next);
  const merged = ask.subresource === "status" ? withStatusOf(previous, next) : withSpecOf(previous, next);
  validate(ask.resource, merged, previous);
  if (isDryRun(ask)) return shown(ask.resource, merged);
  const overwrite = (draft: object) => {
    for (const key of Object.keys(draft)) delete (draft as Record<string, unknown>)[key];
    Object.assign(draft, merged);
  };
  const written = store.update(
    ask.resource.plural,
    previous,
    overwrite,
    ask.subresource === "status" ? "status" : undefined,
  );
  if (written === undefined) throw notFound(ask.resource, ask.name);
  return shown(ask.resource, written);
}

function checkVersion(ask: Ask, previous: KubeObject, next: KubeObject): void {
  const { resourceVersion, uid } = next.metadata;
  if (uid !== "" && uid !== previous.metadata.uid) {
    const why = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${previous.metadata.uid}`;
    throw conflict(ask.resource, ask.name, why);
  }
  if (resourceVersion !== "" && resourceVersion !== previous.metadata.resourceVersion) {
    throw conflict(ask.resource, ask.name, modified);
  }
}

/** What the server alone decides about an object's metadata. */
function ownMetadata(previous: KubeObject, next: KubeObject): KubeObject["metadata"] {
  const { uid, creationTimestamp, generation, deletionTimestamp, deletionGracePeriodSeconds } = previous.metadata;
  return { ...next.metadata, uid, creationTimestamp, generation, deletionTimestamp, deletionGracePeriodSeconds };
}

function withSpecOf(previous: KubeObject, next: KubeObject): KubeObject {
  const metadata = ownMetadata(previous, next);
  return copy({ ...next, metadata, ...(previous["status"] === undefined ? {} : { status: previous["status"] }) });
}

/** A status update changes the status, and annotations with it (that is how a Deployment gets its revision). */
function withStatusOf(previous: KubeObject, next: KubeObject): KubeObject {
  const metadata = { ...ownMetadata(previous, next), labels: previous.metadata.labels };
  return copy({ ...previous, metadata, status: next["status"] });
}

const deleteOptionsSchema = z.looseObject({
  gracePeriodSeconds: z.int().min(0).optional(),
  propagationPolicy: z.enum(["Background", "Foreground", "Orphan"]).optional(),
  preconditions: z.looseObject({ uid: z.string().optional(), resourceVersion: z.string().optional() }).optional(),
});

/** Pods and namespaces go gracefully and are answered as they now are; the rest is gone, and a Success says so. */
export function deleteObject(store: Store, clock: Clock, ask: Ask, body: unknown): KubeObject | Status {
  const read = deleteOptionsSchema.safeParse(body ?? {});
  if (!read.success) throw badRequest(`DeleteOptions: ${z.prettifyError(read.error)}`);
  const grace = Number(ask.query.get("gracePeriodSeconds") ?? read.data.gracePeriodSeconds ?? Number.NaN);
  const policy = ask.query.get("propagationPolicy") ?? read.data.propagationPolicy;
  const previous = requireObject(store, ask);
  const { uid, resourceVersion } = read.data.preconditions ?? {};
  checkVersion(ask, previous, {
    ...previous,
    metadata: { ...previous.metadata, uid: uid ?? "", resourceVersion: resourceVersion ?? "" },
  });
  if (isDryRun(ask)) return previous;
  const { plural } = ask.resource;
  if (policy === "Orphan") orphan(store, previous);
  const lingers = (previous.metadata.finalizers ?? []).length > 0 || plural === "namespaces" || plural === "pods";
  const seconds = Number.isNaN(grace) ? podGrace(previous) : grace;
  if (lingers && !(plural === "pods" && seconds === 0)) {
    const marked = store.update(plural, previous, (draft) => {
      const { metadata } = draft as KubeObject;
      if (metadata.deletionTimestamp !== undefined) return;
      const wait = plural === "pods" ? seconds : 0;
      metadata.deletionTimestamp = timestamp(new Date(clock.now().getTime() + wait * 1000));
      metadata.deletionGracePeriodSeconds = wait;
      if (plural === "namespaces") (draft as KubeObject)["status"] = { phase: "Terminating" };
    });
    return marked ?? previous;
  }
  const gone = store.remove(plural, storedNamespace(ask), ask.name);
  if (plural === "pods" && gone !== undefined) return gone;
  return {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Success",
    details: {
      name: ask.name,
      ...(ask.resource.group === "" ? {} : { group: ask.resource.group }),
      kind: plural,
      uid: previous.metadata.uid,
    },
  };
}

/** Deletes what the selectors match and answers with the list of it. */
export function deleteCollection(store: Store, clock: Clock, ask: Ask, body: unknown): object {
  const list = listObjects(store, ask);
  for (const { metadata } of list.items) {
    deleteObject(store, clock, { ...ask, namespace: metadata.namespace ?? "", name: metadata.name }, body);
  }
  return list;
}

function orphan(store: Store, owner: KubeObject): void {
  const namespace = owner.metadata.namespace ?? "";
  for (const plural of ["replicasets", "pods", "controllerrevisions"] as const) {
    for (const dependent of store.list(plural, namespace) as KubeObject[]) {
      store.update(plural, dependent, ({ metadata }) => {
        metadata.ownerReferences = metadata.ownerReferences?.filter((one) => one.uid !== owner.metadata.uid);
      });
    }
  }
}

function podGrace(object: KubeObject): number {
  const spec = object["spec"] as { terminationGracePeriodSeconds?: number } | undefined;
  return spec?.terminationGracePeriodSeconds ?? 30;
}

function isDryRun(ask: Ask): boolean {
  return ask.query.get("dryRun") === "All";
}

/** Five characters as the API server draws them: no vowels, so that no word comes out. */
export function suffix(): string {
  const alphabet = "bcdfghjklmnpqrstvwxz2456789";
  return [...randomBytes(5)].map((byte) => alphabet[byte % alphabet.length]).join("");
}
