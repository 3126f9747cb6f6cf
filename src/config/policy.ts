import { z } from "zod";
import { duration } from "./values.ts";

export const policySchema = z
  .strictObject({
    poll: duration.prefault("30s").describe("how often an idle repo is looked at for released issues"),
    refresh: duration
      .prefault("10m")
      .describe("how often an idle repo's slots follow the default branch, and are set up ahead of need"),
    watch: duration.prefault("5s").describe("how often a repo with an active run is looked at"),
    maxRuns: z.number().int().positive().default(4).describe("how many runs may be active, over all repos"),
    minFreePercent: z.number().min(0).max(90).default(5).describe("of the volume; below it nothing new starts"),
    prepare: duration.prefault("15m").describe("how long a tree or a session may fail to come about"),
    turnStart: duration.prefault("5m").describe("from a message to the agent's first sign of life"),
    turn: duration.prefault("2h").describe("how long one turn may take"),
    stall: duration.prefault("20m").describe("how long an agent may show no activity"),
    zombie: duration.prefault("2m").describe("the same, after T3 was away: then its session is taken for dead"),
    budgetUsd: z.number().positive().default(100).describe("what a run may cost, where that is known"),
    budgetTokens: z.number().int().positive().optional().describe("what it may use where not; default: no limit"),
    retry: duration.prefault("30s").describe("before a turn that failed is tried once more"),
    settle: duration.prefault("2m").describe("from an interrupt until the agent must have stopped"),
    askTimeout: duration.prefault("4h").describe("how long the agent waits for an answer before the run is blocked"),
    maxFixes: z.number().int().nonnegative().default(5).describe("corrective turns after a red verdict"),
    fix: duration.prefault("60m").describe("from the first red verdict; after it the run is frozen"),
    ciStart: duration.prefault("10m").describe("from the push to the first CI run for the commit"),
    ci: duration.prefault("1h").describe("from the push until CI must be done"),
    rollout: duration.prefault("90m").describe("from the push until the workload must be healthy on the commit"),
    trustedBots: z.array(z.string()).default([]).describe('apps whose label counts, such as "release-train[bot]"'),
  })
  .prefault({})
  .describe("Cadences and limits. Where a limit is reached the run stops, and a person is asked.");

export const labelsSchema = z
  .strictObject({
    ready: z.string().min(1).default("ready-for-agent").describe("releases an issue: put on by a person"),
    running: z.string().min(1).default("agent-running").describe("a run is under way: put on by the bot"),
    human: z.string().min(1).default("ready-for-human").describe("the bot cannot go on: put on by the bot"),
  })
  .prefault({})
  .describe("The names of the labels.");
