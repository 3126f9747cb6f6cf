// GitHub's rate limits as its answers tell them. While one is in force nothing is sent: GitHub asks for that, and bans
// those who go on (docs.github.com, "Best practices for using the REST API", "Handle rate limit errors appropriately").

import { AfkError } from "../errors.ts";
import type { Clock } from "../ports.ts";

export type Bucket = "core" | "graphql";

export type LimitSeen = {
  readonly bucket: Bucket;
  readonly kind: "primary" | "secondary";
  /** UTC, milliseconds since the epoch: when requests are let through again. */
  readonly until: number;
};

export type Limits = {
  /** Throws `unreachable`, saying until when, while a limit is in force. */
  check(bucket: Bucket): void;
  /** Takes in what an answer, good or bad, says of the limits. */
  note(bucket: Bucket, status: number, headers: Headers): void;
  /** What is in force now. */
  inForce(): readonly LimitSeen[];
  /** Of the REST quota, as the last answer told it. */
  quota(): { readonly limit: number; readonly remaining: number; readonly resetAt: number } | undefined;
};

export type Headers = Readonly<Record<string, string | number | undefined>>;

/** Where GitHub names no time, it asks for at least a minute. */
const UNNAMED_MS = 60_000;

export function createLimits(clock: Clock): Limits {
  const force = new Map<Bucket, LimitSeen>();
  let quota: ReturnType<Limits["quota"]>;

  function inForce(): readonly LimitSeen[] {
    return [...force.values()].filter(({ until }) => until > clock.now());
  }

  return {
    inForce,
    quota: () => quota,
    check(bucket) {
      const limit = inForce().find((seen) => seen.bucket === bucket);
      if (limit !== undefined) throw new AfkError("unreachable", limitText(limit));
    },
    note(bucket, status, headers) {
      const remaining = numberOf(headers["x-ratelimit-remaining"]);
      const resetAt = (numberOf(headers["x-ratelimit-reset"]) ?? 0) * 1000;
      const limit = numberOf(headers["x-ratelimit-limit"]);
      if (bucket === "core" && remaining !== undefined && limit !== undefined) quota = { limit, remaining, resetAt };
      if (status !== 403 && status !== 429) return;
      const retryAfter = numberOf(headers["retry-after"]);
      if (retryAfter !== undefined) {
        // A secondary limit is the account's: neither REST nor GraphQL may go on.
        const until = clock.now() + retryAfter * 1000;
        for (const each of ["core", "graphql"] as const) force.set(each, { bucket: each, kind: "secondary", until });
      } else if (remaining === 0) {
        const until = Math.max(resetAt, clock.now() + 1_000);
        force.set(bucket, { bucket, kind: "primary", until });
      } else if (status === 429) {
        force.set(bucket, { bucket, kind: "secondary", until: clock.now() + UNNAMED_MS });
      }
    },
  };
}

/** For people: what is used up, and until when the bot waits. */
function limitText({ bucket, kind, until }: LimitSeen): string {
  const what = bucket === "graphql" ? "GraphQL" : "REST";
  const which = kind === "primary" ? `hourly ${what} quota is used up` : "secondary rate limit is in force";
  return `GitHub's ${which}: waiting until ${new Date(until).toISOString()}`;
}

function numberOf(value: string | number | undefined): number | undefined {
  const number = value === undefined || value === "" ? Number.NaN : Number(value);
  return Number.isFinite(number) ? number : undefined;
}
