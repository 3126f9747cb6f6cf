// What an issue waits for, through the real adapter: GitHub's own dependencies, what the text names, and what cannot be
// read of either.

import { afterEach, beforeEach, expect, test } from "vitest";
import { type GitHubStage, repo, setGitHubStage } from "../support/github-stage.ts";

let stage: GitHubStage;

beforeEach(async () => {
  stage = await setGitHubStage();
});
afterEach(async () => {
  await stage[Symbol.asyncDispose]();
});

const plain = (title: string, inRepo = repo): number =>
  stage.hub.as("maintainer").createIssue(inRepo, { title }).number;

async function waits(number: number): Promise<string> {
  const gate = (await stage.why(number)).gates.find((each) => each.gate === "unblocked");
  return `${gate?.pass ? "goes" : "waits"}: ${gate?.why}`;
}

test("a closed blocker blocks no more, whether it is a dependency or named in the text", async () => {
  const first = plain("API");
  const second = plain("Schema");
  const number = stage.released("maintainer", "maintainer", { body: `- [x] Blocked by #${second}` });
  stage.hub.as("maintainer").block({ repo, number }, { repo, number: first });
  expect(await waits(number)).toBe(
    `waits: acme/shop#${first} is open (dependency), acme/shop#${second} is open (named in the text)`,
  );
  stage.hub.as("maintainer").close({ repo, number: first });
  expect(await stage.failing(number)).toEqual(["unblocked"]);
  stage.hub.as("maintainer").close({ repo, number: second });
  expect(await stage.failing(number)).toEqual([]);
  expect((await stage.poll()).get(number)?.blockers).toMatchObject({ known: true, value: [{}, {}] });
});

test("blockers in other repositories are followed, in any letter case and after a transfer", async () => {
  await stage.hub.createRepo({ owner: "acme", name: "API", files: { a: "a" } });
  const there = plain("API", "acme/API");
  const here = plain("Moves away");
  const moved = stage.hub.transferIssue({ repo, number: here }, "acme/API", "maintainer");
  const body = `Blocked by Acme/api#${there}, ${stage.hub.url}/acme/shop/issues/${here}`;
  const number = stage.released("maintainer", "maintainer", { body });
  expect(await waits(number)).toContain("acme/api#1 is open (named in the text), acme/shop#1 is open");
  stage.hub.as("maintainer").close({ repo: "acme/API", number: there });
  stage.hub.as("maintainer").close({ repo: "acme/API", number: moved.number });
  expect(await stage.failing(number)).toEqual([]);
});

test("a private, a deleted and a foreign blocker cannot be read, so they block, and why says so", async () => {
  await stage.hub.createRepo({ owner: "acme", name: "secret", private: true, files: { a: "a" } });
  const hidden = plain("Secret", "acme/secret");
  const gone = plain("Gone");
  stage.hub.deleteIssue({ repo, number: gone });
  const body = `## Blocked by\n- acme/secret#${hidden}\n- #${gone}\n- https://git.example/a/b/issues/1`;
  const number = stage.released("maintainer", "maintainer", { body });
  expect(await waits(number)).toBe(
    "waits: acme/secret#1 cannot be read (named in the text): GitHub shows the bot no such issue: deleted, private or never there, " +
      "acme/shop#1 cannot be read (named in the text): it was deleted, " +
      "https://git.example/a/b/issues/1 cannot be read (named in the text): it is not on this GitHub",
  );
});

test("a dependency that the bot may not see blocks too", async () => {
  await stage.hub.createRepo({ owner: "acme", name: "secret", private: true, files: { a: "a" } });
  const hidden = plain("Secret", "acme/secret");
  const number = stage.released("maintainer", "maintainer");
  stage.hub.as("maintainer").block({ repo, number }, { repo: "acme/secret", number: hidden });
  expect(await waits(number)).toBe(
    "waits: one blocker cannot be read (dependency): in a repository the bot may not see",
  );
});

test("issues that wait for each other over a third one are told as a ring", async () => {
  const first = stage.released("maintainer", "maintainer", { body: "Blocked by #2" });
  const second = stage.hub.as("maintainer").createIssue(repo, { title: "B", body: "Depends on #3" }).number;
  const third = plain("C");
  stage.hub.as("maintainer").block({ repo, number: third }, { repo, number: first });
  expect([first, second, third]).toEqual([1, 2, 3]);
  expect(await waits(first)).toContain("acme/shop#1 → acme/shop#2 → acme/shop#3 → acme/shop#1");
});

test("a text that names a hundred blockers is not followed to its end, and blocks", async () => {
  const body = `Blocked by ${Array.from({ length: 100 }, (_, n) => `#${n + 500}`).join(", ")}`;
  const number = stage.released("maintainer", "maintainer", { body });
  expect(await waits(number)).toContain("70 more cannot be read (named in the text): no more than 30 are looked at");
});

test("of several released issues the first by priority that is not held up goes", async () => {
  const low = stage.released("maintainer", "maintainer");
  const high = stage.released("maintainer", "maintainer", { body: "Blocked by #999" });
  stage.hub.as("maintainer").label({ repo, number: high }, "P0");
  const middle = stage.released("maintainer", "maintainer");
  stage.hub.as("maintainer").label({ repo, number: middle }, "priority:2");
  expect((await stage.why(middle)).verdict).toBe("Starts at the next look at the repo.");
  expect((await stage.why(low)).verdict).toBe(`Starts after #${middle}.`);
});
