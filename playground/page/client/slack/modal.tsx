import { useEffect, useRef, useState } from "react";
import type { ShownView } from "../../../slack/outcomes.ts";
import { act } from "../act.ts";
import { Blocks } from "./blocks.tsx";
import type { Choice, Surface } from "./surface.ts";

/** The modal in front. What was filled in stays while the app redraws it. */
export function Modal({ view, as }: { readonly view: ShownView; readonly as: string }) {
  const [values, setValues] = useState<Readonly<Record<string, Choice>>>({});
  const [errors, setErrors] = useState<Readonly<Record<string, string>>>({});
  const [busy, setBusy] = useState(false);
  const box = useRef<HTMLDialogElement>(null);
  const close = (): void => void act({ do: "slack.close", as, view: view.id });

  useEffect(() => {
    // In the pane and not over the page: the other panes go on, and the tour stays readable.
    box.current?.show();
    box.current?.querySelector<HTMLElement>("input, textarea, select")?.focus();
  }, []);

  const surface: Surface = {
    press: (action, block, choice) => {
      const picked = choice === undefined ? {} : { choice: typeof choice === "string" ? choice : [...choice] };
      return act({ do: "slack.press", as, at: { view: view.id }, action, block, ...picked });
    },
    form: { values, errors, set: (key, value) => setValues((before) => ({ ...before, [key]: value })) },
  };

  async function submit(): Promise<void> {
    setBusy(true);
    const filled = Object.fromEntries(
      Object.entries(values).map(([key, value]) => [key, typeof value === "string" ? value : [...value]]),
    );
    const acted = await act({ do: "slack.submit", as, view: view.id, values: filled }, { quiet: true });
    setBusy(false);
    setErrors(acted.ok ? {} : (acted.errors ?? { "": acted.shown }));
  }

  return (
    <div className="modal-shade">
      <dialog
        ref={box}
        className="modal"
        aria-label={view.title}
        onKeyDown={({ key }) => {
          if (key === "Escape") close();
        }}
      >
        <form
          noValidate
          onSubmit={(event) => {
            event.preventDefault();
            void submit();
          }}
        >
          <header>
            <h3>{view.title}</h3>
            <button type="button" className="quiet" aria-label="Close" onClick={close}>
              ×
            </button>
          </header>
          <div className="modal-body">
            <Blocks blocks={view.blocks} surface={surface} />
            {errors[""] !== undefined && (
              <p className="error" role="alert">
                {errors[""]}
              </p>
            )}
          </div>
          <footer className="row end">
            <button type="button" onClick={close}>
              {view.close}
            </button>
            {view.submit !== undefined && (
              <button type="submit" className="primary" disabled={busy}>
                {view.submit}
              </button>
            )}
          </footer>
        </form>
      </dialog>
    </div>
  );
}
