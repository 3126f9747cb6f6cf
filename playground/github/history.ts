// Reads commits, trees and differences from a bare repository.

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Git } from "./git.ts";

export type Person = { readonly name: string; readonly email: string; readonly date: string };

export type Commit = {
  readonly sha: string;
  readonly tree: string;
  readonly parents: readonly string[];
  readonly author: Person;
  readonly committer: Person;
  readonly message: string;
};

type Seen = {
  readonly commits: Map<string, Commit>;
  /** Standard output by what was asked. */
  readonly answers: Map<string, Buffer>;
};

/** What a full sha stands for never changes: git is asked for it once. */
const seen = new WeakMap<Git, Seen>();

function seenBy(git: Git): Seen {
  const known = seen.get(git) ?? { commits: new Map(), answers: new Map() };
  seen.set(git, known);
  return known;
}

async function runOnce(git: Git, gitDir: string, args: readonly string[]): Promise<Buffer> {
  const key = [gitDir, ...args].join("\0");
  const { answers } = seenBy(git);
  const known = answers.get(key) ?? (await git.run(gitDir, args));
  answers.set(key, known);
  return known;
}

const zulu = "format-local:%Y-%m-%dT%H:%M:%SZ";
const format = "%H%x00%T%x00%P%x00%an%x00%ae%x00%ad%x00%cn%x00%ce%x00%cd%x00%B%x00%x00";

/** The sha that a branch, tag, full ref or (abbreviated) sha stands for, or undefined. */
export async function resolve(git: Git, gitDir: string, ref: string): Promise<string | undefined> {
  if (ref.startsWith("-") || ref.includes("..") || ref.includes("@{")) return undefined;
  const names = ref.startsWith("refs/") ? [ref] : [`refs/heads/${ref}`, `refs/tags/${ref}`, `refs/${ref}`];
  if (/^[0-9a-f]{7,40}$/i.test(ref)) names.push(ref);
  const head = await readHead(gitDir, names[0] ?? "");
  if (head !== undefined) return head;
  if (seenBy(git).commits.has(`${gitDir} ${ref}`)) return ref;
  const result = await git.attempt(
    gitDir,
    ["cat-file", "--batch-check"],
    names.map((name) => `${name}^{commit}\n`).join(""),
  );
  for (const line of result.stdout.toString().split("\n")) {
    const [sha = "", kind] = line.split(" ");
    if (kind === "commit") return sha;
  }
  return undefined;
}

/** Of a branch, from the file that git keeps it in: as good as always, without a process. */
async function readHead(gitDir: string, name: string): Promise<string | undefined> {
  if (!name.startsWith("refs/heads/")) return undefined;
  const text = await readFile(join(gitDir, name), "utf8").catch(() => "");
  return /^[0-9a-f]{40}\n$/.test(text) ? text.trim() : undefined;
}

export async function commitsOf(git: Git, gitDir: string, args: readonly string[], input = ""): Promise<Commit[]> {
  const out = await git.run(gitDir, ["log", `--format=${format}`, `--date=${zulu}`, ...args], input);
  return out
    .toString()
    .split("\0\0\n")
    .filter((record) => record !== "")
    .map(parseCommit);
}

function parseCommit(record: string): Commit {
  const [sha = "", tree = "", parents = "", an = "", ae = "", ad = "", cn = "", ce = "", cd = "", message = ""] =
    record.split("\0");
  return {
    sha,
    tree,
    parents: parents === "" ? [] : parents.split(" "),
    author: { name: an, email: ae, date: ad },
    committer: { name: cn, email: ce, date: cd },
    message: message.replace(/\n+$/, ""),
  };
}

/** The commits themselves, in the order asked for. Throws where one does not exist. */
export async function commitsBySha(git: Git, gitDir: string, shas: readonly string[]): Promise<Commit[]> {
  const known = seenBy(git).commits;
  const key = (sha: string): string => `${gitDir} ${sha}`;
  const missing = shas.filter((sha) => !known.has(key(sha)));
  if (missing.length > 0) {
    const found = await commitsOf(git, gitDir, ["--no-walk=unsorted", "--stdin"], `${missing.join("\n")}\n`);
    for (const [n, commit] of found.entries()) known.set(key(missing[n] ?? commit.sha), commit);
  }
  return shas.flatMap((sha) => known.get(key(sha)) ?? []);
}

/** Newest first, as `git rev-list` with these arguments gives them. */
export async function listShas(git: Git, gitDir: string, args: readonly string[]): Promise<string[]> {
  const out = await git.run(gitDir, ["rev-list", ...args]);
  return out.toString().split("\n").filter(Boolean);
}

