import { nextChosen } from "../views/next.ts";
import type { Handler } from "./context.ts";
import { forbidden } from "./guard.ts";
import { findIssueIn } from "./target.ts";

/** `/afk run owner/repo#12`: first in its repo's line. No gate is opened by it, and the answer says which are shut. */
export const runNext: Handler = async (press, context) => {
  const found = findIssueIn(press.text, context);
  if ("say" in found) return found.say;
  const { repo, issue } = found;
  const no = await forbidden({ ...press, what: "run" }, repo, context);
  if (no !== undefined) return no;
  const seen = await context.explain(repo, issue);
  if (!seen.known || !seen.value.exists) return nextChosen(repo, issue, seen);
  const { store, clock, nudgeAll } = context;
  await store.commit({ type: "bot.next-chosen", at: clock.now(), repo, issue, by: press.user });
  nudgeAll();
  return nextChosen(repo, issue, seen);
};
