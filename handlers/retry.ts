import { byText } from "./by-text.ts";
import { ordering } from "./resolve.ts";

/** The task once more in the same tree; `/afk retry … cold` does it in a fresh one. */
export const retry = ordering(({ escalation }) =>
  escalation?.kind === "blocked" ? { kind: "retry", cold: false } : undefined,
);

export const retryByText = byText("retry", (_, words) => ({ kind: "retry", cold: words.toLowerCase() === "cold" }));
