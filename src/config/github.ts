import { z } from "zod";
import { secretRef } from "./secrets.ts";
import { url } from "./values.ts";

export const githubSchema = z
  .strictObject({
    apiUrl: url.prefault("https://api.github.com").describe("GitHub Enterprise Server: https://HOST/api/v3"),
    token: secretRef.optional().meta({
      description:
        "of a machine account that may push to the default branches: contents, issues, checks, actions; or give an app",
      examples: [{ env: "AFK_GITHUB_TOKEN" }],
    }),
    app: z
      .strictObject({
        id: z.number().int().positive(),
        installationId: z.number().int().positive(),
        privateKey: secretRef,
      })
      .optional()
      .describe("a GitHub App instead of a token: { id: 1, installationId: 2, privateKey: { file: PATH } }"),
    requestsPerHour: z
      .number()
      .int()
      .min(60)
      .default(36_000)
      .describe("of polls at most; their interval stretches to keep it"),
  })
  .refine(({ token, app }) => token !== undefined || app !== undefined, {
    path: ["token"],
    error: "missing: give a token, or an app",
  })
  .refine(({ token, app }) => token === undefined || app === undefined, {
    path: ["app"],
    error: "give a token or an app, not both",
  })
  .meta({
    description: "Who the bot is on GitHub.",
    oneOf: [{ required: ["token"] }, { required: ["app"] }],
  });
