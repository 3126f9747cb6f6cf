// The people: they answer, unblock, unfreeze and give up, some of them without the right to, and press twice.

import { setTimeout as sleep } from "node:timers/promises";
import { channel, slackUsers } from "../world/team.ts";
import { type Draw, drawOf } from "./draw.ts";
import type { Issue, Sight } from "./sight.ts";
import type { Stage } from "./stage.ts";

export type People = {
  /** Does what is due, for each issue that waits. Never throws. */
  act(all: readonly Sight[]): void;
  /** Issues that an operator has resolved at least once. */
  readonly resolved: ReadonlySet<string>;
  presses(): number;
  /** What the bot last told the operator of the issue alone, the latest last. */
  answers(issue: Issue): readonly string[];
  /** Resolves to whether it was done. */
  pause(): Promise<boolean>;
  resume(): Promise<boolean>;
};

const [operator, viewer] = slackUsers;
/** As impatient people do. */
const AGAIN_MS = 4_000;
/** An issue that has asked for people so often is not tried again. */
const PATIENCE = 2;

type Waiting = {
  readonly word: string;
  /** How often people had been asked by then: a card is drawn late in a rush, a question is not. */
  readonly asked: number;
  actedAt: number;
  readonly command: string;
};

export function createPeople(stage: Stage, seed: number): People {
  const waiting = new Map<string, Waiting>();
  const resolved = new Set<string>();
  let presses = 0;

  const say = async (who: typeof operator | typeof viewer, text: string): Promise<boolean> => {
    presses += 1;
    return await stage.slack
      .as(who.id)
      .command("/afk", text, channel.id)
      .then(({ ok }) => ok)
      .catch(() => false);
  };

  /** Slack has an envelope acknowledged before the bot has done what it asks for: done is what the bot says is done. */
  async function sayUntilTold(text: string, told: RegExp): Promise<boolean> {
    const person = stage.slack.as(operator.id);
    const answers = (): number =>
      person.messages(channel.id).filter(({ byApp, onlyYou, text: said }) => byApp && onlyYou && told.test(said))
        .length;
    const before = answers();
    if (!(await say(operator, text))) return false;
    for (let looks = 0; looks < 30 && answers() === before; looks += 1) await sleep(100);
    return answers() > before;
  }

  async function resolve(key: string, one: Waiting, sight: Sight, draw: Draw): Promise<void> {
    if (draw.share() < 0.3) await meddle(one.command, sight, draw);
    if (one.word === "Asking") return await answer(sight);
    resolved.add(key);
    const twice = draw.share() < 0.3;
    await Promise.all([say(operator, one.command), ...(twice ? [say(operator, one.command)] : [])]);
  }

  /** Of somebody who may only look: by the same command, or by a button of the question. */
  async function meddle(command: string, { replies }: Sight, draw: Draw): Promise<void> {
    const newest = replies.at(-1);
    if (newest === undefined || draw.share() < 0.5) await say(viewer, command);
    else {
      presses += 1;
      const button = draw.pick(["retry.v1", "abandon.v1", "hand-over.v1"]);
      await stage.slack
        .as(viewer.id)
        .press(channel.id, newest.ts, button)
        .catch(() => undefined);
    }
  }

  /** By the button and its form; both questions are of choices. */
  async function answer({ replies }: Sight): Promise<void> {
    const person = stage.slack.as(operator.id);
    for (const { ts } of replies.toReversed()) {
      presses += 1;
      const pressed = await person.press(channel.id, ts, "answer.v1").catch(() => undefined);
      if (pressed?.ok !== true) continue;
      const form = person.modals().at(-1);
      if (form !== undefined)
        await person.submitModal(form.id, { "choice-0": "0", "choice-1": ["0", "1"] }).catch(() => undefined);
      return;
    }
  }

  return {
    resolved,
    presses: () => presses,
    answers: ({ repo, number }) =>
      stage.slack
        .as(operator.id)
        .messages(channel.id)
        .filter(({ byApp, onlyYou, text }) => byApp && onlyYou && text.includes(`${repo}#${number}`))
        .map(({ text }) => text)
        .slice(-3),
    pause: () => sayUntilTold("pause a soak's pause", /Paused/),
    resume: () => sayUntilTold("resume", /Resumed|Nothing is paused/),
    act(all) {
      for (const sight of all) {
        const { issue, word = "" } = sight;
        const key = `${issue.repo}#${issue.number}`;
        if (word !== "Blocked" && word !== "Frozen" && word !== "Asking") {
          waiting.delete(key);
          continue;
        }
        const now = performance.now();
        const asked = sight.replies.filter(({ broadcast }) => broadcast).length;
        let one = waiting.get(key);
        if (one?.word !== word || one.asked !== asked) {
          const draw = drawOf(seed, `${key} ${word} ${asked}`);
          one = {
            word,
            asked,
            actedAt: now - draw.between(1_000, AGAIN_MS),
            command: commandFor(key, word, asked, draw),
          };
          waiting.set(key, one);
        }
        if (now - one.actedAt < AGAIN_MS) continue;
        one.actedAt = now;
        void resolve(key, one, sight, drawOf(seed, `${key} ${word} ${presses}`));
      }
    },
  };
}

function commandFor(key: string, word: string, asked: number, draw: Draw): string {
  if (word === "Asking") return `answer ${key} SQLite`;
  if (word === "Frozen") {
    return asked >= PATIENCE
      ? `unfreeze ${key} hand-over`
      : `unfreeze ${key} ${draw.pick(["hand-over", "keep-fixing", "verify-again"])}`;
  }
  if (asked > PATIENCE) return draw.pick([`abandon ${key} it will not work`, `hand-over ${key}`]);
  return draw.pick([
    `unblock ${key} Please go on.`,
    `unblock ${key} Take euros.`,
    `retry ${key}`,
    `abandon ${key} not wanted any more`,
  ]);
}
