import { asking, fillIn, isSettled, repliesOf } from "../people.ts";
import { factsOf } from "./facts.ts";
import type { Script } from "./script.ts";

export const question: Script = {
  does: "an agent asks; an operator answers in Slack, and it goes on to a deploy",
  limitMs: 120_000,
  async play(scene) {
    const issue = scene.createIssue(
      "Remember past quotes",
      "Past quotes are to be kept somewhere.\n\nScripted agent: asks",
    );
    scene.release(issue);
    const asked = await asking(scene, issue, "answer.v1");
    await fillIn(scene, asked, "answer.v1", { "choice-0": "1", "choice-1": ["0", "other"], "own-1": "Search" });
    const { came, sight } = await scene.follow(issue, ({ state }) => state === "deployed");
    const settled = isSettled(
      repliesOf(scene, issue).find(({ ts }) => ts === asked.ts),
      "Answered",
    );
    return { ok: came && settled && asked.broadcast, answered: settled, ...factsOf(sight) };
  },
};
