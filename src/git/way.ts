// The way that the bot's own requests take. A checkout's config is written by agents too, and could send a request, and the
// token on it, elsewhere: so the address comes from GitHub, and a config that bends the way is refused.

import type { SimpleGit } from "simple-git";
import { AfkError } from "../errors.ts";
import { withGit } from "./git.ts";

/** Settings that change where a request goes, who is trusted on the way, or what else is read. git-config(1). */
const BENDS = [
  "url\\..*\\.(insteadof|pushinsteadof)",
  "include\\.path",
  "includeif\\..*",
  "http\\.(.*\\.)?(proxy|proxysslcainfo|sslverify|sslcainfo|sslcapath|sslbackend|curloptresolve|followredirects)",
  "core\\.(askpass|gitproxy|sshcommand|alternaterefscommand)",
].map((key) => new RegExp(`^${key}$`, "i"));

/** Throws `conflict`, naming what has to be taken out, where the config of the repository is not fit to be asked with. */
export async function requireStraightWay(git: SimpleGit, path: string): Promise<void> {
  const read = async (): Promise<string> =>
    await git.raw(["config", "--null", "--show-scope", "--name-only", "--list"]);
  const found = (await withGit(`reading the config of ${path}`, read)).split("\0");
  // Every repository has some: nothing at all means that git was cut off.
  if (found.length < 2) throw new AfkError("conflict", `git, reading the config of ${path}: it said nothing.`);
  const keys = found.filter(
    (key, at) => at % 2 === 1 && /^(local|worktree)$/.test(found[at - 1] ?? "") && BENDS.some((bend) => bend.test(key)),
  );
  if (keys.length === 0) return;
  const names = [...new Set(keys)].join(", ");
  throw new AfkError(
    "conflict",
    `The checkout's config sets ${names}, by which the bot's requests would go astray: see who did that, take it out of ${path}/.git/config, and the bot goes on.`,
  );
}
