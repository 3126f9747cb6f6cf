import { useState } from "react";
import { act } from "../act.ts";

/** A word into the session, as from T3's own page. */
export function Steer({ session }: { readonly session: string }) {
  const [text, setText] = useState("");
  return (
    <form
      className="composer"
      onSubmit={(event) => {
        event.preventDefault();
        void act({ do: "t3.send", session, text }).then(({ ok }) => ok && setText(""));
      }}
    >
      <input
        type="text"
        aria-label="Message to the agent"
        placeholder="Steer the agent"
        value={text}
        autoComplete="off"
        onChange={({ target }) => setText(target.value)}
      />
      <button type="submit" disabled={text.trim() === ""}>
        Send
      </button>
    </form>
  );
}
