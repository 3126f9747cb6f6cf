// Who of several replicas acts: the holder of one Lease, as client-go's leader election has it.
//
// standing by → leading → lost | released. Whoever holds the Lease renews it every `retryMs`. Who stands by takes it when
// it has seen no renewal for the holder's own `leaseMs`, counted from when it saw the last one itself: clocks of different
// machines are never compared. The holder counts from when it *sent* its last renewal, and stops acting after `renewMs`,
// which is less: between the two lies the margin in which nobody acts. `check` is asked before every act, so a process
// that was paused, cut off or slow does nothing once its time ran out, whatever it was about to do.

import { setTimeout as pause } from "node:timers/promises";
import type { Logger } from "pino";
import { AfkError, messageOf } from "../errors.ts";
import { type Moment, passedSince, timeNow } from "./time.ts";

/** What stands in the Lease. Times are the writer's own, in UTC milliseconds. */
export type LeaseRecord = {
  /** Null = nobody: the last holder gave it back. */
  readonly holder: string | null;
  readonly leaseMs: number;
  readonly acquiredAt: number;
  readonly renewedAt: number;
  /** How often it went from one holder to another. */
  readonly transitions: number;
};

/** The one Lease. Both throw where the API does not answer; whether a write took effect is then unknown. */
export type Leases = {
  /** Undefined = nobody has made it yet. */
  read(): Promise<LeaseRecord | undefined>;
  /** Replaces what was last read or written, or makes it. `conflict`: somebody else has written it since. */
  write(record: LeaseRecord): Promise<"written" | "conflict">;
};

export type Leadership = {
  /** Throws `conflict` where this process may not act, or soon may not. */
  check(): void;
  /** Resolves to the reason once this process may never act again. */
  readonly lost: Promise<string>;
  /** Gives the Lease back, so that another takes it at once. Nothing may act any more. */
  release(): Promise<void>;
};

export type ElectionOptions = {
  readonly leases: Leases;
  /** Of this process, and of no other ever. */
  readonly identity: string;
  readonly leaseMs: number;
  readonly renewMs: number;
  readonly retryMs: number;
  readonly log: Logger;
};

/** Stands by until this process leads. Undefined where `stop` was aborted first. */
export async function waitToLead(options: ElectionOptions, stop: AbortSignal): Promise<Leadership | undefined> {
  const { leases, identity, leaseMs, retryMs, log } = options;
  let last: { readonly record: LeaseRecord; readonly seenAt: number } | undefined;

  /** Takes in what stands in the Lease, and says whether somebody else may still act. */
  function isHeld(found: LeaseRecord | undefined): boolean {
    // Somebody removed it: whoever held it does not know that yet.
    if (found !== undefined && JSON.stringify(found) !== JSON.stringify(last?.record)) {
      if (found.holder !== last?.record.holder) log.info({ holder: found.holder }, "standing by");
      last = { record: found, seenAt: performance.now() };
    }
    if (last === undefined || last.record.holder === null || last.record.holder === identity) return false;
    return performance.now() - last.seenAt < last.record.leaseMs;
  }

  /** When the request was sent that made us the holder; undefined = somebody else is. */
  async function tryToTake(): Promise<{ readonly sent: Moment; readonly record: LeaseRecord } | undefined> {
    const found = await leases.read();
    if (isHeld(found)) return undefined;
    const now = Date.now();
    const transitions = (found?.transitions ?? -1) + (found?.holder === identity ? 0 : 1);
    const record = { holder: identity, leaseMs, acquiredAt: now, renewedAt: now, transitions };
    const sent = timeNow();
    return (await leases.write(record)) === "written" ? { sent, record } : undefined;
  }

  while (!stop.aborted) {
    try {
      const taken = await tryToTake();
      if (taken !== undefined) {
        log.info({ identity, transitions: taken.record.transitions }, "leading");
        return lead(options, taken.record, taken.sent);
      }
    } catch (error) {
      log.warn({ why: messageOf(error) }, "lease cannot be asked for, trying on");
    }
    await rest(retryMs, stop);
  }
  return undefined;
}

function lead(options: ElectionOptions, taken: LeaseRecord, sent: Moment): Leadership {
  const { leases, identity, renewMs, retryMs, log } = options;
  const { promise: lost, resolve } = Promise.withResolvers<string>();
  const over = new AbortController();
  let record = taken;
  let renewed = sent;
  let reason: string | undefined;

  function lose(why: string): void {
    if (reason !== undefined) return;
    reason = why;
    over.abort();
    resolve(why);
  }

  function isLate(): boolean {
    return passedSince(renewed) >= renewMs;
  }

  async function write(): Promise<boolean> {
    const next = { ...record, renewedAt: Date.now() };
    const at = timeNow();
    if ((await leases.write(next)) === "conflict") return false;
    record = next;
    renewed = at;
    return true;
  }

  /** A conflict may be with our own renewal, whose answer was lost, or with somebody who changed or removed the Lease. */
  async function renew(): Promise<void> {
    if (await write()) return;
    const found = await leases.read();
    if (found === undefined || found.holder === identity) await write();
    else lose(`${found.holder ?? "nobody"} holds the Lease now`);
  }

  async function keep(): Promise<void> {
    while (!over.signal.aborted) {
      await rest(retryMs, over.signal);
      if (over.signal.aborted) return;
      try {
        await renew();
      } catch (error) {
        log.warn({ why: messageOf(error) }, "lease not renewed, trying on");
      }
    }
  }

  // A renewal that hangs must not keep the loss from being seen.
  const watch = setInterval(() => {
    if (isLate()) lose(`the Lease could not be renewed for ${Math.round(passedSince(renewed) / 1000)} s`);
  }, 200);
  over.signal.addEventListener("abort", () => clearInterval(watch));
  const keeping = keep();

  return {
    check() {
      if (reason === undefined && !isLate()) return;
      throw new AfkError("conflict", `This replica does not lead any more: ${reason ?? "its Lease ran out"}.`);
    },
    lost,
    async release() {
      if (reason !== undefined) return;
      reason = "it gave the Lease back";
      over.abort();
      await keeping;
      if (isLate()) return;
      try {
        // As client-go does: a holder of nobody, for one second.
        await leases.write({ ...record, holder: null, leaseMs: 1_000, renewedAt: Date.now() });
      } catch (error) {
        log.warn({ why: messageOf(error) }, "lease not given back, it runs out by itself");
      }
    },
  };
}

/** A bit more or less each time, so that replicas that started together do not ask together. */
async function rest(ms: number, stop: AbortSignal): Promise<void> {
  await pause(ms * (1 + Math.random() * 0.2), undefined, { signal: stop }).catch(() => {});
}
