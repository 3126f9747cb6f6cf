// Buttons and menus.

import { useState } from "react";
import type { Acted } from "../../protocol.ts";
import { useConfirm } from "./confirm.tsx";
import { Field, isField } from "./fields.tsx";
import { type Json, record, records, string, words } from "./json.ts";
import { type Choice, keyOf, type Surface } from "./surface.ts";

type Props = { readonly element: Json; readonly blockId: string; readonly surface: Surface };

export function interactive(element: Json): boolean {
  const type = string(element["type"]);
  return type === "button" || type === "overflow" || isField(element);
}

export function Control(props: Props) {
  switch (props.element["type"]) {
    case "button":
      return <Button {...props} />;
    case "overflow":
      return <Overflow {...props} />;
    default:
      return isField(props.element) ? <LiveField {...props} /> : null;
  }
}

/** One press at a time; `confirm` asks first. */
function usePress({ element, blockId, surface }: Props) {
  const [busy, setBusy] = useState(false);
  const { ask, dialog } = useConfirm();
  async function press(choice?: Choice): Promise<Acted | undefined> {
    if (busy || !(await ask(record(element["confirm"])))) return undefined;
    setBusy(true);
    const acted = await surface.press(string(element["action_id"]), blockId, choice);
    setBusy(false);
    return acted;
  }
  return { busy, press, dialog };
}

function Button(props: Props) {
  const { element } = props;
  const { busy, press, dialog } = usePress(props);
  const label = words(element["text"]);
  const shared = { className: "slack-button", "data-style": string(element["style"]) || "default" };
  const url = string(element["url"]);
  if (url !== "") {
    // Slack opens the link and tells the app.
    return (
      <a {...shared} href={url} target="_blank" rel="noreferrer" onClick={() => void press()}>
        {label}
      </a>
    );
  }
  return (
    <>
      <button
        {...shared}
        type="button"
        disabled={busy}
        data-action={string(element["action_id"])}
        onClick={() => void press()}
      >
        {label}
      </button>
      {dialog}
    </>
  );
}

function Overflow(props: Props) {
  const { press, dialog } = usePress(props);
  return (
    <>
      <select
        className="slack-overflow"
        aria-label="More actions"
        value=""
        onChange={({ target }) => {
          if (target.value !== "") void press(target.value);
        }}
      >
        <option value="">⋯</option>
        {records(props.element["options"]).map((option) => (
          <option key={string(option["value"])} value={string(option["value"])}>
            {words(option["text"])}
          </option>
        ))}
      </select>
      {dialog}
    </>
  );
}

/** A menu outside an input block: what is picked is told at once, and kept for when the form is sent. */
function LiveField(props: Props) {
  const { element, blockId, surface } = props;
  const { press, dialog } = usePress(props);
  const key = keyOf(blockId, string(element["action_id"]));
  const [picked, setPicked] = useState<Choice>();
  const value = surface.form?.values[key] ?? picked;
  return (
    <span className="live-field">
      <Field
        element={element}
        value={value}
        labelledBy={undefined}
        onChange={(next) => {
          setPicked(next);
          surface.form?.set(key, next);
          void press(next);
        }}
      />
      {dialog}
    </span>
  );
}
