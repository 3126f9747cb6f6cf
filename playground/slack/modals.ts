// Submitting and closing a modal, docs.slack.dev/surfaces/modals: what the client checks by itself, and what the
// answer in the ack does to the stack.

import { type Choice, type Control, complaint, controlsIn, keyOf } from "./controls.ts";
import type { Delivery, Gateway } from "./gateway.ts";
import { asRecord, asText, type Json, records } from "./json.ts";
import { refused, type SubmitOutcome } from "./outcomes.ts";
import { closingPayload, submissionPayload } from "./payloads.ts";
import { Refusal } from "./refusal.ts";
import type { User, View, World } from "./state.ts";
import { clear, dismiss, replace, show } from "./views.ts";

const TROUBLE = "We had some trouble connecting. Try again?";

/** By action id, by block id, or by `<block id>.<action id>`. */
export type FormValues = Readonly<Record<string, Choice>>;

/** The modal in front, if it is the one with that id; nothing behind it can be reached. */
export function frontModal(world: World, user: User, id: string): View | undefined {
  return world.modals.get(user.id)?.at(-1) === id ? world.views.get(id) : undefined;
}

export async function submit(
  world: World,
  gateway: Gateway,
  user: User,
  view: View,
  values: FormValues,
): Promise<SubmitOutcome> {
  if (view.payload["submit"] === undefined) return refused("not_there", "This modal has no submit button.");
  const controls = controlsIn(records(view.payload["blocks"]));
  const chosen = new Map<string, Choice>();
  for (const [name, choice] of Object.entries(values)) {
    const control = controls.find((one) => [one.actionId, one.blockId, keyOf(one)].includes(name));
    if (control === undefined) return refused("not_there", `This modal has no input "${name}".`);
    chosen.set(keyOf(control), choice);
  }
  const errors = inputErrors(controls, chosen);
  if (Object.keys(errors).length > 0) return { ok: false, error: "input_errors", errors, shown: words(errors) };
  const payload = submissionPayload(world, user, view, chosen);
  const delivery = await gateway.deliver({ type: "interactive", payload, acceptsResponse: true });
  if (!delivery.ok) return refused(delivery.error, TROUBLE);
  return heed(world, view, controls, delivery);
}

function inputErrors(
  controls: readonly Control[],
  chosen: ReadonlyMap<string, Choice>,
): Readonly<Record<string, string>> {
  const wrong = controls
    .filter((control) => control.input)
    .flatMap((control) => {
      const words = complaint(control, chosen.get(keyOf(control)));
      return words === undefined ? [] : [[control.blockId, words] as const];
    });
  return Object.fromEntries(wrong);
}

function words(errors: Readonly<Record<string, string>>): string {
  return Object.values(errors).join(" ");
}

/** Does what the app answered: nothing, errors, another view in its place or on top, or all gone. */
function heed(
  world: World,
  view: View,
  controls: readonly Control[],
  { envelopeId, response }: Extract<Delivery, { ok: true }>,
): SubmitOutcome {
  const next = asRecord(response["view"]) ?? {};
  try {
    switch (response["response_action"]) {
      case undefined:
        dismiss(world, view);
        return { ok: true, envelopeId, modal: "closed" };
      case "clear":
        clear(world, view.user);
        return { ok: true, envelopeId, modal: "cleared" };
      case "update":
        replace(world, view, next);
        return { ok: true, envelopeId, modal: "updated" };
      case "push":
        show(world, view.user, next, true);
        return { ok: true, envelopeId, modal: "pushed" };
      case "errors":
        return answeredErrors(controls, asRecord(response["errors"]) ?? {});
      default:
        return refused("bad_response", TROUBLE);
    }
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return refused("bad_response", TROUBLE);
  }
}

/** Errors go under input blocks; one for anything else, or none at all, is an answer that Slack cannot show. */
function answeredErrors(controls: readonly Control[], given: Json): SubmitOutcome {
  const inputs = new Set(controls.filter((control) => control.input).map((control) => control.blockId));
  const entries = Object.entries(given);
  const fits = entries.every(([blockId, text]) => inputs.has(blockId) && asText(text) !== undefined);
  if (entries.length === 0 || !fits) return refused("bad_response", TROUBLE);
  const errors = Object.fromEntries(entries.map(([blockId, text]) => [blockId, String(text)]));
  return { ok: false, error: "input_errors", errors, shown: words(errors) };
}

/** Closes the modal in front, or the whole stack where the view says so, and tells the app if it asked for that. */
export async function close(world: World, gateway: Gateway, user: User, view: View): Promise<void> {
  const whole = view.payload["clear_on_close"] === true;
  const ids = whole ? (world.modals.get(user.id) ?? []) : [view.id];
  const closing = ids.flatMap((id) => world.views.get(id) ?? []);
  if (whole) clear(world, user.id);
  else dismiss(world, view);
  for (const one of closing.filter(({ payload }) => payload["notify_on_close"] === true)) {
    const payload = closingPayload(world, user, one, whole);
    await gateway.deliver({ type: "interactive", payload, acceptsResponse: false });
  }
}
