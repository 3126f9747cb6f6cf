// What the bot remembers of its housekeeping: when each job ran, what was removed, how full the volume was each day.

import { z } from "zod";
import { kinds } from "./housekeeping.ts";

const at = z.number().int().nonnegative();

export const jobNames = ["volume", "repos", "tools", "measure", "report"] as const;
export type JobName = (typeof jobNames)[number];

const jobSchema = z
  .object({
    ranAt: at,
    /** When it is to run next by the schedule of that time: a start later than that catches up. Null = never. */
    due: at.nullable(),
    failed: z.string().nullable(),
  })
  .readonly();

const groupSchema = z
  .object({
    kind: z.enum(kinds),
    of: z.string(),
    why: z.string(),
    units: z.number().int().nonnegative(),
    bytes: z.number().nonnegative(),
    unmeasured: z.number().int().nonnegative(),
    usedFrom: z.number(),
    usedTo: z.number(),
  })
  .readonly();

const amountSchema = z.object({ total: z.number().nonnegative(), free: z.number().nonnegative() }).readonly();
const spaceSchema = z.object({ bytes: amountSchema, files: amountSchema.nullable() }).readonly();

/** One pass over the volume, once it is over. `by` is the Slack user who asked for it; null = the schedule. */
export const passSchema = z
  .object({
    pass: z.string(),
    at,
    endedAt: at,
    by: z.string().nullable(),
    removed: z.array(groupSchema).readonly(),
    stayed: z.array(groupSchema).readonly(),
    before: spaceSchema.nullable(),
    after: spaceSchema.nullable(),
    notes: z.array(z.string()).readonly(),
  })
  .readonly();
export type Pass = z.infer<typeof passSchema>;

/** What was done for one repo, in words. */
const careSchema = z
  .object({ at, did: z.array(z.string()).readonly(), failed: z.array(z.string()).readonly() })
  .readonly();
export type Care = z.infer<typeof careSchema>;

const holderSchema = z.object({ name: z.string(), bytes: z.number().nonnegative(), why: z.string() }).readonly();
export type Holder = z.infer<typeof holderSchema>;

/** How the volume stood on a day. */
const sampleSchema = z.object({ at, space: spaceSchema }).readonly();
export type Sample = z.infer<typeof sampleSchema>;

const passHeadSchema = z.object({ pass: z.string(), at, by: z.string().nullable() }).readonly();
export type PassHead = z.infer<typeof passHeadSchema>;

export const housekeepingSchema = z
  .object({
    jobs: z.record(z.string(), jobSchema).readonly().default({}),
    repos: z.record(z.string(), careSchema).readonly().default({}),
    tools: careSchema.nullable().default(null),
    /** Somebody wants a pass, and it has not ended yet. */
    asked: z.object({ by: z.string(), at }).readonly().nullable().default(null),
    /** The pass under way. */
    pass: passHeadSchema.nullable().default(null),
    passes: z.array(passSchema).readonly().default([]).describe("of the last days, oldest first"),
    samples: z.array(sampleSchema).readonly().default([]).describe("one a day, oldest first"),
    /** Everything that may go is gone, and the volume is still too full. */
    full: z
      .object({ at, holders: z.array(holderSchema).readonly() })
      .readonly()
      .nullable()
      .default(null),
    /** The report that is to be shown, and whether it was. */
    report: z.object({ key: z.string(), at, shown: z.boolean() }).readonly().nullable().default(null),
    /** When a run last left each slot, by `owner/name/slot`. */
    slots: z.record(z.string(), at).readonly().default({}),
  })
  .readonly();
export type HousekeepingState = z.infer<typeof housekeepingSchema>;

export const noHousekeeping: HousekeepingState = housekeepingSchema.parse({});

export const housekeepingEvents = [
  z.object({
    type: z.literal("housekeeping.job-ran"),
    at,
    job: z.enum(jobNames),
    due: at.nullable(),
    failed: z.string().nullable(),
  }),
  z.object({ type: z.literal("housekeeping.repo-cared"), at, repo: z.string(), care: careSchema }),
  z.object({ type: z.literal("housekeeping.tools-cared"), at, care: careSchema }),
  z.object({ type: z.literal("housekeeping.pass-begun"), at, pass: z.string(), by: z.string().nullable() }),
  z.object({ type: z.literal("housekeeping.pass-ended"), at, pass: passSchema }),
  z.object({ type: z.literal("housekeeping.sampled"), at, space: spaceSchema }),
  z.object({ type: z.literal("housekeeping.filled"), at, holders: z.array(holderSchema).readonly() }),
  z.object({ type: z.literal("housekeeping.relieved"), at }),
  z.object({ type: z.literal("housekeeping.report-due"), at, key: z.string() }),
  z.object({ type: z.literal("housekeeping.report-shown"), at, key: z.string() }),
] as const;
export type HousekeepingEvent = Readonly<z.infer<(typeof housekeepingEvents)[number]>>;

const DAY_MS = 24 * 3_600_000;
const KEEP = { passesMs: 3 * DAY_MS, passes: 60, samples: 40 };

export function reduceHousekeeping(state: HousekeepingState, event: HousekeepingEvent): HousekeepingState {
  const { at } = event;
  switch (event.type) {
    case "housekeeping.job-ran":
      return { ...state, jobs: { ...state.jobs, [event.job]: { ranAt: at, due: event.due, failed: event.failed } } };
    case "housekeeping.repo-cared":
      return { ...state, repos: { ...state.repos, [event.repo]: event.care } };
    case "housekeeping.tools-cared":
      return { ...state, tools: event.care };
    case "housekeeping.pass-begun":
      return { ...state, pass: { pass: event.pass, at, by: event.by } };
    case "housekeeping.pass-ended": {
      const earlier = state.passes.filter(({ endedAt }) => at - endedAt < KEEP.passesMs);
      const asked = state.asked?.by === event.pass.by ? null : state.asked;
      return { ...state, asked, pass: null, passes: [...earlier, event.pass].slice(-KEEP.passes) };
    }
    case "housekeeping.sampled": {
      const earlier = state.samples.filter((sample) => dayOf(sample.at) !== dayOf(at));
      return { ...state, samples: [...earlier, { at, space: event.space }].slice(-KEEP.samples) };
    }
    case "housekeeping.filled":
      return state.full === null ? { ...state, full: { at, holders: event.holders } } : state;
    case "housekeeping.relieved":
      return { ...state, full: null };
    case "housekeeping.report-due":
      return { ...state, report: { key: event.key, at, shown: false } };
    case "housekeeping.report-shown":
      return state.report?.key === event.key ? { ...state, report: { ...state.report, shown: true } } : state;
    default:
      return event satisfies never;
  }
}

export function slotKey(repo: string, slot: number): string {
  return `${repo}/${slot}`;
}

function dayOf(at: number): number {
  return Math.floor(at / DAY_MS);
}
