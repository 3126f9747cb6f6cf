// The way that the bot's own requests take. A checkout's config is written by agents too, and could send a request, and the
// token on it, elsewhere: so the address comes from GitHub, and a config that bends the way is refused.

import { AfkError } from "../errors.ts";
import type { Place } from "./git.ts";
import { settingsOf } from "./settings.ts";

/** Settings that change where a request goes, who is trusted on the way, or what else is read. git-config(1). */
const BENDS = [
  "url\\..*\\.(insteadof|pushinsteadof)",
  "include\\.path",
  "includeif\\..*",
  "http\\.(.*\\.)?(proxy|proxysslcainfo|sslverify|sslcainfo|sslcapath|sslbackend|curloptresolve|followredirects)",
  "core\\.(askpass|gitproxy|sshcommand|alternaterefscommand)",
].map((key) => new RegExp(`^${key}$`, "i"));

/** Throws `conflict`, naming what has to be taken out, where the config of the repository is not fit to be asked with. */
export async function requireStraightWay(place: Place): Promise<void> {
  const keys = (await settingsOf(place)).flatMap(({ scope, key }) =>
    /^(local|worktree)$/.test(scope) && BENDS.some((bend) => bend.test(key)) ? [key] : [],
  );
  if (keys.length === 0) return;
  const names = [...new Set(keys)].join(", ");
  throw new AfkError(
    "conflict",
    `The checkout's config sets ${names}, by which the bot's requests would go astray: see who did that, take it out of ${place.tree}/.git/config, and the bot goes on.`,
  );
}