export type TreeEntry = {
  readonly mode: string;
  readonly type: string;
  readonly sha: string;
  readonly size: number;
  readonly path: string;
};

/** The entries of the folder at `path` ("" is the root), or the one entry where it is a file; undefined for nothing. */
export async function listTree(
  git: Git,
  gitDir: string,
  sha: string,
  path: string,
  recursive = false,
): Promise<{ readonly folder: boolean; readonly entries: TreeEntry[] } | undefined> {
  const options = ["ls-tree", "-z", "--long", "--full-tree", ...(recursive ? ["-r", "-t"] : []), sha];
  const isFull = /^[0-9a-f]{40}$/.test(sha);
  const read = (args: readonly string[]): Promise<Buffer> =>
    isFull ? runOnce(git, gitDir, args) : git.run(gitDir, args);
  if (path === "") return { folder: true, entries: parseTree(await read(options)) };
  const [entry] = parseTree(await read([...options, "--", path]));
  if (entry === undefined) return undefined;
  if (entry.type !== "tree") return { folder: false, entries: [entry] };
  return { folder: true, entries: parseTree(await read([...options, "--", `${path}/`])) };
}

function parseTree(out: Buffer): TreeEntry[] {
  return out
    .toString()
    .split("\0")
    .filter((line) => line !== "")
    .map((line) => {
      const [head = "", path = ""] = line.split("\t");
      const [mode = "", type = "", sha = "", size = "0"] = head.split(/ +/);
      return { mode, type, sha, size: Number(size) || 0, path };
    });
}

export async function readBlob(git: Git, gitDir: string, sha: string): Promise<Buffer> {
  return await runOnce(git, gitDir, ["cat-file", "blob", sha]);
}

export type Change = {
  readonly status: "added" | "removed" | "modified" | "renamed" | "changed";
  readonly path: string;
  readonly previous: string | undefined;
  readonly sha: string;
  readonly additions: number;
  readonly deletions: number;
  readonly patch: string | undefined;
};

const statuses: Readonly<Record<string, Change["status"]>> = {
  A: "added",
  D: "removed",
  M: "modified",
  R: "renamed",
  T: "changed",
};

const emptyTree = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";

/** What changed from one commit to another; from nothing where `from` is undefined. */
export async function changesBetween(
  git: Git,
  gitDir: string,
  from: string | undefined,
  to: string,
): Promise<Change[]> {
  const range = [from ?? emptyTree, to];
  const options = ["diff-tree", "-r", "-M", "--no-ext-diff", "--full-index"];
  const [raw, numbers, patches] = await Promise.all([
    git.run(gitDir, [...options, "--raw", "-z", ...range]),
    git.run(gitDir, [...options, "--numstat", "-z", ...range]),
    git.run(gitDir, [...options, "-p", ...range]),
  ]);
  const counts = parseNumbers(numbers.toString());
  const bodies = patches
    .toString()
    .split(/^diff --git .*\n/m)
    .slice(1);
  return parseRaw(raw.toString()).map((change, n) => {
    const hunks = bodies[n]?.match(/^@@[\s\S]*/m)?.[0].replace(/\n$/, "");
    return { ...change, ...(counts[n] ?? { additions: 0, deletions: 0 }), patch: hunks };
  });
}

function parseRaw(out: string): Omit<Change, "additions" | "deletions" | "patch">[] {
  const fields = out.split("\0");
  const changes: Omit<Change, "additions" | "deletions" | "patch">[] = [];
  for (let at = 0; at < fields.length - 1; ) {
    const [, , before = "", after = "", letter = ""] = (fields[at] ?? "").split(" ");
    const status = statuses[letter[0] ?? ""] ?? "changed";
    const first = fields[at + 1] ?? "";
    const renamed = status === "renamed";
    changes.push({
      status,
      path: renamed ? (fields[at + 2] ?? "") : first,
      previous: renamed ? first : undefined,
      sha: status === "removed" ? before : after,
    });
    at += renamed ? 3 : 2;
  }
  return changes;
}

function parseNumbers(out: string): { additions: number; deletions: number }[] {
  const fields = out.split("\0");
  const counts: { additions: number; deletions: number }[] = [];
  for (let at = 0; at < fields.length - 1; ) {
    const [added = "", deleted = "", path] = (fields[at] ?? "").split("\t");
    counts.push({ additions: Number(added) || 0, deletions: Number(deleted) || 0 });
    at += path === "" ? 3 : 1;
  }
  return counts;
}
