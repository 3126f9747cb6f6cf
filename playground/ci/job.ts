// Executes one job as a runner does: an empty workspace, then its steps one after the other, really run by bash.
//
// `uses` steps: actions/checkout clones the commit; other actions of the `actions/` organization do nothing, because
// the tools that they set up are those of this machine; any other action cannot be found.

import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { cleanEnvironment } from "../github/git.ts";
import type { Conclusion, Step } from "../github/model.ts";
import { ExpressionError, holds, interpolate, type Scope, type Status } from "./expression.ts";
import { runProgram } from "./processes.ts";
import type { JobSpec, StepSpec } from "./workflow.ts";

export type JobRun = {
  readonly spec: JobSpec;
  readonly workflowEnv: Readonly<Record<string, string>>;
  /** github, secrets, vars, needs. */
  readonly contexts: Readonly<Record<string, unknown>>;
  /** The GITHUB_* variables. */
  readonly variables: Readonly<Record<string, string>>;
  readonly checkout: { readonly gitDir: string; readonly url: string; readonly sha: string; readonly branch: string };
  readonly signal: AbortSignal;
  readonly now: () => Date;
  readonly steps: Step[];
  log(text: string): void;
};

type Files = { readonly root: string; readonly workspace: string; readonly commands: string };

/** Never rejects for what a workflow does wrong; leaves no process and no folder behind. */
export async function runJob(job: JobRun): Promise<Extract<Conclusion, "success" | "failure" | "cancelled">> {
  const root = await mkdtemp(join(tmpdir(), "actions-job-"));
  try {
    const files: Files = { root, workspace: join(root, "work"), commands: join(root, "commands") };
    await mkdir(files.workspace);
    await mkdir(files.commands);
    return await runSteps(job, files);
  } finally {
    await rm(root, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function runSteps(job: JobRun, files: Files): Promise<"success" | "failure" | "cancelled"> {
  const outputs: Record<string, unknown> = {};
  let env: Record<string, string> = {};
  let status: Status = "success";
  try {
    env = mapValues({ ...job.workflowEnv, ...job.spec.env }, { status, contexts: job.contexts });
  } catch (error) {
    job.log(`##[error]The template is not valid. ${String(error)}`);
    return "failure";
  }
  for (const [index, spec] of job.spec.steps.entries()) {
    const at = (): string =>
      job
        .now()
        .toISOString()
        .replace(/\.\d{3}Z$/, "Z");
    const scope: Scope = { status, contexts: { ...job.contexts, env, steps: outputs } };
    const step: Step = {
      name: stepName(spec, scope),
      number: index + 1,
      status: "in_progress",
      conclusion: null,
      startedAt: at(),
      completedAt: null,
    };
    job.steps.push(step);
    const result = await runStep(job, files, spec, step, scope, env);
    Object.assign(step, { status: "completed", conclusion: result.conclusion, completedAt: at() });
    if (spec.id !== undefined) outputs[spec.id] = { outputs: result.outputs, conclusion: result.conclusion };
    if (job.signal.aborted) status = "cancelled";
    else if (result.conclusion === "failure" && !spec["continue-on-error"]) status = "failure";
  }
  return status;
}

function stepName(spec: StepSpec, scope: Scope): string {
  const name =
    spec.name ?? (spec.uses === undefined ? `Run ${(spec.run ?? "").split("\n")[0] ?? ""}` : `Run ${spec.uses}`);
  try {
    return interpolate(name, scope);
  } catch {
    return name;
  }
}

type StepResult = { readonly conclusion: Conclusion; readonly outputs: Record<string, string> };

async function runStep(
  job: JobRun,
  files: Files,
  spec: StepSpec,
  step: Step,
  scope: Scope,
  env: Record<string, string>,
): Promise<StepResult> {
  const done = (conclusion: Conclusion, outputs = {}): StepResult => ({ conclusion, outputs });
  try {
    if (job.signal.aborted) return done("cancelled");
    if (!holds(spec.if, scope)) return done("skipped");
    if (spec.uses !== undefined) return done(await runAction(job, files, spec.uses));
    const code = await runScript(job, files, spec, step.number, scope, env);
    if (job.signal.aborted) {
      job.log("##[error]The operation was canceled.");
      return done("cancelled");
    }
    // What a step writes to GITHUB_ENV is there for the steps after it.
    Object.assign(env, await readCommands(join(files.commands, `env-${step.number}`)));
    const outputs = await readCommands(join(files.commands, `output-${step.number}`));
    if (code === 0) return done("success", outputs);
    job.log(`##[error]Process completed with exit code ${code}.`);
    return done("failure", outputs);
  } catch (error) {
    job.log(`##[error]${error instanceof ExpressionError ? "The template is not valid. " : ""}${String(error)}`);
    return done("failure");
  }
}

async function runAction(job: JobRun, files: Files, uses: string): Promise<"success" | "failure"> {
  job.log(`##[group]Run ${uses}`);
  job.log("##[endgroup]");
  if (uses.startsWith("actions/checkout@")) return (await checkout(job, files)) ? "success" : "failure";
  if (uses.startsWith("actions/")) return "success";
  job.log(`##[error]Unable to resolve action \`${uses}\`, repository not found`);
  return "failure";
}

async function checkout(job: JobRun, files: Files): Promise<boolean> {
  const { gitDir, url, sha, branch } = job.checkout;
  const script = `git clone --quiet --shared --no-checkout "$0" . && git remote set-url origin "$1" && git checkout --quiet -B "$3" "$2" && git log -1 --format='%H'`;
  const program = {
    command: "sh",
    args: ["-c", script, gitDir, url, sha, branch],
    cwd: files.workspace,
    env: cleanEnvironment(),
    line: job.log,
  };
  return (await runProgram(program, job.signal)) === 0;
}

/** Without `shell` GitHub runs `bash -e`; with `shell: bash` also pipefail. */
async function runScript(
  job: JobRun,
  files: Files,
  spec: StepSpec,
  number: number,
  scope: Scope,
  env: Readonly<Record<string, string>>,
): Promise<number> {
  const text = interpolate(spec.run ?? "", scope);
  const path = join(files.root, `step-${number}.sh`);
  await writeFile(path, text);
  const explicit = (spec.shell ?? job.spec.defaults.run.shell) === "bash";
  const folder = spec["working-directory"] ?? job.spec.defaults.run["working-directory"] ?? ".";
  const declared = { ...env, ...mapValues(spec.env, scope) };
  job.log(`##[group]Run ${text.split("\n")[0] ?? ""}`);
  for (const line of text.trimEnd().split("\n")) job.log(line);
  for (const [name, value] of Object.entries(declared)) job.log(`  ${name}: ${value}`);
  job.log("##[endgroup]");
  return await runProgram(
    {
      command: "bash",
      args: explicit ? ["--noprofile", "--norc", "-eo", "pipefail", path] : ["-e", path],
      cwd: join(files.workspace, interpolate(folder, scope)),
      env: { ...runnerEnvironment(job, files, number), ...declared },
      line: job.log,
    },
    job.signal,
  );
}

function mapValues(values: Readonly<Record<string, string>>, scope: Scope): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, interpolate(value, scope)]));
}

