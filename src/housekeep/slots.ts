// The slots of all repos, as housekeeping sees them: which may go, since when nobody used them, and the way to take one
// away, which is the trees' own: with proof that nothing in it is lost, and in the repo's turn.

import { lstat } from "node:fs/promises";
import { relative } from "node:path";
import { mayWork, slotHold } from "../domain/holds.ts";
import { slotKey } from "../domain/housekeeping-state.ts";
import type { RepoKey } from "../domain/repo.ts";
import { runsOf } from "../domain/runs.ts";
import type { SlotSeen } from "../domain/tree-slots.ts";
import { messageOf } from "../errors.ts";
import type { Loop } from "../loop.ts";
import type { Store, Trees } from "../ports.ts";
import type { Layout } from "../volume/layout.ts";
import type { SlotOnVolume } from "./look.ts";
import type { Slots } from "./pass.ts";

export function createSlots(parts: {
  readonly repos: readonly RepoKey[];
  readonly layout: Layout;
  readonly trees: Pick<Trees, "findSlots" | "removeSlot">;
  readonly store: Store;
  readonly loop: Pick<Loop<RepoKey>, "hold">;
}): Slots {
  const { repos, layout, trees, store, loop } = parts;

  async function seenIn(repo: RepoKey, seen: SlotSeen): Promise<SlotOnVolume> {
    const path = layout.slot(repo, seen.slot);
    const left = store.state.housekeeping.slots[slotKey(repo, seen.slot)];
    const usedAt = left ?? (await lstat(path).catch(() => undefined))?.mtimeMs ?? Date.now();
    return { path: relative(layout.volume, path), repo, usedAt, held: slotHold(seen, runsOf(store.state, repo)) };
  }

  async function findIn(repo: RepoKey) {
    try {
      const seen = await trees.findSlots(repo);
      return { slots: await Promise.all(seen.map((slot) => seenIn(repo, slot))), unread: [] };
    } catch (error) {
      return { slots: [], unread: [{ path: relative(layout.volume, layout.home(repo)), why: messageOf(error) }] };
    }
  }

  return {
    async find() {
      const slots: SlotOnVolume[] = [];
      const unread: { path: string; why: string }[] = [];
      // One repo after the other: this is nobody's hurry.
      for (const repo of repos) {
        const found = await findIn(repo);
        slots.push(...found.slots);
        unread.push(...found.unread);
      }
      return { slots, unread };
    },

    async remove({ repo, path }) {
      const slot = Number(/\/slots\/([1-9]\d*)$/.exec(path)?.[1]);
      const result = await loop.hold(repo, async () => {
        const runs = runsOf(store.state, repo);
        if (runs.some(mayWork)) return "a run is at work in the repo";
        const held = slotHold({ slot, is: "free" }, runs);
        if (held !== null) return held;
        try {
          const removed = await trees.removeSlot(repo, slot);
          return removed.is === "removed" ? null : removed.why;
        } catch (error) {
          return `Cannot remove slot ${slot} of ${repo}: ${messageOf(error)}`;
        }
      });
      return result === undefined ? "the bot is stopping" : result;
    },
  };
}
