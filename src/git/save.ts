// From a tree that somebody may have worked in to the proof that it is spent: what it alone has is kept first.

import { AfkError } from "../errors.ts";
import { type Ask, inspect, type SpentTree } from "./inspect.ts";
import { keep } from "./keep.ts";
import { pastLocks } from "./leftovers.ts";

/** `kept` are the refs that were written. */
export type Saved = { readonly tree: SpentTree; readonly kept: readonly string[] };

/** Throws `conflict` where the tree has something that cannot be kept: it is then left as it is. */
export async function save(ask: Ask, occasion: string): Promise<Saved> {
  const gitDirs = [ask.place.gitDir, ask.shared.commonDir];
  const first = await pastLocks(gitDirs, () => inspect(ask));
  if (first.is === "spent") return { tree: first.tree, kept: [] };
  const kept = await pastLocks(gitDirs, () => keep(ask, first.unsaved, occasion));
  const again = await inspect(ask);
  if (again.is === "spent") return { tree: again.tree, kept };
  throw new AfkError("conflict", `The tree ${ask.place.tree} still has ${again.unsaved.why.join(" and ")}.`);
}
