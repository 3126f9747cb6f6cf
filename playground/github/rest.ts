// The REST protocol around the endpoints: who calls, may they see and do it, quota, conditional requests, pages, errors.

import { createHash, randomUUID } from "node:crypto";
import express, { type Express, type NextFunction, type Request, type Response } from "express";
import { type Answer, notFound, Refusal } from "./answers.ts";
import type { Git } from "./git.ts";
import { type Limits, rateHeaders } from "./limits.ts";
import type { User } from "./model.ts";
import type { Call, Route } from "./route.ts";
import { findUser, fullName, type World } from "./world.ts";

export type RestOptions = { readonly world: World; readonly git: Git; readonly limits: Limits };

/** Mounts the endpoints under /api/v3. */
export function serveRest(app: Express, options: RestOptions, routes: readonly Route[]): void {
  const { world } = options;
  const router = express.Router();
  router.use(express.json({ limit: "10mb", type: () => true, strict: false }));
  // GitHub's redirects of renamed repositories lead to addresses by id.
  router.use((request, _response, next) => {
    const match = /^\/repositories\/(\d+)(?=[/?]|$)/.exec(request.url);
    const repo = match && world.repos.find((candidate) => candidate.id === Number(match[1]));
    if (repo) request.url = `/repos/${fullName(repo)}${request.url.slice(match[0].length)}`;
    next();
  });
  for (const route of routes) {
    router[route.method](route.path, (request: Request, response: Response) =>
      answer(options, route, request, response),
    );
  }
  router.use((_request: Request, response: Response) => sendRefusal(response, notFound()));
  router.use((_error: unknown, _request: Request, response: Response, _next: NextFunction) => {
    sendRefusal(response, new Refusal(400, "Problems parsing JSON"));
  });
  app.use("/api/v3", router);
}

async function answer(options: RestOptions, route: Route, request: Request, response: Response): Promise<void> {
  const { limits } = options;
  try {
    const call = callOf(options, request);
    response.set(commonHeaders());
    const free = route.path === "/rate_limit";
    if (!free) refuseOverLimit(options, call, response);
    try {
      const answered = await route.handle(call);
      await send(options, call, request, response, answered, free);
    } catch (error) {
      if (!free) limits.spend("core", call.token, 1);
      response.set(rateHeaders("core", limits.quota("core", call.token)));
      throw error;
    }
  } catch (error) {
    if (error instanceof Refusal) return sendRefusal(response, error);
    console.error(`github: ${request.method} ${request.originalUrl}: ${String(error)}`);
    sendRefusal(response, new Refusal(500, "Server Error"));
  }
}

function callOf(options: RestOptions, request: Request): Call {
  const { token, caller } = authenticate(options.world, request.headers.authorization);
  return {
    ...options,
    token,
    caller,
    params: flatten(request.params, (parts) => parts.join("/")),
    query: flatten(request.query, (given) => given.at(-1) ?? ""),
    body: request.body,
    accept: request.headers.accept ?? "",
  };
}

/** Wildcards come as lists of path parts; of a query parameter given twice the last one counts. */
function flatten(values: Record<string, unknown>, join: (list: string[]) => string): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [
      name,
      Array.isArray(value) ? join(value.map(String)) : String(value),
    ]),
  );
}

/** `Authorization: token X`, `Bearer X`, or Basic with the token as the password. Throws 401 for a token not known. */
export function authenticate(
  world: World,
  header: string | undefined,
): { readonly token: string; readonly caller: User | undefined } {
  if (header === undefined || header === "") return { token: "", caller: undefined };
  const [scheme = "", value = ""] = header.split(" ");
  const basic = scheme.toLowerCase() === "basic";
  const token = basic
    ? Buffer.from(value, "base64")
        .toString()
        .replace(/^[^:]*:/, "")
    : value;
  // An app's own signed token is checked by the one endpoint that takes it.
  if (token.split(".").length === 3) return { token, caller: undefined };
  const login = world.tokens.get(token);
  const caller = login === undefined ? undefined : findUser(world, login);
  if (caller === undefined) throw new Refusal(401, "Bad credentials");
  return { token, caller };
}

export function commonHeaders(): Record<string, string> {
  return {
    "x-github-request-id": randomUUID().replaceAll("-", "").slice(0, 24).toUpperCase(),
    "x-github-media-type": "github.v3; format=json",
    "x-github-api-version-selected": "2022-11-28",
    "access-control-expose-headers": "ETag, Link, Location, Retry-After",
  };
}

