// What holds the most of a volume that is full for good, for the people who have to make room.

import type { Holder } from "../domain/housekeeping-state.ts";
import type { Holding } from "../domain/report.ts";
import type { SlotOnVolume } from "./look.ts";

const MOST = 10;

export function largestHolders(holdings: readonly Holding[], slots: readonly SlotOnVolume[]): readonly Holder[] {
  const heldBy = new Map(slots.map(({ path, held }) => [path, held]));
  return holdings
    .toSorted((a, b) => b.bytes - a.bytes)
    .slice(0, MOST)
    .map((holding) => ({ name: holding.path, bytes: holding.bytes, why: whyHeld(holding, heldBy) }));
}

function whyHeld({ what, path, of }: Holding, heldBy: ReadonlyMap<string, string | null>): string {
  switch (what) {
    case "checkout":
      return `the clone of ${of}, with what was kept of its runs`;
    case "slot":
      return heldBy.has(path)
        ? (heldBy.get(path) ?? "could not be removed")
        : "of a repo that the config does not name";
    case "cache":
      return "what is left of it is in use, or is no unit that may go";
    case "other":
      return of === "state" ? "the bot's memory" : "nothing that housekeeping may remove";
    default:
      return what satisfies never;
  }
}
