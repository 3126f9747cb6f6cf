import { asking, fillIn, isSettled, repliesOf } from "../people.ts";
import { factsOf } from "./facts.ts";
import type { Script } from "./script.ts";

export const unfreeze: Script = {
  does: "a red commit is not fixed within the budget and frozen; an operator lets it be fixed on, and it is deployed",
  limitMs: 240_000,
  config: { policy: { maxFixes: 1 } },
  async play(scene) {
    const issue = scene.createIssue("Answer in time", "Within five seconds.\n\nScripted agent: red fixes=2");
    scene.release(issue);
    const asked = await asking(scene, issue, "unfreeze.v1");
    await fillIn(scene, asked, "unfreeze.v1", { way: "keep-fixing", guidance: "The service is not started in CI." });
    const { came, sight } = await scene.follow(issue, ({ state }) => state === "deployed");
    const settled = isSettled(
      repliesOf(scene, issue).find(({ ts }) => ts === asked.ts),
      "Unfrozen",
    );
    return { ok: came && settled, unfrozen: settled, ...factsOf(sight) };
  },
};
