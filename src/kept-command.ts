// `afk kept`: what was saved of trees before they were given back, and how to get it back. Reads the volume only, so that it
// may run beside the bot.

import { existsSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { styleText } from "node:util";
import { findRepoKey, type RepoKey } from "./domain/repo.ts";
import { AfkError } from "./errors.ts";
import { listKept, restoreKept } from "./git/kept.ts";
import { layoutOf } from "./volume/layout.ts";

/** Lists what is kept of one repo, or of all that have a checkout. With `json` one line each. */
export async function keptCommand(volume: string, asked: string | undefined, json: boolean): Promise<void> {
  const layout = layoutOf(volume);
  const repos = asked === undefined ? reposOn(volume) : [repoOf(volume, asked)];
  const found = [];
  for (const repo of repos) {
    for (const kept of await listKept(layout.checkout(repo))) found.push({ repo, ...kept });
  }
  if (json) {
    for (const { message: _, at, ...kept } of found)
      console.log(JSON.stringify({ ...kept, at: new Date(at).toISOString() }));
    return;
  }
  if (found.length === 0) return console.log("Nothing is kept: all that runs made is on the remote.");
  for (const { repo, name, at, message } of found) {
    const [subject = "", ...rest] = message.replace(/\n+(Kept-\w+: .*\n?)+\s*$/, "").split("\n");
    console.log(
      `${styleText("bold", `${repo} ${name}`)}  ${new Date(at).toISOString().slice(0, 16).replace("T", " ")} UTC`,
    );
    for (const line of [subject, ...rest.filter((text) => text.trim() !== "")]) console.log(`  ${line}`);
  }
  console.log(`\nTo get one back: afk kept restore <repo> <name> <directory>`);
}

export async function restoreCommand(
  volume: string,
  options: { readonly repo: string; readonly name: string; readonly into: string; readonly json: boolean },
): Promise<void> {
  const { name, into, json } = options;
  const repo = repoOf(volume, options.repo);
  const checkout = layoutOf(volume).checkout(repo);
  const directory = resolve(into);
  const restored = await restoreKept(checkout, name, directory);
  if (json) return console.log(JSON.stringify({ repo, name, directory, ...restored }));
  const [first, ...others] = restored.branches;
  console.log(`Restored into ${directory}, on the branch ${first?.name}.`);
  if (restored.uncommitted > 0) console.log(`${restored.uncommitted} files are as they were, not committed.`);
  for (const branch of others) console.log(`The branch ${branch.name} has ${branch.from}.`);
}

/** The repos that have a checkout. */
function reposOn(volume: string): readonly RepoKey[] {
  const home = join(volume, "repos");
  if (!existsSync(home)) throw new AfkError("config", `${volume} has no repos: is it the bot's volume?`);
  return readdirSync(home).flatMap((owner) =>
    readdirSync(join(home, owner)).flatMap((name) =>
      existsSync(layoutOf(volume).checkout(`${owner}/${name}`)) ? [`${owner}/${name}`] : [],
    ),
  );
}

function repoOf(volume: string, asked: string): RepoKey {
  const repo = findRepoKey(asked);
  if (repo === undefined) throw new AfkError("config", `expected owner/name, not ${JSON.stringify(asked)}`);
  if (!existsSync(layoutOf(volume).checkout(repo)))
    throw new AfkError("config", `${repo} has no checkout on ${volume}`);
  return repo;
}
