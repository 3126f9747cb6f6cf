import type { SimpleGit } from "simple-git";
import type { Sha } from "../domain/repo.ts";

/**
 * The run's own commits on `ref` beyond `base`, newest first: those whose message has a line `AFK-Run: <run>`.
 *
 * The line counts wherever it stands. Git's own trailer parser wants a last paragraph of trailers only, which a
 * `Closes #12` in it, or a paragraph that the agent's tool appends, already breaks.
 */
export async function findOwnCommits(git: SimpleGit, base: Sha, ref: string, run: string): Promise<readonly Sha[]> {
  const out = await git.raw(["log", "-z", "--format=%H%n%B", `${base}..${ref}`, "--"]);
  const trailer = new RegExp(`^AFK-Run:[ \\t]*${run}[ \\t\\r]*$`, "m");
  return out.split("\0").flatMap((commit) => {
    const [sha = ""] = commit.split("\n", 1);
    return trailer.test(commit.slice(sha.length)) ? [sha] : [];
  });
}
