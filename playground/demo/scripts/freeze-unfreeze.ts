import { chooseToUnfreeze } from "./choose.ts";
import { factsOf } from "./facts.ts";
import type { Script } from "./script.ts";

export const freezeUnfreeze: Script = {
  does: "a crash loop outlasts its fixes and freezes the repo; the next issue waits until a person unfreezes it",
  limitMs: 240_000,
  config: { policy: { maxFixes: 1 } },
  async play({ createIssue, release, follow, until, look, world, tell }) {
    const issue = createIssue(
      "Quote heavy parcels",
      "Above 30 kg a flat price holds.\n\nScripted agent: crashloop fixes=2",
    );
    release(issue);
    const frozen = await follow(
      issue,
      ({ state, labels, issueClosed }) => state === "frozen" && labels.includes("ready-for-human") && !issueClosed,
    );
    if (!frozen.came) return { ok: false, ...factsOf(frozen.sight) };

    const next = createIssue("Quote two parcels at once", "Add both.\n\nScripted agent: good");
    release(next);
    const requests = world.github.listener.count();
    await until("the bot has looked at the repo again", () => world.github.listener.count() > requests + 6);
    const waited = (await look(next)).state === undefined;
    tell(`GitHub   #${next} waits: the repo is frozen`);

    await chooseToUnfreeze(world, until, { way: "keep-fixing", guidance: "The flag is in deploy.json." });
    tell("Slack    the operator presses Unfreeze…, and chooses to keep fixing");

    const first = await follow(issue, ({ state, issueClosed }) => state === "deployed" && issueClosed);
    const second = await follow(next, ({ state, issueClosed }) => state === "deployed" && issueClosed);
    return {
      ok: waited && first.came && second.came,
      waited,
      ...factsOf(first.sight),
      next: second.sight.state ?? null,
    };
  },
};
