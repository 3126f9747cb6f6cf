// What the bot says of itself when it is asked from outside.
//
// Live: its event loop turns (else nothing answers at all), and no repo has been at work for so long that it must hang.
// Ready: it leads, or stands by to, and every service it lives on answers. A service that is away makes it unready, never
// dead: a restart would not bring it back.

import type { Load } from "../loop.ts";
import type { Clock, Dependency } from "../ports.ts";
import type { Dependencies, DependencyHealth } from "./dependencies.ts";

/** `starting`: waiting for its state. `standby`: another replica leads. */
export type Role = "starting" | "standby" | "leader" | "stopping";

export type ReadyReport = {
  readonly ready: boolean;
  readonly role: Role;
  readonly roleSeconds: number;
  readonly dependencies: readonly {
    readonly name: Dependency;
    readonly state: DependencyHealth["state"];
    /** For how long it has been so. */
    readonly stateSeconds: number;
    /** Since it last answered; null = it never has. */
    readonly answeredSecondsAgo: number | null;
    readonly why: string | null;
  }[];
};

export type Health = {
  role(): Role;
  become(role: Role): void;
  /** Watches the loop that does the work. A key is stuck when it has been at work for `stuckMs`. */
  watch(load: () => Load<string>, stuckMs: number): void;
  /** Undefined = live; else what hangs. */
  dead(): string | undefined;
  ready(): ReadyReport;
};

export function createHealth(dependencies: Dependencies, clock: Clock): Health {
  let role: Role = "starting";
  let since = clock.now();
  let watched: { readonly load: () => Load<string>; readonly stuckMs: number } | undefined;
  const secondsSince = (at: number): number => Math.max(0, Math.round((clock.now() - at) / 1000));

  return {
    role: () => role,
    become(next) {
      if (next === role) return;
      role = next;
      since = clock.now();
    },
    watch(load, stuckMs) {
      watched = { load, stuckMs };
    },
    dead() {
      const longest = watched?.load().longest;
      if (watched === undefined || longest === undefined) return undefined;
      const ms = performance.now() - longest.since;
      return ms < watched.stuckMs
        ? undefined
        : `${longest.key} has been at work for ${Math.round(ms / 60_000)} minutes`;
    },
    ready() {
      const all = dependencies.all();
      return {
        ready: (role === "leader" || role === "standby") && areUp(all),
        role,
        roleSeconds: secondsSince(since),
        dependencies: all.map((seen) => ({
          name: seen.name,
          state: seen.state,
          stateSeconds: secondsSince(seen.since),
          answeredSecondsAgo: seen.answeredAt === null ? null : secondsSince(seen.answeredAt),
          why: seen.why,
        })),
      };
    },
  };
}

/** All answer; of several T3 servers one is enough, as the others' repos wait and nobody else's do. */
function areUp(all: ReturnType<Dependencies["all"]>): boolean {
  const isT3 = ({ name }: DependencyHealth): boolean => name === "t3" || name.startsWith("t3:");
  const isUp = ({ state }: DependencyHealth): boolean => state === "up";
  const servers = all.filter(isT3);
  return all.every((one) => isT3(one) || isUp(one)) && (servers.length === 0 || servers.some(isUp));
}
