// Takes over changes of the config file, and of the secret files that it names, while the bot runs.
//
// Files are read again and again rather than watched: a ConfigMap changes by a swapped symlink, and a network volume tells
// nothing. What was read must be the same twice in a row, as an editor may be half-way. A config that is wrong, or that
// cannot be taken now, is told once and leaves the last good one in force; it is tried again for as long as it is there.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import type { Logger } from "pino";
import { type Config, loadConfig } from "../config.ts";
import { messageOf } from "../errors.ts";
import type { Clock } from "../ports.ts";

export type ConfigStanding = {
  /** Why the files as they are now are not in force; null = they are. */
  readonly trouble: string | null;
  /** When the config in force was read, in UTC milliseconds. */
  readonly since: number;
};

export type ConfigWatch = {
  standing(): ConfigStanding;
  /** Looks now, and not only when it is time to. */
  look(): void;
  /** Waits for a change that is being taken. */
  stop(): Promise<void>;
};

const LOOK_EVERY_MS = 2_000;

export function watchConfig(options: {
  readonly path: string;
  readonly env: NodeJS.ProcessEnv;
  /** What is in force at the start. */
  readonly config: Config;
  readonly everyMs?: number;
  readonly clock: Clock;
  readonly log: Logger;
  /** Puts the config in force, or throws and leaves the one before. Never two at once. */
  take(next: Config): Promise<void>;
  /** `reverted`: what was refused is gone, and the files are those in force again. */
  onOutcome?(outcome: "taken" | "refused" | "reverted"): void;
}): ConfigWatch {
  const { path, env, everyMs = LOOK_EVERY_MS, clock, log, take, onOutcome } = options;
  let current = options.config;
  let since = clock.now();
  let trouble: string | null = null;
  /** Of the files that are in force, and of those that the last look saw. */
  let inForce = digestOf(current.files);
  let seen = inForce;
  let stopped = false;
  let looking: Promise<void> | undefined;

  async function lookOnce(): Promise<void> {
    const now = digestOf(current.files);
    const settled = now === seen;
    seen = now;
    if (!settled) return;
    if (now === inForce) return standAgain();
    try {
      const next = loadConfig(path, env);
      // What was parsed has to be what was seen, also in secret files that it names only now.
      if (digestOf(current.files) !== now) return;
      const changed = changedKeys(current, next);
      if (changed.length > 0) {
        await take(next);
        since = clock.now();
        log.info({ changed }, "config taken");
        onOutcome?.("taken");
      } else standAgain();
      current = next;
      inForce = digestOf(next.files);
      seen = inForce;
      trouble = null;
    } catch (error) {
      const why = messageOf(error);
      if (why === trouble) return;
      trouble = why;
      log.error({ why }, "config not taken, the last good one stays in force");
      onOutcome?.("refused");
    }
  }

  function standAgain(): void {
    if (trouble === null) return;
    trouble = null;
    log.info("config is again the one in force");
    onOutcome?.("reverted");
  }

  function look(): void {
    if (stopped) return;
    looking ??= lookOnce().finally(() => {
      looking = undefined;
    });
  }

  const timer = setInterval(look, everyMs);
  return {
    standing: () => ({ trouble, since }),
    look,
    async stop() {
      stopped = true;
      clearInterval(timer);
      await looking;
    },
  };
}

/** Of all the files' contents; one that cannot be read counts as such. */
function digestOf(files: readonly string[]): string {
  const hash = createHash("sha256");
  for (const file of files) {
    try {
      hash.update(readFileSync(file)).update("\0");
    } catch (error) {
      hash.update(`unreadable: ${(error as NodeJS.ErrnoException).code}\0`);
    }
  }
  return hash.digest("hex");
}

function changedKeys(before: Config, after: Config): readonly string[] {
  const keys = Object.keys(after) as (keyof Config)[];
  return keys.filter((key) => key !== "files" && !isDeepStrictEqual(before[key], after[key]));
}
