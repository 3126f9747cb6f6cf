export type Sample = { readonly life: number; readonly ageMs: number; readonly mb: number };

/** A bot that has just started still loads what it is made of. */
const WARM_MS = 20_000;
const LEAST_MS = 30_000;

/** MB a minute, by least squares over the longest life of a bot; null = none was long enough. */
export function slopeOf(samples: readonly Sample[]): number | null {
  const lives = [
    ...Map.groupBy(
      samples.filter(({ ageMs }) => ageMs > WARM_MS),
      ({ life }) => life,
    ).values(),
  ];
  const longest = lives.toSorted((a, b) => span(b) - span(a))[0] ?? [];
  if (span(longest) < LEAST_MS) return null;
  const mean = (of: (sample: Sample) => number): number =>
    longest.reduce((sum, one) => sum + of(one), 0) / longest.length;
  const [x, y] = [mean(({ ageMs }) => ageMs), mean(({ mb }) => mb)];
  const above = longest.reduce((sum, { ageMs, mb }) => sum + (ageMs - x) * (mb - y), 0);
  const below = longest.reduce((sum, { ageMs }) => sum + (ageMs - x) ** 2, 0);
  return Math.round((above / below) * 60_000 * 10) / 10;
}

function span(samples: readonly Sample[]): number {
  return (samples.at(-1)?.ageMs ?? 0) - (samples[0]?.ageMs ?? 0);
}
