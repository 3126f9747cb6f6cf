// What agents and people do to a tree, each as one random deed. Whatever git refuses is simply not done.

import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import type { Chance } from "../chance.ts";
import { attempt, git } from "./world.ts";

export type Tree = {
  readonly path: string;
  readonly checkout: string;
  readonly dir: string;
  /** Unique within the world. */
  readonly n: number;
  readonly chance: Chance;
  /** A commit was made somewhere where the tree's own HEAD does not show it. */
  madeCommit(sha: string | undefined): void;
  /** The agent itself gave it up where not even a reflog has it: a stash that was popped. */
  gaveUp(sha: string): void;
  /** As `madeCommit`, in a repository inside the tree. */
  madeInside(sha: string | undefined): void;
};

type Action = (tree: Tree) => void;

const NAMES = [
  "plain.txt",
  "with space.txt",
  "ünï cödé 日本.txt",
  "-dash",
  "quo\"te's.txt",
  "tab\there.txt",
  "new\nline.txt",
  ":(top)magic.txt",
  "*star?.txt",
  "HEAD",
  "x".repeat(200),
  "deep/er/and/deeper/file.txt",
  "README.MD",
  ".hidden",
  "back\\slash.txt",
  "trailing.",
];

function someName({ chance, n }: Tree): string {
  const name = chance.pick(NAMES);
  return chance.is(0.5)
    ? name
    : join(dirname(name), `${n}-${chance.below(1_000)}-${name.split("/").at(-1)}`.slice(0, 240));
}

function tracked({ path, chance }: Tree): string | undefined {
  const names = (attempt(path, "ls-files", "-z") ?? "").split("\0").filter(Boolean);
  return names.length === 0 ? undefined : chance.pick(names);
}

function put(tree: Tree, name: string, content = `content ${tree.n} ${tree.chance.below(1e9)}\n`): string {
  const path = join(tree.path, name);
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
  } catch {
    // A folder stands where the file should, or the other way round.
  }
  return name;
}

function commitAll(tree: Tree, message: string): void {
  attempt(tree.path, "add", "--all");
  attempt(tree.path, "commit", "--quiet", "--allow-empty", "-m", message);
}

/** Two commits that change the same line, on two branches: what comes of them conflicts. */
function diverge(tree: Tree): string {
  const other = `other-${tree.n}-${tree.chance.below(1e6)}`;
  put(tree, "src/file-0.txt", `mine ${tree.n}\n`);
  commitAll(tree, "Mine");
  attempt(tree.path, "switch", "--quiet", "-c", other, "HEAD~1");
  put(tree, "src/file-0.txt", `theirs ${tree.n} ${tree.chance.below(1e6)}\n`);
  commitAll(tree, "Theirs");
  attempt(tree.path, "switch", "--quiet", "-");
  return other;
}

function onlyOnce(tree: Tree): boolean {
  const operations = ["MERGE_HEAD", "rebase-merge", "rebase-apply", "CHERRY_PICK_HEAD", "REVERT_HEAD"];
  const gitDir = attempt(tree.path, "rev-parse", "--absolute-git-dir");
  return gitDir === undefined || operations.every((name) => !existsSync(join(gitDir, name)));
}

/** What lies outside of the tree, and is reached from it by a link. */
export function outsideOf({ dir }: Pick<Tree, "dir">): string {
  return join(dir, "outside", "file.txt");
}

/** A folder of its own: an agent's `git sparse-checkout` removes what is behind a link, all of it. */
function putOutside(tree: Tree): string {
  const file = outsideOf(tree);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, "outside\n");
  return dirname(file);
}

