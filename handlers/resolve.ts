// How a press settles an escalation: its right is checked, it is still asked, then one order is committed and the repo's
// loop woken, which carries the order out. Whoever comes too late is told, alone, what happened.

import { type Escalation, escalationsOf, orderInHand, runOfEscalation } from "../src/domain/escalation.ts";
import type { Order } from "../src/domain/order.ts";
import { isEnded, type Run } from "../src/domain/run.ts";
import type { SlackText } from "../src/ports.ts";
import { tooLate, waitsAlready } from "../views/too-late.ts";
import type { ButtonHandler, ButtonPress, FormPress, HandlerContext } from "./context.ts";
import { forbidden } from "./guard.ts";
import { inTurn } from "./in-turn.ts";

export type Subject = { readonly run: Run; readonly escalation: Escalation | null };
type By = Pick<ButtonPress, "id" | "user">;
type What = Order["what"];
type Via = NonNullable<Order["via"]>;

/** `value` is an escalation's id, or a run's. Their question has to be open still. */
function find(value: string, { store, nudge }: HandlerContext): { subject: Subject } | { say: SlackText } {
  const run = store.state.runs[runOfEscalation(value)];
  if (run !== undefined && !isEnded(run)) {
    if (value === run.id) return { subject: { run, escalation: null } };
    const escalation = escalationsOf(run).find(({ id }) => id === value);
    if (escalation !== undefined) return { subject: { run, escalation } };
  }
  // Whatever the person pressed shows something that is over: it is drawn anew.
  if (run !== undefined) nudge(run);
  return { say: tooLate(run, value) };
}

/** Somebody was faster: their order is under way, and this one could not overtake it. */
function faster({ run, escalation }: Subject, kind: What["kind"]): SlackText | undefined {
  const before = escalation === null ? undefined : orderInHand(run, escalation);
  if (before === undefined) return undefined;
  const leaves = (one: What["kind"]): boolean => one === "hand-over" || one === "abandon";
  return leaves(kind) && !leaves(before.what.kind) ? undefined : waitsAlready(before);
}

async function denied(by: By, value: string, what: string, context: HandlerContext): Promise<SlackText | undefined> {
  const repo = context.store.state.runs[runOfEscalation(value)]?.repo;
  return await forbidden({ ...by, what }, repo, context);
}

export async function order(by: By, run: Run, what: What, via: Via, context: HandlerContext): Promise<void> {
  const { store, clock, rights, nudge } = context;
  const at = clock.now();
  const who = { slack: by.user, github: rights.githubOf(by.user) };
  await store.commit({ type: "run.ordered", at, run: run.id, order: { id: by.id, at, by: who, what, via } });
  nudge(store.state.runs[run.id] ?? run);
}

/** Orders what the subject makes of it, as the only one; returns what to say where that is not to be. */
export async function settle(
  by: By,
  value: string,
  via: Via,
  whatOf: (subject: Subject) => What | undefined,
  context: HandlerContext,
): Promise<SlackText | undefined> {
  return await inTurn(context.store, runOfEscalation(value), async () => {
    const found = find(value, context);
    if ("say" in found) return found.say;
    const what = whatOf(found.subject);
    if (what === undefined) return tooLate(found.subject.run, value);
    const first = faster(found.subject, what.kind);
    if (first !== undefined) return first;
    await order(by, found.subject.run, what, via, context);
    return undefined;
  });
}

/** A button that does what it says at once. The message then shows it, so there is nothing more to say. */
export function ordering(whatOf: (subject: Subject) => What | undefined): ButtonHandler {
  return async (press, context) => {
    const { value, action } = press;
    const say =
      (await denied(press, value, action, context)) ?? (await settle(press, value, "button", whatOf, context));
    return say === undefined ? undefined : { say };
  };
}

/** A button that opens a form. `kind` is what the form will ask for. */
export function opening(
  kind: What["kind"],
  formOf: (subject: Subject, press: ButtonPress) => Awaited<ReturnType<ButtonHandler>>,
): ButtonHandler {
  return async (press, context) => {
    const no = await denied(press, press.value, press.action, context);
    if (no !== undefined) return { say: no };
    const found = find(press.value, context);
    if ("say" in found) return found;
    const say = faster(found.subject, kind);
    return say === undefined ? formOf(found.subject, press) : { say };
  };
}

/** What a form asked for; checked anew, as much may have happened while it was filled in. */
export async function submitting(
  press: FormPress,
  context: HandlerContext,
  whatOf: (subject: Subject) => What | undefined,
): Promise<SlackText | undefined> {
  const value = press.subject.escalation ?? press.subject.run;
  return (await denied(press, value, press.form, context)) ?? (await settle(press, value, "form", whatOf, context));
}

export function subjectOf({ run, escalation }: Subject, { channel, thread }: Pick<ButtonPress, "channel" | "thread">) {
  return { run: run.id, escalation: escalation?.id ?? null, channel, thread };
}

export function textIn(press: FormPress, name: string): string {
  const value = press.values[name];
  return typeof value === "string" ? value.trim() : "";
}