function refuseOverLimit(options: RestOptions, call: Call, response: Response): void {
  const verdict = options.limits.check("core", call.token);
  if (verdict.is === "fine") return;
  response.set(rateHeaders("core", options.limits.quota("core", call.token)));
  throw limitRefusal(verdict, call.caller);
}

export function limitRefusal(
  verdict: { is: "primary" } | { is: "secondary"; retryAfterSeconds: number },
  caller?: User,
): Refusal {
  if (verdict.is === "primary") {
    const whose = caller === undefined ? "127.0.0.1" : `user ID ${caller.id}`;
    return new Refusal(403, `API rate limit exceeded for ${whose}.`);
  }
  const message = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.";
  return new Refusal(403, message, undefined, { "retry-after": String(verdict.retryAfterSeconds) });
}

async function send(
  options: RestOptions,
  call: Call,
  request: Request,
  response: Response,
  answered: Answer,
  free: boolean,
): Promise<void> {
  const { limits } = options;
  const body = await bodyOf(call, request, response, answered);
  const status = answered.kind === "page" || answered.kind === "text" ? 200 : answered.status;
  const fresh = request.method === "GET" && status === 200 && unchanged(call, request, response, answered, body);
  if (!free && !fresh) limits.spend("core", call.token, 1);
  response.set(rateHeaders("core", limits.quota("core", call.token)));
  if (fresh) {
    response.status(304).end();
    return;
  }
  response.status(status).end(body);
}

async function bodyOf(call: Call, request: Request, response: Response, answered: Answer): Promise<string | Buffer> {
  if (answered.kind === "empty") return "";
  if (answered.kind === "text") {
    response.set("content-type", answered.type);
    return answered.body;
  }
  response.set("content-type", "application/json; charset=utf-8");
  if (answered.kind === "json") return JSON.stringify(answered.body);
  if (answered.kind === "redirect") {
    response.set("location", answered.location);
    return answered.body === undefined ? "" : JSON.stringify(answered.body);
  }
  const size = whole(call.query["per_page"], 30, 100);
  const number = whole(call.query["page"], 1, Number.MAX_SAFE_INTEGER);
  const last = Math.max(1, Math.ceil(answered.total / size));
  const link = linkHeader(`${call.world.url}${request.originalUrl}`, number, last);
  if (link !== "") response.set("link", link);
  const shapes = await answered.slice((number - 1) * size, number * size);
  return JSON.stringify(answered.wrap(shapes, answered.total));
}

function whole(text: string | undefined, fallback: number, most: number): number {
  const value = Number.parseInt(text ?? "", 10);
  return Number.isFinite(value) && value >= 1 ? Math.min(value, most) : fallback;
}

function linkHeader(url: string, number: number, last: number): string {
  const to = (target: number, rel: string): string => {
    const address = new URL(url);
    address.searchParams.set("page", String(target));
    return `<${address}>; rel="${rel}"`;
  };
  const links: string[] = [];
  if (number > 1) links.push(to(Math.min(number - 1, last), "prev"));
  if (number < last) links.push(to(number + 1, "next"), to(last, "last"));
  if (number > 1) links.push(to(1, "first"));
  return links.join(", ");
}

/** Sets ETag and Last-Modified, and tells whether the caller has this very answer already. */
function unchanged(call: Call, request: Request, response: Response, answered: Answer, body: string | Buffer): boolean {
  const hash = createHash("sha256").update(call.token).update("\0").update(call.accept).update("\0").update(body);
  const etag = `W/"${hash.digest("hex")}"`;
  const visibility = call.caller === undefined ? "public" : "private";
  response.set({
    etag,
    "cache-control": `${visibility}, max-age=60, s-maxage=60`,
    vary: "Accept, Authorization, Cookie",
  });
  const modified = answered.kind === "json" ? answered.modified : undefined;
  if (modified !== undefined) response.set("last-modified", new Date(modified).toUTCString());
  const match = request.headers["if-none-match"];
  if (match !== undefined) return match.split(/,\s*/).some((one) => strong(one) === strong(etag));
  const since = request.headers["if-modified-since"];
  return since !== undefined && modified !== undefined && Date.parse(since) >= Date.parse(modified);
}

function strong(etag: string): string {
  return etag.replace(/^W\//, "");
}

export function sendRefusal(response: Response, refusal: Refusal): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  response.set({ "content-type": "application/json; charset=utf-8", ...commonHeaders(), ...refusal.headers });
  response.status(refusal.status).end(JSON.stringify(refusal.body()));
}
