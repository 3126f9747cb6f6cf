// GitHub Actions, seen as a client sees them: by REST, and by what the jobs really do.

import { access, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Octokit } from "@octokit/rest";
import { afterEach, beforeEach, expect, test } from "vitest";
import { stringify } from "yaml";
import { type Actions, type ActionsOptions, startActions } from "../../playground/ci/actions.ts";
import type { WorkflowRun } from "../../playground/github/model.ts";
import { type GitHub, startGitHub } from "../../playground/github/server.ts";
import { sampleFiles } from "../../playground/sample/files.ts";

const full = "acme/widgets";
const repo = { owner: "acme", repo: "widgets" };
let root: string;
let github: GitHub;
let actions: Actions;
let octokit: Octokit;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "actions-test-"));
  github = await startGitHub({ dataDir: join(root, "data") });
  github.addUser({ login: "maintainer", type: "User", token: "maintainer-token" });
  const log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
  octokit = new Octokit({ baseUrl: github.apiUrl, auth: "maintainer-token", log });
  await github.createRepo({
    ...repo,
    name: "widgets",
    files: { "README.md": "#\n" },
    collaborators: { maintainer: "write" },
  });
});

afterEach(async () => {
  await actions.close();
  await github.close();
  await rm(root, { recursive: true, force: true });
});

/** `${{ … }}` */
function expression(source: string): string {
  return `\${{ ${source} }}`;
}

type Jobs = Record<string, Record<string, unknown>>;

/** A workflow file; a job without steps gets one that succeeds. */
function workflow(jobs: Jobs, rest: Record<string, unknown> = {}): Record<string, string> {
  const filled = Object.fromEntries(
    Object.entries(jobs).map(([key, job]) => [key, { "runs-on": "ubuntu-latest", steps: [{ run: "true" }], ...job }]),
  );
  return { ".github/workflows/ci.yml": stringify({ name: "CI", on: "push", ...rest, jobs: filled }) };
}

function begin(options: ActionsOptions = {}): void {
  actions = startActions(github, options);
}

async function push(files: Record<string, string>, message = "Work", branch = "main"): Promise<string> {
  return await github.commit(full, { message, files, branch, by: "maintainer" });
}

function runs(): readonly WorkflowRun[] {
  return github.repo(full).runs;
}

function concluded(): (string | null)[] {
  return runs().map((run) => run.conclusion);
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error("it never came true");
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

async function logOf(key: string): Promise<string> {
  const job = github.repo(full).jobs.findLast((candidate) => candidate.key === key);
  if (job === undefined) throw new Error(`no job ${key}`);
  const { data } = await octokit.actions.downloadJobLogsForWorkflowRun({ ...repo, job_id: job.id });
  return String(data);
}

async function jobsOf(run: WorkflowRun | undefined): Promise<(string | null)[][]> {
  if (run === undefined) throw new Error("no run");
  const { data } = await octokit.actions.listJobsForWorkflowRun({ ...repo, run_id: run.id });
  return data.jobs.map((job) => [job.name, job.conclusion]);
}

test("a push to the sample's main tests and deploys that commit", async () => {
  const seen: unknown[] = [];
  const kubernetes = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk) => {
      body += chunk;
    });
    request.on("end", () => {
      seen.push([request.method, request.url, request.headers.authorization, JSON.parse(body)]);
      response.end("{}");
    });
  });
  await new Promise<void>((resolve) => kubernetes.listen(0, "127.0.0.1", resolve));
  const { port } = kubernetes.address() as AddressInfo;
  begin({
    secrets: { [full]: { KUBE_TOKEN: "s3cret" } },
    vars: { [full]: { KUBE_API: `http://127.0.0.1:${port}`, KUBE_NAMESPACE: "shop", KUBE_DEPLOYMENT: "widgets" } },
  });
  const sha = await push(sampleFiles());
  await actions.idle();
  kubernetes.close();
  const image = `registry.example/${full}:${sha}`;
  const patch = { spec: { template: { spec: { containers: [{ name: "app", image }] } } } };
  expect(seen).toEqual([["PATCH", "/apis/apps/v1/namespaces/shop/deployments/widgets", "Bearer s3cret", patch]]);
  const { data } = await octokit.checks.listForRef({ ...repo, ref: sha });
  expect(data.check_runs.map((run) => [run.name, run.status, run.conclusion, run.app?.slug])).toEqual([
    ["deploy", "completed", "success", "github-actions"],
    ["test", "completed", "success", "github-actions"],
  ]);
  expect(await logOf("test")).toContain("pass 6");
});

