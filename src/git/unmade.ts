// Worktrees over which git was killed before they had a commit. Git writes a HEAD that names none first, and while one such
// is there every fetch of the checkout fails (`bad object worktrees/1/HEAD`).

import { readdir, rm, rmdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { findGitAt, namesIn } from "./leftovers.ts";
import { isUnfinished, loadText } from "./slot.ts";

/** Takes away those in which there is nothing and which no git is making. Returns how many went. */
export async function dropUnmade(gitDir: string): Promise<number> {
  let dropped = 0;
  for (const name of await namesIn(join(gitDir, "worktrees"))) {
    const own = join(gitDir, "worktrees", name);
    const [head, link] = await Promise.all(["HEAD", "gitdir"].map((file) => loadText(join(own, file))));
    if (link === undefined || !/^0+$/.test(head?.trim() ?? "") || !(await isUnfinished(own))) continue;
    const tree = dirname(link.trim());
    if ((await findGitAt(tree)) !== undefined || (await holdsMore(tree))) continue;
    await rm(join(tree, ".git"), { force: true });
    await rmdir(tree).catch(() => {});
    await rm(own, { recursive: true, force: true });
    dropped += 1;
  }
  return dropped;
}

/** Whether there is more than git's own link. */
async function holdsMore(tree: string): Promise<boolean> {
  try {
    return (await readdir(tree)).some((name) => name !== ".git");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw error;
  }
}
