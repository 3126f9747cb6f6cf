// The kinds of values that the config is written in, each told in the message where something else stands.

import ms, { type StringValue } from "ms";
import { z } from "zod";
import { findRepoKey } from "../domain/repo.ts";

export const url = z
  .url({ protocol: /^https?$/, error: "expected an http(s) URL" })
  .transform((text) => text.replace(/\/+$/, ""));

/** Written as `30s` or `1.5h`, and milliseconds from here on. Defaults are given in the written form: `prefault`. */
export const duration = z
  .string("expected a duration such as 500ms, 30s, 5m or 2h")
  // Of the kind that Go's regular expressions know too: Helm checks the config by them.
  .regex(/^(\d*[1-9]\d*(\.\d+)?|0+\.\d*[1-9]\d*)\s*(ms|s|m|h|d)$/, {
    error: ({ input }) => `expected a duration such as 500ms, 30s, 5m or 2h, not ${JSON.stringify(input)}`,
  })
  .transform((text) => ms(text as StringValue));

/** A regular expression, as a text. It has to match something: one that matches nothing at all would match everywhere. */
export const pattern = z.string().refine(
  (text) => {
    try {
      return !new RegExp(text, "g").test("");
    } catch {
      return false;
    }
  },
  { error: ({ input }) => `expected a regular expression, not ${JSON.stringify(input)}` },
);

export const variableName = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "expected the name of an environment variable");

export const repoKey = z.string().transform((text, context) => {
  const key = findRepoKey(text);
  if (key !== undefined) return key;
  context.addIssue({ code: "custom", message: `expected owner/name, not ${JSON.stringify(text)}` });
  return z.NEVER;
});

export const userId = z.string().regex(/^[UW][A-Z0-9]+$/, "expected a user id such as U0123ABCD");
export const userOrGroup = z
  .string()
  .regex(/^[UWS][A-Z0-9]+$/, "expected a user id such as U0123ABCD, or a user group's such as S0123ABCD");

export const timeZone = z.string().refine(isTimeZone, {
  error: ({ input }) => `expected an IANA time zone such as Europe/Berlin, not ${JSON.stringify(input)}`,
});

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
