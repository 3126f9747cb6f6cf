import { z } from "zod";
import { t3TokenRef } from "./secrets.ts";
import { url } from "./values.ts";

/** What every T3 server has of its own. */
const server = {
  version: z.string().min(1).optional().describe('the server version that is meant to answer, such as "0.0.28"'),
  baseDir: z
    .string()
    .min(1)
    .optional()
    .describe("T3's base directory, where the bot can read it: then it knows of restarts and of costs for certain"),
  capacity: z
    .number()
    .int()
    .positive()
    .optional()
    .describe("how many runs may be active at this server; default: policy.maxRuns"),
  drain: z.boolean().default(false).describe("true: no run starts at this server any more; those under way finish"),
};

const name = z.string().regex(/^[a-z0-9][a-z0-9-]{0,30}$/, "expected lower-case letters, digits and dashes");

const other = z
  .strictObject({
    name: name.describe("what runs and people know it by: keep it as long as the server"),
    url: url.describe("as the bot reaches it"),
    publicUrl: url.optional().describe("as people reach it; default: url"),
    token: t3TokenRef.describe("as t3.token, of this server"),
    ...server,
  })
  .describe("a further server");

export const t3Schema = z
  .strictObject({
    name: name.default("t3").describe("what runs and people know it by, where there are several"),
    url: url.meta({ description: "as the bot reaches it", examples: ["http://afk-t3:3773"] }),
    publicUrl: url.optional().meta({
      description: "as people reach it, for the links; default: url",
      examples: ["https://t3.example.com"],
    }),
    token: t3TokenRef.meta({
      description:
        "of `t3 auth session issue --token-only`; or { command: [PROGRAM, ARGUMENT …] } that prints one, or { exchange: " +
        "{ adminToken: { file: PATH } } } for tokens that can do no more than the bot needs",
      examples: [{ file: "/secrets/t3-token" }],
    }),
    ...server,
    others: z
      .array(other)
      .prefault([])
      .describe(
        "further servers, on the same volume at the same path: [{ name: west, url: …, token: { file: PATH } }]",
      ),
    pilot: z
      .enum(["required", "auto"])
      .default("required")
      .describe(
        "nothing starts before `afk pilot` has passed; auto: the bot runs it by itself, for an agent's turn's cost",
      ),
    runtimeMode: z
      .enum(["full-access", "auto-accept-edits", "approval-required"])
      .default("full-access")
      .describe("what agents may do unasked; all but full-access asks people in Slack, and waits for them"),
    prices: z
      .record(
        z.string(),
        z.strictObject({ inputPerMTok: z.number().nonnegative(), outputPerMTok: z.number().nonnegative() }),
      )
      .default({})
      .describe("USD for a million tokens, to estimate by: { MODEL: { inputPerMTok: 5, outputPerMTok: 25 } }"),
    model: z
      .strictObject({ instanceId: z.string().regex(/^[a-zA-Z][a-zA-Z0-9_-]*$/), model: z.string().min(1) })
      .default({ instanceId: "claudeAgent", model: "claude-opus-4-8" })
      .describe("which of T3's agents works, and with which model"),
  })
  .superRefine(({ name, others }, { addIssue }) => {
    const names = [name, ...others.map((one) => one.name)];
    for (const [index, one] of others.entries()) {
      if (names.indexOf(one.name) === index + 1) continue;
      addIssue({
        code: "custom",
        path: ["others", index, "name"],
        message: `${one.name} is the name of another server`,
      });
    }
  })
  .describe("The T3 Code server that runs the agents: one of its own for the bot.");
