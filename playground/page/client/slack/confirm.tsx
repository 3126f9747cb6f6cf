import { type ReactNode, useRef, useState } from "react";
import { type Json, words } from "./json.ts";

/** Asks with an element's own `confirm` dialog; without one the answer is yes. */
export function useConfirm(): { ask(confirm: Json): Promise<boolean>; readonly dialog: ReactNode } {
  const [open, setOpen] = useState<Json>();
  const settle = useRef<(yes: boolean) => void>(undefined);

  function ask(confirm: Json): Promise<boolean> {
    if (Object.keys(confirm).length === 0) return Promise.resolve(true);
    setOpen(confirm);
    return new Promise((resolve) => {
      settle.current = resolve;
    });
  }

  function answer(yes: boolean): void {
    setOpen(undefined);
    settle.current?.(yes);
  }

  const dialog =
    open === undefined ? null : (
      <dialog
        className="confirm"
        ref={(box) => void (box?.open === false && box.showModal())}
        onCancel={() => answer(false)}
      >
        <h3>{words(open["title"])}</h3>
        <p>{words(open["text"])}</p>
        <div className="row end">
          <button type="button" onClick={() => answer(false)}>
            {words(open["deny"])}
          </button>
          <button type="button" className="primary" onClick={() => answer(true)}>
            {words(open["confirm"])}
          </button>
        </div>
      </dialog>
    );
  return { ask, dialog };
}
