// Which slot a run gets. A free one that is there is warm, so it goes before a new one.

/** What is at a slot's path: `strange` is nothing that the bot made, and is left alone. */
export type SlotSeen =
  | { readonly slot: number; readonly is: "free" }
  | { readonly slot: number; readonly is: "held"; readonly run: string }
  | { readonly slot: number; readonly is: "strange"; readonly why: string };

/** `known` are slots that runs hold by the state, whatever the volume says. */
export function chooseSlot(run: string, seen: readonly SlotSeen[], known: readonly number[]): number {
  const own = seen.find((slot) => slot.is === "held" && slot.run === run);
  if (own !== undefined) return own.slot;
  const warm = seen.filter(({ slot, is }) => is === "free" && !known.includes(slot)).map(({ slot }) => slot);
  return warm.length > 0 ? Math.min(...warm) : newSlot(seen, known);
}

/** A slot at whose path nothing is, for a run that is to start cold. */
export function newSlot(seen: readonly SlotSeen[], known: readonly number[]): number {
  const taken = new Set([...known, ...seen.map(({ slot }) => slot)]);
  let slot = 1;
  while (taken.has(slot)) slot += 1;
  return slot;
}
