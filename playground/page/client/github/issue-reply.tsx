import { useState } from "react";
import type { IssueSight } from "../../protocol.ts";
import { act } from "../act.ts";

export function IssueReply({ issue, login }: { readonly issue: IssueSight; readonly login: string }) {
  const [text, setText] = useState("");
  const { number, state } = issue;
  const next = state === "open" ? "closed" : "open";
  return (
    <form
      className="issue-reply"
      onSubmit={(event) => {
        event.preventDefault();
        void act({ do: "github.comment", as: login, issue: number, body: text }).then(({ ok }) => ok && setText(""));
      }}
    >
      <textarea
        rows={2}
        aria-label="Comment"
        placeholder={`Comment as ${login}`}
        value={text}
        onChange={({ target }) => setText(target.value)}
      />
      <div className="row end">
        <button type="button" onClick={() => void act({ do: "github.state", as: login, issue: number, state: next })}>
          {state === "open" ? "Close issue" : "Reopen issue"}
        </button>
        <button type="submit" className="primary" disabled={text.trim() === ""}>
          Comment
        </button>
      </div>
    </form>
  );
}
