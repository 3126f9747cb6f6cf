// Check runs, check suites and commit statuses of a commit.

import { z } from "zod";
import { type Answer, created, forbidden, invalid, json, notFound, page, pageOf } from "../answers.ts";
import * as checks from "../checks.ts";
import { commitsBySha } from "../history.ts";
import type { CheckRun, CheckSuite, Status } from "../model.ts";
import { choice, numberParam, parseBody, type RepoCall, type Route, repoRoute, requireCaller } from "../route.ts";
import { simpleCommit } from "../shapes/commit.ts";
import { minimalRepo, repoApi } from "../shapes/repo.ts";
import { annotationShape, checkRunShape, checkSuiteShape, statusShape } from "../shapes/run.ts";
import { appOf, simpleUser } from "../shapes/user.ts";
import { nextId, timestamp } from "../world.ts";
import { requireCommit, requireSha } from "./commits.ts";

const conclusion = z.enum(["action_required", "cancelled", "failure", "neutral", "success", "skipped", "timed_out"]);
const output = z.object({ title: z.string().nullish(), summary: z.string().nullish(), text: z.string().nullish() });
const checkRunChange = z.object({
  name: z.string().optional(),
  details_url: z.string().optional(),
  external_id: z.string().optional(),
  status: z.enum(["queued", "in_progress", "completed"]).optional(),
  started_at: z.iso.datetime().optional(),
  conclusion: conclusion.optional(),
  completed_at: z.iso.datetime().optional(),
  output: output.optional(),
});
const newCheckRun = checkRunChange.extend({ name: z.string(), head_sha: z.string() });

const newStatus = z.object({
  state: z.enum(["error", "failure", "pending", "success"]),
  target_url: z.url().nullish(),
  description: z.string().max(140).nullish(),
  context: z.string().default("default"),
});

async function listRuns(call: RepoCall): Promise<Answer> {
  const sha = await requireSha(call, call.params["ref"] ?? "");
  return pageOfRuns(
    call,
    call.repo.checkRuns.filter((run) => run.headSha === sha),
  );
}

function pageOfRuns(call: RepoCall, all: readonly CheckRun[]): Answer {
  const filter = choice(call, "filter", ["latest", "all"], "latest", "CheckRun");
  const { check_name: name, status, app_id: app } = call.query;
  const runs = (filter === "latest" ? checks.latestRuns(all) : all).filter(
    (run) => (!name || run.name === name) && (!status || run.status === status) && (!app || String(run.app.id) === app),
  );
  const newestFirst = runs.toSorted((a, b) => b.id - a.id);
  return page(
    newestFirst,
    (run) => checkRunShape(call.world, call.repo, run),
    (shapes, total) => ({ total_count: total, check_runs: shapes }),
  );
}

function findSuite(call: RepoCall): CheckSuite {
  const id = numberParam(call, "id");
  const suite = call.repo.checkSuites.find((candidate) => candidate.id === id);
  if (suite === undefined) throw notFound();
  return suite;
}

async function suiteShapes(call: RepoCall, suites: readonly CheckSuite[]): Promise<unknown[]> {
  const commits = await commitsBySha(
    call.git,
    call.repo.gitDir,
    suites.map((suite) => suite.headSha),
  );
  return suites.flatMap((suite) => {
    const commit = commits.find((candidate) => candidate.sha === suite.headSha);
    return commit === undefined ? [] : [checkSuiteShape(call.world, call.repo, suite, simpleCommit(commit))];
  });
}

async function listSuites(call: RepoCall): Promise<Answer> {
  const sha = await requireSha(call, call.params["ref"] ?? "");
  const { app_id: app, check_name: name } = call.query;
  const suites = call.repo.checkSuites.filter(
    (suite) =>
      suite.headSha === sha &&
      (!app || String(suite.app.id) === app) &&
      (!name || call.repo.checkRuns.some((run) => run.suiteId === suite.id && run.name === name)),
  );
  return pageOf(
    suites,
    (some) => suiteShapes(call, some),
    (shapes, total) => ({ total_count: total, check_suites: shapes }),
  );
}

function findRun(call: RepoCall): CheckRun {
  const id = numberParam(call, "id");
  const run = call.repo.checkRuns.find((candidate) => candidate.id === id);
  if (run === undefined) throw notFound();
  return run;
}

/** Only GitHub Apps write check runs. */
function requireApp(call: RepoCall): ReturnType<typeof appOf> {
  const caller = requireCaller(call);
  if (caller.type !== "Bot") throw forbidden("You must authenticate via a GitHub App.");
  return appOf(caller);
}

async function createRun(call: RepoCall): Promise<Answer> {
  const app = requireApp(call);
  const fresh = parseBody(call, "CheckRun", newCheckRun);
  const sha = await requireSha(call, fresh.head_sha);
  const suite = checks.suiteOfApp(call.world, call.repo, app, sha);
  const run = checks.createCheckRun(call.world, call.repo, suite, {
    name: fresh.name,
    detailsUrl: fresh.details_url ?? `${call.world.url}/apps/${app.slug}`,
    externalId: fresh.external_id ?? "",
  });
  applyChange(call, suite, run, fresh);
  return created(checkRunShape(call.world, call.repo, run));
}