test("a failing test is a red run, and what needs it is skipped", async () => {
  begin();
  const files = sampleFiles();
  const sha = await push({ ...files, "src/bands.js": (files["src/bands.js"] ?? "").replace("390", "391") });
  await actions.idle();
  const { data } = await octokit.actions.listWorkflowRunsForRepo({ ...repo, head_sha: sha });
  expect(data.workflow_runs.map((run) => [run.event, run.status, run.conclusion])).toEqual([
    ["push", "completed", "failure"],
  ]);
  expect(await jobsOf(runs()[0])).toEqual([
    ["test", "failure"],
    ["deploy", "skipped"],
  ]);
  expect(await logOf("test")).toMatch(/391[\s\S]*##\[error\]Process completed with exit code 1\./);
});

test("a job that needs another appears only when that one is done", async () => {
  begin();
  const gate = join(root, "gate");
  await push(
    workflow({ first: { steps: [{ run: `until [ -e ${gate} ]; do sleep 0.01; done` }] }, second: { needs: "first" } }),
  );
  await until(() => runs()[0]?.status === "in_progress");
  expect(await jobsOf(runs()[0])).toEqual([["first", null]]);
  expect(
    await statusOf(
      octokit.actions.downloadJobLogsForWorkflowRun({ ...repo, job_id: github.repo(full).jobs[0]?.id ?? 0 }),
    ),
  ).toBe(404);
  await writeFile(gate, "");
  await actions.idle();
  expect(await jobsOf(runs()[0])).toEqual([
    ["first", "success"],
    ["second", "success"],
  ]);
});

async function statusOf(promise: Promise<{ status: number }>): Promise<number> {
  return await promise.then(
    ({ status }) => status,
    (error: { status: number }) => error.status,
  );
}

test("environment goes from workflow to job to step, and secrets are not in the log", async () => {
  begin({ secrets: { [full]: { KEY: "hunter2" } }, vars: { [full]: { COLOUR: "green" } } });
  const script = [
    'echo "a=$A b=$B c=$C"',
    `echo "key $KEY sha ${expression("github.sha")} $GITHUB_SHA"`,
    'echo "LATER=yes" >> "$GITHUB_ENV"',
    'echo "n=5" >> "$GITHUB_OUTPUT"',
  ].join("\n");
  const steps = [
    { uses: "actions/checkout@v5" },
    { id: "one", run: script, env: { C: expression("vars.COLOUR"), KEY: expression("secrets.KEY") } },
    { run: `echo "later=$LATER n=${expression("steps.one.outputs.n")} $(git rev-parse HEAD) $(cat README.md)"` },
  ];
  const sha = await push(
    workflow({ test: { env: { B: "job", C: "job" }, steps } }, { env: { A: "workflow", B: "workflow" } }),
  );
  await actions.idle();
  const log = await logOf("test");
  expect(log).toContain("a=workflow b=job c=green");
  expect(log).toContain(`key *** sha ${sha} ${sha}`);
  expect(log).toContain(`later=yes n=5 ${sha} #`);
  expect(log).not.toContain("hunter2");
});

test("conditions decide which steps and jobs go on after a failure", async () => {
  begin();
  await push(
    workflow({
      test: {
        steps: [
          { run: "exit 3" },
          { name: "next", run: "true" },
          { name: "report", if: "failure()", run: "echo reported" },
        ],
      },
      cleanup: { needs: "test", if: "always() && needs.test.result == 'failure'" },
      elsewhere: { if: "github.ref == 'refs/heads/other'" },
    }),
  );
  await actions.idle();
  expect(await jobsOf(runs()[0])).toEqual(
    expect.arrayContaining([
      ["test", "failure"],
      ["cleanup", "success"],
      ["elsewhere", "skipped"],
    ]),
  );
  const steps = github.repo(full).jobs.find(({ key }) => key === "test")?.steps;
  expect(steps?.map(({ name, conclusion }) => [name, conclusion])).toEqual([
    ["Run exit 3", "failure"],
    ["next", "skipped"],
    ["report", "success"],
  ]);
});

test("only pushes that match start a run", async () => {
  begin();
  const on = { push: { branches: ["main", "release/**", "!release/old"], paths: ["src/**", "!src/**/*.md"] } };
  await push({ ...workflow({ test: {} }, { on }), "docs/a.md": "1" });
  await push({ "src/a.md": "1" });
  await push({ "src/a.js": "1" }, "Skip this\n\n[skip ci]");
  await actions.idle();
  expect(runs().length).toBe(0);
  await push({ "src/deep/a.js": "2" });
  await push({ "src/b.js": "2" }, "Work", "release/1.0");
  await push({ "src/b.js": "3" }, "Work", "release/old");
  await push({ "src/b.js": "4" }, "Work", "topic");
  await actions.idle();
  expect(runs().map(({ headBranch, conclusion }) => [headBranch, conclusion])).toEqual([
    ["main", "success"],
    ["release/1.0", "success"],
  ]);
  const all = await octokit.actions.listWorkflowRunsForRepo({ ...repo, head_sha: "" });
  expect(all.data.total_count).toBe(2);
});

test("a broken workflow file is a failed run without jobs", async () => {
  begin();
  await push({ ".github/workflows/ci.yml": "on: push\njobs: [" });
  await actions.idle();
  expect([concluded(), github.repo(full).jobs.length, runs()[0]?.name]).toEqual([
    ["failure"],
    0,
    ".github/workflows/ci.yml",
  ]);
});

test("while no runner comes, a run stays queued; cancelled, it ends so", async () => {
  begin();
  actions.pause();
  await push(workflow({ test: {} }));
  await until(() => github.repo(full).jobs.length === 1);
  const run_id = runs()[0]?.id ?? 0;
  const { data } = await octokit.actions.getWorkflowRun({ ...repo, run_id });
  expect([data.status, data.conclusion]).toEqual(["queued", null]);
  expect(await statusOf(octokit.actions.reRunWorkflow({ ...repo, run_id }))).toBe(403);
  await octokit.actions.cancelWorkflowRun({ ...repo, run_id });
  await actions.idle();
  expect(concluded()).toEqual(["cancelled"]);
  expect(await statusOf(octokit.actions.cancelWorkflowRun({ ...repo, run_id }))).toBe(409);
});

test("a cancelled job's processes are gone, those in the background too", async () => {
  begin();
  const [started, lived] = [join(root, "started"), join(root, "lived")];
  await push(workflow({ test: { steps: [{ run: `(sleep 1; touch ${lived}) & touch ${started}; sleep 60` }] } }));
  await until(() =>
    access(started).then(
      () => true,
      () => false,
    ),
  );
  await octokit.actions.cancelWorkflowRun({ ...repo, run_id: runs()[0]?.id ?? 0 });
  await actions.idle();
  expect(await jobsOf(runs()[0])).toEqual([["test", "cancelled"]]);
  await new Promise((resolve) => setTimeout(resolve, 1100));
  await expect(access(lived)).rejects.toThrow();
});

test("a re-run is a new attempt of the same run; of failed jobs only, the others stand", async () => {
  begin();
  actions.failNext({ job: "flaky" });
  await push(workflow({ good: {}, flaky: {}, after: { needs: ["good", "flaky"] } }));
  await actions.idle();
  const [run] = runs();
  expect(await jobsOf(run)).toEqual(
    expect.arrayContaining([
      ["good", "success"],
      ["flaky", "failure"],
      ["after", "skipped"],
    ]),
  );
  expect(await logOf("flaky")).toContain("lost communication with the server");
  await octokit.actions.reRunWorkflowFailedJobs({ ...repo, run_id: run?.id ?? 0 });
  await actions.idle();
  expect([run?.attempt, run?.conclusion, runs().length]).toEqual([2, "success", 1]);
  expect(
    github
      .repo(full)
      .jobs.filter(({ attempt }) => attempt === 2)
      .map(({ key }) => key)
      .toSorted(),
  ).toEqual(["after", "flaky"]);
  const { data } = await octokit.checks.listForRef({ ...repo, ref: "main" });
  expect(new Set(data.check_runs.map(({ conclusion }) => conclusion))).toEqual(new Set(["success"]));
  await octokit.actions.reRunWorkflow({ ...repo, run_id: run?.id ?? 0 });
  await actions.idle();
  expect([run?.attempt, github.repo(full).jobs.filter(({ attempt }) => attempt === 3).length]).toEqual([3, 3]);
});

test("in a concurrency group one runs and one waits; a newer one replaces that which waits", async () => {
  begin();
  const gate = join(root, "gate");
  const files = workflow(
    { test: { steps: [{ run: `until [ -e ${gate} ]; do sleep 0.01; done` }] } },
    { concurrency: `deploy-${expression("github.ref")}` },
  );
  await push({ ...files, n: "1" });
  await until(() => runs()[0]?.status === "in_progress");
  await push({ n: "2" });
  await until(() => runs()[1]?.status === "pending");
  await push({ n: "3" });
  await until(() => runs()[2]?.status === "pending");
  expect(concluded()).toEqual([null, "cancelled", null]);
  await writeFile(gate, "");
  await actions.idle();
  expect(concluded()).toEqual(["success", "cancelled", "success"]);
});

test("with cancel-in-progress a newer push cancels the run before it", async () => {
  begin();
  const files = workflow(
    { test: { steps: [{ run: "if [ $(cat n) = 1 ]; then sleep 60; fi" }] } },
    { concurrency: { group: "ci", "cancel-in-progress": true } },
  );
  const text = (files[".github/workflows/ci.yml"] ?? "").replace("steps:", "steps:\n      - uses: actions/checkout@v5");
  await push({ ".github/workflows/ci.yml": text, n: "1" });
  await until(() => runs()[0]?.status === "in_progress");
  await push({ n: "2" });
  await actions.idle();
  expect(concluded()).toEqual(["cancelled", "success"]);
});

test("closing ends running jobs and leaves no folder behind", async () => {
  begin();
  const place = join(root, "place");
  await push(workflow({ test: { steps: [{ run: `pwd > ${place}; sleep 60` }] } }));
  await until(() =>
    readFile(place, "utf8").then(
      (text) => text !== "",
      () => false,
    ),
  );
  const workspace = (await readFile(place, "utf8")).trim();
  await actions.close();
  await expect(readdir(workspace)).rejects.toThrow("ENOENT");
});
