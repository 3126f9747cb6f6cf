// How often Slack lets an app call, docs.slack.dev/apis/web-api/rate-limits: a token bucket for each method, and for
// posts one for each channel as well.
//
// Slack names the rates ("50+ per minute") but not how large a burst it forgives; the bursts here are a minute's worth
// for the tiers and five for posts to one channel. A bucket is full at first and refills evenly.

type Rate = {
  readonly perMinute: number;
  /** How many calls at once a rested bucket allows. */
  readonly burst: number;
};

export type Tier = "tier1" | "tier2" | "tier3" | "tier4" | "post" | "special";

/** By method name, `chat.postMessage per channel` or the name of a tier; what is missing is as Slack has it. */
type CustomLimits = Readonly<Record<string, Rate>>;
export type Limits = "slack" | "off" | CustomLimits;

const PER_CHANNEL = "chat.postMessage per channel";

const RATES: Readonly<Record<Tier, Rate>> = {
  tier1: { perMinute: 1, burst: 10 },
  tier2: { perMinute: 20, burst: 20 },
  tier3: { perMinute: 50, burst: 50 },
  tier4: { perMinute: 100, burst: 100 },
  post: { perMinute: 300, burst: 300 },
  special: { perMinute: 600, burst: 600 },
};
const POST_PER_CHANNEL: Rate = { perMinute: 60, burst: 5 };

export type Limiter = {
  /** Seconds to wait, as `Retry-After` says it, or undefined where the call may go on (and is counted). */
  take(method: string, tier: Tier, channel: string | undefined): number | undefined;
};

export function createLimiter(limits: Limits, now: () => number): Limiter {
  const buckets = new Map<string, { level: number; atMs: number }>();

  /** Milliseconds until the bucket has a token; 0 when it has one now. */
  function waitMs(key: string, rate: Rate): number {
    const bucket = buckets.get(key) ?? { level: rate.burst, atMs: now() };
    const perMs = rate.perMinute / 60_000;
    bucket.level = Math.min(rate.burst, bucket.level + (now() - bucket.atMs) * perMs);
    bucket.atMs = now();
    buckets.set(key, bucket);
    return bucket.level >= 1 ? 0 : (1 - bucket.level) / perMs;
  }

  function spend(key: string): void {
    const bucket = buckets.get(key);
    if (bucket !== undefined) bucket.level -= 1;
  }

  return {
    take(method, tier, channel) {
      if (limits === "off") return undefined;
      const custom: CustomLimits = limits === "slack" ? {} : limits;
      const wanted: [string, Rate][] = [[method, custom[method] ?? custom[tier] ?? RATES[tier]]];
      if (tier === "post") {
        wanted.push([`${method} ${channel ?? ""}`, custom[PER_CHANNEL] ?? POST_PER_CHANNEL]);
      }
      const longest = Math.max(...wanted.map(([key, rate]) => waitMs(key, rate)));
      if (longest > 0) return Math.max(1, Math.ceil(longest / 1000));
      for (const [key] of wanted) spend(key);
      return undefined;
    },
  };
}
