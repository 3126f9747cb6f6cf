import type { EditSeen } from "../domain/evidence.ts";
import { type RepoKey, splitRepo } from "../domain/repo.ts";
import type { Release } from "../domain/run.ts";
import type { GitHubClient } from "./client.ts";

/** An issue's latest release, and what its events say was changed after it. */
export type History = {
  readonly release: (Release & { readonly byBot: boolean }) | null;
  readonly changes: readonly Omit<EditSeen, "permission">[];
};

/** Every application of the label, oldest first. */
export async function fetchReleases(
  client: GitHubClient,
  repo: RepoKey,
  issue: number,
  readyLabel: string,
): Promise<readonly Release[]> {
  const { owner, name } = splitRepo(repo);
  const address = { owner, repo: name, issue_number: issue, per_page: 100 };
  const listed = await client.paginate(client.rest.issues.listEvents, address);
  return listed
    .toSorted((a, b) => a.id - b.id)
    .flatMap((event) => {
      const isOurs = "label" in event && event.label?.name?.toLowerCase() === readyLabel.toLowerCase();
      if (event.event !== "labeled" || !isOurs || event.actor === null) return [];
      return [{ eventId: event.id, actor: event.actor.login, at: Date.parse(event.created_at) }];
    });
}

/**
 * From the issue's events, in the order of their ids: times have whole seconds only. `labeled` events name the actor, but
 * not what the actor may do. An application of the label that was taken back since releases nothing.
 */
export async function fetchHistory(
  client: GitHubClient,
  repo: RepoKey,
  issue: number,
  readyLabel: string,
): Promise<History> {
  const { owner, name } = splitRepo(repo);
  const listed = await client.paginate(client.rest.issues.listEvents, {
    owner,
    repo: name,
    issue_number: issue,
    per_page: 100,
  });
  const events = listed.toSorted((a, b) => a.id - b.id);
  const ready = readyLabel.toLowerCase();
  const last = events
    .filter((event) => event.event === "labeled" || event.event === "unlabeled")
    .filter((event) => "label" in event && event.label?.name?.toLowerCase() === ready)
    .at(-1);
  if (last === undefined || last.event === "unlabeled" || last.actor === null) return { release: null, changes: [] };
  const { actor } = last;
  const changes = events
    .filter(({ id }) => id > last.id)
    .flatMap((event): History["changes"] => {
      const what = event.event === "renamed" ? "title" : event.event === "transferred" ? "repository" : undefined;
      if (what === undefined) return [];
      return [{ what, editor: event.actor?.login ?? null, at: Date.parse(event.created_at) }];
    });
  return {
    release: {
      eventId: last.id,
      actor: actor.login,
      at: Date.parse(last.created_at),
      byBot: actor.type === "Bot" || actor.login.endsWith("[bot]"),
    },
    changes,
  };
}
