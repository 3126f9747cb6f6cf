// What sets an agent to work, of all repos: one start at a time, so that each is weighed against the state that the one
// before it left. Repos are worked on side by side, and two of them may see the same last room.

import type { BotEvent } from "./domain/event.ts";
import { hasRoom } from "./domain/gates.ts";
import type { Policy } from "./domain/policy.ts";
import type { Store } from "./ports.ts";

const turns = new WeakMap<Store, Promise<unknown>>();

/** Runs `start` when all earlier starts on the store are over. */
export function startInTurn<T>(store: Store, start: () => Promise<T>): Promise<T> {
  const mine = (turns.get(store) ?? Promise.resolve()).then(start);
  turns.set(
    store,
    mine.catch(() => undefined),
  );
  return mine;
}

/** Records the event where the cap on runs has room for one more by then. False: it had none, and nothing happened. */
export async function startWithinCap(
  event: BotEvent,
  { store, policy }: { readonly store: Store; readonly policy: Policy },
  record: (event: BotEvent) => Promise<void>,
): Promise<boolean> {
  return await startInTurn(store, async () => {
    if (!hasRoom(store.state, policy)) return false;
    await record(event);
    return true;
  });
}
