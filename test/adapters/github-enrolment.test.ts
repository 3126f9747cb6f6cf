// Enrolment read from a real repository over HTTP, and how long what was seen counts.

import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { isEnrolled, troublesOf } from "../../src/domain/enrolment.ts";
import { type GitHubStage, repo, setGitHubStage } from "../support/github-stage.ts";

let stage: GitHubStage;

beforeEach(async () => {
  stage = await setGitHubStage();
});
afterEach(async () => {
  await stage[Symbol.asyncDispose]();
});

async function troubles(): Promise<readonly string[]> {
  const seen = await stage.enrolments.current(repo);
  if (seen === undefined || !seen.known) throw new Error("no result");
  return troublesOf(seen.value).map(({ check }) => check);
}
const commit = (files: Record<string, string | null>): Promise<string> =>
  stage.hub.commit(repo, { message: "Change", files, by: "maintainer" });

test("git-crypt deep in the tree, no CONTEXT.md and no CI on push are each found", async () => {
  await commit({
    "deploy/keys/.gitattributes": "*.key filter=git-crypt diff=git-crypt\n",
    "CONTEXT.md": null,
    ".github/workflows/ci.yml": "on:\n  push:\n    branches: [release/**]\njobs: {}\n",
  });
  expect(await troubles()).toEqual(["workflows", "CONTEXT.md", "git-crypt"]);
});

test("a branch that takes no ordinary push, and an account that may not push", async () => {
  stage.hub.protectBranch(repo, "main", { restrictedTo: ["maintainer"], requiredChecks: ["test"] });
  expect(await troubles()).toEqual(["branch protection"]);
  stage.hub.unprotectBranch(repo, "main");
  stage.hub.setPermission(repo, "afk-bot", "read");
  stage.pass(301);
  expect(await troubles()).toEqual(["push rights"]);
});

test("protection against force pushes alone is welcome", async () => {
  stage.hub.protectBranch(repo, "main");
  expect(await troubles()).toEqual([]);
});

test("a good result counts for hours and costs nothing; a bad one is looked at again after minutes", async () => {
  expect(await troubles()).toEqual([]);
  const before = stage.hub.listener.count();
  stage.pass(3_600);
  expect(await troubles()).toEqual([]);
  expect(stage.hub.listener.count()).toBe(before);
  await commit({ "CONTEXT.md": null });
  stage.pass(6 * 3_600);
  expect(await troubles()).toEqual(["CONTEXT.md"]);
  await commit({ "CONTEXT.md": "# Back\n" });
  expect(await troubles()).toEqual(["CONTEXT.md"]);
  stage.pass(301);
  expect(await troubles()).toEqual([]);
});

test("GitHub away at the next check leaves the last result, with its time, and never makes one up", async () => {
  const first = await stage.enrolments.current(repo);
  await stage.hub.listener.off();
  stage.pass(7 * 3_600);
  expect(await stage.enrolments.current(repo)).toEqual(first);
  await stage.hub.listener.on();
});

test("a repo that GitHub does not show is unknown, not enrolled", async () => {
  stage.hub.renameRepo(repo, "gone");
  stage.hub.world.formerNames.clear();
  const seen = await stage.enrolments.current(repo);
  expect(seen).toMatchObject({ known: false, why: expect.stringContaining("is its account invited?") });
  expect(await stage.enrolments.current("acme/never-listed")).toBeUndefined();
});

test("a result file that is damaged is checked anew", async () => {
  expect(await troubles()).toEqual([]);
  await writeFile(join(stage.dir, "state", "enrolment", "acme", "shop.json"), "{");
  const seen = await stage.enrolments.current(repo);
  expect(seen?.known && isEnrolled(seen.value)).toBe(true);
});
