// How often repos are polled, so that the requests of all of them stay below what GitHub takes.
//
// A poll that finds nothing new is a 304, which costs no quota but is still a request: GitHub's secondary limit allows
// 900 points a minute for REST, one for each GET (docs.github.com, "Rate limits for the REST API"). With `repos` polls
// per interval, requests per hour = repos × 3,600,000 / interval; solved for the interval at the most allowed, that is
// the shortest one there may be.

const HOUR_MS = 3_600_000;

/** The interval to poll with: the wanted one, stretched where that many repos would ask too often. */
export function pollEvery(wantedMs: number, repos: number, requestsPerHour: number): number {
  return Math.max(wantedMs, Math.ceil((repos * HOUR_MS) / requestsPerHour));
}

/** Polls per hour that the interval comes to. */
export function requestsPerHourAt(intervalMs: number, repos: number): number {
  return Math.round((repos * HOUR_MS) / intervalMs);
}

/** Repos that are looked at as soon as the bot starts; any further ones are spread over the first interval. */
const AT_ONCE = 60;

/** When, after a start, the repo at `index` is looked at first: never all of them in one burst. */
export function firstLookMs(index: number, repos: number, intervalMs: number): number {
  return index < AT_ONCE ? 0 : Math.round(((index - AT_ONCE + 1) / (repos - AT_ONCE)) * intervalMs);
}
