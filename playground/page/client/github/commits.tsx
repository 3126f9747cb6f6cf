import type { GitHubSection, RunSight } from "../../protocol.ts";
import { ProgressIcon } from "../parts/progress.tsx";
import { Ago } from "../parts/time.tsx";
import { go } from "../view.ts";

export function Commits({ github, sha }: { readonly github: GitHubSection; readonly sha: string | null }) {
  return (
    <div className="scroll">
      <ul className="rows">
        {github.commits.map((commit) => {
          const run = github.runs.find((one) => one.sha === commit.sha);
          const isOpen = sha !== null && commit.sha.startsWith(sha);
          return (
            <li key={commit.sha}>
              <button
                type="button"
                aria-expanded={isOpen}
                onClick={() => go({ github: { at: "commits", sha: isOpen ? null : commit.sha } })}
              >
                <Ci run={run} />
                <span className="row-main">
                  <b>{commit.title}</b>
                  <small>
                    <code>{commit.sha.slice(0, 8)}</code> by {commit.author}, <Ago at={commit.at} />
                  </small>
                </span>
              </button>
              {isOpen && (
                <div className="row-detail">
                  {commit.body !== "" && <pre>{commit.body}</pre>}
                  {run !== undefined && (
                    <button type="button" onClick={() => go({ github: { at: "runs", id: run.id } })}>
                      Open its CI run
                    </button>
                  )}
                </div>
              )}
            </li>
          );
        })}
      </ul>
    </div>
  );
}

function Ci({ run }: { readonly run: RunSight | undefined }) {
  if (run === undefined) return <span className="progress-icon" data-tone="idle" />;
  return <ProgressIcon status={run.status} conclusion={run.conclusion} />;
}
