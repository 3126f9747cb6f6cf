// Bare repositories on disk: making them, committing into them as the web editor does, and the hooks that tell the
// server what a push changed and that refuse what a protected branch does not take.

import { chmod, mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Git } from "./git.ts";

export type Identity = { readonly name: string; readonly email: string };

export type TreeFile = { readonly text: string | Buffer; readonly executable: boolean };

/** null deletes the file. */
export type FileChanges = ReadonlyMap<string, TreeFile | null>;

const settings = `
[core]
	repositoryformatversion = 0
	filemode = true
	bare = true
[gc]
	auto = 0
[http]
	receivepack = true
[receive]
	autogc = false
	denyDeleteCurrent = refuse
	denyNonFastForwards = false
[uploadpack]
	allowFilter = true
	allowAnySHA1InWant = true
`;

// PUSH_RULES names a file of lines "<ref> TAB <what> TAB <sentence>", made for the one push and its pusher; <what> is
// any, force or delete. The words of the refusal are GitHub's.
const updateHook = `#!/bin/sh
[ -n "$PUSH_RULES" ] || exit 0
refuse() {
  echo "error: GH006: Protected branch update failed for $1." >&2
  echo "error: $2" >&2
  exit 1
}
tab=$(printf '\\t')
while IFS="$tab" read -r ref what sentence; do
  [ "$ref" = "$1" ] || continue
  case "$what" in
    any) refuse "$1" "$sentence" ;;
    delete) case "$3" in *[!0]*) ;; *) refuse "$1" "$sentence" ;; esac ;;
    force)
      case "$2" in *[!0]*) ;; *) continue ;; esac
      case "$3" in *[!0]*) ;; *) continue ;; esac
      git merge-base --is-ancestor "$2" "$3" || refuse "$1" "$sentence" ;;
  esac
done < "$PUSH_RULES"
exit 0
`;

// Standard input is "<before> <after> <ref>" for each ref that the push has updated.
const postReceiveHook = `#!/bin/sh
if [ -n "$PUSH_RECORD" ]; then cat > "$PUSH_RECORD"; else cat > /dev/null; fi
`;

/** Makes an empty bare repository. Written by hand: it is five files, and `git init` would copy a template. */
export async function makeBare(gitDir: string, defaultBranch: string): Promise<void> {
  for (const folder of ["objects/info", "objects/pack", "refs/heads", "refs/tags", "hooks"]) {
    await mkdir(join(gitDir, folder), { recursive: true });
  }
  await writeFile(join(gitDir, "HEAD"), `ref: refs/heads/${defaultBranch}\n`);
  await writeFile(join(gitDir, "config"), settings);
  for (const [name, text] of [
    ["update", updateHook],
    ["post-receive", postReceiveHook],
  ] as const) {
    await writeFile(join(gitDir, "hooks", name), text);
    await chmod(join(gitDir, "hooks", name), 0o755);
  }
}

export type NewCommit = {
  readonly branch: string;
  /** The commit to build on, or undefined for the first one. */
  readonly parent: string | undefined;
  readonly files: FileChanges;
  readonly message: string;
  readonly author: Identity;
  readonly at: Date;
};

/** Commits without a working tree and moves the branch. Returns the new sha. */
export async function commitInto(git: Git, gitDir: string, commit: NewCommit): Promise<string> {
  const ref = `refs/heads/${commit.branch}`;
  const when = `${Math.floor(commit.at.getTime() / 1000)} +0000`;
  const parts: (string | Buffer)[] = [
    `commit ${ref}\ncommitter ${commit.author.name} <${commit.author.email}> ${when}\n`,
    ...data(commit.message),
  ];
  if (commit.parent !== undefined) parts.push(`from ${commit.parent}\n`);
  for (const [path, file] of commit.files) {
    const name = JSON.stringify(path);
    if (file === null) parts.push(`D ${name}\n`);
    else parts.push(`M ${file.executable ? "100755" : "100644"} inline ${name}\n`, ...data(file.text));
  }
  parts.push("\ndone\n");
  const stream = Buffer.concat(parts.map((part) => Buffer.from(part)));
  await git.run(gitDir, ["fast-import", "--quiet", "--done", "--date-format=raw"], stream);
  return (await git.run(gitDir, ["rev-parse", "--verify", ref])).toString().trim();
}

function data(text: string | Buffer): (string | Buffer)[] {
  return [`data ${Buffer.byteLength(text)}\n`, text, "\n"];
}

/** All files below a folder, `.git` and `node_modules` left out. */
export async function readTree(folder: string): Promise<Map<string, TreeFile>> {
  const files = new Map<string, TreeFile>();
  async function walk(relative: string): Promise<void> {
    const entries = await readdir(join(folder, relative), { withFileTypes: true });
    for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
      const path = relative === "" ? entry.name : `${relative}/${entry.name}`;
      if (entry.isDirectory()) {
        if (entry.name !== ".git" && entry.name !== "node_modules") await walk(path);
      } else if (entry.isFile()) {
        const { mode } = await stat(join(folder, path));
        files.set(path, { text: await readFile(join(folder, path)), executable: (mode & 0o100) !== 0 });
      }
    }
  }
  await walk("");
  return files;
}

/** A text that starts with #! is executable. */
export function textFile(text: string): TreeFile {
  return { text, executable: text.startsWith("#!") };
}
