import { useRef, useState } from "react";
import { act } from "../act.ts";

type Props = { readonly as: string; readonly channel: string; readonly thread?: string; readonly placeholder: string };

/** What the app's commands are good for; `/afk help` says the rest. */
const suggestions = ["/afk status", "/afk runs", "/afk why #1", "/afk report", "/afk help"];

export function Composer({ as, channel, thread, placeholder }: Props) {
  const [text, setText] = useState("");
  const [busy, setBusy] = useState(false);
  const box = useRef<HTMLInputElement>(null);
  const offered = thread === undefined && text.startsWith("/") ? suggestions.filter((one) => one.startsWith(text)) : [];

  async function send(what: string): Promise<void> {
    if (what.trim() === "" || busy) return;
    setBusy(true);
    const acted = await act({
      do: "slack.write",
      as,
      channel,
      text: what,
      ...(thread === undefined ? {} : { thread }),
    });
    setBusy(false);
    if (acted.ok) setText("");
    box.current?.focus();
  }

  return (
    <form
      className="composer"
      onSubmit={(event) => {
        event.preventDefault();
        void send(text);
      }}
    >
      {offered.length > 0 && offered[0] !== text && (
        <ul className="offers">
          {offered.map((one) => (
            <li key={one}>
              <button
                type="button"
                onClick={() => {
                  setText(one);
                  box.current?.focus();
                }}
              >
                {one}
              </button>
            </li>
          ))}
        </ul>
      )}
      <input
        ref={box}
        type="text"
        aria-label={placeholder}
        placeholder={placeholder}
        value={text}
        autoComplete="off"
        onChange={({ target }) => setText(target.value)}
      />
      <button type="submit" className="primary" disabled={busy || text.trim() === ""}>
        Send
      </button>
    </form>
  );
}
