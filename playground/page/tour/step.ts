// What a step of the tour is. A step looks only at what people see; what was seen once counts as done for good.

import type { ShownMessage } from "../../slack/outcomes.ts";
import type { IssueSight, Sections, SessionSight } from "../protocol.ts";

export type Draft = { readonly title: string; readonly body: string };

export type Scene = Omit<Sections, "tour"> & {
  /** What any of the people in Slack sees, also what only they see. */
  readonly whispers: readonly ShownMessage[];
};

export type Check = { readonly text: string; seen(scene: Scene): boolean };

export type Step = {
  readonly id: string;
  readonly title: string;
  /** It needs an agent that misbehaves as it is told to. */
  readonly scripted?: true;
  /** What to do. Markdown. */
  readonly task: string;
  readonly draft?: Draft;
  readonly checks: readonly Check[];
  /** What the bot did. Markdown. */
  readonly explains: string;
  /** Where it is written, from the repository's root. */
  readonly files: readonly string[];
};

export function issueOf({ github }: Scene, draft: Draft): IssueSight | undefined {
  return github.issues.find(({ title }) => title === draft.title);
}

/** The card's first word, in lower case. */
export function stateOf(scene: Scene, draft: Draft): string {
  return (cardOf(scene, draft)?.text.split(":")[0] ?? "").toLowerCase();
}

export function cardOf({ slack, github }: Scene, draft: Draft): ShownMessage | undefined {
  const number = github.issues.find(({ title }) => title === draft.title)?.number;
  return slack.messages.find(
    ({ text, threadTs, byApp }) => byApp && threadTs === undefined && text.includes(`${github.repo}#${number} `),
  );
}

export function repliesOf(scene: Scene, draft: Draft): readonly ShownMessage[] {
  const card = cardOf(scene, draft);
  return scene.slack.messages.filter(({ threadTs }) => card !== undefined && threadTs === card.ts);
}

export function sessionOf(scene: Scene, draft: Draft): SessionSight | undefined {
  const number = issueOf(scene, draft)?.number;
  return scene.cockpit.sessions.find(({ title }) => title.startsWith(`#${number} `));
}

/** The checks that every released issue begins with. */
export function released(draft: Draft): readonly Check[] {
  return [
    { text: "The issue is filed", seen: (scene) => issueOf(scene, draft) !== undefined },
    {
      text: "It is labelled `ready-for-agent`",
      seen: (scene) =>
        issueOf(scene, draft)?.events.some(
          (event) => event.event === "labeled" && event.label.name === "ready-for-agent",
        ) ?? false,
    },
  ];
}
