import { useId } from "react";
import { Field, isField } from "./fields.tsx";
import { type Json, record, string, words } from "./json.ts";
import { keyOf, type Surface } from "./surface.ts";

export function InputBlock({ block, surface }: { readonly block: Json; readonly surface: Surface }) {
  const label = useId();
  const element = record(block["element"]);
  const blockId = string(block["block_id"]);
  const actionId = string(element["action_id"]);
  const error = surface.form?.errors[blockId];
  const hint = words(block["hint"]);
  if (!isField(element)) return <p className="hint">This page does not draw {string(element["type"])}.</p>;
  return (
    <div className="input-block" data-error={error !== undefined}>
      <div className="label" id={label}>
        {words(block["label"])}
        {block["optional"] === true && <span className="hint"> (optional)</span>}
      </div>
      <Field
        element={element}
        labelledBy={label}
        value={surface.form?.values[keyOf(blockId, actionId)]}
        onChange={(value) => {
          surface.form?.set(keyOf(blockId, actionId), value);
          if (block["dispatch_action"] === true) void surface.press(actionId, blockId, value);
        }}
      />
      {error !== undefined && (
        <p className="error" role="alert">
          {error}
        </p>
      )}
      {hint !== "" && <p className="hint">{hint}</p>}
    </div>
  );
}
