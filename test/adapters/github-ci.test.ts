// What GitHub says of one commit, as the bot's own adapter reads it of a CI that runs jobs for real.

import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { type Actions, startActions } from "../../playground/ci/actions.ts";
import { type CiVerdict, judgeChecks } from "../../src/domain/checks.ts";
import type { FailedJob } from "../../src/domain/message.ts";
import type { Observed } from "../../src/domain/observed.ts";
import { type GitHubStage, repo, setGitHubStage } from "../support/github-stage.ts";

let stage: GitHubStage;
let actions: Actions;
beforeEach(async () => {
  stage = await setGitHubStage();
  actions = startActions(stage.hub);
});
afterEach(async () => {
  await actions.close();
  await stage[Symbol.asyncDispose]();
});

type Jobs = Readonly<Record<string, Readonly<Record<string, unknown>>>>;
const workflow = (jobs: Jobs, on: unknown = "push"): string => {
  const all = Object.entries(jobs).map(([key, job]) => [key, { "runs-on": "ubuntu-latest", ...job }] as const);
  return stringify({ name: "CI", on, jobs: Object.fromEntries(all) });
};
const commit = (files: Readonly<Record<string, string>>): Promise<string> =>
  stage.hub.commit(repo, { files, message: "Work", by: "maintainer" });
const commitWorkflow = (jobs: Jobs): Promise<string> => commit({ ".github/workflows/ci.yml": workflow(jobs) });

function read<T>(seen: Observed<T>): T {
  if (!seen.known) throw new Error(seen.why);
  return seen.value;
}
/** Looked at anew: what was read a moment ago is given again. */
async function verdict(sha: string): Promise<CiVerdict> {
  stage.pass(60);
  const rules = { required: [], ignored: [], whenNone: "red" as const };
  return judgeChecks(read(await stage.connection.github.fetchChecks(repo, sha)), rules);
}
const failures = async (sha: string): Promise<readonly FailedJob[]> =>
  read(await stage.connection.github.fetchFailures(repo, sha));

describe("CI of the landed commit", () => {
  test("of a matrix is red by the job that failed, and only that one is quoted, with the end of its log", async () => {
    const script = 'for n in $(seq 300); do echo "line $n"; done; if [ $NODE = 22 ]; then echo "it broke"; exit 3; fi';
    // As GitHub names the jobs of a matrix.
    const each = (node: number) => ({
      name: `test (${node})`,
      env: { NODE: `${node}` },
      steps: [{ name: "Run the tests", run: script }],
    });
    const sha = await commitWorkflow({ test20: each(20), test22: each(22) });
    await actions.idle();
    expect(await verdict(sha)).toEqual({ is: "red", reasons: ["CI: test (22)"] });
    const [job, ...others] = await failures(sha);
    expect(others).toEqual([]);
    expect(job).toMatchObject({ name: "CI / test (22)", transient: null, run: { attempt: 1 } });
    expect(job?.notes).toContain("failed step: Run the tests");
    const lines = (job?.log.known ? job.log.value : "").split("\n");
    expect(lines).toContain("it broke");
    expect(lines.length).toBeLessThanOrEqual(200);
    expect(lines).not.toContain("line 1");
    expect(lines.filter((line) => /^\d{4}-\d\d-\d\dT/.test(line))).toEqual([]);
  });

  test("whose runner was lost says so, is run again, and is judged by that attempt", async () => {
    actions.failNext({ job: "test" });
    const sha = await commitWorkflow({ test: { steps: [{ run: "true" }] }, lint: { steps: [{ run: "true" }] } });
    await actions.idle();
    expect((await verdict(sha)).is).toBe("red");
    const [lost] = await failures(sha);
    expect(lost?.transient).toMatch(/lost communication/);
    await stage.connection.github.rerunFailed(repo, lost?.run?.id ?? 0);
    await actions.idle();
    expect((await verdict(sha)).is).toBe("green");
    expect(await failures(sha)).toEqual([]);
  });

  test("that a person runs again is waited for again, and asking for it a second time is no error", async () => {
    const sha = await commitWorkflow({ test: { steps: [{ run: "exit 1" }] } });
    await actions.idle();
    expect((await verdict(sha)).is).toBe("red");
    const [failed] = await failures(sha);
    expect(failed).toMatchObject({ transient: null });
    actions.pause();
    await stage.connection.github.rerunFailed(repo, failed?.run?.id ?? 0);
    await stage.connection.github.rerunFailed(repo, failed?.run?.id ?? 0);
    expect((await verdict(sha)).is).toBe("pending");
    actions.resume();
    await actions.idle();
    expect((await verdict(sha)).is).toBe("red");
    expect((await failures(sha))[0]?.run?.attempt).toBe(2);
  });

  test("that no runner takes up is pending, not absent", async () => {
    actions.pause();
    const sha = await commitWorkflow({ test: { steps: [{ run: "true" }] } });
    await expect
      .poll(async () => await verdict(sha), { timeout: 10_000 })
      .toMatchObject({ is: "pending", waitingFor: "CI" });
    actions.resume();
    await actions.idle();
    expect((await verdict(sha)).is).toBe("green");
  });

  test("that its path filters keep from running is told from one that should have come", async () => {
    const on = { push: { branches: ["main"], paths: ["src/**", "!src/**.md"] } };
    await commit({ ".github/workflows/ci.yml": workflow({ test: { steps: [{ run: "true" }] } }, on) });
    const sha = await commit({ "docs/a.md": "x" });
    await actions.idle();
    expect(await verdict(sha)).toMatchObject({ is: "pending", none: true });
    const runs = async (...paths: string[]) =>
      read(await stage.connection.github.fetchRunnable(repo, sha, "main", paths));
    expect(await runs("docs/a.md")).toBe(false);
    expect(await runs("src/README.md")).toBe(false);
    expect(await runs("docs/a.md", "src/a.js")).toBe(true);
  });

  test("whose workflow file is broken is red, and says that no job began", async () => {
    const sha = await commit({ ".github/workflows/ci.yml": "name: CI\non: push\njobs: [\n" });
    await actions.idle();
    expect((await verdict(sha)).is).toBe("red");
    expect((await failures(sha))[0]?.notes).toEqual([expect.stringContaining("before any of its jobs began")]);
  });
});

describe("where the branch is", () => {
  test("costs no quota while it stays, and is told from a branch that is gone", async () => {
    const { github } = stage.connection;
    const head = await commit({ "a.txt": "x" });
    expect(read(await github.fetchHead(repo, "main"))).toBe(head);
    const remaining = async (): Promise<string | null> => {
      const headers = { authorization: "token token-afk-bot" };
      return (await fetch(`${stage.hub.apiUrl}/user`, { headers })).headers.get("x-ratelimit-remaining");
    };
    const looked = async (branch = "main") => {
      stage.pass(60);
      return await github.fetchHead(repo, branch);
    };
    const before = Number(await remaining());
    for (let look = 0; look < 3; look += 1) expect(read(await looked())).toBe(head);
    expect(Number(await remaining())).toBe(before - 1);
    const next = await commit({ "b.txt": "x" });
    expect(read(await github.fetchHead(repo, "main")), "a moment later").toBe(head);
    expect(read(await looked())).toBe(next);
    expect(read(await looked("gone"))).toBe(null);
    await stage.hub.listener.off();
    expect(await looked()).toMatchObject({ known: false });
    await stage.hub.listener.on();
  });
});
