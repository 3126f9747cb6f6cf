import { factsOf } from "./facts.ts";
import type { Script } from "./script.ts";

export const nothingLanded: Script = {
  does: "an agent that ends without a commit blocks its issue, with its own words",
  async play({ createIssue, release, follow }) {
    const issue = createIssue("Make the quotes nicer", "They should be nicer.\n\nScripted agent: no-commit");
    release(issue);
    const { came, sight } = await follow(
      issue,
      ({ state, issueClosed, labels, slackRoots }) =>
        state === "blocked" && !issueClosed && labels.includes("ready-for-human") && slackRoots === 1,
    );
    return { ok: came, ...factsOf(sight) };
  },
};
