export type Sample = { readonly life: number; readonly ageMs: number; readonly mb: number };

/** One bot, from its start to its kill, over the part in which it is warm. */
export type Life = {
  readonly minutes: number;
  readonly fromMb: number;
  readonly toMb: number;
  readonly mbPerMinute: number;
};

/** A bot that has just started still loads what it is made of. */
const WARM_MS = 20_000;
const LEAST_MS = 30_000;

/** In the order they were lived; those too short to tell are not there. */
export function livesOf(samples: readonly Sample[]): readonly Life[] {
  return warmLives(samples).map((life) => ({
    minutes: rounded(span(life) / 60_000),
    fromMb: Math.round(life[0]?.mb ?? 0),
    toMb: Math.round(life.at(-1)?.mb ?? 0),
    mbPerMinute: rounded(perMinute(life)),
  }));
}

/** MB a minute over the longest life, in its later half: by then its heap has grown to what it needs. Null = none was long enough. */
export function slopeOf(samples: readonly Sample[]): number | null {
  const longest = longestOf(samples);
  if (longest === undefined) return null;
  const half = longest.filter(({ ageMs }) => ageMs >= (longest[0]?.ageMs ?? 0) + span(longest) / 2);
  return rounded(perMinute(half));
}

/**
 * The least the heap held in each minute of the longest life: close to what lives in it, as V8 collects only when it must.
 * What grows here without end is a leak; resident memory also grows by pages that are kept for later.
 */
export function floorsOf(samples: readonly Sample[]): readonly number[] {
  const minutes = Map.groupBy(longestOf(samples) ?? [], ({ ageMs }) => Math.floor(ageMs / 60_000));
  return [...minutes.values()].map((minute) => Math.round(Math.min(...minute.map(({ mb }) => mb))));
}

function longestOf(samples: readonly Sample[]): readonly Sample[] | undefined {
  return warmLives(samples).toSorted((a, b) => span(b) - span(a))[0];
}

function warmLives(samples: readonly Sample[]): readonly (readonly Sample[])[] {
  const warm = samples.filter(({ ageMs }) => ageMs > WARM_MS);
  return [...Map.groupBy(warm, ({ life }) => life).values()].filter((life) => span(life) >= LEAST_MS);
}

/** By least squares. */
function perMinute(life: readonly Sample[]): number {
  const mean = (of: (sample: Sample) => number): number => life.reduce((sum, one) => sum + of(one), 0) / life.length;
  const [x, y] = [mean(({ ageMs }) => ageMs), mean(({ mb }) => mb)];
  const above = life.reduce((sum, { ageMs, mb }) => sum + (ageMs - x) * (mb - y), 0);
  const below = life.reduce((sum, { ageMs }) => sum + (ageMs - x) ** 2, 0);
  return (above / below) * 60_000;
}

function span(samples: readonly Sample[]): number {
  return (samples.at(-1)?.ageMs ?? 0) - (samples[0]?.ageMs ?? 0);
}

function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}
