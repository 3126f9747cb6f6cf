// A word to the agent from the run's own thread: an operator who mentions the bot there steers it. The message gets a
// reaction once the word is on its way, and another when the agent has it. Anyone else gets a private word.

import { messageOrder, ORDERS_BY_STATE } from "../src/domain/order.ts";
import { runsOfIssue } from "../src/domain/runs.ts";
import type { SlackText } from "../src/ports.ts";
import { cannotNow } from "../views/ordered.ts";
import { emptyMention, mentionedElsewhere } from "../views/steer.ts";
import type { HandlerContext, Mention } from "./context.ts";
import { forbidden } from "./guard.ts";
import { order } from "./resolve.ts";

export async function steer(mention: Mention, context: HandlerContext): Promise<SlackText | undefined> {
  const { channel, thread, text, user, ts } = mention;
  const { threads } = context.store.state;
  const key = Object.keys(threads).find((issue) => {
    const shown = threads[issue];
    return shown?.channel === channel && shown.ts !== null && shown.ts === thread;
  });
  const [repo = "", issue = ""] = key?.split("#") ?? [];
  const run = runsOfIssue(context.store.state, repo, Number(issue)).at(-1);
  if (run === undefined) return mentionedElsewhere;
  const no = await forbidden({ id: mention.id, user, what: "steer" }, run.repo, context);
  if (no !== undefined) return no;
  const words = text
    .replaceAll(/<@[UW][A-Z0-9]+(\|[^>]*)?>/g, " ")
    .replaceAll(/[ \t]+/g, " ")
    .trim();
  if (words === "") return emptyMention;
  const possible = ORDERS_BY_STATE[run.state.name] ?? [];
  if (!possible.includes("steer")) return cannotNow(run, "steer", possible);
  const by = { id: messageOrder(channel, ts), user };
  await order(by, run, { kind: "steer", text: words }, "thread", context);
  return undefined;
}