function runnerEnvironment(job: JobRun, files: Files, number: number): Record<string, string> {
  const node = dirname(process.execPath);
  return {
    ...cleanEnvironment(),
    ...job.variables,
    PATH: [node, process.env["PATH"] ?? "/usr/bin:/bin"].join(delimiter),
    HOME: files.root,
    CI: "true",
    GITHUB_ACTIONS: "true",
    GITHUB_WORKSPACE: files.workspace,
    GITHUB_ENV: join(files.commands, `env-${number}`),
    GITHUB_OUTPUT: join(files.commands, `output-${number}`),
    GITHUB_STEP_SUMMARY: join(files.commands, `summary-${number}`),
    RUNNER_OS: "Linux",
    RUNNER_TEMP: files.commands,
  };
}

/** `name=value` lines, and `name<<END` … `END`. */
async function readCommands(path: string): Promise<Record<string, string>> {
  const text = await readFile(path, "utf8").catch(() => "");
  const found: Record<string, string> = {};
  const lines = text.split("\n");
  while (lines.length > 0) {
    const line = lines.shift() ?? "";
    const [, name = "", end] = /^([^=<]+)<<(.+)$/.exec(line) ?? [];
    if (end !== undefined) {
      const stop = lines.indexOf(end);
      found[name] = lines
        .splice(0, stop < 0 ? lines.length : stop + 1)
        .slice(0, -1)
        .join("\n");
    } else if (line.includes("=")) found[line.slice(0, line.indexOf("="))] = line.slice(line.indexOf("=") + 1);
  }
  return found;
}
