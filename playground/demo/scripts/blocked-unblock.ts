import { asking, fillIn, isSettled, repliesOf } from "../people.ts";
import { factsOf } from "./facts.ts";
import type { Script } from "./script.ts";

export const blockedUnblock: Script = {
  does: "an agent gives up; an operator unblocks it with a word, and the same session goes on to a deploy",
  limitMs: 180_000,
  async play(scene) {
    const issue = scene.createIssue("Show totals", "Of each quote.\n\nScripted agent: no-commit");
    scene.release(issue);
    const asked = await asking(scene, issue, "unblock.v1");
    await fillIn(scene, asked, "unblock.v1", { guidance: "In euro, as everywhere else." });
    const { came, sight } = await scene.follow(issue, ({ state }) => state === "deployed");
    const settled = isSettled(
      repliesOf(scene, issue).find(({ ts }) => ts === asked.ts),
      "Unblocked",
    );
    return { ok: came && settled && sight.sessions === 1, unblocked: settled, ...factsOf(sight) };
  },
};
