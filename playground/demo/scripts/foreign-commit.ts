import { repo } from "../../world/team.ts";
import { chooseToUnfreeze } from "./choose.ts";
import { factsOf } from "./facts.ts";
import type { Script } from "./script.ts";

export const foreignCommit: Script = {
  does: "the agent's commit is red, and somebody else's commit on top of it is green: that counts for both",
  limitMs: 150_000,
  config: { policy: { maxFixes: 0 } },
  async play({ createIssue, release, follow, world, tell, until }) {
    const issue = createIssue("Quote letters", "Letters have a price of their own.\n\nScripted agent: red fixes=9");
    release(issue);
    const frozen = await follow(issue, ({ state, issueClosed }) => state === "frozen" && !issueClosed);
    if (!frozen.came) return { ok: false, ...factsOf(frozen.sight) };

    const path = `test/ci-${issue}.test.js`;
    const text = 'import("node:test").then(({ test }) => test("the service answers in time", () => {}));\n';
    const fix = { files: { [path]: text }, message: "fix: wait for the service", by: "maintainer" };
    const theirs = await world.github.commit(repo, fix);
    tell(`git      the maintainer pushes ${theirs.slice(0, 8)} on top of it`);
    await chooseToUnfreeze(world, until, { way: "verify-again" });
    tell("Slack    the operator presses Unfreeze…: it is fixed");
    const { came, sight } = await follow(issue, ({ state, issueClosed }) => state === "deployed" && issueClosed);
    const told = sight.replies.some((reply) => reply.includes("Deployed"));
    return { ok: came && told, ...factsOf(sight), theirs };
  },
};
