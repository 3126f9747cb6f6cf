// All slots of a repo: those whose folder is there, and those that git still knows of.

import { basename, dirname, join } from "node:path";
import type { RepoKey } from "../domain/repo.ts";
import type { SlotSeen } from "../domain/tree-slots.ts";
import type { Layout } from "../volume/layout.ts";
import { namesIn } from "./leftovers.ts";
import { loadText, lookAtSlot, type Seen } from "./slot.ts";

/** `folder` is where the repo's slots are, `gitDir` its checkout's. By number. */
export async function findSlots(
  folder: string,
  gitDir: string,
): Promise<readonly { readonly slot: number; readonly seen: Seen }[]> {
  const names = [...(await namesIn(folder)), ...(await registeredSlots(gitDir, folder))];
  const numbers = new Set(names.filter((name) => /^[1-9]\d{0,5}$/.test(name)).map(Number));
  return await Promise.all(
    [...numbers]
      .toSorted((a, b) => a - b)
      .map(async (slot) => ({ slot, seen: await lookAtSlot(join(folder, String(slot)), gitDir) })),
  );
}

/** Whether anything is where the repo's slots are. */
export async function hasSlots(layout: Layout, repo: RepoKey): Promise<boolean> {
  return (await namesIn(dirname(layout.slot(repo, 1)))).length > 0;
}

/** Names of slots that git has a worktree registered for. */
async function registeredSlots(gitDir: string, folder: string): Promise<readonly string[]> {
  const names = await namesIn(join(gitDir, "worktrees"));
  const texts = await Promise.all(names.map((name) => loadText(join(gitDir, "worktrees", name, "gitdir"))));
  return texts.flatMap((text) => {
    const tree = dirname(text?.trim() ?? "");
    return basename(dirname(tree)) === basename(folder) ? [basename(tree)] : [];
  });
}

export function slotSeen(slot: number, seen: Seen): readonly SlotSeen[] {
  switch (seen.is) {
    case "held":
      return [{ slot, is: "held", run: seen.run }];
    case "free":
      return [{ slot, is: "free" }];
    case "unknown":
      return [{ slot, is: "strange", why: seen.why }];
    case "gone":
      return seen.run === undefined ? [] : [{ slot, is: "held", run: seen.run }];
    case "unfinished":
    case "nothing":
      return [];
    default:
      return seen satisfies never;
  }
}
