// The bot's own knowledge of which repos are enrolled. The read-only checks are run without being asked: for each repo of
// the config after the start, slowly, and at once for one with a released issue. What was seen is kept on disk, so a
// restart asks GitHub nothing about a repo whose answer is still good.

import type { Logger } from "pino";
import { type Enrolment, isEnrolled, troublesOf } from "../domain/enrolment.ts";
import { known, type Observed } from "../domain/observed.ts";
import type { Labels } from "../domain/policy.ts";
import type { RepoKey } from "../domain/repo.ts";
import { createLoop } from "../loop.ts";
import type { Clock, GitHub } from "../ports.ts";
import { checkRepo } from "./check.ts";
import { type EnrolmentFiles, openEnrolmentFiles } from "./files.ts";

export type Enrolments = {
  /**
   * How the repo stands, checked now where the last result is too old. Undefined = not in the config. A check that GitHub
   * does not answer leaves the last result standing, with its time.
   */
  current(repo: RepoKey): Promise<Observed<Enrolment> | undefined>;
  /** What was seen last, without asking anybody; undefined = never checked. */
  last(repo: RepoKey): Promise<Enrolment | undefined>;
  /** Checks all repos of the config in the background, until stopped. */
  watch(): { stop(): Promise<void> };
};

/** `unknown`: where GitHub did not say, which is nothing against the repo. */
const RECHECK_MS = { good: 6 * 3_600_000, bad: 5 * 60_000, unknown: 30_000 };
/** A check takes about ten requests: so many repos at once after a start, further ones one at a time. */
const AT_ONCE = 20;
const APART_MS = 20_000;

export function createEnrolments(options: {
  readonly repos: readonly RepoKey[];
  readonly stateDir: string;
  readonly github: GitHub;
  readonly labels: Labels;
  readonly clock: Clock;
  readonly log: Logger;
  readonly files?: EnrolmentFiles;
}): Enrolments {
  const { repos, stateDir, clock, log, files = openEnrolmentFiles(stateDir) } = options;
  const listed = new Set(repos);
  const checking = new Map<RepoKey, Promise<Observed<Enrolment>>>();

  function isGood(enrolment: Enrolment): boolean {
    const age = clock.now() - enrolment.checkedAt;
    return age >= 0 && age < lastsFor(enrolment);
  }

  function lastsFor(enrolment: Enrolment): number {
    if (isEnrolled(enrolment)) return RECHECK_MS.good;
    const troubles = troublesOf(enrolment);
    return troubles.every(({ result }) => result === "unknown") ? RECHECK_MS.unknown : RECHECK_MS.bad;
  }

  async function check(repo: RepoKey, before: Enrolment | undefined): Promise<Observed<Enrolment>> {
    const seen = await checkRepo(repo, before?.repoId ?? null, options);
    const read = seen.known && seen.value.checks.every(({ result }) => result !== "unknown");
    // What GitHub would not say now does not replace what it said before.
    if (!read && before !== undefined && isEnrolled(before)) return known(before);
    if (!seen.known) return seen;
    await files.save(seen.value);
    const troubles = troublesOf(seen.value).map(({ check: name, why }) => `${name}: ${why}`);
    if (troubles.length > 0) log.warn({ repo, troubles }, "repo not enrolled");
    else if (before === undefined || !isEnrolled(before)) log.info({ repo }, "repo enrolled");
    return seen;
  }

  async function current(repo: RepoKey): Promise<Observed<Enrolment> | undefined> {
    if (!listed.has(repo)) return undefined;
    const before = await files.load(repo);
    if (before !== undefined && isGood(before)) return known(before);
    const running = checking.get(repo) ?? check(repo, before).finally(() => checking.delete(repo));
    checking.set(repo, running);
    return await running;
  }

  function watch(): { stop(): Promise<void> } {
    const loop = createLoop<RepoKey>({
      name: "enrolment",
      concurrency: 2,
      backoff: { firstMs: 10_000, ceilingMs: 10 * 60_000 },
      log,
      async work(repo) {
        const seen = await current(repo);
        return seen?.known ? lastsFor(seen.value) : RECHECK_MS.bad;
      },
    });
    const timers = repos.map((repo, index) =>
      setTimeout(() => loop.nudge(repo), Math.max(0, index - AT_ONCE + 1) * APART_MS),
    );
    return {
      async stop() {
        for (const timer of timers) clearTimeout(timer);
        await loop.stop(1_000);
      },
    };
  }

  return { current, last: (repo) => files.load(repo), watch };
}
