// The work itself, as a careful coding agent does it: a failing test, the change, a green test, a commit of named files
// with its trailers, a rebase where the branch has moved, an ordinary push.

import { mkdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { run } from "./run.ts";
import type { Turn } from "./turn.ts";

/** The step that went wrong ends the turn with this. */
export class WorkFailed extends Error {}

// Node's test runner marks its children by this; inherited, it would make a nested run report nothing.
function testEnv(): NodeJS.ProcessEnv {
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  return env;
}

export async function write(turn: Turn, path: string, content: string): Promise<void> {
  await turn.tool("Write", { file_path: path, content }, async () => {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content);
    return `Wrote ${path}`;
  });
}

export async function runTests(turn: Turn, ...files: readonly string[]): Promise<boolean> {
  const ran = await turn.bash("node", ["--test", ...files], testEnv());
  return ran.ok;
}

async function git(turn: Turn, ...args: readonly string[]): Promise<string> {
  identity ??= await identityFor(turn);
  const ran = await turn.bash("git", args, { ...process.env, ...identity });
  if (!ran.ok) throw new WorkFailed(`git ${args[0]} failed: ${ran.output.trim().slice(-400)}`);
  return ran.output.trim();
}

export type Feature = { readonly test: string; readonly source: string };

/** Writes the feature's failing test, sees it fail, writes the feature, sees it pass. */
export async function buildTestFirst(turn: Turn): Promise<Feature> {
  const n = turn.orders.number;
  const feature = { test: `test/feature-${n}.test.js`, source: `src/feature-${n}.js` };
  await write(turn, feature.test, testOf(n));
  if (await runTests(turn, feature.test)) throw new WorkFailed("The new test passes before there is anything to pass.");
  await write(turn, feature.source, sourceOf(n));
  if (!(await runTests(turn, feature.test))) throw new WorkFailed("The new test does not pass.");
  return feature;
}

// Dynamic import works in a CommonJS repository and in an ES module one alike.
function testOf(n: string): string {
  return [
    `import("node:test").then(async ({ test }) => {`,
    `  const assert = await import("node:assert/strict");`,
    `  test("feature ${n} says its number", async () => {`,
    `    const { readFile } = await import("node:fs/promises");`,
    `    const source = await readFile("src/feature-${n}.js", "utf8");`,
    `    assert.match(source, /feature ${n}\\b/);`,
    `  });`,
    `});`,
    "",
  ].join("\n");
}

function sourceOf(n: string): string {
  return `// feature ${n}\nglobalThis.feature${n} = () => "feature ${n}";\n`;
}

/** Commits the named files. `trailers` false leaves the trailers out. Returns the commit's id. */
export async function commit(
  turn: Turn,
  subject: string,
  files: readonly string[],
  trailers: readonly string[] = turn.orders.trailers,
): Promise<string> {
  await git(turn, "add", "--", ...files);
  const message = trailers.length === 0 ? subject : `${subject}\n\n${trailers.join("\n")}`;
  await git(turn, "commit", "--quiet", "-m", message);
  return git(turn, "rev-parse", "HEAD");
}

/** Fetches, rebases where the branch has moved, and pushes; a push that lost a race is tried again. */
export async function push(turn: Turn, branch = turn.orders.branch): Promise<string> {
  if (branch === undefined) throw new WorkFailed("The prompt names no branch to push to.");
  for (let attempt = 1; ; attempt += 1) {
    await git(turn, "fetch", "--quiet", "origin");
    const behind = await turn.bash("git", ["rev-list", "--count", `HEAD..origin/${branch}`]);
    if (behind.ok && behind.output.trim() !== "0") await git(turn, "rebase", "--quiet", `origin/${branch}`);
    const pushed = await turn.bash("git", ["push", "origin", `HEAD:${branch}`]);
    if (pushed.ok) return git(turn, "rev-parse", "HEAD");
    if (attempt === 3) throw new WorkFailed(`git push failed: ${pushed.output.trim().slice(-400)}`);
  }
}

let identity: NodeJS.ProcessEnv | undefined;

// The tree's own git identity counts. Without one git is given this, so that nothing asks a home directory.
async function identityFor(turn: Turn): Promise<NodeJS.ProcessEnv> {
  const known =
    process.env["GIT_AUTHOR_NAME"] !== undefined || (await run("git", ["config", "user.email"], turn.signal)).ok;
  if (known) return {};
  const name = "scripted-agent";
  const email = "scripted-agent@users.noreply.github.com";
  return { GIT_AUTHOR_NAME: name, GIT_AUTHOR_EMAIL: email, GIT_COMMITTER_NAME: name, GIT_COMMITTER_EMAIL: email };
}
