import { z } from "zod";
import { secretRef } from "./secrets.ts";
import { url, userId, userOrGroup } from "./values.ts";

export const slackSchema = z
  .strictObject({
    apiUrl: url.prefault("https://slack.com/api").describe("another one is of use in tests only"),
    botToken: secretRef.meta({ description: "xoxb-…", examples: [{ env: "AFK_SLACK_BOT_TOKEN" }] }),
    appToken: secretRef.optional().meta({
      description: "xapp-…, with connections:write",
      examples: [{ env: "AFK_SLACK_APP_TOKEN" }],
    }),
    mode: z
      .enum(["socket", "http"])
      .default("socket")
      .describe("socket: the bot opens connections to Slack; http: Slack sends signed requests to it"),
    signingSecret: secretRef
      .optional()
      .describe("instead of appToken where mode is http: { env: NAME } or { file: PATH }"),
    requests: z
      .strictObject({
        host: z.string().min(1).optional().describe("the address to listen on; default: as http.host"),
        port: z.number().int().min(0).max(65_535).default(3000).describe("0 = any free one, which the log then names"),
      })
      .prefault({})
      .describe("where Slack's requests come in, at /slack/events, where mode is http"),
    channel: z
      .string()
      .regex(/^[CG][A-Z0-9]+$/, "expected a channel id such as C0123ABCD")
      .meta({ description: "where the threads are; invite the bot there", examples: ["C0123ABCD"] }),
    operators: z
      .array(userOrGroup)
      .default([])
      .meta({
        description: "users or user groups who may pause, resume and resolve; everybody else may look",
        examples: [["U0123ABCD"]],
      }),
    people: z
      .record(userId, z.string().min(1))
      .default({})
      .describe("GitHub logins by Slack user id, for the audit: { U0123ABCD: their-login }"),
  })
  .refine(({ mode, appToken }) => mode !== "socket" || appToken !== undefined, {
    path: ["appToken"],
    error: "missing: mode socket connects with it",
  })
  .refine(({ mode, signingSecret }) => mode !== "http" || signingSecret !== undefined, {
    path: ["signingSecret"],
    error: "missing: mode http tells Slack's requests by it from anybody else's",
  })
  .meta({
    description: "The Slack app of manifest.yml.",
    anyOf: [{ required: ["appToken"] }, { required: ["signingSecret"] }],
  });