export const actions: Readonly<Record<string, Action>> = {
  edit(tree) {
    const name = tracked(tree);
    if (name !== undefined) put(tree, name);
  },
  add(tree) {
    put(tree, someName(tree));
  },
  addStaged(tree) {
    attempt(tree.path, "add", "--", put(tree, someName(tree)));
  },
  stageThenEdit(tree) {
    const name = put(tree, someName(tree));
    attempt(tree.path, "add", "--", name);
    put(tree, name);
  },
  stageThenDelete(tree) {
    const name = put(tree, someName(tree));
    attempt(tree.path, "add", "--", name);
    rmSync(join(tree.path, name), { force: true, recursive: true });
  },
  intendToAdd(tree) {
    attempt(tree.path, "add", "--intent-to-add", "--", put(tree, someName(tree)));
  },
  remove(tree) {
    const name = tracked(tree);
    if (name !== undefined) rmSync(join(tree.path, name), { force: true, recursive: true });
  },
  move(tree) {
    const name = tracked(tree);
    if (name !== undefined) attempt(tree.path, "mv", "--", name, `moved-${tree.n}-${tree.chance.below(1e6)}`);
  },
  makeExecutable(tree) {
    const name = tracked(tree);
    if (name !== undefined && existsSync(join(tree.path, name))) chmodSync(join(tree.path, name), 0o755);
  },
  fileForFolder(tree) {
    rmSync(join(tree.path, "docs"), { recursive: true, force: true });
    put(tree, "docs");
  },
  link(tree) {
    const name = join(tree.path, `link-${tree.chance.below(1e6)}`);
    if (!existsSync(name)) symlinkSync(tree.chance.pick(["README.md", "/etc", "nowhere", "src"]), name);
  },
  folderForLink(tree) {
    const name = join(tree.path, "src");
    if (!existsSync(name)) return;
    rmSync(name, { recursive: true, force: true });
    symlinkSync(putOutside(tree), name);
  },
  ignored(tree) {
    put(tree, tree.chance.pick(["node_modules/a/index.js", "build/out.bin", "run.log", "node_modules/b/c/d.js"]));
  },
  ignoreMore(tree) {
    appendFileSync(join(tree.path, ".gitignore"), "*.secret\n");
    put(tree, `${tree.chance.below(1e6)}.secret`);
  },
  emptyFolder(tree) {
    mkdirSync(join(tree.path, `empty-${tree.chance.below(1e6)}`, "in"), { recursive: true });
  },
  strangeBytes(tree) {
    writeFileSync(
      Buffer.concat([Buffer.from(`${tree.path}/bytes-`), Buffer.from([0xff, 0xfe, 0x20])]),
      `bytes ${tree.n}\n`,
    );
  },
  commit(tree) {
    put(tree, someName(tree));
    commitAll(tree, `Work ${tree.n}`);
  },
  commitTrailer(tree) {
    put(tree, "README.md");
    commitAll(tree, `Work\n\nCloses #12\nAFK-Run: ${tree.n}`);
  },
  amend(tree) {
    put(tree, someName(tree));
    attempt(tree.path, "add", "--all");
    attempt(tree.path, "commit", "--quiet", "--amend", "-m", `Amended ${tree.n}`);
  },
  resetHard(tree) {
    attempt(tree.path, "reset", "--quiet", "--hard", "HEAD~1");
  },
  resetSoft(tree) {
    attempt(tree.path, "reset", "--quiet", "--soft", "HEAD~1");
  },
  detach(tree) {
    attempt(tree.path, "checkout", "--quiet", "--detach");
  },
  otherBranch(tree) {
    attempt(tree.path, "switch", "--quiet", "-c", `branch/${tree.n}-${tree.chance.below(1e6)}`);
  },
  branchBehindTheBack(tree) {
    const base = attempt(tree.path, "rev-parse", "HEAD^{tree}");
    const sha =
      base && attempt(tree.path, "commit-tree", base, "-p", "HEAD", "-m", `Behind ${tree.n} ${tree.chance.below(1e9)}`);
    if (sha === undefined || sha === "") return;
    tree.madeCommit(sha);
    attempt(tree.path, "update-ref", `refs/heads/behind-${tree.n}-${tree.chance.below(1e6)}`, sha);
  },
  orphan(tree) {
    attempt(tree.path, "switch", "--quiet", "--orphan", `orphan-${tree.n}-${tree.chance.below(1e6)}`);
    put(tree, "alone.txt");
    if (tree.chance.is(0.7)) commitAll(tree, "Alone");
  },
  tag(tree) {
    const base = attempt(tree.path, "rev-parse", "HEAD^{tree}");
    const sha = base && attempt(tree.path, "commit-tree", base, "-m", `Tagged ${tree.n} ${tree.chance.below(1e9)}`);
    if (sha === undefined || sha === "") return;
    tree.madeCommit(sha);
    const how = tree.chance.is(0.5) ? ["-a", "-m", "A tag"] : [];
    attempt(tree.path, "tag", ...how, `v${tree.n}-${tree.chance.below(1e6)}`, sha);
  },
  stash(tree) {
    put(tree, someName(tree));
    put(tree, "README.md");
    attempt(tree.path, "stash", "push", "--quiet", ...(tree.chance.is(0.5) ? ["--include-untracked"] : []));
    tree.madeCommit(attempt(tree.path, "rev-parse", "--verify", "--quiet", "refs/stash"));
  },
  stashPop(tree) {
    const sha = attempt(tree.path, "rev-parse", "--verify", "--quiet", "refs/stash");
    if (sha && attempt(tree.path, "stash", "pop", "--quiet") !== undefined) tree.gaveUp(sha);
  },
  merge(tree) {
    if (onlyOnce(tree)) attempt(tree.path, "merge", "--quiet", diverge(tree));
  },
  rebase(tree) {
    if (onlyOnce(tree))
      attempt(tree.path, "rebase", "--quiet", ...(tree.chance.is(0.3) ? ["--apply"] : []), diverge(tree));
  },
  rebaseOnMain(tree) {
    if (onlyOnce(tree)) attempt(tree.path, "rebase", "--quiet", "--autostash", "origin/main");
  },
  cherryPick(tree) {
    if (onlyOnce(tree)) attempt(tree.path, "cherry-pick", diverge(tree));
  },
  revert(tree) {
    if (!onlyOnce(tree)) return;
    diverge(tree);
    attempt(tree.path, "revert", "--no-edit", "HEAD~1");
  },
  bisect(tree) {
    attempt(tree.path, "bisect", "start", "HEAD", "HEAD~1");
  },
  push(tree) {
    attempt(tree.path, "fetch", "--quiet", "origin");
    if (attempt(tree.path, "rebase", "--quiet", "origin/main") !== undefined) {
      attempt(tree.path, "push", "--quiet", "origin", "HEAD:main");
    }
  },
  pushBranch(tree) {
    attempt(tree.path, "push", "--quiet", "-u", "origin", `HEAD:refs/heads/agent-${tree.n}`);
  },
  pushThenDelete(tree) {
    const name = `refs/heads/gone-${tree.n}`;
    if (attempt(tree.path, "push", "--quiet", "origin", `HEAD:${name}`) === undefined) return;
    attempt(tree.path, "push", "--quiet", "origin", `:${name}`);
  },
  claimPushed(tree) {
    // What an agent writes into the remote's refs is no proof of anything.
    attempt(tree.path, "update-ref", "refs/remotes/origin/main", "HEAD");
    attempt(tree.path, "update-ref", "refs/remotes/fork/main", "HEAD");
  },
  nestedRepository(tree) {
    const path = join(tree.path, `nested-${tree.chance.below(1e6)}`);
    mkdirSync(path);
    git(path, "init", "--quiet", "--initial-branch=main");
    writeFileSync(join(path, "inner.txt"), `inner ${tree.n} ${tree.chance.below(1e9)}\n`);
    if (tree.chance.is(0.3)) return;
    git(path, "add", "--all");
    git(path, "commit", "--quiet", "-m", `Inner ${tree.n} ${tree.chance.below(1e9)}`);
    tree.madeInside(git(path, "rev-parse", "HEAD"));
    if (tree.chance.is(0.5)) writeFileSync(join(path, "inner.txt"), `changed ${tree.chance.below(1e9)}\n`);
    if (tree.chance.is(0.2)) attempt(tree.path, "add", "--", path.slice(tree.path.length + 1));
  },
  nestedWorktree(tree) {
    const name = `wt-${tree.chance.below(1e6)}`;
    if (attempt(tree.path, "worktree", "add", "--quiet", "--detach", join(tree.path, name)) === undefined) return;
    writeFileSync(join(tree.path, name, "in-worktree.txt"), `worktree ${tree.n} ${tree.chance.below(1e9)}\n`);
    if (tree.chance.is(0.6)) {
      commitAll({ ...tree, path: join(tree.path, name) }, "In a worktree");
      tree.madeCommit(attempt(join(tree.path, name), "rev-parse", "HEAD"));
    }
  },
  worktreeElsewhere(tree) {
    const path = join(tree.dir, `elsewhere-${tree.n}-${tree.chance.below(1e6)}`);
    if (attempt(tree.path, "worktree", "add", "--quiet", "--detach", path) === undefined) return;
    writeFileSync(join(path, "elsewhere.txt"), `elsewhere ${tree.n} ${tree.chance.below(1e9)}\n`);
    commitAll({ ...tree, path }, "Elsewhere");
    tree.madeCommit(attempt(path, "rev-parse", "HEAD"));
    if (tree.chance.is(0.5)) rmSync(path, { recursive: true, force: true });
  },
  hideChange(tree) {
    const name = tracked(tree);
    if (name === undefined) return;
    const flag = tree.chance.pick(["--assume-unchanged", "--skip-worktree"]);
    attempt(tree.path, "update-index", flag, "--", name);
    put(tree, name);
  },
  sparse(tree) {
    attempt(tree.path, "sparse-checkout", "set", "docs");
  },
  tamper(tree) {
    const setting = tree.chance.pick([
      ["core.excludesFile", join(tree.dir, "excludes")],
      ["core.autocrlf", "true"],
      ["user.name", "somebody else"],
      ["core.logAllRefUpdates", "false"],
      ["submodule.recurse", "true"],
      ["status.showUntrackedFiles", "no"],
      ["core.quotePath", "false"],
      ["diff.renames", "copies"],
      ["branch.autoSetupMerge", "always"],
      ["checkout.defaultRemote", "fork"],
      ["merge.conflictStyle", "diff3"],
      ["core.hooksPath", tree.dir],
    ]);
    attempt(tree.path, "config", setting[0] ?? "", setting[1] ?? "");
  },
  lockWorktree(tree) {
    attempt(tree.path, "worktree", "lock", "--reason", "mine", tree.path);
  },
  damageLink(tree) {
    const names = readdirSync(tree.path).filter((name) => name !== ".git");
    const name = names.length === 0 ? undefined : tree.chance.pick(names);
    if (name === undefined || !existsSync(join(tree.path, name))) return;
    try {
      renameSync(join(tree.path, name), join(tree.path, `renamed-${tree.chance.below(1e6)}`));
    } catch {
      // It is gone already.
    }
  },
};

/** Set last: from then on nobody but the bot runs git here, and it must not run what the config names. */
export function setTrap(tree: Tree): void {
  const sprung = join(tree.dir, "sprung");
  const command = `touch '${sprung}'; cat`;
  attempt(tree.path, "config", "filter.trap.clean", command);
  attempt(tree.path, "config", "filter.trap.smudge", command);
  attempt(tree.path, "config", "core.fsmonitor", `touch '${sprung}'; true`);
  if (existsSync(join(tree.path, ".git"))) writeFileSync(join(tree.path, ".gitattributes"), "*.txt filter=trap\n");
}

export function takeTrapAway({ path }: Pick<Tree, "path">, checkout: string): void {
  for (const where of [path, checkout]) {
    for (const key of ["filter.trap.clean", "filter.trap.smudge", "core.fsmonitor"]) {
      attempt(where, "config", "--unset-all", key);
    }
  }
}

export function readSafely(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}
