// What failed on a commit, with the end of each log: the evidence that a fix is made by.
//
// A job's log is behind a signed address on another host (docs.github.com, "Download job logs for a workflow run"): it is
// read without our token, and only its end is kept, as logs may be huge.

import { type FailedJob, LOG_LINES, tail } from "../domain/message.ts";
import { known, type Observed, unknown } from "../domain/observed.ts";
import { type RepoKey, type Sha, splitRepo } from "../domain/repo.ts";
import { AfkError, messageOf } from "../errors.ts";
import { fetchInTime, type GitHubClient } from "./client.ts";
import { isFailure } from "./conclusions.ts";

/** More than these are not read: whoever fixes ten jobs fixes the eleventh. */
const MOST_JOBS = 10;
const LOG_CHARACTERS = 64 * 1024;

/** Annotations by which GitHub's runners say that it was not the job's own doing. */
const MACHINE =
  /runner.* lost communication with the server|runner has received a shutdown signal|did not connect to the service|failed to (?:queue|provision)|internal server error|no space left on device/i;

/** Throws where the runs or checks of the commit cannot be listed; a log that cannot be read is unknown. */
export async function fetchFailures(client: GitHubClient, repo: RepoKey, sha: Sha): Promise<readonly FailedJob[]> {
  const { owner, name } = splitRepo(repo);
  const target = { owner, repo: name };
  const page = { ...target, per_page: 100 };
  const [runs, checks, statuses] = await Promise.all([
    client.paginate(client.rest.actions.listWorkflowRunsForRepo, { ...page, head_sha: sha }),
    client.paginate(client.rest.checks.listForRef, { ...page, ref: sha, filter: "latest" }),
    client.rest.repos.getCombinedStatusForRef({ ...page, ref: sha }),
  ]);
  const failed = runs.filter((run) => run.head_sha === sha && run.status === "completed" && isFailure(run.conclusion));
  const jobs = (await Promise.all(failed.map((run) => failedJobs(client, target, run)))).flat();
  const ofActions = new Set(runs.flatMap(({ check_suite_id: suite }) => suite ?? []));
  const others = checks
    .filter((check) => check.status === "completed" && isFailure(check.conclusion))
    .filter(({ check_suite: suite }) => suite === null || !ofActions.has(suite.id))
    .map(({ name: check, details_url: url, output }) => ({
      name: check,
      url,
      notes: [output.title, output.summary, output.text].flatMap((text) => (text ? [cut(text)] : [])),
      log: unknown("it is no job of GitHub Actions"),
    }));
  const red = statuses.data.statuses
    .filter(({ state }) => state === "failure" || state === "error")
    .map(({ context, target_url: url, description }) => ({
      name: context,
      url,
      notes: description === null ? [] : [description],
      log: unknown("it is a commit status"),
    }));
  return [...jobs, ...[...others, ...red].map((one) => ({ ...one, run: null, transient: null }))].slice(0, MOST_JOBS);
}

type Target = { readonly owner: string; readonly repo: string };
type Run = {
  readonly id: number;
  readonly run_attempt?: number;
  readonly name?: string | null;
  readonly path: string;
  readonly html_url: string;
};

async function failedJobs(client: GitHubClient, target: Target, run: Run): Promise<readonly FailedJob[]> {
  const attempt = run.run_attempt ?? 1;
  const listed = await client.paginate(client.rest.actions.listJobsForWorkflowRunAttempt, {
    ...target,
    run_id: run.id,
    attempt_number: attempt,
    per_page: 100,
  });
  const jobs = listed.filter(({ conclusion }) => isFailure(conclusion)).slice(0, MOST_JOBS);
  const workflow = run.name ?? run.path;
  if (jobs.length === 0) {
    // Never got as far as a job: the workflow file itself is refused.
    const note = "It failed before any of its jobs began: its file may not be valid.";
    const log = unknown("there is none");
    return [{ name: workflow, url: run.html_url, notes: [note], log, run: { id: run.id, attempt }, transient: null }];
  }
  return await Promise.all(
    jobs.map(async (job): Promise<FailedJob> => {
      const steps = (job.steps ?? []).filter(({ conclusion }) => isFailure(conclusion ?? null));
      const [annotations, log] = await Promise.all([
        annotationsOf(client, target, job.check_run_url),
        observe(() => fetchLog(client, target, job.id)),
      ]);
      return {
        name: `${workflow} / ${job.name}`,
        url: job.html_url,
        notes: [...steps.map((step) => `failed step: ${step.name}`), ...annotations.map(cut)],
        log,
        run: { id: run.id, attempt },
        transient: annotations.find((text) => MACHINE.test(text)) ?? null,
      };
    }),
  );
}

/** Of the job's check run; they are an extra, and none where they cannot be read. */
async function annotationsOf(client: GitHubClient, target: Target, url: string): Promise<readonly string[]> {
  const id = Number(/\/check-runs\/(\d+)$/.exec(url)?.[1] ?? 0);
  if (id === 0) return [];
  try {
    const { data } = await client.rest.checks.listAnnotations({ ...target, check_run_id: id, per_page: 20 });
    return data
      .filter(({ annotation_level: level }) => level === "failure" || level === "warning")
      .map(({ message, path, start_line: line }) => `${path}:${line} ${message ?? ""}`.trim());
  } catch {
    return [];
  }
}

async function fetchLog(client: GitHubClient, target: Target, job: number): Promise<string> {
  const url = client.rest.actions.downloadJobLogsForWorkflowRun.endpoint({ ...target, job_id: job }).url;
  const auth = await client.request("GET /repos/{owner}/{repo}/actions/jobs/{job_id}/logs", {
    ...target,
    job_id: job,
    request: { redirect: "manual" },
  });
  const location = auth.headers.location;
  if (location === undefined) throw new AfkError("invalid", `GitHub names no address for the log of ${url}`);
  const response = await fetchInTime(location);
  if (!response.ok || response.body === null) throw new AfkError("unreachable", `the log answers ${response.status}`);
  let kept = "";
  const decoder = new TextDecoder();
  for await (const chunk of response.body)
    kept = (kept + decoder.decode(chunk, { stream: true })).slice(-LOG_CHARACTERS);
  return tail(withoutNoise(kept), LOG_LINES);
}

/** GitHub puts a time before each line, and colours as terminals know them. */
function withoutNoise(log: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what is taken out.
  return log.replaceAll(/^\uFEFF?\d{4}-\d\d-\d\dT[\d:.]+Z /gm, "").replaceAll(/\u001b\[[0-9;]*[A-Za-z]/g, "");
}

async function observe(read: () => Promise<string>): Promise<Observed<string>> {
  try {
    return known(await read());
  } catch (error) {
    return unknown(messageOf(error));
  }
}

function cut(text: string): string {
  return text.length <= 1_000 ? text : `${text.slice(0, 999)}…`;
}
