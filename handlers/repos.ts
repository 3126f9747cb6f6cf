import { repos } from "../views/repos.ts";
import type { Handler } from "./context.ts";

/** Each repo of the config with its last checks; `repos <part>` only those whose name has that part. */
export const showRepos: Handler = async ({ text }, { config, enrolments }) => {
  const filter = text.trim().toLowerCase() || undefined;
  const seen = [...config.repos.keys()].map(async (repo) => ({ repo, enrolment: await enrolments.last(repo) }));
  return repos({ repos: await Promise.all(seen), filter });
};