function changeRun(call: RepoCall): Answer {
  const app = requireApp(call);
  const run = findRun(call);
  if (run.app.id !== app.id) {
    throw forbidden("Invalid app_id - check run can only be modified by the GitHub App that created it.");
  }
  const suite = call.repo.checkSuites.find((candidate) => candidate.id === run.suiteId);
  if (suite === undefined) throw notFound();
  applyChange(call, suite, run, parseBody(call, "CheckRun", checkRunChange));
  return json(checkRunShape(call.world, call.repo, run));
}

/** A conclusion completes the run by itself; a completed run needs one. */
function applyChange(call: RepoCall, suite: CheckSuite, run: CheckRun, change: z.output<typeof checkRunChange>): void {
  const status = change.conclusion === undefined ? (change.status ?? run.status) : "completed";
  const concluded = change.conclusion ?? (status === "completed" ? run.conclusion : null);
  if (status === "completed" && concluded === null) {
    throw invalid({ resource: "CheckRun", field: "conclusion", code: "missing_field" });
  }
  const at = timestamp(call.world);
  run.name = change.name ?? run.name;
  run.detailsUrl = change.details_url ?? run.detailsUrl;
  run.externalId = change.external_id ?? run.externalId;
  run.status = status;
  run.conclusion = concluded;
  run.startedAt = change.started_at ?? run.startedAt ?? at;
  run.completedAt = status === "completed" ? (change.completed_at ?? run.completedAt ?? at) : null;
  if (change.output !== undefined) {
    const { title = null, summary = null, text = null } = change.output;
    run.output = { title, summary, text };
  }
  checks.foldSuite(call.world, call.repo, suite);
}

async function createStatus(call: RepoCall): Promise<Answer> {
  const fresh = parseBody(call, "Status", newStatus);
  const { sha } = await requireCommit(call, await requireSha(call, call.params["sha"] ?? ""));
  const status: Status = {
    id: nextId(call.world),
    sha,
    state: fresh.state,
    context: fresh.context,
    description: fresh.description ?? null,
    targetUrl: fresh.target_url ?? null,
    creator: requireCaller(call).login,
    createdAt: timestamp(call.world),
  };
  call.repo.statuses.push(status);
  return created(fullStatus(call, status));
}

function fullStatus(call: RepoCall, status: Status): unknown {
  return { ...statusShape(call.world, call.repo, status), creator: simpleUser(call.world, status.creator) };
}

async function listStatuses(call: RepoCall): Promise<Answer> {
  const sha = await requireSha(call, call.params["ref"] ?? "");
  const all = call.repo.statuses.filter((status) => status.sha === sha).toReversed();
  return page(all, (status) => fullStatus(call, status));
}

async function combinedStatus(call: RepoCall): Promise<Answer> {
  const { world, repo } = call;
  const sha = await requireSha(call, call.params["ref"] ?? "");
  const latest = checks.latestStatuses(repo, sha);
  const api = repoApi(world, repo);
  return page(
    latest,
    (status) => statusShape(world, repo, status),
    (shapes, total) => ({
      state: checks.combinedState(latest),
      statuses: shapes,
      sha,
      total_count: total,
      repository: minimalRepo(world, repo),
      commit_url: `${api}/commits/${sha}`,
      url: `${api}/commits/${sha}/status`,
    }),
  );
}

export const checkRoutes: readonly Route[] = [
  repoRoute("get", "/commits/*ref/check-runs", listRuns),
  repoRoute("get", "/commits/*ref/check-suites", listSuites),
  repoRoute("get", "/commits/*ref/status", combinedStatus),
  repoRoute("get", "/commits/*ref/statuses", listStatuses),
  repoRoute("get", "/check-suites/:id", async (call) => {
    const [shape] = await suiteShapes(call, [findSuite(call)]);
    if (shape === undefined) throw notFound();
    return json(shape);
  }),
  repoRoute("get", "/check-suites/:id/check-runs", (call) => {
    const suite = findSuite(call);
    return pageOfRuns(
      call,
      call.repo.checkRuns.filter((run) => run.suiteId === suite.id),
    );
  }),
  repoRoute("get", "/check-runs/:id", (call) => json(checkRunShape(call.world, call.repo, findRun(call)))),
  repoRoute("get", "/check-runs/:id/annotations", (call) => {
    const run = findRun(call);
    return page(run.annotations, (one) => annotationShape(call.world, call.repo, run, one));
  }),
  repoRoute("post", "/check-runs", createRun, "write"),
  repoRoute("patch", "/check-runs/:id", changeRun, "write"),
  repoRoute("post", "/statuses/:sha", createStatus, "write"),
];
