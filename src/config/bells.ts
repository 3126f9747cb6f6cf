import { z } from "zod";
import { secretRef } from "./secrets.ts";
import { duration, timeZone, url } from "./values.ts";

const hour = z
  .string()
  .regex(/^([01]\d|2[0-3]):[0-5]\d$/, "expected an hour such as 22:00")
  .transform((text) => Number(text.slice(0, 2)) * 60 + Number(text.slice(3)));

export const remindersSchema = z
  .strictObject({
    thread: duration.prefault("30m").describe("from the question to a reminder in its thread"),
    mention: duration.prefault("2h").describe("to one that mentions the repo's owners, or else the operators"),
    page: duration.prefault("8h").describe("to one that the whole channel sees, and all of them are mentioned"),
    every: duration.prefault("24h").describe("between those that follow it"),
    quiet: z
      .strictObject({
        from: hour.prefault("22:00").describe("when nobody is reminded any more"),
        to: hour.prefault("07:00").describe("when they are again"),
        weekends: z.boolean().default(true).describe("whether Saturdays and Sundays are quiet all day"),
        timeZone: timeZone.default("UTC").describe("of these hours"),
      })
      .optional()
      .describe("hours in which nobody is reminded; default: there are none; {} = at night and on weekends"),
  })
  .refine(({ thread, mention, page }) => thread * 1.2 <= mention && mention * 1.2 <= page, {
    path: ["mention"],
    error: "has to be at least a fifth longer than thread, and page than it: else they would come together",
  })
  .prefault({})
  .describe(
    "When people are reminded of what nobody answered. What is asked for a time only is raised sooner, in proportion.",
  );

export const ntfySchema = z
  .strictObject({
    topic: url
      .refine((text) => new URL(text).pathname.length > 1 && new URL(text).search === "", {
        error: "expected the URL of a topic, such as https://ntfy.sh/some-name-that-nobody-guesses",
      })
      .describe("the topic's URL, such as https://ntfy.sh/some-name-that-nobody-guesses"),
    token: secretRef.optional().describe("an access token, where the topic needs one; { env: NAME } or { file: PATH }"),
    rings: z
      .enum(["pages", "all"])
      .default("pages")
      .describe("pages: for frozen repos at once, else when people are paged; all: for each question and reminder"),
  })
  .optional()
  .describe(
    "A second bell, on phones, beside Slack: it says which issue waits for people, and links to it. Default: none; " +
      "{ topic: https://ntfy.sh/NAME, token: { env: AFK_NTFY_TOKEN }, rings: pages }",
  );
