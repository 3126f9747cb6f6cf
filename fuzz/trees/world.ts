// A remote, somebody who pushes to it, and a volume for the bot: all on this disk, with git alone.

import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Layout, layoutOf } from "../../src/volume/layout.ts";

export const REPO = "acme/shop";

export type World = {
  readonly dir: string;
  readonly layout: Layout;
  readonly checkout: string;
  readonly remote: string;
  readonly cloneUrl: string;
  /** Somebody else lands a commit. */
  landElsewhere(n: number): void;
};

/** What git needs of the environment to be the same everywhere. */
const GIT_ENV: NodeJS.ProcessEnv = {
  PATH: process.env["PATH"],
  HOME: "/nonexistent",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_AUTHOR_NAME: "agent",
  GIT_AUTHOR_EMAIL: "agent@example.com",
  GIT_COMMITTER_NAME: "agent",
  GIT_COMMITTER_EMAIL: "agent@example.com",
  GIT_EDITOR: "true",
  LC_ALL: "C",
};

export function git(cwd: string, ...args: readonly string[]): string {
  const out = execFileSync("git", ["-c", "advice.detachedHead=false", "-c", "gc.auto=0", ...args], {
    cwd,
    env: GIT_ENV,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    maxBuffer: 64 * 1024 * 1024,
  });
  return out.trim();
}

/** As `git`, where it may be refused, such as a merge that conflicts. */
export function attempt(cwd: string, ...args: readonly string[]): string | undefined {
  try {
    return git(cwd, ...args);
  } catch {
    return undefined;
  }
}

export function makeWorld(): World {
  const dir = mkdtempSync(join(tmpdir(), "afk-fuzz-"));
  const remote = join(dir, "remote.git");
  const other = join(dir, "other");
  git(dir, "init", "--quiet", "--bare", "--initial-branch=main", remote);
  git(dir, "init", "--quiet", "--initial-branch=main", other);
  for (const folder of ["src/deep", "docs"]) mkdirSync(join(other, folder), { recursive: true });
  writeFileSync(join(other, ".gitignore"), "node_modules/\nbuild/\n*.log\n");
  writeFileSync(join(other, "README.md"), "# Shop\n");
  for (let n = 0; n < 6; n += 1) writeFileSync(join(other, "src", `file-${n}.txt`), lines(n));
  writeFileSync(join(other, "src", "deep", "Case.txt"), "upper\n");
  writeFileSync(join(other, "src", "deep", "case.txt"), "lower\n");
  writeFileSync(join(other, "docs", "page ü.md"), "text\n");
  git(other, "add", "--all");
  git(other, "commit", "--quiet", "-m", "Begin");
  git(other, "remote", "add", "origin", remote);
  git(other, "push", "--quiet", "origin", "main");
  // A volume's path may have anything in it.
  const layout = layoutOf(join(dir, "volume ü"));
  return {
    dir,
    layout,
    remote,
    checkout: layout.checkout(REPO),
    cloneUrl: pathToFileURL(remote).href,
    landElsewhere(n) {
      git(other, "fetch", "--quiet", "origin");
      git(other, "reset", "--quiet", "--hard", "origin/main");
      writeFileSync(join(other, "src", `file-${n % 6}.txt`), lines(n));
      writeFileSync(join(other, "docs", `landed-${n}.md`), `${n}\n`);
      git(other, "add", "--all");
      git(other, "commit", "--quiet", "-m", `Landed elsewhere ${n}`);
      git(other, "push", "--quiet", "origin", "HEAD:main");
    },
  };
}

function lines(n: number): string {
  return Array.from({ length: 20 }, (_, line) => `line ${line} of ${n}\n`).join("");
}
