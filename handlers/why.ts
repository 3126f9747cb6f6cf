import { note } from "../views/help.ts";
import { escapeMrkdwn } from "../views/text.ts";
import { why } from "../views/why.ts";
import type { Handler } from "./context.ts";
import { findIssueIn } from "./target.ts";

export const explainIssue: Handler = async ({ text }, context) => {
  const asked = findIssueIn(text, context);
  if ("say" in asked) return asked.say;
  const seen = await context.explain(asked.repo, asked.issue);
  return seen.known ? why(seen.value) : note(`:warning: GitHub cannot be read: ${escapeMrkdwn(seen.why)}`);
};
