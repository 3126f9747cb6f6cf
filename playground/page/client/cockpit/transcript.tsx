import type { EntrySight, SessionSight } from "../../protocol.ts";
import { useEnd } from "../parts/scroll.ts";

/** Longer ones are folded: the bot's prompt is a page of rules. */
const FOLD_LINES = 6;

export function Transcript({ session }: { readonly session: SessionSight }) {
  const list = useEnd<HTMLDivElement>(session.id);
  return (
    <div className="transcript" ref={list}>
      <ol>
        {session.entries.map((entry) => (
          <li key={entry.id} data-kind={entry.kind}>
            <Entry entry={entry} />
          </li>
        ))}
        {session.lastError !== null && (
          <li data-kind="error">
            <p>{session.lastError}</p>
          </li>
        )}
      </ol>
    </div>
  );
}

function Entry({ entry }: { readonly entry: EntrySight }) {
  switch (entry.kind) {
    case "tool":
      return (
        <details>
          <summary data-state={entry.state}>
            <code>{entry.text}</code>
          </summary>
          <pre>{entry.output.trim() === "" ? "(no output)" : entry.output.trim()}</pre>
        </details>
      );
    case "person":
      return <Folded text={entry.text} />;
    case "agent":
    case "note":
    case "error":
      return <p>{entry.text}</p>;
    default:
      return entry satisfies never;
  }
}

function Folded({ text }: { readonly text: string }) {
  const lines = text.split("\n");
  if (lines.length <= FOLD_LINES) return <p>{text}</p>;
  return (
    <details>
      <summary>
        {lines[0]} <span className="hint">({lines.length} lines)</span>
      </summary>
      <pre>{text}</pre>
    </details>
  );
}
