// Out of the bot's hands: to a human, to nobody, or only for now.

import { reasonForm } from "../views/modals.ts";
import { byText } from "./by-text.ts";
import type { ButtonHandler, FormHandler } from "./context.ts";
import { opening, subjectOf, submitting, textIn } from "./resolve.ts";

type Way = "hand-over" | "abandon" | "stop";

function button(kind: Way): ButtonHandler {
  return opening(kind, (subject, press) => ({ form: reasonForm(`${kind}.v1`, subject, subjectOf(subject, press)) }));
}

function form(kind: Way): FormHandler {
  return {
    submit: (press, context) => submitting(press, context, () => ({ kind, reason: textIn(press, "reason") })),
  };
}

export const handOver = button("hand-over");
export const handOverWith = form("hand-over");
export const abandon = button("abandon");
export const abandonWith = form("abandon");
export const stop = button("stop");
export const stopWith = form("stop");

export const handOverByText = byText("hand-over", (_, reason) => ({ kind: "hand-over", reason }));
export const stopByText = byText("stop", (_, reason) => ({ kind: "stop", reason }));
/** An end wants a reason: where none is given the form asks for it. */
export const abandonByText = byText("abandon", (subject, reason) =>
  reason === "" ? { form: (about) => reasonForm("abandon.v1", subject, about) } : { kind: "abandon", reason },
);
