// Plays scripts, each on a stage of its own.

import { repo } from "../world/team.ts";
import { look, type Sight } from "./look.ts";
import { scripts } from "./scripts/index.ts";
import type { Ending, Outcome, Scene, Script } from "./scripts/script.ts";
import { type Stage, setStage } from "./stage.ts";

const TIME_LIMIT_MS = 60_000;
const LOOK_EVERY_MS = 100;

type Options = { readonly signal: AbortSignal; tell(line: string): void };

export async function play(
  name: string,
  { keep, signal, tell }: Options & { readonly keep: boolean },
): Promise<Outcome> {
  const script = scripts[name];
  if (script === undefined) throw new Error(`no script is called ${name}`);
  tell("starting the world and the bot …");
  await using stage = await setStage({ keep, script });
  tell("ready");
  const started = performance.now();
  const over = AbortSignal.any([signal, AbortSignal.timeout(script.limitMs ?? TIME_LIMIT_MS)]);
  const ending = await perform(script, sceneOn(stage, tell, over));
  return { script: name, ...ending, ms: Math.round(performance.now() - started) };
}

async function perform(script: Script, scene: Scene): Promise<Ending> {
  try {
    return await script.play(scene);
  } catch (error) {
    return { ok: false, why: error instanceof Error ? error.message : String(error) };
  }
}

function sceneOn(stage: Stage, tell: (line: string) => void, over: AbortSignal): Scene {
  const { world } = stage;
  const maintainer = world.github.as("maintainer");
  return {
    world,
    stage,
    tell,
    createIssue(title, body) {
      const { number } = maintainer.createIssue(repo, { title, body });
      tell(`GitHub   issue #${number} "${title}"`);
      return number;
    },
    release(number) {
      maintainer.label({ repo, number }, "ready-for-agent");
      tell(`GitHub   the maintainer labels #${number} ready-for-agent`);
    },
    look: (issue) => look(world, issue),
    async follow(issue, done) {
      const once = tellOnce(tell);
      for (;;) {
        const sight = await look(world, issue);
        for (const line of linesOf(sight)) once(line);
        if (done(sight)) return { came: true, sight };
        if (over.aborted) return { came: false, sight };
        await pause();
      }
    },
    async until(what, see) {
      for (;;) {
        const seen = await see();
        if (seen !== undefined && seen !== false) return seen;
        if (over.aborted) throw new Error(`not seen in time: ${what}`);
        await pause();
      }
    },
  };
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
}

function tellOnce(tell: (line: string) => void): (line: string) => void {
  const told = new Set<string>();
  return (line) => {
    if (told.has(line)) return;
    told.add(line);
    tell(line);
  };
}

function linesOf(sight: Sight): readonly string[] {
  return [
    ...(sight.card === undefined ? [] : [`Slack    card: ${sight.card}`]),
    ...(sight.sessions > 0 ? ["T3       the session is open"] : []),
    ...sight.checklist.flatMap(({ done, text }) => (done ? [`GitHub   [x] ${text}`] : [])),
    ...sight.replies.map((reply) => `Slack    reply: ${reply}`),
    ...(sight.landedSha === undefined ? [] : [`git      ${sight.landedSha.slice(0, 8)} is on the default branch`]),
    ...sight.deploy,
    ...(sight.issueClosed ? ["GitHub   the issue is closed"] : []),
  ];
}
