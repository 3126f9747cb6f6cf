import { useState } from "react";
import type { LabelSight } from "../../protocol.ts";
import { Label } from "./label.tsx";

type Props = {
  readonly all: readonly LabelSight[];
  readonly on: readonly LabelSight[];
  toggle(label: string, on: boolean): void;
};

/** The one that releases an issue: offered at a click, as it is what most come for. */
const READY = "ready-for-agent";

export function Labels({ all, on, toggle }: Props) {
  const [open, setOpen] = useState(false);
  const has = (name: string): boolean => on.some((label) => label.name === name);
  return (
    <div className="labels">
      {on.map((label) => (
        <Label key={label.name} label={label} />
      ))}
      {!has(READY) && (
        <button type="button" className="add-label" onClick={() => toggle(READY, true)}>
          + {READY}
        </button>
      )}
      <button type="button" className="quiet" aria-expanded={open} onClick={() => setOpen(!open)}>
        {open ? "Done" : "Labels…"}
      </button>
      {open && (
        <ul className="label-menu">
          {all.map((label) => (
            <li key={label.name}>
              <label>
                <input
                  type="checkbox"
                  checked={has(label.name)}
                  onChange={({ target }) => toggle(label.name, target.checked)}
                />
                <Label label={label} />
              </label>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
