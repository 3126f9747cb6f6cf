// Which commits on the default branch are the run's own. There are two witnesses: the commit's message has the run's line,
// or the run's own tree made it. An agent that forgets the line has landed all the same; one that only pulled has not.

import { join } from "node:path";
import type { SimpleGit } from "simple-git";
import type { Sha } from "../domain/repo.ts";
import { findRegistered, loadText } from "./slot.ts";

export type OwnCommit = { readonly sha: Sha; readonly trailer: boolean };

/**
 * The run's own commits on `head` beyond `base`, newest first. `made`: those that its tree made.
 *
 * The line `AFK-Run: <run>` counts wherever it stands. Git's own trailer parser wants a last paragraph of trailers only,
 * which a `Closes #12` in it, or a paragraph that the agent's tool appends, already breaks. A commit with another run's
 * line is that run's, whatever the tree's history says: trees are lent on.
 */
export async function findOwnCommits(
  git: SimpleGit,
  base: Sha,
  head: string,
  run: string,
  made: ReadonlySet<Sha>,
): Promise<readonly OwnCommit[]> {
  const out = await git.raw(["log", "-z", "--format=%H%n%B", `${base}..${head}`, "--"]);
  return out.split("\0").flatMap((commit): readonly OwnCommit[] => {
    const [sha = ""] = commit.split("\n", 1);
    const runs = [...commit.slice(sha.length).matchAll(/^AFK-Run:[ \t]*(\S+)[ \t\r]*$/gm)].map(([, named]) => named);
    if (runs.includes(run)) return [{ sha, trailer: true }];
    return runs.length === 0 && made.has(sha) ? [{ sha, trailer: false }] : [];
  });
}

/** What makes a commit, as git writes it beside each move of a tree's HEAD; what only moves it is not here. */
const MAKES = /^(?:commit|cherry-pick|revert|am)\b|^(?:rebase|pull)\b.*\((?:pick|reword|edit|squash|fixup|continue)\)/;

/** The commits that were made in the slot, newest first, by what git wrote down of its HEAD. */
export async function madeIn(slot: string, gitDir: string): Promise<readonly Sha[]> {
  const own = await findRegistered(slot, gitDir);
  const log = own === undefined ? undefined : await loadText(join(own, "logs", "HEAD"));
  const lines = (log ?? "").trimEnd().split("\n").toReversed();
  return lines.flatMap((line) => {
    const [who = "", what = ""] = line.split("\t", 2);
    const sha = /^[0-9a-f]{40,64} ([0-9a-f]{40,64}) /.exec(who)?.[1];
    return sha !== undefined && MAKES.test(what) ? [sha] : [];
  });
}
