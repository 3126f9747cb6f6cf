import type { GitHubSection, RunSight } from "../../protocol.ts";
import { ProgressIcon } from "../parts/progress.tsx";
import { Ago } from "../parts/time.tsx";
import { go } from "../view.ts";

export function Runs({ github, id }: { readonly github: GitHubSection; readonly id: number | null }) {
  return (
    <div className="scroll">
      {github.runs.length === 0 && <p className="empty">Nothing has run yet.</p>}
      <ul className="rows">
        {github.runs.map((run) => (
          <li key={run.id}>
            <button
              type="button"
              aria-expanded={run.id === id}
              onClick={() => go({ github: { at: "runs", id: run.id === id ? null : run.id } })}
            >
              <ProgressIcon status={run.status} conclusion={run.conclusion} />
              <span className="row-main">
                <b>{run.title}</b>
                <small>
                  {run.name} #{run.number} · <code>{run.sha.slice(0, 8)}</code>, <Ago at={run.at} />
                </small>
              </span>
            </button>
            {run.id === id && <Jobs jobs={run.jobs} />}
          </li>
        ))}
      </ul>
    </div>
  );
}

function Jobs({ jobs }: Pick<RunSight, "jobs">) {
  return (
    <div className="row-detail">
      {jobs.map((job) => (
        <details key={job.id} open={job.conclusion === "failure"}>
          <summary>
            <ProgressIcon status={job.status} conclusion={job.conclusion} /> {job.name}
          </summary>
          <ul className="steps">
            {job.steps.map((step) => (
              <li key={step.name}>
                <ProgressIcon status={step.status} conclusion={step.conclusion} /> {step.name}
              </li>
            ))}
          </ul>
          {job.log !== "" && <pre className="log">{job.log}</pre>}
        </details>
      ))}
    </div>
  );
}
