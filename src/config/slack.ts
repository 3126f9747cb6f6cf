import { z } from "zod";
import { secretRef } from "./secrets.ts";
import { url, userId, userOrGroup } from "./values.ts";

export const slackSchema = z
  .strictObject({
    apiUrl: url.prefault("https://slack.com/api").describe("another one is of use in tests only"),
    botToken: secretRef.meta({ description: "xoxb-…", examples: [{ env: "AFK_SLACK_BOT_TOKEN" }] }),
    appToken: secretRef.meta({
      description: "xapp-…, with connections:write",
      examples: [{ env: "AFK_SLACK_APP_TOKEN" }],
    }),
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
  .describe("The Slack app of manifest.yml.");
