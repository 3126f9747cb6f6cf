import type { GitHubSection } from "../../protocol.ts";
import { useSection } from "../live.ts";
import { GitHubIcon } from "../parts/icons.tsx";
import { type GitHubPlace, go, useView } from "../view.ts";
import { Commits } from "./commits.tsx";
import { Issue } from "./issue.tsx";
import { Issues } from "./issues.tsx";
import { NewIssue } from "./new-issue.tsx";
import { Runs } from "./runs.tsx";

export function GitHubPane() {
  const { github: place, login } = useView();
  const github = useSection("github");
  const down = useSection("controls")?.services.github.up === false;
  const tab = place.at === "commits" || place.at === "runs" ? place.at : "issues";
  const open = github?.issues.filter(({ state }) => state === "open").length ?? 0;
  const busy = github?.runs.filter(({ status }) => status !== "completed").length ?? 0;
  const tabs = [
    ["issues", "Issues", open, { at: "issues" }],
    ["commits", "Commits", 0, { at: "commits", sha: null }],
    ["runs", "Actions", busy, { at: "runs", id: null }],
  ] as const;
  return (
    <section className="pane pane-github" aria-label="GitHub">
      <header className="pane-head">
        <h2>
          <GitHubIcon /> GitHub
        </h2>
        <select
          aria-label="Act on GitHub as"
          title="Who you are on GitHub"
          value={login}
          onChange={({ target }) => go({ login: target.value })}
        >
          {github?.people.map((person) => (
            <option key={person.login} value={person.login}>
              {person.login} ({person.role})
            </option>
          ))}
        </select>
      </header>
      <nav className="tabs subhead" aria-label="In GitHub">
        {tabs.map(([id, name, count, to]) => (
          <button
            key={id}
            type="button"
            aria-current={tab === id ? "page" : undefined}
            onClick={() => go({ github: to })}
          >
            {name}
            {count > 0 && <span className="count">{count}</span>}
          </button>
        ))}
      </nav>
      {down && <p className="down">GitHub is switched off</p>}
      {github !== undefined && <Place github={github} place={place} login={login} />}
    </section>
  );
}

type PlaceProps = { readonly github: GitHubSection; readonly place: GitHubPlace; readonly login: string };

function Place({ github, place, login }: PlaceProps) {
  switch (place.at) {
    case "issues":
      return <Issues github={github} />;
    case "new":
      return <NewIssue key={`${place.title}/${place.body}`} draft={place} login={login} />;
    case "issue":
      return <Issue github={github} number={place.number} login={login} />;
    case "commits":
      return <Commits github={github} sha={place.sha} />;
    case "runs":
      return <Runs github={github} id={place.id} />;
    default:
      return place satisfies never;
  }
}
