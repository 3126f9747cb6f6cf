import type { SimpleGit } from "simple-git";
import type { Sha } from "../domain/repo.ts";

/** The run's own commits on `ref` beyond `base`, newest first: those whose `AFK-Run` trailer names the run. */
export async function findOwnCommits(git: SimpleGit, base: Sha, ref: string, run: string): Promise<readonly Sha[]> {
  const format = "--format=%H%x09%(trailers:key=AFK-Run,valueonly,separator=%x2C)";
  const out = await git.raw(["log", format, `${base}..${ref}`, "--"]);
  return out.split("\n").flatMap((line) => {
    const [sha = "", trailers = ""] = line.split("\t");
    return trailers.split(",").some((value) => value.trim() === run) ? [sha] : [];
  });
}
