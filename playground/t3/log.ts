// The durable event log: one JSON line per accepted command (its events and its receipt together, so that neither can be
// lost without the other) or refused one (the receipt alone). Receipts are kept for ever.

import { appendFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { v4 as uuid } from "uuid";
import { aggregateOf, type Draft, type T3Event } from "./events.ts";
import type { Version } from "./model.ts";
import { apply, EMPTY, type State } from "./projection.ts";

type Receipt = {
  readonly commandId: string;
  readonly status: "accepted" | "rejected";
  readonly sequence: number;
};

type Line = { readonly receipt?: Receipt; readonly events: readonly T3Event[] };

type Watcher = (event: T3Event) => void;

export type Log = {
  state(): State;
  receipt(commandId: string): Receipt | undefined;
  /** Appends the events with their receipt and tells the watchers. Returns the last event's sequence. */
  accept(commandId: string, drafts: readonly Draft[], receipted: boolean): number;
  reject(commandId: string): void;
  /** At most `limit` events after `sequence`, oldest first. */
  since(sequence: number, limit: number): readonly T3Event[];
  watch(watcher: Watcher): () => void;
};

/** Opens the log kept in `file`, which need not exist. A torn last line is left out. */
export function openLog(file: string, version: Version): Log {
  mkdirSync(dirname(file), { recursive: true });
  const events: T3Event[] = [];
  const receipts = new Map<string, Receipt>();
  const watchers = new Set<Watcher>();
  let state = EMPTY;

  function take(line: Line): void {
    if (line.receipt !== undefined) receipts.set(line.receipt.commandId, line.receipt);
    for (const event of line.events) {
      events.push(event);
      state = apply(state, event, version);
    }
  }

  for (const line of linesOf(file)) take(line);

  function write(line: Line): void {
    appendFileSync(file, `${JSON.stringify(line)}\n`);
    take(line);
    for (const event of line.events) for (const watcher of watchers) watcher(event);
  }

  return {
    state: () => state,
    receipt: (commandId) => receipts.get(commandId),
    accept(commandId, drafts, receipted) {
      const stamped = stamp(commandId, drafts, state.sequence);
      const sequence = stamped.at(-1)?.sequence ?? state.sequence;
      const receipt: Receipt = { commandId, status: "accepted", sequence };
      write({ ...(receipted ? { receipt } : {}), events: stamped });
      return sequence;
    },
    reject(commandId) {
      write({ receipt: { commandId, status: "rejected", sequence: state.sequence }, events: [] });
    },
    since: (sequence, limit) => events.slice(sequence, sequence + limit),
    watch(watcher) {
      watchers.add(watcher);
      return () => watchers.delete(watcher);
    },
  };
}

function stamp(commandId: string, drafts: readonly Draft[], after: number): readonly T3Event[] {
  const first = uuid();
  return drafts.map((draft, index) => {
    const aggregate = aggregateOf(draft);
    return {
      sequence: after + index + 1,
      eventId: index === 0 ? first : uuid(),
      aggregateKind: aggregate.kind,
      aggregateId: aggregate.id,
      commandId,
      causationEventId: index === 0 ? null : first,
      correlationId: commandId,
      metadata: {},
      ...draft,
    };
  });
}

function linesOf(file: string): readonly Line[] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, "utf8").split("\n");
  return lines.flatMap((line) => {
    if (line === "") return [];
    try {
      return [JSON.parse(line) as Line];
    } catch {
      return [];
    }
  });
}
