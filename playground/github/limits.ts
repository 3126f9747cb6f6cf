// Rate limits, per token and hour, core and GraphQL apart (docs.github.com, "Rate limits for the REST API").
//
// Exhausted primary limit: 403, x-ratelimit-remaining 0, the reset time, and no retry-after. Secondary limit: 403 with
// retry-after, whatever the primary one says.

import { isoSeconds } from "./world.ts";

export type Resource = "core" | "graphql";

export type Quota = {
  readonly limit: number;
  readonly remaining: number;
  readonly used: number;
  /** Seconds since 1970. */
  readonly reset: number;
};

export type Verdict =
  | { readonly is: "fine" }
  | { readonly is: "primary" }
  | { readonly is: "secondary"; readonly retryAfterSeconds: number };

export type Limits = {
  check(resource: Resource, token: string): Verdict;
  spend(resource: Resource, token: string, cost: number): void;
  quota(resource: Resource, token: string): Quota;
  /** Every caller is over the limit from now on for so many seconds. 0 ends it. */
  exhaust(seconds: number, kind: "primary" | "secondary"): void;
};

const hourMs = 3_600_000;
/** What a caller without a token gets. */
const anonymousLimit = 60;

export function createLimits(now: () => Date, limit: number): Limits {
  const windows = new Map<string, { used: number; resetMs: number }>();
  let primaryUntilMs = 0;
  let secondaryUntilMs = 0;

  function windowOf(resource: Resource, token: string): { used: number; resetMs: number } {
    const key = `${resource} ${token}`;
    const known = windows.get(key);
    if (known !== undefined && known.resetMs > now().getTime()) return known;
    const fresh = { used: 0, resetMs: now().getTime() + hourMs };
    windows.set(key, fresh);
    return fresh;
  }

  function quota(resource: Resource, token: string): Quota {
    const { used, resetMs } = windowOf(resource, token);
    const most = token === "" ? Math.min(anonymousLimit, limit) : limit;
    if (primaryUntilMs > now().getTime()) {
      return { limit: most, remaining: 0, used: most, reset: Math.ceil(primaryUntilMs / 1000) };
    }
    return { limit: most, remaining: Math.max(0, most - used), used, reset: Math.ceil(resetMs / 1000) };
  }

  return {
    quota,
    check(resource, token) {
      const leftMs = secondaryUntilMs - now().getTime();
      if (leftMs > 0) return { is: "secondary", retryAfterSeconds: Math.ceil(leftMs / 1000) };
      return quota(resource, token).remaining === 0 ? { is: "primary" } : { is: "fine" };
    },
    spend(resource, token, cost) {
      windowOf(resource, token).used += cost;
    },
    exhaust(seconds, kind) {
      const untilMs = now().getTime() + seconds * 1000;
      if (kind === "primary") primaryUntilMs = untilMs;
      else secondaryUntilMs = untilMs;
    },
  };
}

export function rateHeaders(resource: Resource, quota: Quota): Record<string, string> {
  return {
    "x-ratelimit-limit": String(quota.limit),
    "x-ratelimit-remaining": String(quota.remaining),
    "x-ratelimit-used": String(quota.used),
    "x-ratelimit-reset": String(quota.reset),
    "x-ratelimit-resource": resource,
  };
}

export function resetTime(quota: Quota): string {
  return isoSeconds(new Date(quota.reset * 1000));
}
