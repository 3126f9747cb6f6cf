import { assignedTo } from "../src/domain/assign.ts";
import type { RepoKey } from "../src/domain/repo.ts";
import { repos } from "../views/repos.ts";
import type { Handler } from "./context.ts";

/** Each repo of the config with its last checks; `repos <part>` only those whose name has that part. */
export const showRepos: Handler = async ({ text }, { config, enrolments, store, executors }) => {
  const filter = text.trim().toLowerCase() || undefined;
  const at = (repo: RepoKey): string | undefined =>
    executors().length > 1 ? assignedTo(repo, store.state, executors(), false) : undefined;
  const seen = [...config.repos.keys()].map(async (repo) => ({
    repo,
    executor: at(repo),
    enrolment: await enrolments.last(repo),
  }));
  return repos({ repos: await Promise.all(seen), filter });
};
