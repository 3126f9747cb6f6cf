import { unblockForm } from "../views/modals.ts";
import { byText } from "./by-text.ts";
import type { FormHandler } from "./context.ts";
import { opening, subjectOf, submitting, textIn } from "./resolve.ts";

/** Guidance, which becomes the session's next message. */
export const unblock = opening("unblock", (subject, press) => ({
  form: unblockForm(subject, subjectOf(subject, press)),
}));

export const unblockWith: FormHandler = {
  submit: (press, context) =>
    submitting(press, context, ({ escalation }) =>
      escalation?.kind === "blocked" ? { kind: "unblock", guidance: textIn(press, "guidance") } : undefined,
    ),
};

export const unblockByText = byText("unblock", (subject, words) =>
  words === "" ? { form: (about) => unblockForm(subject, about) } : { kind: "unblock", guidance: words },
);
