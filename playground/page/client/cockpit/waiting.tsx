import { useState } from "react";
import type { Waiting } from "../../protocol.ts";
import { act } from "../act.ts";

type Props = { readonly session: string; readonly waiting: Waiting };

/** What the session waits for, to be settled here as in T3's own page. */
export function WaitingBox({ session, waiting }: Props) {
  const { requestId } = waiting;
  if (waiting.for === "answer") return <Answer session={session} waiting={waiting} />;
  const settle = (allow: boolean): void => void act({ do: "t3.approve", session, request: requestId, allow });
  return (
    <div className="waiting">
      <p>May it run this?</p>
      <code>{waiting.what}</code>
      <div className="row end">
        <button type="button" onClick={() => settle(false)}>
          Deny
        </button>
        <button type="button" className="primary" onClick={() => settle(true)}>
          Approve
        </button>
      </div>
    </div>
  );
}

function Answer({
  session,
  waiting,
}: {
  readonly session: string;
  readonly waiting: Extract<Waiting, { for: "answer" }>;
}) {
  const [answers, setAnswers] = useState<Readonly<Record<string, readonly string[]>>>({});
  const { requestId, questions } = waiting;

  function toggle(question: string, label: string, many: boolean): void {
    setAnswers((before) => {
      const chosen = before[question] ?? [];
      if (!many) return { ...before, [question]: [label] };
      const next = chosen.includes(label) ? chosen.filter((one) => one !== label) : [...chosen, label];
      return { ...before, [question]: next };
    });
  }

  function send(): void {
    const given = questions.map(({ id, multiSelect }) => {
      const chosen = answers[id] ?? [];
      return [id, multiSelect ? [...chosen] : (chosen[0] ?? "")] as const;
    });
    void act({ do: "t3.answer", session, request: requestId, answers: Object.fromEntries(given) });
  }

  return (
    <div className="waiting">
      {questions.map(({ id, question, options, multiSelect }) => (
        <fieldset key={id}>
          <legend>{question}</legend>
          {options.map(({ label, description }) => (
            <button
              key={label}
              type="button"
              aria-pressed={(answers[id] ?? []).includes(label)}
              title={description}
              onClick={() => toggle(id, label, multiSelect)}
            >
              {label}
            </button>
          ))}
        </fieldset>
      ))}
      <div className="row end">
        <button
          type="button"
          className="primary"
          disabled={questions.some(({ id }) => (answers[id] ?? []).length === 0)}
          onClick={send}
        >
          Answer here
        </button>
      </div>
    </div>
  );
}
