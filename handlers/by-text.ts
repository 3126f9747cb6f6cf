// The same orders as the buttons', typed: `/afk <what> <issue> <words>`. Where words are missing that a form asks for, the
// form opens.

import type { ModalView } from "@slack/types";
import { ORDERS_BY_STATE, type Order } from "../src/domain/order.ts";
import type { SlackText } from "../src/ports.ts";
import type { FormSubject } from "../views/modals.ts";
import { cannotNow, ordered } from "../views/ordered.ts";
import type { Handler } from "./context.ts";
import { forbidden } from "./guard.ts";
import { type Subject, settle } from "./resolve.ts";
import { findRun } from "./target.ts";

/** What the words ask for, or what is to be said or opened instead. */
type Meant = Order["what"] | { readonly say: SlackText } | { readonly form: (subject: FormSubject) => ModalView };

export function byText(kind: Order["what"]["kind"], meant: (subject: Subject, words: string) => Meant): Handler {
  return async (press, context) => {
    const found = findRun(press.text, context);
    if ("say" in found) return found.say;
    const { subject, words } = found;
    const { run, escalation } = subject;
    const no = await forbidden({ ...press, what: kind }, run.repo, context);
    if (no !== undefined) return no;
    const possible = ORDERS_BY_STATE[run.state.name] ?? [];
    if (!possible.includes(kind)) return cannotNow(run, kind, possible);
    const what = meant(subject, words);
    if ("say" in what) return what.say;
    if ("form" in what) {
      const about = { run: run.id, escalation: escalation?.id ?? null, channel: press.channel, thread: null };
      return { form: what.form(about) };
    }
    const late = await settle(press, escalation?.id ?? run.id, "command", () => what, context);
    if (late !== undefined) return late;
    const given = { id: press.id, at: context.clock.now(), by: { slack: press.user, github: null }, what };
    return ordered(context.store.state.runs[run.id] ?? run, given);
  };
}
