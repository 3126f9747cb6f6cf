// What a person can press, pick or fill in: finding it in blocks, the value it has, and what the Slack client itself
// refuses before anything reaches the app.

import { asList, asRecord, asText, type Json, records } from "./json.ts";

export type Control = {
  readonly blockId: string;
  readonly actionId: string;
  readonly type: string;
  readonly element: Json;
  /** Stands in an input block, so it is checked when the modal is submitted. */
  readonly input: boolean;
  readonly optional: boolean;
};

/** What a person enters or picks: text, an option's value, a user's id, a date; a list where several can be picked. */
export type Choice = string | readonly string[];

export function controlsIn(blocks: readonly Json[]): readonly Control[] {
  return blocks.flatMap((block) => {
    const input = block["type"] === "input";
    const elements = [...records(block["elements"]), ...present(block["accessory"]), ...present(block["element"])];
    return elements
      .filter((element) => element["action_id"] !== undefined)
      .map((element) => ({
        blockId: String(block["block_id"]),
        actionId: String(element["action_id"]),
        type: String(element["type"]),
        element,
        input,
        optional: block["optional"] === true,
      }));
  });
}

function present(value: unknown): readonly Json[] {
  const one = asRecord(value);
  return one === undefined ? [] : [one];
}

export function findControl(blocks: readonly Json[], actionId: string, blockId?: string): Control | undefined {
  return controlsIn(blocks).find((control) => {
    return control.actionId === actionId && (blockId === undefined || control.blockId === blockId);
  });
}

const TYPED = ["plain_text_input", "email_text_input", "url_text_input", "number_input"];
const ONE_OPTION = ["static_select", "external_select", "radio_buttons", "overflow"];
const OPTIONS = ["multi_static_select", "multi_external_select", "checkboxes"];
/** Type → the part of its name that its fields have: `selected_user` and `initial_user` for a users_select. */
const ONE_ID: Readonly<Record<string, string>> = {
  users_select: "user",
  conversations_select: "conversation",
  channels_select: "channel",
  datepicker: "date",
  timepicker: "time",
  datetimepicker: "date_time",
};
const IDS: Readonly<Record<string, string>> = {
  multi_users_select: "users",
  multi_conversations_select: "conversations",
  multi_channels_select: "channels",
};

/** The value as Slack sends it: beside an action, and in `state.values`. Empty for buttons, which have none. */
function inputValue(control: Control, choice: Choice | undefined): Json {
  const { type, element } = control;
  if (TYPED.includes(type)) return { value: choice ?? element["initial_value"] ?? null };
  if (type === "rich_text_input") return { rich_text_value: richTextOf(choice) ?? element["initial_value"] ?? null };
  if (ONE_OPTION.includes(type)) return { selected_option: optionsOf(control, choice)[0] ?? null };
  if (OPTIONS.includes(type)) return { selected_options: optionsOf(control, choice) };
  const one = ONE_ID[type];
  if (one !== undefined) return { [`selected_${one}`]: numeric(type, choice) ?? element[`initial_${one}`] ?? null };
  const several = IDS[type];
  if (several !== undefined) return { [`selected_${several}`]: choice ?? element[`initial_${several}`] ?? [] };
  return {};
}

function numeric(type: string, choice: Choice | undefined): Choice | number | undefined {
  return type === "datetimepicker" && choice !== undefined ? Number(choice) : choice;
}

function richTextOf(choice: Choice | undefined): Json | undefined {
  if (choice === undefined) return undefined;
  const text = { type: "text", text: String(choice) };
  return { type: "rich_text", elements: [{ type: "rich_text_section", elements: [text] }] };
}

function offered({ element }: Control): readonly Json[] {
  return [
    ...records(element["options"]),
    ...records(element["option_groups"]).flatMap((group) => records(group["options"])),
  ];
}

function optionsOf(control: Control, choice: Choice | undefined): readonly Json[] {
  const { element, type } = control;
  if (choice === undefined) return [...present(element["initial_option"]), ...records(element["initial_options"])];
  const values = [choice].flat();
  if (type.endsWith("external_select")) {
    return values.map((value) => ({ text: { type: "plain_text", text: value, emoji: true }, value }));
  }
  return offered(control).filter((option) => values.includes(asText(option["value"]) ?? ""));
}

/** Whether the control has all that was picked; text and ids are always there to be picked. */
export function offers(control: Control, choice: Choice): boolean {
  const listed = [...ONE_OPTION, ...OPTIONS].includes(control.type);
  return !listed || optionsOf(control, choice).length === [choice].flat().length;
}

/** `state.values` of a surface, with what a person chose over what the app had set. */
export function valuesOf(blocks: readonly Json[], chosen: ReadonlyMap<string, Choice>): Json {
  const values: Record<string, Record<string, unknown>> = {};
  for (const control of controlsIn(blocks)) {
    const value = inputValue(control, chosen.get(keyOf(control)));
    if (Object.keys(value).length === 0 || control.type === "overflow") continue;
    values[control.blockId] = { ...values[control.blockId], [control.actionId]: { type: control.type, ...value } };
  }
  return values;
}

export function keyOf({ blockId, actionId }: Control): string {
  return `${blockId}.${actionId}`;
}

/** What the client writes under an input that it does not let through, or undefined. */
export function complaint(control: Control, choice: Choice | undefined): string | undefined {
  const value = Object.values(inputValue(control, choice))[0];
  const empty = value === null || value === "" || (Array.isArray(value) && value.length === 0);
  if (empty) return control.optional ? undefined : "Please complete this required field.";
  if (choice !== undefined && !offers(control, choice)) return "This option is not in the list.";
  const { element, type } = control;
  const typed = String(value);
  if (type === "plain_text_input") return lengthComplaint(typed, element);
  if (type === "number_input") return numberComplaint(typed, element);
  if (type === "email_text_input" && !/^[^@\s]+@[^@\s]+$/.test(typed)) return "Please enter a valid email address.";
  if (type === "url_text_input" && !URL.canParse(typed)) return "Please enter a valid URL.";
  const most = Number(element["max_selected_items"] ?? Number.POSITIVE_INFINITY);
  return asList(value).length > most ? `Please select no more than ${most} items.` : undefined;
}

function lengthComplaint(typed: string, element: Json): string | undefined {
  const least = Number(element["min_length"] ?? 0);
  const most = Number(element["max_length"] ?? 3000);
  if (typed.length < least) return `Please use at least ${least} characters.`;
  return typed.length > most ? `Please use no more than ${most} characters.` : undefined;
}

function numberComplaint(typed: string, element: Json): string | undefined {
  const number = Number(typed);
  const whole = element["is_decimal_allowed"] !== true;
  if (!Number.isFinite(number) || (whole && !Number.isInteger(number))) return "Please enter a valid number.";
  const least = Number(element["min_value"] ?? Number.NEGATIVE_INFINITY);
  const most = Number(element["max_value"] ?? Number.POSITIVE_INFINITY);
  return number < least || number > most ? "Please enter a number within the range." : undefined;
}

/** The entry in `actions` of a block_actions payload. */
export function actionOf(control: Control, choice: Choice | undefined, actionTs: string): Json {
  const { element, type, actionId, blockId } = control;
  const copied = ["text", "value", "style", "placeholder", "confirm"].filter((key) => element[key] !== undefined);
  return {
    type,
    action_id: actionId,
    block_id: blockId,
    ...Object.fromEntries(copied.map((key) => [key, element[key]])),
    ...(type === "feedback_buttons" ? { value: choice } : inputValue(control, choice)),
    action_ts: actionTs,
  };
}
