// How the volume fills, from one look a day. Pure.

import type { Sample } from "./housekeeping-state.ts";
import { known, type Observed, unknown } from "./observed.ts";
import { type Space, scarcest, usedShare } from "./space.ts";

export type TrendPoint = { readonly at: number; readonly bytes: number; readonly files: number | null };

/** Used shares, 0 to 1, of the last `days` days: no more than `points`, each the fullest of the days it stands for. */
export function trendOf(samples: readonly Sample[], now: number, days: number, points: number): readonly TrendPoint[] {
  const span = (days * DAY_MS) / points;
  const buckets = Array.from({ length: points }, (_, index) => {
    const end = now - (points - 1 - index) * span;
    return samples.filter(({ at }) => at > end - span && at <= end);
  });
  return buckets.flatMap((bucket): readonly TrendPoint[] => {
    const last = bucket.at(-1);
    if (last === undefined) return [];
    const files = bucket.flatMap(({ space }) => (space.files === null ? [] : [usedShare(space.files)]));
    return [
      {
        at: last.at,
        bytes: Math.max(...bucket.map(({ space }) => usedShare(space.bytes))),
        files: files.length === 0 ? null : Math.max(...files),
      },
    ];
  });
}

/** `days` until the volume is full at this pace; null = it does not fill up. */
export type Forecast = Observed<{ readonly days: number | null }>;

/**
 * By the median of what came from each day to the next in the last two weeks: days on which much was evicted, or much came
 * at once, say nothing of the pace. What will be evicted before is not counted in.
 */
export function forecastOf(samples: readonly Sample[], now: number, space: Space): Forecast {
  const recent = samples.filter(({ at }) => now - at <= FORECAST_MS);
  const { of } = scarcest(space);
  const growth = recent.slice(1).flatMap((sample, index) => {
    const before = recent[index];
    const from = before?.space[of];
    const to = sample.space[of];
    if (before === undefined || !from || !to) return [];
    const days = (sample.at - before.at) / DAY_MS;
    return days < 0.5 ? [] : [(to.total - to.free - (from.total - from.free)) / days];
  });
  if (growth.length < ENOUGH) return unknown(`${growth.length} of ${ENOUGH} days seen`);
  const perDay = growth.toSorted((a, b) => a - b)[Math.floor(growth.length / 2)] ?? 0;
  const left = space[of]?.free ?? 0;
  const days = perDay > 0 ? left / perDay : Number.POSITIVE_INFINITY;
  return known({ days: days > NEVER_DAYS ? null : Math.round(days) });
}

const DAY_MS = 24 * 3_600_000;
const FORECAST_MS = 14 * DAY_MS;
const ENOUGH = 3;
const NEVER_DAYS = 365;
