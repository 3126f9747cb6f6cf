import { ordering } from "./resolve.ts";

/** Once, for this one request: there is no approval of what is asked later. */
export const approve = ordering(({ escalation }) =>
  escalation?.kind === "approval" ? { kind: "approve", request: escalation.request.id, decision: "accept" } : undefined,
);

export const deny = ordering(({ escalation }) =>
  escalation?.kind === "approval"
    ? { kind: "approve", request: escalation.request.id, decision: "decline" }
    : undefined,
);
