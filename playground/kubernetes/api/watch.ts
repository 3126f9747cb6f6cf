// Watches: a chunked answer of one JSON event a line, for as long as the client stays or `timeoutSeconds` says.
//
// A watch begins after the resourceVersion it names: what happened since is replayed from the history. With none, or
// "0", it begins with one ADDED for each object there is. A version older than the history is answered as the API
// server's watch cache does: 200, then one ERROR event with a 410 `Expired`, then the end. With `sendInitialEvents` (a
// streaming list, as clients since 1.35 ask for) it begins with all objects whatever the version, and a bookmark after them
// that says so.

import type { Response } from "express";
import type { Cancel, Clock } from "../clock.ts";
import { shown } from "../objects/event-forms.ts";
import type { KubeObject } from "../objects/meta.ts";
import { apiVersionOf } from "../objects/resources.ts";
import { ApiError, expired } from "../status.ts";
import type { Change, Store } from "../store.ts";
import { matcher } from "./read.ts";
import { type Ask, numberOf, storedNamespace } from "./request.ts";

/**
 * How open watches are lost: `end` closes the answer as a server does that is restarted; `cut` breaks the connection;
 * `error` sends an ERROR event first; `hang` leaves it open and never sends another byte.
 */
export type WatchLoss = "end" | "cut" | "error" | "hang";

export type Watches = {
  /** Serves one watch. `present` turns an object into what goes on the wire. Throws a Status error before it begins. */
  open(ask: Ask, response: Response, present: (object: KubeObject) => object): void;
  count(): number;
  /** Returns how many there were. */
  drop(how: WatchLoss): number;
};

type WatchEvent = { readonly type: "ADDED" | "MODIFIED" | "DELETED"; readonly object: KubeObject };

const defaultTimeoutMs = 30 * 60_000;
/** A longer timer would fire at once. */
const longestTimerMs = 2 ** 31 - 1;
const bookmarkSeconds = 60;

export function createWatches(store: Store, clock: Clock, goneAs: () => "event" | "http"): Watches {
  const live = new Map<Response, { readonly stop: () => void }>();

  function open(ask: Ask, response: Response, present: (object: KubeObject) => object): void {
    const streamed = ["true", "1"].includes(ask.query.get("sendInitialEvents") ?? "");
    const from = streamed ? 0 : (numberOf(ask.query, "resourceVersion") ?? 0);
    const timeoutMs = Math.min((numberOf(ask.query, "timeoutSeconds") ?? 0) * 1000, longestTimerMs) || defaultTimeoutMs;
    const matches = matcher(ask.resource, ask.query);
    const gone = from > 0 && from < store.oldest();
    const error = expired(`too old resource version: ${from} (${store.oldest()})`);
    if (gone && goneAs() === "http") throw error;

    response.writeHead(200, { "content-type": "application/json", "cache-control": "no-cache, private" });
    response.flushHeaders();
    if (gone) {
      sendError(response, error);
      response.end();
      return;
    }

    let sent = from;
    const send = (type: string, object: object) => {
      response.write(`${JSON.stringify({ type, object })}\n`);
    };
    const tell = (change: Change) => {
      sent = Math.max(sent, change.version);
      const event = eventFor(change, ask, matches);
      if (event !== undefined) send(event.type, present(shown(ask.resource, event.object)));
    };
    if (from === 0) {
      for (const object of store.list(ask.resource.plural, storedNamespace(ask)) as KubeObject[]) {
        if (matches(object)) send("ADDED", present(shown(ask.resource, object)));
      }
      sent = store.version();
    } else for (const change of store.since(from)) tell(change);

    const bookmarks = ["true", "1"].includes(ask.query.get("allowWatchBookmarks") ?? "");
    const bookmark = (annotations?: Record<string, string>) =>
      send("BOOKMARK", present(bookmarkOf(ask, Math.max(sent, store.version()), annotations)));
    if (streamed) bookmark({ "k8s.io/initial-events-end": "true" });
    let nextBookmark: Cancel = () => {};
    const schedule = () => {
      nextBookmark = clock.after(bookmarkSeconds, () => {
        bookmark();
        schedule();
      });
    };
    if (bookmarks) schedule();
    const unsubscribe = store.subscribe(tell);
    const timeout = clock.afterWall(timeoutMs, () => {
      if (bookmarks) bookmark();
      stop();
      response.end();
    });
    const stop = () => {
      unsubscribe();
      timeout();
      nextBookmark();
      live.delete(response);
    };
    live.set(response, { stop });
    response.on("close", stop);
  }

  function drop(how: WatchLoss): number {
    const ended = [...live];
    for (const [response, { stop }] of ended) {
      stop();
      if (how === "error") sendError(response, new ApiError(500, "InternalError", "etcdserver: no leader", {}));
      if (how === "cut") response.socket?.destroy();
      else if (how !== "hang") response.end();
    }
    return ended.length;
  }

  return { open, drop, count: () => live.size };
}

function sendError(response: Response, error: ApiError): void {
  response.write(`${JSON.stringify({ type: "ERROR", object: error.body })}\n`);
}

/** An object that comes to match a selector is ADDED for that watch, one that ceases to is DELETED. */
function eventFor(change: Change, ask: Ask, matches: (object: KubeObject) => boolean): WatchEvent | undefined {
  if (change.plural !== ask.resource.plural) return undefined;
  const namespace = storedNamespace(ask);
  if (namespace !== "" && change.object.metadata.namespace !== namespace) return undefined;
  const before = change.previous !== undefined && matches(change.previous);
  const after = change.type !== "DELETED" && matches(change.object);
  if (after) return { type: before ? "MODIFIED" : "ADDED", object: change.object };
  if (!before) return undefined;
  if (change.type === "DELETED" || change.previous === undefined) return { type: "DELETED", object: change.object };
  const { resourceVersion } = change.object.metadata;
  return {
    type: "DELETED",
    object: { ...change.previous, metadata: { ...change.previous.metadata, resourceVersion } },
  };
}

/** A bookmark is an empty object of the kind that carries nothing but how far the watch has come. */
function bookmarkOf(ask: Ask, version: number, annotations: Record<string, string> | undefined): KubeObject {
  return {
    kind: ask.resource.kind,
    apiVersion: apiVersionOf(ask.resource),
    metadata: {
      resourceVersion: String(version),
      creationTimestamp: null,
      ...(annotations === undefined ? {} : { annotations }),
    },
    spec: {},
    status: {},
  } as unknown as KubeObject;
}
