// How a press settles an escalation: its right is checked, it is still asked, then one order is committed and the repo's
// loop woken, which carries the order out. Whoever comes too late is told, alone, what happened.

import { type Escalation, escalationsOf, orderInHand, runOfEscalation } from "../src/domain/escalation.ts";
import type { Order } from "../src/domain/order.ts";
import { isEnded, type Run } from "../src/domain/run.ts";
import type { SlackText } from "../src/ports.ts";
import { tooLate, waitsAlready } from "../views/too-late.ts";
import type { ButtonHandler, ButtonPress, FormPress, HandlerContext } from "./context.ts";
import { forbidden } from "./guard.ts";

export type Subject = { readonly run: Run; readonly escalation: Escalation | null };
type By = Pick<ButtonPress, "id" | "user">;

/** The escalation or run that `value` names, if its question is still open; else what to say. */
async function open(
  { user }: By,
  value: string,
  context: HandlerContext,
): Promise<{ readonly subject: Subject } | { readonly say: SlackText }> {
  const run = context.store.state.runs[runOfEscalation(value)];
  const no = await forbidden(user, run?.repo, context);
  if (no !== undefined) return { say: no };
  const late = (): { readonly say: SlackText } => {
    // Whatever the person pressed shows something that is over: it is drawn anew.
    if (run !== undefined) context.nudge(run);
    return { say: tooLate(run, value) };
  };
  if (run === undefined || isEnded(run)) return late();
  if (value === run.id) return { subject: { run, escalation: null } };
  const escalation = escalationsOf(run).find(({ id }) => id === value);
  return escalation === undefined ? late() : { subject: { run, escalation } };
}

/** Somebody was faster: their order is under way, and this one could not overtake it. */
function faster({ run, escalation }: Subject, kind: Order["what"]["kind"]): SlackText | undefined {
  const before = escalation === null ? undefined : orderInHand(run, escalation);
  if (before === undefined) return undefined;
  const leaves = (one: Order["what"]["kind"]): boolean => one === "hand-over" || one === "abandon";
  return leaves(kind) && !leaves(before.what.kind) ? undefined : waitsAlready(before);
}

async function order(
  { id, user }: By,
  { run }: Subject,
  what: Order["what"],
  { store, clock, rights, nudge }: HandlerContext,
): Promise<void> {
  const at = clock.now();
  const by = { slack: user, github: rights.githubOf(user) };
  await store.commit({ type: "run.ordered", at, run: run.id, order: { id, at, by, what } });
  nudge(store.state.runs[run.id] ?? run);
}

/** A button that does what it says at once. The message then shows it, so there is nothing more to say. */
export function ordering(whatOf: (subject: Subject) => Order["what"] | undefined): ButtonHandler {
  return async (press, context) => {
    const found = await open(press, press.value, context);
    if ("say" in found) return found;
    const what = whatOf(found.subject);
    if (what === undefined) return { say: tooLate(found.subject.run, press.value) };
    const say = faster(found.subject, what.kind);
    if (say !== undefined) return { say };
    await order(press, found.subject, what, context);
    return undefined;
  };
}

/** A button that opens a form. `kind` is what the form will ask for. */
export function opening(
  kind: Order["what"]["kind"],
  formOf: (subject: Subject, press: ButtonPress) => Awaited<ReturnType<ButtonHandler>>,
): ButtonHandler {
  return async (press, context) => {
    const found = await open(press, press.value, context);
    if ("say" in found) return found;
    const say = faster(found.subject, kind);
    return say === undefined ? formOf(found.subject, press) : { say };
  };
}

/** What a form asked for; checked anew, as much may have happened while it was filled in. */
export async function submitting(
  press: FormPress,
  context: HandlerContext,
  whatOf: (subject: Subject) => Order["what"] | undefined,
): Promise<SlackText | undefined> {
  const value = press.subject.escalation ?? press.subject.run;
  const found = await open(press, value, context);
  if ("say" in found) return found.say;
  const what = whatOf(found.subject);
  if (what === undefined) return tooLate(found.subject.run, value);
  const say = faster(found.subject, what.kind);
  if (say === undefined) await order(press, found.subject, what, context);
  return say;
}

export function subjectOf({ run, escalation }: Subject, { channel, thread }: Pick<ButtonPress, "channel" | "thread">) {
  return { run: run.id, escalation: escalation?.id ?? null, channel, thread };
}

export function textIn(press: FormPress, name: string): string {
  const value = press.values[name];
  return typeof value === "string" ? value.trim() : "";
}
