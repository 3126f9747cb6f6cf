// The rest of the HTTP API: the environment's card, dispatch, the snapshot, HEAD's cheaper reads, and the web build that
// answers every other GET with its page, API-like paths included.

import type { Express } from "express";
import {
  answering,
  authenticate,
  bare,
  dispatchFailed,
  jsonBody,
  requestInvalid,
  requireScope,
  threadNotFound,
} from "./answers.ts";
import { authRoutes } from "./auth-routes.ts";
import { Command } from "./commands.ts";
import { Refused } from "./decider.ts";
import { type Engine, InvalidCommand } from "./engine.ts";
import { shellOf, snapshotOf, threadOf } from "./reads.ts";
import type { Tokens } from "./tokens.ts";

type Environment = {
  readonly environmentId: string;
  readonly serverVersion: string;
  /** The web build is there, as in a release; else an unknown GET is a 503. */
  readonly webBuild: boolean;
};

export type Serving = { readonly engine: Engine; readonly tokens: Tokens; readonly environment: Environment };

/** `current` gives what serves now: a restart replaces it. */
export function routes(app: Express, current: () => Serving): void {
  app.get(
    "/.well-known/t3/environment",
    answering(() => environmentOf(current())),
  );

  authRoutes(app, () => current().tokens);

  app.post(
    "/api/orchestration/dispatch",
    answering(async (request) => {
      const { engine, tokens } = current();
      const session = authenticate(tokens, request);
      const command = await jsonBody(request, Command);
      requireScope(session, "orchestration:operate");
      try {
        return { sequence: engine.dispatch(command) };
      } catch (error) {
        if (error instanceof InvalidCommand) throw requestInvalid("invalid_command");
        // A failure to write the log answers just like a refusal.
        if (!(error instanceof Refused)) console.error(`t3 dispatch: ${String(error)}`);
        throw dispatchFailed();
      }
    }),
  );

  app.get(
    "/api/orchestration/snapshot",
    answering((request) => {
      const { engine, tokens } = current();
      requireScope(authenticate(tokens, request), "orchestration:read");
      return snapshotOf(engine.log.state());
    }),
  );

  app.get("/api/orchestration/shell", (request, response, next) => {
    const { engine, tokens } = current();
    if (engine.version !== "head") return next();
    return answering(() => {
      requireScope(authenticate(tokens, request), "orchestration:read");
      return shellOf(engine.log.state());
    })(request, response);
  });

  app.get("/api/orchestration/threads/:threadId", (request, response, next) => {
    const { engine, tokens } = current();
    if (engine.version !== "head") return next();
    return answering(() => {
      requireScope(authenticate(tokens, request), "orchestration:read");
      const state = engine.log.state();
      const thread = state.threads.get(request.params.threadId);
      if (thread === undefined || thread.deletedAt !== null) throw threadNotFound();
      return { snapshotSequence: state.sequence, thread: threadOf(thread) };
    })(request, response);
  });

  app.use(
    answering((request, response) => {
      if (request.method !== "GET" || KNOWN_POSTS.has(request.path)) throw bare(404);
      if (!current().environment.webBuild) throw bare(503, "No static directory configured and no dev URL set.");
      response.status(200).type("text/html").send(INDEX);
      return undefined;
    }),
  );
}

const KNOWN_POSTS = new Set([
  "/api/orchestration/dispatch",
  "/api/auth/pairing-token",
  "/api/auth/websocket-ticket",
  "/api/auth/clients/revoke",
  "/api/auth/clients/revoke-others",
  "/api/auth/pairing-links/revoke",
  "/oauth/token",
]);

const INDEX = '<!doctype html><html><head><title>T3 Code</title></head><body><div id="root"></div></body></html>\n';

function environmentOf({ engine, environment }: Serving): object {
  return {
    environmentId: environment.environmentId,
    label: "playground",
    platform: { os: "linux", arch: process.arch === "arm64" ? "arm64" : "x64" },
    serverVersion: environment.serverVersion,
    capabilities: { repositoryIdentity: true, ...(engine.version === "head" ? { connectionProbe: true } : {}) },
  };
}
