// What git says, whole.

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { gitIn } from "../../src/git/git.ts";
import { localGit } from "./support.ts";

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "afk-git-"));
  localGit(dir, "init", "--quiet");
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));
afterEach(() => vi.unstubAllEnvs());

/** Git as a loop meets it that was held up meanwhile: its process is gone when the first of what it said comes. */
function sayLate(): void {
  const git = execFileSync("sh", ["-c", "command -v git"], { encoding: "utf8" }).trim();
  writeFileSync(join(dir, "git"), `#!/bin/sh\n(sleep 0.4; exec "${git}" "$@") &\n`, { mode: 0o755 });
  vi.stubEnv("PATH", `${dir}${delimiter}${process.env["PATH"]}`);
}

describe("what a command says", () => {
  test("is waited for until its end, also when its process has ended before", async () => {
    writeFileSync(join(dir, "work.txt"), "somebody's\n");
    sayLate();
    expect(await gitIn(dir).raw(["status", "--porcelain", "--", "work.txt"])).toBe("?? work.txt\n");
  });

  test("may be nothing", async () => {
    expect(await gitIn(dir).raw(["for-each-ref"])).toBe("");
  });
});
