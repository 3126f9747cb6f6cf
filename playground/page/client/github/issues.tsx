import type { GitHubSection, IssueSight } from "../../protocol.ts";
import { DoneIcon, OpenIcon } from "../parts/icons.tsx";
import { Ago } from "../parts/time.tsx";
import { go } from "../view.ts";
import { Label } from "./label.tsx";

export function Issues({ github }: { readonly github: GitHubSection }) {
  return (
    <div className="scroll">
      <div className="toolbar">
        <b>{github.repo}</b>
        <button type="button" className="primary" onClick={() => go({ github: { at: "new", title: "", body: "" } })}>
          New issue
        </button>
      </div>
      {github.issues.length === 0 && <p className="empty">No issues yet.</p>}
      <ul className="rows">
        {github.issues.map((issue) => (
          <li key={issue.number}>
            <button type="button" onClick={() => go({ github: { at: "issue", number: issue.number } })}>
              <StateIcon state={issue.state} />
              <span className="row-main">
                <b>{issue.title}</b>
                <span className="row-labels">
                  {issue.labels.map((label) => (
                    <Label key={label.name} label={label} />
                  ))}
                </span>
                <small>
                  #{issue.number} by {issue.author}, <Ago at={issue.createdAt} />
                  {issue.comments.length > 0 &&
                    ` · ${issue.comments.length === 1 ? "1 comment" : `${issue.comments.length} comments`}`}
                </small>
              </span>
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}

export function StateIcon({ state }: Pick<IssueSight, "state">) {
  return (
    <span className="issue-state" data-state={state} role="img" aria-label={state}>
      {state === "open" ? <OpenIcon /> : <DoneIcon />}
    </span>
  );
}
