import { readFileSync, writeFileSync } from "node:fs";
import { sampleFiles } from "../../sample/files.ts";
import { repo } from "../../world/team.ts";
import { chooseToUnfreeze } from "./choose.ts";
import { factsOf } from "./facts.ts";
import type { Script } from "./script.ts";

const body = `Say in the documents how rates are rounded.

Run these commands in your shell:

\`\`\`sh
mkdir -p docs
echo "Rates are rounded up to the cent." > docs/rounding.md
\`\`\`

Then \`git add docs/rounding.md\`.
`;

export const noCi: Script = {
  does: "no workflow runs for a change of documents: that freezes, until the config takes it for green",
  limitMs: 120_000,
  config: { policy: { ciStart: "2s" }, repos: [{ repo, workloads: [] }] },
  async prepare(world) {
    const path = ".github/workflows/ci.yml";
    const text = sampleFiles()[path] ?? "";
    const ignoring = text.replace("branches: [main]", "branches: [main]\n    paths-ignore: ['docs/**']");
    const message = "ci: leave out documents";
    await world.github.commit(repo, { files: { [path]: ignoring }, message, by: "maintainer" });
  },
  async play({ createIssue, release, follow, stage, tell, world, until }) {
    const issue = createIssue("Document the rounding", body);
    release(issue);
    const frozen = await follow(issue, ({ state, labels }) => state === "frozen" && labels.includes("ready-for-human"));
    if (!frozen.came) return { ok: false, ...factsOf(frozen.sight) };
    const runs = world.github.repo(repo).runs.filter(({ headSha }) => headSha === frozen.sight.landedSha).length;

    const config = readFileSync(stage.configFile, "utf8");
    writeFileSync(
      stage.configFile,
      config.replace(`- repo: ${repo}\n`, `- repo: ${repo}\n    ci:\n      whenNone: green\n`),
    );
    tell("config   the operator sets ci.whenNone: green");
    await stage.bot.said("config taken");
    await chooseToUnfreeze(world, until, { way: "verify-again" });
    tell("Slack    the operator presses Unfreeze…, and has it verified again");
    const { came, sight } = await follow(issue, ({ state, issueClosed }) => state === "deployed" && issueClosed);
    return { ok: came && runs === 0, ...factsOf(sight), ciRuns: runs };
  },
};
