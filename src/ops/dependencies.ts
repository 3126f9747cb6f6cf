// Which of the services the bot lives on answer, since when, and why not. A change is logged once; people read the
// rest in `/afk status`. Knowing is all this does: each adapter keeps trying by itself.

import type { Logger } from "pino";
import type { Observed } from "../domain/observed.ts";
import { AfkError, messageOf } from "../errors.ts";
import type { Clock, Dependency } from "../ports.ts";

export type DependencyHealth = {
  readonly name: Dependency;
  readonly state: "unknown" | "up" | "down";
  readonly since: number;
  /** When it last answered; null = never yet. */
  readonly answeredAt: number | null;
  readonly why: string | null;
};

export type Dependencies = {
  /** Runs `call` and notes by its outcome whether the service answers. A refusal is an answer. */
  watch<T>(name: Dependency, call: () => Promise<T>): Promise<T>;
  /** Notes the same of a read that does not throw. */
  noteObserved(name: Dependency, observed: Observed<unknown>): void;
  all(): readonly DependencyHealth[];
};

export function createDependencies(names: readonly Dependency[], clock: Clock, log: Logger): Dependencies {
  const health = new Map<Dependency, DependencyHealth>(
    names.map((name) => [name, { name, state: "unknown", since: clock.now(), answeredAt: null, why: null }]),
  );

  function set(name: Dependency, state: "up" | "down", why: string | null): void {
    const before = health.get(name);
    const now = clock.now();
    const since = before?.state === state ? before.since : now;
    const answeredAt = state === "up" ? now : (before?.answeredAt ?? null);
    health.set(name, { name, state, since, answeredAt, why });
    if (before?.state === state) return;
    if (state === "down") log.warn({ dependency: name, why }, "dependency does not answer, trying on");
    else log.info({ dependency: name, downBefore: before?.state === "down" }, "dependency answers");
  }

  function note(name: Dependency, error: unknown): void {
    const answered = error === undefined || (error instanceof AfkError && error.code === "refused");
    if (answered) set(name, "up", null);
    else set(name, "down", messageOf(error));
  }

  return {
    async watch(name, call) {
      try {
        const value = await call();
        note(name, undefined);
        return value;
      } catch (error) {
        note(name, error);
        throw error;
      }
    },
    noteObserved(name, observed) {
      set(name, observed.known ? "up" : "down", observed.known ? null : observed.why);
    },
    all: () => [...health.values()],
  };
}
