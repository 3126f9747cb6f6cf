import type { Order } from "../src/domain/order.ts";
import { unfreezeForm, WAYS, type Way } from "../views/modals.ts";
import { byText } from "./by-text.ts";
import type { FormHandler } from "./context.ts";
import { opening, subjectOf, submitting, textIn } from "./resolve.ts";

/** Four ways on for a run whose landed commit is red. */
export const unfreeze = opening("verify-again", (subject, press) => ({
  form: unfreezeForm(subject, subjectOf(subject, press)),
}));

export const unfreezeBy: FormHandler = {
  check: (press) => (wayIn(textIn(press, "way")) === undefined ? { way: "Choose one." } : undefined),
  submit: (press, context) =>
    submitting(press, context, ({ escalation }) => {
      const way = wayIn(textIn(press, "way"));
      if (escalation?.kind !== "frozen" || way === undefined) return undefined;
      return orderOf(way, textIn(press, "guidance"));
    }),
};

/** `/afk unfreeze 12 keep-fixing look at the lock file`; without a way the form asks for it. */
export const unfreezeByText = byText("verify-again", (subject, words) => {
  const [first = "", ...rest] = words.split(/\s+/);
  const way = wayIn(first.toLowerCase());
  return way === undefined ? { form: (about) => unfreezeForm(subject, about) } : orderOf(way, rest.join(" "));
});

function wayIn(text: string): Way | undefined {
  return WAYS.find((way) => way === text);
}

function orderOf(way: Way, said: string): Order["what"] {
  switch (way) {
    case "keep-fixing":
      return { kind: "keep-fixing", guidance: said };
    case "verify-again":
      return { kind: "verify-again" };
    case "revert":
      return { kind: "revert" };
    case "hand-over":
      return { kind: "hand-over", reason: said };
    default:
      return way satisfies never;
  }
}
