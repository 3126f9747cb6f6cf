// The broken state as it was when the run froze: kept on the volume for whoever looks into it, and in short for the
// thread. Gathered once, best effort: what could not be read is said, and never keeps the run from being shown.

import type { RunEvent } from "./domain/event.ts";
import { type FailedJob, tail, type WorkloadReport } from "./domain/message.ts";
import type { Observed } from "./domain/observed.ts";
import { shortSha } from "./domain/repo.ts";
import type { Run } from "./domain/run.ts";
import { messageOf } from "./errors.ts";
import { fieldsOf } from "./log.ts";
import type { Parts } from "./parts.ts";

const SUMMARY_LENGTH = 2_400;
const LINES_QUOTED = 6;

export async function gatherForensics(run: Run, parts: Parts): Promise<readonly RunEvent[]> {
  const { state } = run;
  if (state.name !== "frozen") return [];
  const { github, cluster, trees, executor, forensics, redact, clock, log } = parts;
  const { sha } = state.landed;
  const name = `${run.id}/${state.since}`;
  const [jobs, workloads, diff, words] = await Promise.all([
    github.fetchFailures(run.repo, sha),
    cluster.fetchReports(run.repo),
    trees.diffOf(run, sha),
    run.session === null ? undefined : executor.fetchLastMessages(run.session),
  ]);
  const files = new Map<string, string>();
  const put = (name: string, text: string): void => void files.set(name, redact(text));
  for (const [index, job] of valuesOf(jobs).entries()) put(`ci-${index + 1}.txt`, jobText(job));
  for (const [index, report] of valuesOf(workloads).entries()) put(`cluster-${index + 1}.txt`, reportText(report));
  put("diff.patch", diff.known ? diff.value : `could not be read: ${diff.why}\n`);
  if (words !== undefined)
    put("session.txt", words.known ? words.value.join("\n\n") : `could not be read: ${words.why}\n`);
  const summary = redact(summaryOf(run, state.reason, name, { jobs, workloads, diff })).slice(0, SUMMARY_LENGTH);
  files.set("summary.txt", `${summary}\n`);
  try {
    const path = await forensics.keep(name, files);
    return [{ type: "run.forensics-kept", at: clock.now(), run: run.id, path, summary }];
  } catch (error) {
    log.warn({ ...fieldsOf(run), why: messageOf(error) }, "forensics not kept");
    return [];
  }
}

type Gathered = {
  readonly jobs: Observed<readonly FailedJob[]>;
  readonly workloads: Observed<readonly WorkloadReport[]>;
  readonly diff: Observed<string>;
};

function summaryOf(
  run: Run,
  reason: { readonly text: string; readonly details: string | null },
  name: string,
  { jobs, workloads, diff }: Gathered,
): string {
  const lines = [reason.details ?? reason.text, `All of it is on the volume, in forensics/${name}`];
  if (!jobs.known) lines.push(`CI could not be read: ${jobs.why}`);
  for (const { name, notes, log } of valuesOf(jobs)) {
    lines.push(`CI ${name}${notes[0] === undefined ? "" : ` – ${notes[0]}`}`);
    if (log.known) lines.push(...quoted(log.value));
  }
  if (!workloads.known) lines.push(`The cluster could not be read: ${workloads.why}`);
  for (const { workload, lines: seen, logs } of valuesOf(workloads)) {
    lines.push(workload, ...seen.slice(0, 8).map((line) => `  ${line}`));
    const first = logs.find(({ log }) => log.known && log.value.trim() !== "");
    if (first?.log.known) lines.push(`  log of ${first.pod}:`, ...quoted(first.log.value));
  }
  if (diff.known) {
    const changed = new Set([...diff.value.matchAll(/^diff --git a\/.+ b\/(.+)$/gm)].map((found) => found[1]));
    lines.push(`Changed since ${shortSha(run.tree?.base ?? "")}: ${[...changed].slice(0, 12).join(", ") || "nothing"}`);
  }
  return lines.join("\n");
}

function quoted(log: string): readonly string[] {
  return tail(log, LINES_QUOTED)
    .split("\n")
    .map((line) => `    ${line.slice(0, 200)}`);
}

function jobText({ name, url, notes, log }: FailedJob): string {
  return [name, url ?? "", ...notes, "", log.known ? log.value : `its log could not be read: ${log.why}`].join("\n");
}

function reportText({ workload, lines, logs }: WorkloadReport): string {
  const texts = logs.map(
    ({ pod, log }) => `--- log of ${pod}\n${log.known ? log.value : `could not be read: ${log.why}`}`,
  );
  return [workload, ...lines, ...texts].join("\n");
}

function valuesOf<T>(observed: Observed<readonly T[]>): readonly T[] {
  return observed.known ? observed.value : [];
}
