import type { Order } from "../src/domain/order.ts";
import { notAsked } from "../views/ordered.ts";
import { byText } from "./by-text.ts";
import { ordering, type Subject } from "./resolve.ts";

type Decision = "accept" | "decline";

/** Once, for this one request: there is no approval of what is asked later. */
function decide({ escalation }: Subject, decision: Decision): Order["what"] | undefined {
  if (escalation?.kind !== "approval") return undefined;
  return { kind: "approve", request: escalation.request.id, decision };
}

export const approve = ordering((subject) => decide(subject, "accept"));
export const deny = ordering((subject) => decide(subject, "decline"));

const byCommand = (decision: Decision) =>
  byText("approve", (subject) => decide(subject, decision) ?? { say: notAsked(subject.run, "approval") });
export const approveByText = byCommand("accept");
export const denyByText = byCommand("decline");
