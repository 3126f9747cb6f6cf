import type { Candidate, Permission } from "../domain/evidence.ts";
import { known, type Observed, unknown } from "../domain/observed.ts";
import { type RepoKey, splitRepo } from "../domain/repo.ts";
import { messageOf } from "../errors.ts";
import { type GitHubClient, statusOf } from "./client.ts";

const PERMISSIONS: readonly Permission[] = ["admin", "maintain", "write", "triage", "read", "none"];

/** Open issues with the ready label, each with its latest release and the releasing actor's permission now. */
export async function fetchCandidates(
  client: GitHubClient,
  repo: RepoKey,
  readyLabel: string,
): Promise<readonly Candidate[]> {
  const { owner, name } = splitRepo(repo);
  const issues = await client.paginate(client.rest.issues.listForRepo, {
    owner,
    repo: name,
    state: "open",
    labels: readyLabel,
    per_page: 100,
  });
  return await Promise.all(
    issues
      .filter((issue) => issue.pull_request === undefined)
      .map(async (issue) => {
        const release = await fetchRelease(client, repo, issue.number, readyLabel);
        const actor = release.known && release.value !== null && !release.value.byBot ? release.value.actor : undefined;
        return {
          number: issue.number,
          title: issue.title,
          body: issue.body ?? "",
          url: issue.html_url,
          labels: issue.labels.flatMap((label) => (typeof label === "string" ? label : (label.name ?? []))),
          release,
          permission:
            actor === undefined ? unknown("no person released it") : await fetchPermission(client, repo, actor),
        };
      }),
  );
}

/** The latest `labeled` event for the label. These events name the actor, but not what the actor may do. */
async function fetchRelease(
  client: GitHubClient,
  repo: RepoKey,
  issue: number,
  readyLabel: string,
): Promise<Candidate["release"]> {
  const { owner, name } = splitRepo(repo);
  try {
    const events = await client.paginate(client.rest.issues.listEvents, {
      owner,
      repo: name,
      issue_number: issue,
      per_page: 100,
    });
    const last = events
      .filter((event) => "label" in event && event.label?.name?.toLowerCase() === readyLabel.toLowerCase())
      .filter((event) => event.event === "labeled")
      .sort((a, b) => a.id - b.id)
      .at(-1);
    if (last === undefined || last.actor === null) return known(null);
    const { actor } = last;
    return known({
      eventId: last.id,
      actor: actor.login,
      at: Date.parse(last.created_at),
      byBot: actor.type === "Bot" || actor.login.endsWith("[bot]"),
    });
  } catch (error) {
    return unknown(messageOf(error));
  }
}

/** 404 is an answer: GitHub knows no such user on the repo. */
async function fetchPermission(client: GitHubClient, repo: RepoKey, login: string): Promise<Observed<Permission>> {
  const { owner, name } = splitRepo(repo);
  try {
    const { data } = await client.rest.repos.getCollaboratorPermissionLevel({ owner, repo: name, username: login });
    // A custom role's name says nothing of its rights; `permission` then still gives the base role.
    const role = PERMISSIONS.find((permission) => permission === data.role_name);
    const base = PERMISSIONS.find((permission) => permission === data.permission);
    return known(role ?? base ?? "none");
  } catch (error) {
    return statusOf(error) === 404 ? known("none") : unknown(messageOf(error));
  }
}
