// What there was before the bot took a tree back, and whether it is still to be found: on the remote, among what was kept,
// or, of files, in their place. Read with git and the file system; the bot is never asked.

import { createHash } from "node:crypto";
import { existsSync, lstatSync, readdirSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { readSafely } from "./actions.ts";
import { attempt, git } from "./world.ts";

export type Ledger = {
  readonly commits: Set<string>;
  /** In repositories inside the tree, and nowhere else. */
  readonly inside: Set<string>;
  /** Files that nobody's .gitignore of the remote names: their blob, and where they were. */
  readonly files: Map<string, string>;
};

export function emptyLedger(): Ledger {
  return { commits: new Set(), inside: new Set(), files: new Map() };
}

/** Where the tree's HEAD and the stash are now. */
export function noteCommits({ commits }: Ledger, tree: string): void {
  // Those that are there; nothing is said of the other.
  const seen = attempt(tree, "rev-parse", "--revs-only", "HEAD^{commit}", "refs/stash^{commit}") ?? "";
  for (const sha of seen.split("\n").filter(Boolean)) commits.add(sha);
}

/** All files as they are, and as they are staged. */
export function noteFiles({ files }: Ledger, tree: string): void {
  for (const path of walk(tree)) {
    const content = contentOf(path);
    if (content !== undefined) files.set(blobOf(withoutCr(content)), path);
  }
  for (const line of (attempt(tree, "ls-files", "--stage", "-z") ?? "").split("\0")) {
    const [mode = "", blob = ""] = line.split(/[ \t]/);
    if (mode !== "" && mode !== "160000" && !/^0+$/.test(blob) && blob !== EMPTY) files.set(blob, `${tree} (staged)`);
  }
}

/** Where an agent configured other line ends, git itself wrote files with them, and has what they say without. */
function withoutCr(content: Buffer): Buffer {
  return Buffer.from(content.toString("latin1").replaceAll("\r\n", "\n"), "latin1");
}

const EMPTY = blobOf(Buffer.alloc(0));
const IGNORED = new Set(["node_modules", "build", ".git"]);

function* walk(folder: string): Generator<string> {
  let entries: string[] = [];
  try {
    entries = readdirSync(folder);
  } catch {
    return;
  }
  for (const name of entries) {
    if (IGNORED.has(name) || name.endsWith(".log")) continue;
    const path = join(folder, name);
    if (lstatSync(path, { throwIfNoEntry: false })?.isDirectory()) yield* walk(path);
    else yield path;
  }
}

function contentOf(path: string): Buffer | undefined {
  const seen = lstatSync(path, { throwIfNoEntry: false });
  if (seen?.isSymbolicLink()) return Buffer.from(readlinkSync(path));
  return seen?.isFile() ? readSafely(path) : undefined;
}

function blobOf(content: Buffer): string {
  return createHash("sha1").update(`blob ${content.length}\0`).update(content).digest("hex");
}

/** What of the ledger is nowhere any more. */
export function lost(
  ledger: Ledger,
  checkout: string,
  remote: string,
  /** Whether what a run that goes on shares with it may still be where it was made. */
  inPlace: boolean,
): { readonly commits: readonly string[]; readonly files: readonly string[] } {
  const there = new Set([
    ...objects(checkout, "--glob=refs/afk/kept/*"),
    ...objects(remote, "--branches"),
    ...(inPlace ? objects(checkout, "--all", "--reflog") : []),
  ]);
  const commits = [...ledger.commits, ...ledger.inside].filter((sha) => !there.has(sha));
  const files = [...ledger.files].flatMap(([blob, path]) => {
    if (there.has(blob)) return [];
    const content = existsSync(path) ? contentOf(path) : undefined;
    return content !== undefined && blobOf(withoutCr(content)) === blob ? [] : [path];
  });
  return { commits, files };
}

function objects(repository: string, ...what: readonly string[]): readonly string[] {
  return git(repository, "rev-list", "--objects", "--no-object-names", ...what).split("\n");
}
