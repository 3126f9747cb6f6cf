// What a demo plays: an issue, and what must be true in the end. Each ends by itself.

import { type Eyes, openEyes, type Sight } from "./look.ts";
import type { Stage } from "./stage.ts";

export type Outcome = {
  readonly script: string;
  readonly ok: boolean;
  readonly state: string | null;
  readonly landedSha: string | null;
  readonly issueClosed: boolean;
  readonly slackRoots: number;
  readonly sessions: number;
  /** From the label to the end, in milliseconds. */
  readonly ms: number;
};

export type Tell = (line: string) => void;

type Script = {
  readonly does: string;
  readonly title: string;
  readonly body: string;
  readonly ends: string;
  /** Beyond the state: what must hold of what people see. */
  holds(sight: Sight): boolean;
};

export const scripts = {
  happy: {
    does: "a labelled issue is implemented, landed and deployed",
    title: "Quote a surcharge for islands",
    body: "Parcels to islands cost a third more. `quote` should say so.\n\nScripted agent: good",
    ends: "deployed",
    holds: (sight) =>
      sight.issueClosed && sight.landedSha !== undefined && sight.slackRoots === 1 && sight.sessions === 1,
  },
  "nothing-landed": {
    does: "an agent that ends without a commit blocks its issue, with its own words",
    title: "Make the quotes nicer",
    body: "They should be nicer.\n\nScripted agent: no-commit",
    ends: "blocked",
    holds: (sight) => !sight.issueClosed && sight.labels.includes("ready-for-human") && sight.slackRoots === 1,
  },
} as const satisfies Record<string, Script>;

export type ScriptName = keyof typeof scripts;

const TIME_LIMIT_MS = 60_000;
const LOOK_EVERY_MS = 200;

/** Plays a script on a stage that is up, telling what a person would see as it goes. */
export async function play(name: ScriptName, stage: Stage, tell: Tell): Promise<Outcome> {
  const script: Script = scripts[name];
  const eyes = openEyes(stage);
  const issue = await eyes.createIssue(script.title, script.body);
  tell(`GitHub   issue #${issue.number} "${script.title}" (${issue.url})`);
  await eyes.label(issue.number, "ready-for-agent");
  const started = performance.now();
  tell(`GitHub   the maintainer labels it ready-for-agent`);

  const last = await follow(eyes, issue.number, (sight) => sight.state === script.ends && script.holds(sight), tell);
  return {
    script: name,
    ok: last.state === script.ends && script.holds(last),
    state: last.state ?? null,
    landedSha: last.landedSha ?? null,
    issueClosed: last.issueClosed,
    slackRoots: last.slackRoots,
    sessions: last.sessions,
    ms: Math.round(performance.now() - started),
  };
}

/** Looks until `done` or the time is up, and tells each thing once when it is first seen. */
async function follow(eyes: Eyes, issue: number, done: (sight: Sight) => boolean, tell: Tell): Promise<Sight> {
  const told = new Set<string>();
  const once = (line: string): void => {
    if (told.has(line)) return;
    told.add(line);
    tell(line);
  };
  const deadline = performance.now() + TIME_LIMIT_MS;
  for (;;) {
    const sight = await eyes.look(issue);
    if (sight.card !== undefined) once(`Slack    card: ${sight.card}`);
    if (sight.sessions > 0) once("T3       the session is open");
    for (const { done: ticked, text } of sight.checklist) if (ticked) once(`GitHub   [x] ${text}`);
    for (const reply of sight.replies) once(`Slack    reply: ${reply}`);
    if (sight.landedSha !== undefined) once(`git      ${sight.landedSha.slice(0, 8)} is on the default branch`);
    for (const line of sight.deploy) once(line);
    if (sight.issueClosed) once("GitHub   the issue is closed");
    if (done(sight) || performance.now() > deadline) return sight;
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}
