import { issueKey } from "../src/domain/repo.ts";
import { audit } from "../views/audit.ts";
import type { Handler } from "./context.ts";
import { findIssueIn } from "./target.ts";

const SHOWN = 20;

/** `/afk audit`, or of one issue: `/afk audit owner/repo#12`. */
export const showAudit: Handler = async ({ text }, context) => {
  if (text.trim() === "") return audit(await context.audit.newest(SHOWN, undefined), undefined);
  const found = findIssueIn(text, context);
  if ("say" in found) return found.say;
  const issue = issueKey(found.repo, found.issue);
  return audit(await context.audit.newest(SHOWN, issue), issue);
};
