// Workflow files: the part of GitHub's workflow syntax that is run here, parsed and checked.
//
// Not here: matrices, reusable workflows, containers, services, environments. A file that uses a `strategy`, or that
// is no workflow at all, is refused as GitHub refuses a broken one: a failed run without jobs.

import { parse } from "yaml";
import { z } from "zod";

const scalar = z.union([z.string(), z.number(), z.boolean(), z.null()]).transform((value) => String(value ?? ""));
const environment = z.record(z.string(), scalar).default({});
const words = z.union([z.string().transform((word) => [word]), z.array(z.string())]);
const condition = z.union([z.string(), z.boolean(), z.number()]).transform(String);

const pushFilter = z
  .object({
    branches: words.optional(),
    "branches-ignore": words.optional(),
    tags: words.optional(),
    "tags-ignore": words.optional(),
    paths: words.optional(),
    "paths-ignore": words.optional(),
  })
  .nullable()
  .transform((filter) => filter ?? {});

const triggers = z.union([
  words.transform((events) => ({ push: events.includes("push") ? {} : undefined })),
  z.object({ push: pushFilter.optional() }).transform(({ push }) => ({ push })),
]);

const concurrency = z.union([
  z.string().transform((group) => ({ group, cancelInProgress: "false" })),
  z
    .object({ group: z.string(), "cancel-in-progress": condition.default("false") })
    .transform((value) => ({ group: value.group, cancelInProgress: value["cancel-in-progress"] })),
]);

const step = z.object({
  id: z.string().optional(),
  name: z.string().optional(),
  if: condition.optional(),
  run: z.string().optional(),
  uses: z.string().optional(),
  with: environment,
  env: environment,
  shell: z.string().optional(),
  "working-directory": z.string().optional(),
  "continue-on-error": z.boolean().default(false),
});

const job = z.object({
  name: z.string().optional(),
  needs: words.default([]),
  if: condition.optional(),
  env: environment,
  outputs: environment,
  "runs-on": z.unknown(),
  "continue-on-error": z.boolean().default(false),
  defaults: z
    .object({ run: z.object({ shell: z.string().optional(), "working-directory": z.string().optional() }).default({}) })
    .default({ run: {} }),
  strategy: z.undefined("a strategy is not supported").optional(),
  uses: z.undefined("a reusable workflow is not supported").optional(),
  steps: z.array(step).min(1),
});

const workflow = z.object({
  name: z.string().optional(),
  on: triggers,
  env: environment,
  concurrency: concurrency.optional(),
  jobs: z.record(z.string(), job),
});

export type WorkflowSpec = z.output<typeof workflow>;
export type JobSpec = z.output<typeof job>;
export type StepSpec = z.output<typeof step>;
export type PushFilter = z.output<typeof pushFilter>;

export type Parsed = { readonly ok: true; readonly spec: WorkflowSpec } | { readonly ok: false; readonly why: string };

export function parseWorkflow(text: string): Parsed {
  let document: unknown;
  try {
    document = parse(text);
  } catch (error) {
    return { ok: false, why: String(error) };
  }
  const parsed = workflow.safeParse(document);
  if (!parsed.success) return { ok: false, why: z.prettifyError(parsed.error) };
  const why = needsProblem(parsed.data);
  return why === undefined ? { ok: true, spec: parsed.data } : { ok: false, why };
}

/** Jobs may only need jobs that are there, and not each other in a circle. */
function needsProblem(spec: WorkflowSpec): string | undefined {
  if (Object.keys(spec.jobs).length === 0) return "no jobs";
  const settled = new Set<string>();
  for (let before = -1; before < settled.size; ) {
    before = settled.size;
    for (const [key, one] of Object.entries(spec.jobs))
      if (one.needs.every((need) => settled.has(need))) settled.add(key);
  }
  return settled.size === Object.keys(spec.jobs).length ? undefined : "a job needs one that is not there or needs it";
}
