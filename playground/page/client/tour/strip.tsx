import { useEffect, useRef, useState } from "react";
import type { CheckSight, StepSight } from "../../protocol.ts";
import { useSection } from "../live.ts";
import { DoneIcon, WaitIcon } from "../parts/icons.tsx";
import { Markdown } from "../parts/markdown.tsx";
import { go } from "../view.ts";

export function TourStrip() {
  const steps = useSection("tour")?.steps ?? [];
  const done = steps.filter(({ state }) => state === "done").length;
  const lastDone = steps.findLast(({ state }) => state === "done")?.id;
  return (
    <aside className="tour" aria-label="Tour">
      <header>
        <h2>Tour</h2>
        <span className="hint">
          {done} of {steps.length}
        </span>
      </header>
      <progress max={steps.length} value={done} aria-label="Steps done" />
      <ol>
        {steps.map((step) => (
          <Step key={step.id} step={step} latest={step.id === lastDone} />
        ))}
      </ol>
    </aside>
  );
}

function Step({ step, latest }: { readonly step: StepSight; readonly latest: boolean }) {
  const { id, title, state } = step;
  return (
    <li className="step" data-state={state} data-step={id} aria-current={state === "now" ? "step" : undefined}>
      {state === "later" && <h3>{title}</h3>}
      {state === "now" && <Task step={step} />}
      {state === "done" && <Explained key={String(latest)} step={step} open={latest} />}
    </li>
  );
}

function Task({ step }: { readonly step: StepSight }) {
  const top = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    // Braces: what it gives back is no clean-up.
    top.current?.closest("li")?.scrollIntoView({ block: "nearest" });
  }, []);
  return (
    <>
      <h3 ref={top}>{step.title}</h3>
      <Markdown text={step.task} />
      <ul className="checks">
        {step.checks.map((check) => (
          <Check key={check.text} check={check} />
        ))}
      </ul>
      {step.draft !== null && <DraftButton draft={step.draft} />}
    </>
  );
}

function Check({ check }: { readonly check: CheckSight }) {
  return (
    <li data-done={check.done}>
      {check.done ? <DoneIcon /> : <WaitIcon />}
      <Markdown text={check.text} />
    </li>
  );
}

/** Fills in the form; filing and labelling stay the person's own. */
function DraftButton({ draft }: { readonly draft: NonNullable<StepSight["draft"]> }) {
  const { number, title, body } = draft;
  return number === null ? (
    <button
      type="button"
      className="primary"
      onClick={() => go({ pane: "github", github: { at: "new", title, body } })}
    >
      Write it for me
    </button>
  ) : (
    <button type="button" onClick={() => go({ pane: "github", github: { at: "issue", number } })}>
      Show issue #{number}
    </button>
  );
}

function Explained({ step, open }: { readonly step: StepSight; readonly open: boolean }) {
  const [isOpen, setOpen] = useState(open);
  return (
    <>
      <h3>
        <button type="button" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          <DoneIcon /> {step.title}
        </button>
      </h3>
      {isOpen && (
        <div className="explains">
          <Markdown text={step.explains} />
          <ul className="files" aria-label="Where it is written">
            {step.files.map((file) => (
              <li key={file}>
                <code>{file}</code>
              </li>
            ))}
          </ul>
        </div>
      )}
    </>
  );
}
