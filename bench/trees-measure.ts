// The sides that warm trees are measured against, and a disk that is slow.

import { execFile, execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import { promisify } from "node:util";

const exec = promisify(execFile);

export async function timed<T>(work: () => Promise<T>): Promise<{ readonly value: T; readonly ms: number }> {
  const begun = performance.now();
  const value = await work();
  return { value, ms: performance.now() - begun };
}

export type GaveBack = { readonly proof: number; readonly all: number };

export type Took = { readonly fetch: number; readonly switch: number; readonly clean: number; readonly all: number };

/** Git with the repo's token and with nothing of this machine's config. */
export function asNobody(cloneUrl: string, token: string): Record<string, string> {
  const basic = Buffer.from(`x-access-token:${token}`).toString("base64");
  return {
    PATH: process.env["PATH"] ?? "",
    HOME: "/nonexistent",
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_CONFIG_COUNT: "4",
    GIT_CONFIG_KEY_0: `http.${new URL(cloneUrl).origin}/.extraHeader`,
    GIT_CONFIG_VALUE_0: `Authorization: Basic ${basic}`,
    GIT_CONFIG_KEY_1: "user.name",
    GIT_CONFIG_VALUE_1: "agent",
    GIT_CONFIG_KEY_2: "user.email",
    GIT_CONFIG_VALUE_2: "agent@example.com",
    GIT_CONFIG_KEY_3: "gc.auto",
    GIT_CONFIG_VALUE_3: "0",
  };
}

/** The git commands that no way around them has been found. In a clone and a worktree of their own. */
export async function bareGit(cloneUrl: string, token: string, dir: string) {
  const checkout = join(dir, "checkout");
  const tree = join(dir, "slots", "1");
  await mkdir(dir, { recursive: true });
  const env = asNobody(cloneUrl, token);
  const git = async (cwd: string, ...args: readonly string[]): Promise<number> =>
    (await timed(() => exec("git", [...args], { cwd, env }))).ms;
  await git(dir, "clone", "--quiet", "--no-checkout", cloneUrl, checkout);
  await git(checkout, "worktree", "add", "--quiet", "--detach", tree, "origin/main");
  return {
    async take(branch: string): Promise<Took> {
      const fetch = await git(checkout, "fetch", "--prune", "--quiet", "origin");
      const switched = await git(tree, "switch", "--quiet", "--no-track", "-C", branch, "origin/main");
      const clean = await git(tree, "clean", "--quiet", "-d", "--force");
      return { fetch, switch: switched, clean, all: fetch + switched + clean };
    },
    /** Only what is proven to be saved is let go of: changes, also of files whose flags hide them, and commits. */
    async giveBack(branch: string): Promise<GaveBack> {
      const fetch = await git(checkout, "fetch", "--prune", "--quiet", "origin");
      const { ms: proof } = await timed(() =>
        Promise.all([
          git(tree, "status", "--porcelain", "--untracked-files=all", "-z"),
          git(tree, "ls-files", "-s", "-v", "-z"),
          git(tree, "for-each-ref").then(() => git(tree, "rev-list", "HEAD", "--not", "--remotes")),
        ]),
      );
      const switched = await git(tree, "switch", "--quiet", "--detach", "origin/main");
      const clean = await git(tree, "clean", "--quiet", "-d", "--force");
      const forgotten = await git(checkout, "branch", "--quiet", "--delete", "--force", branch);
      return { proof, all: fetch + proof + switched + clean + forgotten };
    },
  };
}

/** A third of a millisecond for each call that names a file: about what a network file system takes. */
const DELAY_US = 300;

const SHIM = `#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
static void wait_a_little(void) { usleep(${DELAY_US}); }
#define REAL(name) ({ static __typeof__(&name) real; if (!real) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name); real; })
#define MODE int mode = 0; if (flags & O_CREAT) { va_list a; va_start(a, flags); mode = va_arg(a, int); va_end(a); }
int open(const char *p, int flags, ...) { MODE wait_a_little(); return REAL(open)(p, flags, mode); }
int open64(const char *p, int flags, ...) { MODE wait_a_little(); return REAL(open64)(p, flags, mode); }
int openat(int d, const char *p, int flags, ...) { MODE wait_a_little(); return REAL(openat)(d, p, flags, mode); }
int stat(const char *p, struct stat *s) { wait_a_little(); return REAL(stat)(p, s); }
int lstat(const char *p, struct stat *s) { wait_a_little(); return REAL(lstat)(p, s); }
int fstatat(int d, const char *p, struct stat *s, int f) { wait_a_little(); return REAL(fstatat)(d, p, s, f); }
int unlink(const char *p) { wait_a_little(); return REAL(unlink)(p); }
int rename(const char *a, const char *b) { wait_a_little(); return REAL(rename)(a, b); }
int mkdir(const char *p, mode_t m) { wait_a_little(); return REAL(mkdir)(p, m); }
int rmdir(const char *p) { wait_a_little(); return REAL(rmdir)(p); }
int symlink(const char *a, const char *b) { wait_a_little(); return REAL(symlink)(a, b); }
`;

/**
 * Runs `work` with git and npm as on a slow file system: a library before their own makes each call that names a file wait.
 * Needs a C compiler; undefined without one.
 */
export async function useSlowDisk<T>(
  dir: string,
  work: () => Promise<T>,
  tell: (line: string) => void,
): Promise<T | "skipped: no C compiler"> {
  const library = join(dir, "slow.so");
  const source = join(dir, "slow.c");
  writeFileSync(source, SHIM);
  try {
    execFileSync("cc", ["-shared", "-fPIC", "-O2", "-o", library, source, "-ldl"], { stdio: "ignore" });
  } catch {
    tell("no C compiler: a slow disk is not tried");
    return "skipped: no C compiler";
  }
  const bin = join(dir, "slow-bin");
  mkdirSync(bin);
  const before = process.env["PATH"] ?? "";
  for (const name of ["git", "npm"]) {
    const real = before
      .split(delimiter)
      .map((folder) => join(folder, name))
      .find((path) => existsSync(path));
    const file = join(bin, name);
    writeFileSync(file, `#!/bin/sh\nLD_PRELOAD=${library} exec "${real}" "$@"\n`);
    chmodSync(file, 0o755);
  }
  process.env["PATH"] = `${bin}${delimiter}${before}`;
  try {
    return await work();
  } finally {
    process.env["PATH"] = before;
    rmSync(dirname(join(bin, "git")), { recursive: true, force: true });
  }
}
