// Octokit as the bot uses it: a time limit on every call, retries for what is safe, GitHub's rate limits respected, and
// conditional requests, whose 304 costs no quota (docs.github.com, "Best practices for using the REST API").

import { retry } from "@octokit/plugin-retry";
import { throttling } from "@octokit/plugin-throttling";
import { Octokit } from "@octokit/rest";
import type { Logger } from "pino";
import { AfkError, messageOf } from "../errors.ts";
import type { MayAct } from "../leader/fence.ts";
import type { Answers } from "./answers.ts";
import type { GitHubAuth } from "./auth.ts";
import { bucketOf, makeConditional } from "./conditional.ts";
import type { Limits } from "./limits.ts";

const CALL_TIMEOUT_MS = 20_000;

export type GitHubClient = Octokit;

export function createGitHubClient(options: {
  readonly apiUrl: string;
  readonly auth: GitHubAuth;
  readonly answers: Answers;
  readonly limits: Limits;
  readonly mayAct: MayAct;
  readonly log: Logger;
}): GitHubClient {
  const { apiUrl, auth, answers, limits, mayAct, log } = options;
  const wait = (kind: string) => (retryAfter: number, request: unknown) => {
    const { method, url } = request as { method: string; url: string };
    log.warn({ kind, retryAfterSeconds: retryAfter, method, url }, "github rate limit");
    // Nothing is sent until it is over (limits.ts), and the loop comes back: a limit holds up no worker.
    return false;
  };
  /** The first hook is the last one asked: a request that waited for its turn, or is tried again, may no longer be sent. */
  const gate = ({ hook }: Pick<Octokit, "hook">) => {
    hook.before("request", ({ method, url }) => {
      limits.check(bucketOf(url));
      if (method !== "GET" && method !== "HEAD") mayAct();
    });
  };
  const client = new (Octokit.plugin(gate, throttling, retry))({
    baseUrl: apiUrl,
    userAgent: "afk-bot",
    log: {
      debug: () => {},
      info: () => {},
      warn: (text: string) => log.debug({ text }, "octokit"),
      error: (text: string) => log.debug({ text }, "octokit"),
    },
    throttle: { onRateLimit: wait("primary"), onSecondaryRateLimit: wait("secondary") },
    retry: { retries: 2 },
    request: { fetch: fetchInTime },
  });
  makeConditional(client, auth, answers, limits);
  return client;
}

export function fetchInTime(input: string | URL | Request, init?: RequestInit): Promise<Response> {
  const limit = AbortSignal.timeout(CALL_TIMEOUT_MS);
  return fetch(input, { ...init, signal: init?.signal ? AbortSignal.any([init.signal, limit]) : limit });
}

/** Octokit's error as the bot's: the status decides, never the text. */
export function githubError(error: unknown, what: string): AfkError {
  const status = statusOf(error);
  const text = `GitHub, ${what}: ${messageOf(error)}`;
  if (error instanceof AfkError) return new AfkError(error.code, text, error.cause);
  if (status === 401) return new AfkError("unauthorised", text, error);
  if (status === 403 || status === 429) {
    return new AfkError(isRateLimit(error) ? "unreachable" : "unauthorised", text, error);
  }
  if (status === 404 || status === 410 || status === 422) return new AfkError("refused", text, error);
  return new AfkError("unreachable", text, error);
}

export function statusOf(error: unknown): number | undefined {
  const status = (error as { status?: unknown } | null)?.status;
  return typeof status === "number" && error instanceof Error ? status : undefined;
}

function isRateLimit(error: unknown): boolean {
  const headers = (error as { response?: { headers?: Record<string, string | undefined> } }).response?.headers ?? {};
  return headers["retry-after"] !== undefined || headers["x-ratelimit-remaining"] === "0";
}
