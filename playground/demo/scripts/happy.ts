import { factsOf } from "./facts.ts";
import type { Script } from "./script.ts";

export const happy: Script = {
  does: "a labelled issue is implemented, landed and deployed",
  async play({ createIssue, release, follow }) {
    const issue = createIssue(
      "Quote a surcharge for islands",
      "Parcels to islands cost a third more. `quote` should say so.\n\nScripted agent: good",
    );
    release(issue);
    const { came, sight } = await follow(
      issue,
      ({ state, issueClosed, landedSha, slackRoots, sessions }) =>
        state === "deployed" && issueClosed && landedSha !== undefined && slackRoots === 1 && sessions === 1,
    );
    return { ok: came, ...factsOf(sight) };
  },
};
