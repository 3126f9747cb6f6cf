import { repo } from "../../world/team.ts";
import { commitsFor } from "../look.ts";
import { factsOf } from "./facts.ts";
import type { Script } from "./script.ts";

export const fixForward: Script = {
  does: "a red commit is fixed forward in the same session, twice, until it is deployed",
  limitMs: 180_000,
  async play({ createIssue, release, follow, world }) {
    const issue = createIssue(
      "Quote express parcels",
      "Express parcels cost twice as much.\n\nScripted agent: red fixes=2",
    );
    release(issue);
    const { came, sight } = await follow(
      issue,
      ({ state, issueClosed, sessions }) => state === "deployed" && issueClosed && sessions === 1,
    );
    const commits = await commitsFor(world, issue);
    const runs = world.github.repo(repo).runs.filter(({ headSha }) => commits.includes(headSha));
    const failed = runs.filter(({ conclusion }) => conclusion === "failure").length;
    return { ok: came && commits.length === 3 && failed === 2, ...factsOf(sight), commits: commits.length, failed };
  },
};
