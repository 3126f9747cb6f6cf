import type { GitHubSection, IssueSight } from "../../protocol.ts";
import { act } from "../act.ts";
import { BackIcon } from "../parts/icons.tsx";
import { Markdown } from "../parts/markdown.tsx";
import { Ago } from "../parts/time.tsx";
import { go } from "../view.ts";
import { IssueReply } from "./issue-reply.tsx";
import { StateIcon } from "./issues.tsx";
import { Label } from "./label.tsx";
import { Labels } from "./labels.tsx";

type Props = { readonly github: GitHubSection; readonly number: number; readonly login: string };

export function Issue({ github, number, login }: Props) {
  const issue = github.issues.find((one) => one.number === number);
  if (issue === undefined) return <p className="empty">There is no issue #{number}.</p>;
  return (
    <div className="scroll issue">
      <button type="button" className="back" onClick={() => go({ github: { at: "issues" } })}>
        <BackIcon /> Issues
      </button>
      <h3>
        {issue.title} <span className="hint">#{issue.number}</span>
      </h3>
      <p className="issue-line">
        <span className="state-pill" data-state={issue.state}>
          <StateIcon state={issue.state} /> {issue.state}
        </span>
        <small>
          {issue.author} opened it <Ago at={issue.createdAt} />
        </small>
      </p>
      <Labels
        all={github.labels}
        on={issue.labels}
        toggle={(label, on) => void act({ do: "github.label", as: login, issue: number, label, on })}
      />
      <div className="comment">
        <Markdown text={issue.body === "" ? "_No description._" : issue.body} />
      </div>
      <ol className="timeline">
        {timeline(issue).map((entry) =>
          entry.is === "comment" ? (
            <li key={entry.id} className="comment">
              <header>
                <b>{entry.author}</b> <Ago at={entry.createdAt} />
              </header>
              <Markdown text={entry.body} />
            </li>
          ) : (
            <li key={entry.id} className="event">
              <Happened event={entry} /> <Ago at={entry.createdAt} />
            </li>
          ),
        )}
      </ol>
      <IssueReply issue={issue} login={login} />
    </div>
  );
}

type Entry =
  | ({ readonly is: "comment" } & IssueSight["comments"][number])
  | ({ readonly is: "event" } & IssueSight["events"][number]);

/** Ids grow over all that GitHub keeps, and its times have whole seconds only. */
function timeline({ comments, events }: IssueSight): readonly Entry[] {
  const entries: Entry[] = [
    ...comments.map((comment) => ({ is: "comment" as const, ...comment })),
    ...events.map((event) => ({ is: "event" as const, ...event })),
  ];
  return entries.sort((a, b) => a.id - b.id);
}

function Happened({ event }: { readonly event: Extract<Entry, { is: "event" }> }) {
  switch (event.event) {
    case "labeled":
    case "unlabeled":
      return (
        <>
          <b>{event.actor}</b> {event.event === "labeled" ? "added" : "removed"} <Label label={event.label} />
        </>
      );
    case "closed":
      return (
        <>
          <b>{event.actor}</b> closed this
          {event.commitId !== null && (
            <>
              {" "}
              in{" "}
              <button
                type="button"
                className="link"
                onClick={() => go({ github: { at: "commits", sha: event.commitId } })}
              >
                {event.commitId.slice(0, 8)}
              </button>
            </>
          )}
        </>
      );
    default:
      return (
        <>
          <b>{event.actor}</b> {event.event.replaceAll("_", " ")}
        </>
      );
  }
}
