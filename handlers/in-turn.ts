import type { Store } from "../src/ports.ts";

const lines = new WeakMap<Store, Map<string, Promise<unknown>>>();

/** Runs what looks at the state and then commits, one after the other for each key: nobody acts on what is over. */
export async function inTurn<T>(store: Store, key: string, work: () => Promise<T>): Promise<T> {
  const waiting = lines.get(store) ?? new Map<string, Promise<unknown>>();
  lines.set(store, waiting);
  const mine = (waiting.get(key) ?? Promise.resolve()).then(work, work);
  waiting.set(key, mine);
  try {
    return await mine;
  } finally {
    if (waiting.get(key) === mine) waiting.delete(key);
  }
}
