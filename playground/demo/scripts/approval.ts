import { asking, isSettled, operator, press, repliesOf } from "../people.ts";
import { factsOf } from "./facts.ts";
import type { Script } from "./script.ts";

export const approval: Script = {
  does: "an agent wants to run a command; an operator approves it once, and it goes on to a deploy",
  limitMs: 120_000,
  config: { t3: { runtimeMode: "approval-required" } },
  async play(scene) {
    const issue = scene.createIssue("Pad the parcel codes", "To eight digits.\n\nScripted agent: approval");
    scene.release(issue);
    const asked = await asking(scene, issue, "approve.v1");
    await press(scene, operator.id, asked, "approve.v1");
    const { came, sight } = await scene.follow(issue, ({ state }) => state === "deployed");
    const settled = isSettled(
      repliesOf(scene, issue).find(({ ts }) => ts === asked.ts),
      "Approved once",
    );
    return { ok: came && settled, approved: settled, ...factsOf(sight) };
  },
};
