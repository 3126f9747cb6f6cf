import { validate } from "node-cron";
import { z } from "zod";
import { duration, timeZone } from "./values.ts";

const cron = z.string().refine((text) => validate(text), {
  error: ({ input }) => `expected a cron expression, not ${JSON.stringify(input)}`,
});

const percent = z.number().min(1).max(99);

export const housekeepingSchema = z
  .strictObject({
    timeZone: timeZone.default("UTC").describe("of the hours below, and of the report's days"),
    report: cron.default("0 8 * * *").describe("when the daily report is posted"),
    volume: cron.default("*/10 * * * *").describe("when it is looked whether the volume is too full"),
    repos: cron.default("15 3 * * *").describe("when each idle repo is tidied and packed"),
    tools: cron.default("45 3 * * 0").describe("when package managers prune their own caches, where nothing runs"),
    measure: cron.default("40 * * * *").describe("when a part of the volume is measured"),
    measureFor: duration.prefault("60s").describe("how long that may take each time"),
    highPercent: percent.default(85).describe("in use of the volume: above it the least recently used goes"),
    lowPercent: percent.default(70).describe("in use of the volume: down to here"),
    keepIdleSlots: duration.prefault("30d").describe("how long a repo's warm tree is kept without a run"),
    keepCheckpoints: duration.prefault("14d").describe("how long T3's checkpoints of ended runs are kept"),
  })
  .refine(({ lowPercent, highPercent }) => lowPercent < highPercent, {
    path: ["lowPercent"],
    error: "has to be lower than highPercent",
  })
  .prefault({})
  .describe("What keeps the volume from filling up, and what the team reads of it. Hours are cron expressions.");
