// Which of the services the bot lives on answer, since when, and why not. A change is logged once; people read the
// rest in `/afk status`. Knowing is all this does: each adapter keeps trying by itself.

import type { Logger } from "pino";
import type { Observed } from "../domain/observed.ts";
import { AfkError, type ErrorCode, messageOf } from "../errors.ts";
import type { Clock, Dependency } from "../ports.ts";

export type DependencyHealth = {
  readonly name: Dependency;
  readonly state: "unknown" | "up" | "down";
  readonly since: number;
  /** When it last answered; null = never yet. */
  readonly answeredAt: number | null;
  readonly why: string | null;
  /** Of what it failed with last, as far as that is known; null where it is up. */
  readonly code: ErrorCode | null;
};

export type Dependencies = {
  /** Runs `call` and notes by its outcome whether the service answers. A refusal is an answer. */
  watch<T>(name: Dependency, call: () => Promise<T>): Promise<T>;
  /** Notes the same of a read that does not throw. */
  noteObserved(name: Dependency, observed: Observed<unknown>): void;
  all(): readonly DependencyHealth[];
  /** The services there are from now on: of a changed config. */
  follow(names: readonly Dependency[]): void;
  /** Calls when a service stops answering, to have it asked again soon; one listener, the last. */
  onDown(heard: (name: Dependency) => void): void;
};

export function createDependencies(names: readonly Dependency[], clock: Clock, log: Logger): Dependencies {
  const health = new Map<Dependency, DependencyHealth>();
  let heardDown: (name: Dependency) => void = () => {};
  follow(names);

  function follow(wanted: readonly Dependency[]): void {
    for (const name of health.keys()) if (!wanted.includes(name)) health.delete(name);
    const fresh = { state: "unknown", since: clock.now(), answeredAt: null, why: null, code: null } as const;
    for (const name of wanted) if (!health.has(name)) health.set(name, { name, ...fresh });
  }

  type Seen =
    | { readonly state: "up" }
    | { readonly state: "down"; readonly why: string; readonly code: ErrorCode | null };

  function set(name: Dependency, seen: Seen): void {
    const before = health.get(name);
    // Of a config that is in force no more.
    if (before === undefined) return;
    const now = clock.now();
    const { state } = seen;
    const { why, code } = seen.state === "up" ? { why: null, code: null } : seen;
    const since = before.state === state ? before.since : now;
    const answeredAt = state === "up" ? now : before.answeredAt;
    health.set(name, { name, state, since, answeredAt, why, code });
    if (before.state === state) return;
    if (state === "down") {
      log.warn({ dependency: name, why }, "dependency does not answer, trying on");
      heardDown(name);
    } else log.info({ dependency: name, downBefore: before.state === "down" }, "dependency answers");
  }

  function note(name: Dependency, error: unknown): void {
    const state = error === undefined ? "up" : stateBy(name, error);
    if (state === "up") set(name, { state });
    if (state === "down")
      set(name, { state, why: messageOf(error), code: error instanceof AfkError ? error.code : null });
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
      if (observed.known) set(name, { state: "up" });
      // Reads do not tell the kind: what is known of it stays.
      else set(name, { state: "down", why: observed.why, code: health.get(name)?.code ?? null });
    },
    all: () => [...health.values()],
    follow,
    onDown(heard) {
      heardDown = heard;
    },
  };
}

/** What a failure says of the service. A refusal is an answer; undefined = it says nothing. */
function stateBy(name: Dependency, error: unknown): "up" | "down" | undefined {
  const code = error instanceof AfkError ? error.code : undefined;
  if (code === "refused") return "up";
  // Slack answers; what is wrong is the channel. And of that it says nothing while it is away.
  if (name === "slack" && code === "config") return "up";
  if (name === "channel" && code === "unreachable") return undefined;
  return "down";
}
