import { type FormEvent, useState } from "react";
import { act } from "../act.ts";
import { useSection } from "../live.ts";
import { go } from "../view.ts";

const ORDER = /\n*^Scripted agent: *(.+)$/m;

/** What the scripted agent can be told in an issue's text, the likeliest first. */
const behaviours: readonly (readonly [string, string])[] = [
  ["good", "do the work"],
  ["slow ms=4000", "do the work, slowly"],
  ["unsure", "ask a question, then do the work"],
  ["approval", "ask leave for a command"],
  ["red fixes=1", "break CI, then mend it"],
  ["crashloop fixes=1", "crash in the cluster, then mend it"],
  ["crashloop fixes=3", "crash in the cluster, and need a person"],
  ["no-commit", "explain why it did nothing"],
  ["fails", "fail"],
  ["silent", "say nothing more"],
];

type Props = { readonly draft: { readonly title: string; readonly body: string }; readonly login: string };

export function NewIssue({ draft, login }: Props) {
  const scripted = useSection("cockpit")?.agent === null;
  const [title, setTitle] = useState(draft.title);
  const [body, setBody] = useState(draft.body.replace(ORDER, ""));
  const [order, setOrder] = useState(ORDER.exec(draft.body)?.[1] ?? "good");
  const offered = behaviours.some(([name]) => name === order) ? behaviours : [[order, order] as const, ...behaviours];

  async function file(event: FormEvent): Promise<void> {
    event.preventDefault();
    const text = scripted ? `${body.trim()}\n\nScripted agent: ${order}` : body.trim();
    const filed = await act({ do: "github.file", as: login, title: title.trim(), body: text.trim() });
    if (filed.ok && filed.number !== undefined) go({ github: { at: "issue", number: filed.number } });
  }

  return (
    <form className="scroll new-issue" onSubmit={(event) => void file(event)}>
      <label>
        Title
        <input type="text" value={title} onChange={({ target }) => setTitle(target.value)} />
      </label>
      <label>
        Description
        <textarea rows={6} value={body} onChange={({ target }) => setBody(target.value)} />
      </label>
      {scripted && (
        <label>
          The scripted agent will
          <select value={order} onChange={({ target }) => setOrder(target.value)}>
            {offered.map(([name, does]) => (
              <option key={name} value={name}>
                {does}
              </option>
            ))}
          </select>
          <small className="hint">No model is called: the agent does what this line of the text says.</small>
        </label>
      )}
      <div className="row end">
        <button type="button" onClick={() => go({ github: { at: "issues" } })}>
          Cancel
        </button>
        <button type="submit" className="primary" disabled={title.trim() === ""}>
          Create issue
        </button>
      </div>
    </form>
  );
}
