// A remote, somebody who pushes to it, and a volume for the bot: all on this disk, with git alone.

import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
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
  cpSync(template(), remote, { recursive: true });
  // A volume's path may have anything in it.
  const layout = layoutOf(join(dir, "volume ü"));
  return {
    dir,
    layout,
    remote,
    checkout: layout.checkout(REPO),
    cloneUrl: pathToFileURL(remote).href,
    landElsewhere(n) {
      land(remote, `Landed elsewhere ${n}`, { [`src/file-${n % 6}.txt`]: lines(n), [`docs/landed-${n}.md`]: `${n}\n` });
    },
  };
}

let made: string | undefined;

/** The remote that every world begins with. */
function template(): string {
  if (made !== undefined) return made;
  const dir = mkdtempSync(join(tmpdir(), "afk-fuzz-template-"));
  process.once("exit", () => rmSync(dir, { recursive: true, force: true }));
  git(dir, "init", "--quiet", "--bare", "--initial-branch=main", ".");
  const sources = Array.from({ length: 6 }, (_, n) => [`src/file-${n}.txt`, lines(n)] as const);
  land(dir, "Begin", {
    ".gitignore": "node_modules/\nbuild/\n*.log\n",
    "README.md": "# Shop\n",
    ...Object.fromEntries(sources),
    "src/deep/Case.txt": "upper\n",
    "src/deep/case.txt": "lower\n",
    "docs/page ü.md": "text\n",
  });
  made = dir;
  return made;
}

/** A commit with these files on the remote's main, in one process. */
function land(remote: string, message: string, files: Readonly<Record<string, string>>): void {
  const data = (text: string): string => `data ${Buffer.byteLength(text)}\n${text}\n`;
  const head = attempt(remote, "rev-parse", "--verify", "--quiet", "refs/heads/main");
  const input = [
    `commit refs/heads/main\ncommitter agent <agent@example.com> ${Math.floor(Date.now() / 1000)} +0000\n${data(message)}`,
    head === undefined ? "" : `from ${head}\n`,
    ...Object.entries(files).map(([path, text]) => `M 100644 inline ${path}\n${data(text)}`),
  ].join("");
  execFileSync("git", ["fast-import", "--quiet", "--force"], {
    cwd: remote,
    env: GIT_ENV,
    input,
    stdio: ["pipe", "ignore", "pipe"],
  });
}

function lines(n: number): string {
  return Array.from({ length: 20 }, (_, line) => `line ${line} of ${n}\n`).join("");
}
