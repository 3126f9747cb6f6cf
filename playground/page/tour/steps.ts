// The tour's six steps.

import { cardOf, type Draft, issueOf, released, repliesOf, type Scene, type Step, sessionOf, stateOf } from "./step.ts";

const first: Draft = {
  title: "Quote a surcharge for islands",
  body: "Parcels to islands cost a third more. `quote` should say so.\n\nScripted agent: slow ms=4000",
};
const second: Draft = {
  title: "Round quotes to whole euros",
  body: "Customers want round prices.\n\nScripted agent: unsure",
};
const third: Draft = {
  title: "Read the bands from a file at start",
  body: "So that prices can change without a release.\n\nScripted agent: crashloop fixes=3",
};

function hasLanded({ github }: Scene, draft: Draft): boolean {
  const number = github.issues.find(({ title }) => title === draft.title)?.number;
  return github.commits.some(({ body }) => new RegExp(`^Closes #${number}$`, "m").test(body));
}

function isCrashing({ cluster }: Scene): boolean {
  return cluster.workloads.some(({ pods }) => pods.some(({ status }) => /CrashLoopBackOff|Error/.test(status)));
}

export const steps: readonly Step[] = [
  {
    id: "release",
    title: "Release an issue",
    task: "File this issue on **GitHub**, then give it the label `ready-for-agent`. That label is the release: from here on nobody needs to be at the keyboard.",
    draft: first,
    checks: [
      ...released(first),
      { text: "The bot has opened its thread in Slack", seen: (scene) => cardOf(scene, first) !== undefined },
    ],
    explains:
      "The bot saw the label and asked who put it there, whether they may release work, whether anybody edited the text since, what blocks the issue, and whether CI and the volume are fit. Only then did it make a worktree and start an agent. Type `/afk why #1` in Slack to see every gate.",
    files: ["src/domain/gates.ts", "src/dispatch.ts", "views/card.ts"],
  },
  {
    id: "watch",
    title: "Watch it deploy",
    task: "Nothing to do. Follow the card in **Slack**, the agent in **T3**, and the pods in the **cluster** as they change.",
    checks: [
      { text: "The agent pushed its commit", seen: (scene) => hasLanded(scene, first) },
      { text: "Its rollout is healthy, the card says Deployed", seen: (scene) => stateOf(scene, first) === "deployed" },
      { text: "The issue is closed", seen: (scene) => issueOf(scene, first)?.state === "closed" },
    ],
    explains:
      "Nothing was believed because somebody said it. The bot found the agent's own commit on the default branch, read the CI runs of that exact commit, and watched the Deployment until every pod carried it and was available.",
    files: ["src/domain/decide.ts", "src/domain/checks.ts", "src/domain/rollout.ts"],
  },
  {
    id: "answer",
    scripted: true,
    title: "Answer its question",
    task: "File and label this one too. The agent will not know how to go on, and ask. Answer with the button in **Slack**.",
    draft: second,
    checks: [
      ...released(second),
      {
        text: "The question is in Slack",
        seen: (scene) => sessionOf(scene, second)?.waiting?.for === "answer" && repliesOf(scene, second).length > 0,
      },
      {
        text: "The agent has the answer",
        seen: (scene) => sessionOf(scene, second)?.entries.some(isAnswer) ?? false,
      },
      { text: "Deployed", seen: (scene) => stateOf(scene, second) === "deployed" },
    ],
    explains:
      "A waiting agent is not a stalled one: the clock stopped, and the question went to Slack with its options. Your answer was written down before it was sent, so a crash in between would have lost nothing.",
    files: ["views/escalation.ts", "handlers/answer.ts", "src/domain/turning.ts"],
  },
  {
    id: "break",
    scripted: true,
    title: "Let it break",
    task: "This agent's change passes CI, then crashes in the cluster. File it, label it, and watch the bot send the agent back to mend it, until it stops trying.",
    draft: third,
    checks: [
      ...released(third),
      { text: "The pods crash", seen: isCrashing },
      { text: "The bot sent the agent back", seen: (scene) => wasSentBack(scene, third) },
      {
        text: "The repo is frozen",
        seen: (scene) =>
          stateOf(scene, third) === "frozen" || repliesOf(scene, third).some(({ text }) => /frozen/i.test(text)),
      },
    ],
    explains:
      "Each correction went into the same session with the cluster's own reasons. When the budget was spent the bot froze the repo: it left the broken state as it is, collected the evidence in the thread, and takes no new work there until a person says so.",
    files: ["src/domain/verifying.ts", "src/domain/rollout.ts"],
  },
  {
    id: "unfreeze",
    scripted: true,
    title: "Unfreeze it",
    task: "Press **Unfreeze…** in Slack and let it keep fixing. Only operators may: try it as Viewer first, and see what it says.",
    checks: [
      {
        text: "A person has unfrozen it",
        seen: (scene) => !["", "frozen"].includes(stateOf(scene, third)),
      },
      { text: "Mended and deployed", seen: (scene) => stateOf(scene, third) === "deployed" },
    ],
    explains:
      "The press was acknowledged at once, your rights were checked as they are now, and the order was written down with your name and reason. Then the same loop acted on it that acts on everything else.",
    files: ["handlers/unfreeze.ts", "handlers/guard.ts", "src/domain/orders.ts"],
  },
  {
    id: "report",
    title: "Read the report",
    task: "Type `/afk report` in **Slack**. It comes every day by itself; open the **Home** tab for how things stand now.",
    checks: [
      {
        text: "The report is there",
        seen: ({ whispers }) => whispers.some(({ text, byApp }) => byApp && text.startsWith("Daily report")),
      },
    ],
    explains:
      "The day's runs by repo, how full the volume is and will be, what was removed and kept, and why, how much each cache is used. `/afk prune --dry-run` says what would go now. That was the tour: file issues of your own, or open the chaos panel and break something.",
    files: ["views/report.ts", "src/domain/report.ts", "src/domain/housekeeping.ts"],
  },
];

function isAnswer({ kind, text }: { readonly kind: string; readonly text: string }): boolean {
  return kind === "note" && text.startsWith("Answered: ") && text !== "Answered: nothing";
}

function wasSentBack(scene: Scene, draft: Draft): boolean {
  const turns = sessionOf(scene, draft)?.entries.filter(({ kind }) => kind === "person") ?? [];
  return turns.length > 1;
}
