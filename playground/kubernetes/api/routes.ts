// The API server's front: who are you, what do you want, may you, and then the answer.

import express, { type Express, type Request, type Response } from "express";
import { parse as parseYaml } from "yaml";
import type { Clock } from "../clock.ts";
import { shown } from "../objects/event-forms.ts";
import type { KubeObject } from "../objects/meta.ts";
import type { Pod } from "../objects/pods.ts";
import { ApiError, badRequest, methodNotAllowed, unsupportedMediaType } from "../status.ts";
import type { Store } from "../store.ts";
import {
  type Access,
  authenticate,
  authorize,
  type Credentials,
  isStranger,
  reviewAccess,
  reviewRules,
} from "./access.ts";
import { discover, versionInfo } from "./discovery.ts";
import { type ContainerLogs, readLog } from "./log.ts";
import { patchTypes } from "./patch.ts";
import { listObjects, requireObject } from "./read.ts";
import { type Ask, readAsk } from "./request.ts";
import { readScale, writeScale } from "./scale.ts";
import { tableOf, wantsTable } from "./table.ts";
import type { Watches } from "./watch.ts";
import { createObject, deleteCollection, deleteObject, patchObject, updateObject } from "./write.ts";

export type Served = {
  readonly store: Store;
  readonly clock: Clock;
  readonly watches: Watches;
  readonly credentials: Credentials;
  /** The next request's share of an overload: seconds for Retry-After, or undefined to serve it. */
  takeThrottle(): number | undefined;
  logsOf(pod: Pod, container: string): ContainerLogs;
};

const reviews = "/apis/authorization.k8s.io/v1/";

export function routes(app: Express, served: Served): void {
  app.use(express.text({ type: () => true, limit: "3mb" }));
  app.use((request: Request, response: Response) => {
    try {
      answer(served, request, response);
    } catch (error) {
      if (!(error instanceof ApiError)) console.error("kubernetes:", error);
      sendError(response, error instanceof ApiError ? error : new ApiError(500, "InternalError", String(error), {}));
    }
  });
}

function sendError(response: Response, error: ApiError): void {
  const retry = error.body.details?.retryAfterSeconds;
  if (retry !== undefined) response.set("Retry-After", String(retry));
  response.status(error.code).json(error.body);
}

function answer(served: Served, request: Request, response: Response): void {
  const url = new URL(request.url, `http://${request.headers.host ?? "127.0.0.1"}`);
  const access = authenticate(request.headers.authorization, served.credentials);
  const wait = served.takeThrottle();
  if (wait !== undefined) {
    // Priority and fairness answers in plain text, not with a Status.
    response.set("Retry-After", String(wait)).set("X-Content-Type-Options", "nosniff");
    response.status(429).type("text/plain").send("Too many requests, please try again later.\n");
    return;
  }
  if (answerPath(access, request, url, response)) return;
  const ask = readAsk(request.method, url);
  if (ask !== undefined) {
    authorize(access, ask);
    answerAsk(served, ask, request, response);
  } else if (isStranger(access)) throw forbiddenPath(access, request, url);
  else response.status(404).type("text/plain").send("404 page not found\n");
}

/** Health, version, discovery and reviews: paths that are no stored resource. True where it answered. */
function answerPath(access: Access, request: Request, url: URL, response: Response): boolean {
  const path = url.pathname.replace(/\/$/, "");
  if (["/healthz", "/readyz", "/livez"].includes(path)) {
    response.type("text/plain").send("ok");
    return true;
  }
  if (path === "/version") {
    response.json(versionInfo);
    return true;
  }
  const document = request.method === "GET" ? discover(path, request.headers.host ?? "") : undefined;
  if (document !== undefined) {
    if (isStranger(access)) throw forbiddenPath(access, request, url);
    response.json(document);
    return true;
  }
  if (!path.startsWith(reviews)) return false;
  if (isStranger(access)) throw forbiddenPath(access, request, url);
  if (request.method !== "POST") throw methodNotAllowed();
  const body = bodyOf(request);
  if (path === `${reviews}selfsubjectaccessreviews`) response.status(201).json(reviewAccess(access, body));
  else if (path === `${reviews}selfsubjectrulesreviews`) response.status(201).json(reviewRules(access, body));
  else return false;
  return true;
}

function forbiddenPath(access: Access, request: Request, url: URL): ApiError {
  const verb = request.method.toLowerCase();
  return new ApiError(403, "Forbidden", `forbidden: User "${access.user}" cannot ${verb} path "${url.pathname}"`, {});
}

function answerAsk(served: Served, ask: Ask, request: Request, response: Response): void {
  const { store, clock } = served;
  const asTable = wantsTable(request.headers.accept);
  const present = (object: KubeObject) =>
    asTable
      ? tableOf(ask.resource, [object], { resourceVersion: object.metadata.resourceVersion }, clock.now())
      : object;
  const written = ({ code, object }: { code: number; object: KubeObject }) => response.status(code).json(object);

  if (ask.subresource === "log") {
    const pod = requireObject(store, ask) as unknown as Pod;
    const text = readLog(ask, pod, (container) => served.logsOf(pod, container));
    response.type("text/plain").send(text);
    return;
  }
  if (ask.subresource === "scale") {
    if (ask.verb === "get") response.json(readScale(store, ask));
    else if (ask.verb === "update") written(writeScale(store, ask, bodyOf(request), undefined));
    else if (ask.verb === "patch") written(writeScale(store, ask, bodyOf(request), mediaType(request)));
    else throw methodNotAllowed();
    return;
  }
  switch (ask.verb) {
    case "get":
      response.json(present(shown(ask.resource, requireObject(store, ask))));
      break;
    case "list": {
      const list = listObjects(store, ask);
      response.json(asTable ? tableOf(ask.resource, list.items, list.metadata, clock.now()) : list);
      break;
    }
    case "watch":
      served.watches.open(ask, response, present);
      break;
    case "create":
      written(createObject(store, ask, bodyOf(request)));
      break;
    case "update":
      written(updateObject(store, ask, bodyOf(request)));
      break;
    case "patch":
      written(patchObject(store, ask, mediaType(request), bodyOf(request)));
      break;
    case "delete":
      response.json(deleteObject(store, clock, ask, bodyOf(request)));
      break;
    case "deletecollection":
      response.json(deleteCollection(store, clock, ask, bodyOf(request)));
      break;
    default:
      ask.verb satisfies never;
  }
}

const bodyTypes = ["application/json", "application/yaml", ...Object.values(patchTypes)];

function mediaType(request: Request): string {
  return (request.headers["content-type"] ?? "application/json").split(";")[0]?.trim() ?? "";
}

/** Undefined for no body. Throws a 415 for a type the server does not read, and a 400 for what does not parse. */
function bodyOf(request: Request): unknown {
  const text: unknown = request.body;
  if (typeof text !== "string" || text === "") return undefined;
  const type = mediaType(request);
  if (!bodyTypes.includes(type)) throw unsupportedMediaType(bodyTypes);
  try {
    return type === "application/yaml" ? parseYaml(text) : JSON.parse(text);
  } catch (error) {
    throw badRequest(`couldn't get version/kind; json parse error: ${String(error)}`);
  }
}
