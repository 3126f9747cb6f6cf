// What a person fills in or picks, in input blocks and in menus. Each is the browser's own control.

import { useSection } from "../live.ts";
import { type Json, records, string, words } from "./json.ts";
import type { Choice } from "./surface.ts";

type Props = {
  readonly element: Json;
  readonly value: Choice | undefined;
  /** The id of the label's element. */
  readonly labelledBy: string | undefined;
  onChange(value: Choice): void;
};

const TYPED: Readonly<Record<string, string>> = {
  email_text_input: "email",
  url_text_input: "url",
  number_input: "number",
  datepicker: "date",
  timepicker: "time",
};
const PICKED = ["static_select", "users_select", "channels_select", "conversations_select", "external_select"];
const MANY = ["checkboxes", "multi_static_select", "multi_users_select"];
const KNOWN = ["plain_text_input", "radio_buttons", ...Object.keys(TYPED), ...PICKED, ...MANY];

export function isField(element: Json): boolean {
  return KNOWN.includes(string(element["type"]));
}

export function Field(props: Props) {
  const type = string(props.element["type"]);
  if (type === "plain_text_input") return <Text {...props} />;
  if (type === "radio_buttons") return <Radios {...props} />;
  if (MANY.includes(type)) return <Checkboxes {...props} />;
  if (PICKED.includes(type)) return <Select {...props} />;
  return <Typed {...props} type={TYPED[type] ?? "text"} />;
}

/** What the app had set before the person came. */
function given(element: Json): Choice {
  const one = element["initial_option"];
  if (one !== undefined) return string((one as Json)["value"]);
  const several = element["initial_options"];
  if (several !== undefined) return records(several).map((option) => string(option["value"]));
  const set = Object.entries(element).find(([key]) => key.startsWith("initial_"))?.[1];
  return Array.isArray(set) ? set.map(String) : set === undefined ? "" : String(set);
}

function Text({ element, value, labelledBy, onChange }: Props) {
  const shared = {
    "aria-labelledby": labelledBy,
    placeholder: words(element["placeholder"]),
    value: string(value ?? given(element)),
    maxLength: Number(element["max_length"] ?? 3_000),
  };
  return element["multiline"] === true ? (
    <textarea {...shared} rows={4} onChange={({ target }) => onChange(target.value)} />
  ) : (
    <input {...shared} type="text" onChange={({ target }) => onChange(target.value)} />
  );
}

function Typed({ element, value, labelledBy, onChange, type }: Props & { readonly type: string }) {
  return (
    <input
      type={type}
      aria-labelledby={labelledBy}
      placeholder={words(element["placeholder"])}
      value={string(value ?? given(element))}
      onChange={({ target }) => onChange(target.value)}
    />
  );
}

type Option = { readonly value: string; readonly text: string; readonly about: string };

function useOptions(element: Json): readonly Option[] {
  const slack = useSection("slack");
  const type = string(element["type"]);
  if (type.includes("users_select"))
    return (slack?.people ?? []).map(({ id, name }) => ({ value: id, text: name, about: "" }));
  if (type === "channels_select" || type === "conversations_select") {
    return (slack?.channels ?? []).map(({ id, name }) => ({ value: id, text: `#${name}`, about: "" }));
  }
  const grouped = records(element["option_groups"]).flatMap((group) => records(group["options"]));
  return [...records(element["options"]), ...grouped].map((option) => ({
    value: string(option["value"]),
    text: words(option["text"]),
    about: words(option["description"]),
  }));
}

function Select({ element, value, labelledBy, onChange }: Props) {
  const options = useOptions(element);
  return (
    <select
      aria-labelledby={labelledBy}
      aria-label={labelledBy === undefined ? words(element["placeholder"]) : undefined}
      value={string(value ?? given(element))}
      onChange={({ target }) => onChange(target.value)}
    >
      <option value="" disabled>
        {words(element["placeholder"]) || "Choose …"}
      </option>
      {options.map(({ value: one, text }) => (
        <option key={one} value={one}>
          {text}
        </option>
      ))}
    </select>
  );
}

function Radios({ element, value, labelledBy, onChange }: Props) {
  const options = useOptions(element);
  const chosen = string(value ?? given(element));
  return (
    <div role="radiogroup" aria-labelledby={labelledBy} className="choices">
      {options.map(({ value: one, text, about }) => (
        <label key={one}>
          <input
            type="radio"
            name={string(element["action_id"])}
            checked={chosen === one}
            onChange={() => onChange(one)}
          />
          <span>
            {text}
            {about !== "" && <small>{about}</small>}
          </span>
        </label>
      ))}
    </div>
  );
}

function Checkboxes({ element, value, labelledBy, onChange }: Props) {
  const options = useOptions(element);
  const chosen = [value ?? given(element)].flat().filter((one) => one !== "");
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset needs a legend, and the label is elsewhere
    <div role="group" aria-labelledby={labelledBy} className="choices">
      {options.map(({ value: one, text, about }) => (
        <label key={one}>
          <input
            type="checkbox"
            checked={chosen.includes(one)}
            onChange={({ target }) =>
              onChange(target.checked ? [...chosen, one] : chosen.filter((other) => other !== one))
            }
          />
          <span>
            {text}
            {about !== "" && <small>{about}</small>}
          </span>
        </label>
      ))}
    </div>
  );
}
