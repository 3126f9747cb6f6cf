// The Web API's HTTP side: who calls, with which arguments, may they, and how an answer looks.
//
// In this order, as Slack: failures asked for, unknown method, token, scope, rate limit, the method itself.

import express, { type Express, type Request, type Response } from "express";
import { asRecord, asText, type Json } from "./json.ts";
import type { Limiter } from "./limits.ts";
import type { Method, Methods } from "./method.ts";
import { Refusal } from "./refusal.ts";
import type { World } from "./state.ts";

export type Failure = { readonly status: number } | { readonly error: string };

type Tokens = {
  readonly bot: string;
  readonly app: string;
  readonly botScopes: readonly string[];
  readonly appScopes: readonly string[];
};

export type WebApi = {
  routes(app: Express): void;
  /** Answers 429 to every call for that long, or to those of one method. */
  rateLimit(seconds: number, method?: string): void;
  /** Refuses the next `count` calls before they take effect, of one method or of all. */
  failNext(count: number, failure: Failure, method?: string): void;
  calls(): Readonly<Record<string, number>>;
  rateLimited(): number;
};

export type WebApiOptions = {
  readonly world: World;
  readonly tokens: Tokens;
  readonly limiter: Limiter;
  readonly methods: Methods;
};

export function createWebApi({ world, tokens, limiter, methods }: WebApiOptions): WebApi {
  const calls = new Map<string, number>();
  const failures: { left: number; readonly failure: Failure; readonly method: string | undefined }[] = [];
  let blocked: { readonly untilMs: number; readonly method: string | undefined } | undefined;
  let rateLimited = 0;

  function handle(request: Request, response: Response): void {
    const name = String(request.params["method"]);
    calls.set(name, (calls.get(name) ?? 0) + 1);
    try {
      const failure = nextFailure(name);
      if (failure !== undefined && "status" in failure) {
        response.status(failure.status).type("text").send("upstream failure");
        return;
      }
      if (failure !== undefined) throw new Refusal(failure.error);
      serve(name, request, response);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      response.json({ ok: false, error: error.error, ...error.details });
    }
  }

  function serve(name: string, request: Request, response: Response): void {
    const method = methods[name];
    if (method === undefined) throw new Refusal("unknown_method", { req_method: name });
    const { token, ...args } = argumentsOf(request);
    const scopes = method.token === "app" ? tokens.appScopes : tokens.botScopes;
    if (method.token !== "none") {
      authenticate(method, bearer(request) ?? asText(token));
      response.set("x-oauth-scopes", scopes.join(","));
      response.set("x-accepted-oauth-scopes", method.scopes.join(","));
    }
    permit(method, scopes);
    const wait = blockedSeconds(name) ?? limiter.take(name, method.tier, asText(args["channel"]));
    if (wait !== undefined) {
      rateLimited += 1;
      response.status(429).set("retry-after", String(wait)).json({ ok: false, error: "ratelimited" });
      return;
    }
    response.json({ ok: true, ...method.run({ world, args, scopes }) });
  }

  function authenticate(method: Method, token: string | undefined): void {
    if (token === undefined || token === "") throw new Refusal("not_authed");
    if (token !== tokens.bot && token !== tokens.app) throw new Refusal("invalid_auth");
    if (token !== tokens[method.token === "app" ? "app" : "bot"]) throw new Refusal("not_allowed_token_type");
  }

  function nextFailure(name: string): Failure | undefined {
    const due = failures.find((one) => one.left > 0 && (one.method === undefined || one.method === name));
    if (due === undefined) return undefined;
    due.left -= 1;
    return due.failure;
  }

  function blockedSeconds(name: string): number | undefined {
    if (blocked === undefined || world.now() >= blocked.untilMs) return undefined;
    if (blocked.method !== undefined && blocked.method !== name) return undefined;
    return Math.max(1, Math.ceil((blocked.untilMs - world.now()) / 1000));
  }

  return {
    routes(app) {
      const limit = "5mb";
      app.all("/api/:method", express.json({ limit }), express.urlencoded({ limit, extended: false }), handle);
      // express.json throws for text that is no JSON; Slack says so in its own way.
      app.use("/api", (error: unknown, _request: Request, response: Response, next: (error: unknown) => void) => {
        if (error instanceof SyntaxError) response.json({ ok: false, error: "invalid_json" });
        else next(error);
      });
    },
    rateLimit(seconds, method) {
      blocked = { untilMs: world.now() + seconds * 1000, method };
    },
    failNext(count, failure, method) {
      failures.push({ left: count, failure, method });
    },
    calls: () => Object.fromEntries(calls),
    rateLimited: () => rateLimited,
  };
}

function permit(method: Method, scopes: readonly string[]): void {
  const [needed] = method.scopes;
  if (needed === undefined || method.scopes.some((scope) => scopes.includes(scope))) return;
  throw new Refusal("missing_scope", { needed: method.scopes.join(","), provided: scopes.join(",") });
}

function argumentsOf(request: Request): Json {
  const query = asRecord(request.query) ?? {};
  if (Array.isArray(request.body)) throw new Refusal("json_not_object");
  return { ...query, ...asRecord(request.body) };
}

function bearer(request: Request): string | undefined {
  return /^Bearer (.+)$/i.exec(request.get("authorization") ?? "")?.[1];
}
