// What the config of a repository sets. Agents write it at any time, so it is looked at before each command that would go
// by it; git is asked once for each text that it has, as the same bytes always say the same.

import { join, resolve } from "node:path";
import { AfkError } from "../errors.ts";
import { gitIn, type Place, withGit } from "./git.ts";
import { loadText } from "./slot.ts";

/** `scope` as `git config --show-scope` names it. */
export type Setting = { readonly scope: string; readonly key: string };

const read = new Map<string, readonly Setting[]>();
const MOST_REMEMBERED = 200;

export async function settingsOf(place: Place): Promise<readonly Setting[]> {
  const before = await textsOf(place.gitDir);
  const known = before === undefined ? undefined : read.get(before);
  if (known !== undefined) return known;
  const settings = await ask(place);
  // Git may have read what came in between.
  if (before !== undefined && (await textsOf(place.gitDir)) === before) {
    read.set(before, settings);
    const [oldest] = read.keys();
    if (read.size > MOST_REMEMBERED && oldest !== undefined) read.delete(oldest);
  }
  return settings;
}

/** The filters that a repo's config names. They are commands, and a `git status` would run them. */
export async function namedFilters(place: Place): Promise<readonly string[]> {
  const keys = (await settingsOf(place)).map(({ key }) => key);
  return [...new Set(keys.flatMap((key) => /^filter\.(.+)\.[^.]+$/s.exec(key)?.[1] ?? []))];
}

async function ask(place: Place): Promise<readonly Setting[]> {
  const words = (
    await withGit(`reading the config of ${place.tree}`, () =>
      gitIn(place.tree, { place }).raw(["config", "--null", "--show-scope", "--name-only", "--list"]),
    )
  ).split("\0");
  // Every repository has some: nothing at all means that git was cut off.
  if (words.length < 2) throw new AfkError("conflict", `git, reading the config of ${place.tree}: it said nothing.`);
  return words.flatMap((key, at) => (at % 2 === 1 ? [{ scope: words[at - 1] ?? "", key }] : []));
}

/** All that git reads of it, and where; undefined = what is in these files is not all, as one of them may name others. */
async function textsOf(gitDir: string): Promise<string | undefined> {
  const common = await loadText(join(gitDir, "commondir"));
  const commonDir = common === undefined ? gitDir : resolve(gitDir, common.trim());
  const texts = await Promise.all([join(commonDir, "config"), join(gitDir, "config.worktree")].map(loadText));
  if (texts.some((text) => text !== undefined && /include/i.test(text))) return undefined;
  return JSON.stringify([gitDir, commonDir, ...texts]);
}
