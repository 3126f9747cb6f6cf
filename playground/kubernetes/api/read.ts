// get and list, with selectors and pages.

import { z } from "zod";
import { shown } from "../objects/event-forms.ts";
import type { KubeObject } from "../objects/meta.ts";
import type { Resource } from "../objects/resources.ts";
import { badRequest, expired, notFound, tooLarge } from "../status.ts";
import type { Store } from "../store.ts";
import { type Ask, listKind, numberOf, storedNamespace } from "./request.ts";
import { type Match, parseFieldSelector, parseLabelSelector } from "./selectors.ts";

/** Throws the 404. */
export function requireObject(store: Store, ask: Ask): KubeObject {
  const found = store.get(ask.resource.plural, storedNamespace(ask), ask.name);
  if (found === undefined) throw notFound(ask.resource, ask.name);
  return found;
}

export type List = {
  readonly kind: string;
  readonly apiVersion: string;
  readonly metadata: {
    readonly resourceVersion: string;
    readonly continue?: string;
    readonly remainingItemCount?: number;
  };
  readonly items: readonly KubeObject[];
};

export function listObjects(store: Store, ask: Ask): List {
  const limit = numberOf(ask.query, "limit") ?? 0;
  const token = ask.query.get("continue") ?? "";
  const page = token === "" ? { version: versionAsked(store, ask), start: "" } : readToken(token);
  const matches = matcher(ask.resource, ask.query);
  const all = snapshot(store, ask, page).filter(matches);
  const rest = all.filter((object) => keyOf(object) > page.start);
  const items = limit === 0 ? rest : rest.slice(0, limit);
  const left = rest.length - items.length;
  const last = items.at(-1);
  const selecting = ask.query.has("labelSelector") || ask.query.has("fieldSelector");
  return {
    ...listKind(ask.resource),
    metadata: {
      resourceVersion: String(page.version),
      ...(left > 0 && last !== undefined ? { continue: writeToken(page.version, keyOf(last)) } : {}),
      // The server counts the rest only where no selector stands between it and the store.
      ...(left > 0 && !selecting ? { remainingItemCount: left } : {}),
    },
    items: items.map((object) => shown(ask.resource, object)),
  };
}

export function matcher(resource: Resource, query: URLSearchParams): Match {
  const labels = parseLabelSelector(query.get("labelSelector") ?? "");
  const fields = parseFieldSelector(query.get("fieldSelector") ?? "", resource);
  return (object) => labels(object) && fields(object);
}

type Page = { readonly version: number; readonly start: string };

/** Only `Exact` asks for an old state; any other resourceVersion is a lower bound, which the newest state meets. */
function versionAsked(store: Store, ask: Ask): number {
  const asked = numberOf(ask.query, "resourceVersion") ?? 0;
  if (asked > store.version()) throw tooLarge(asked, store.version());
  return ask.query.get("resourceVersionMatch") === "Exact" && asked > 0 ? asked : store.version();
}

function snapshot(store: Store, ask: Ask, page: Page): readonly KubeObject[] {
  const namespace = storedNamespace(ask);
  if (page.version === store.version()) return store.list(ask.resource.plural, namespace);
  const then = store.listAt(ask.resource.plural, namespace, page.version);
  if (then !== undefined) return then;
  if (page.start === "") throw expired(`The resourceVersion for the provided list is too old.`);
  throw expired(
    "The provided continue parameter is too old to display a consistent list result. You can start a new list " +
      "without the continue parameter, or use the continue token in this response to retrieve the remainder of the " +
      "results. Continuing with the provided token results in an inconsistent list - objects that were created, " +
      "modified, or deleted between the time the first chunk was returned and now may show up in the list.",
    writeToken(store.version(), page.start),
  );
}

const tokenSchema = z.object({ v: z.literal("meta.k8s.io/v1"), rv: z.int(), start: z.string() });

function writeToken(version: number, start: string): string {
  return Buffer.from(JSON.stringify({ v: "meta.k8s.io/v1", rv: version, start })).toString("base64url");
}

function readToken(token: string): Page {
  try {
    const { rv, start } = tokenSchema.parse(JSON.parse(Buffer.from(token, "base64url").toString()));
    return { version: rv, start };
  } catch {
    throw badRequest(`continue key is not valid: ${token}`);
  }
}

function keyOf(object: KubeObject): string {
  return `${object.metadata.namespace ?? ""}/${object.metadata.name}`;
}
