// The pages that html_url leads to: enough for a person who follows a link to see what it is about.

import type { Express, Request, Response } from "express";
import { roleOf } from "./access.ts";
import type { Git } from "./git.ts";
import { resolve } from "./history.ts";
import type { Job, Repo } from "./model.ts";
import { latestJobs } from "./workflow-runs.ts";
import { findIssue, findRepo, fullName, type World } from "./world.ts";

export function servePages(app: Express, world: World, git: Git): void {
  app.get("/_logs/:repo/:job.txt", (request, response) => {
    const job = world.repos
      .find((repo) => String(repo.id) === request.params["repo"])
      ?.jobs.find((candidate) => String(candidate.id) === request.params["job"]);
    if (job === undefined) response.status(404).end();
    else response.type("text/plain; charset=utf-8").send(job.log);
  });

  page("", (repo) => {
    const issues = repo.issues
      .toReversed()
      .map(
        (issue) =>
          `<li><a href="/${fullName(repo)}/issues/${issue.number}">#${issue.number} ${escapeHtml(issue.title)}</a> (${issue.state})</li>`,
      );
    const runs = repo.runs
      .toReversed()
      .slice(0, 20)
      .map(
        (run) =>
          `<li><a href="/${fullName(repo)}/actions/runs/${run.id}">${escapeHtml(run.name)} #${run.runNumber}</a>: ${run.conclusion ?? run.status}</li>`,
      );
    return `<h2>Issues</h2><ul>${issues.join("")}</ul><h2>Actions</h2><ul>${runs.join("")}</ul>`;
  });

  page("/issues/:number", (repo, params) => {
    const issue = findIssue(repo, Number(params["number"]));
    if (issue === undefined) return undefined;
    const labels = issue.labels.map((label) => `<code>${escapeHtml(label.name)}</code>`).join(" ");
    const comments = issue.comments.map(
      (comment) =>
        `<h3 id="issuecomment-${comment.id}">${escapeHtml(comment.author)}</h3><pre>${escapeHtml(comment.body)}</pre>`,
    );
    return `<h2>#${issue.number} ${escapeHtml(issue.title)}</h2><p>${issue.state} ${labels}</p><pre>${escapeHtml(issue.body ?? "")}</pre>${comments.join("")}`;
  });

  page("/commit/:sha", async (repo, params) => {
    const sha = await resolve(git, repo.gitDir, params["sha"] ?? "");
    if (sha === undefined) return undefined;
    const text = await git.run(repo.gitDir, ["show", "--stat", "--patch", "--no-color", sha]);
    return `<pre>${escapeHtml(text.toString())}</pre>`;
  });

  page("/actions/runs/:run", (repo, params) => {
    const run = repo.runs.find((candidate) => String(candidate.id) === params["run"]);
    if (run === undefined) return undefined;
    const jobs = latestJobs(repo, run).map(
      (job) =>
        `<li><a href="/${fullName(repo)}/actions/runs/${run.id}/job/${job.id}">${escapeHtml(job.name)}</a>: ${job.conclusion ?? job.status}</li>`,
    );
    return `<h2>${escapeHtml(run.name)} #${run.runNumber}</h2><p>${run.conclusion ?? run.status}: ${escapeHtml(run.displayTitle)}</p><ul>${jobs.join("")}</ul>`;
  });

  page("/actions/runs/:run/job/:job", (repo, params) =>
    jobPage(repo.jobs.find(({ id }) => String(id) === params["job"])),
  );
  page("/runs/:job", (repo, params) => jobPage(repo.jobs.find(({ id }) => String(id) === params["job"])));

  type Params = Readonly<Record<string, unknown>> & Readonly<Record<string, string | undefined>>;

  /** A page below a repository, for everyone where the repository is public. */
  function page(
    path: string,
    body: (repo: Repo, params: Params) => string | undefined | Promise<string | undefined>,
  ): void {
    app.get(`/:owner/:name${path}`, async (request: Request, response: Response) => {
      const params = request.params as Record<string, string>;
      const repo = findRepo(world, params["owner"] ?? "", params["name"] ?? "");
      const visible = repo !== undefined && roleOf(repo, undefined) !== undefined;
      const text = visible ? await body(repo, params) : undefined;
      if (repo === undefined || text === undefined) response.status(404).type("html").send("<h1>404</h1>");
      else
        response
          .type("html")
          .send(
            `<!doctype html><title>${escapeHtml(fullName(repo))}</title><h1><a href="/${fullName(repo)}">${escapeHtml(fullName(repo))}</a></h1>${text}`,
          );
    });
  }
}

function jobPage(job: Job | undefined): string | undefined {
  if (job === undefined) return undefined;
  return `<h2>${escapeHtml(job.name)}: ${job.conclusion ?? job.status}</h2><pre>${escapeHtml(job.log)}</pre>`;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
