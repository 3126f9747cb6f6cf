// What people do in Slack in the demo, by hand: they find the question in the issue's thread, press, and fill in.

import type { ShownMessage } from "../slack/outcomes.ts";
import { channel, repo, slackUsers } from "../world/team.ts";
import type { Scene } from "./scripts/script.ts";

const [operator, viewer, guest] = slackUsers;

export { guest, operator };

export function repliesOf({ world }: Pick<Scene, "world">, issue: number): readonly ShownMessage[] {
  const shown = world.slack.as(viewer.id).messages(channel.id);
  const root = shown.find(({ text, threadTs }) => threadTs === undefined && text.includes(`${repo}#${issue} `));
  return shown.filter(({ threadTs, onlyYou }) => root !== undefined && threadTs === root.ts && !onlyYou);
}

/** The newest reply of the issue that has this button, once there is one. */
export async function asking(scene: Scene, issue: number, action: string): Promise<ShownMessage> {
  return await scene.until(`a message with ${action}`, () =>
    repliesOf(scene, issue).findLast(({ blocks }) => buttonsOf(blocks).includes(action)),
  );
}

function buttonsOf(blocks: ShownMessage["blocks"]): readonly string[] {
  return blocks
    .filter(({ type }) => type === "actions")
    .flatMap(({ elements }) => (elements as readonly { readonly action_id: string }[]).map((one) => one.action_id));
}

export async function press(scene: Scene, user: string, { ts }: ShownMessage, action: string): Promise<void> {
  scene.tell(`Slack    <${user}> presses ${action.replace(/\.v\d+$/, "")}`);
  const outcome = await scene.world.slack.as(user).press(channel.id, ts, action);
  if (!outcome.ok) throw new Error(`the press of ${action} failed: ${outcome.shown}`);
}

/** Presses, fills in the form that opens, and sends it. */
export async function fillIn(
  scene: Scene,
  message: ShownMessage,
  action: string,
  values: Readonly<Record<string, string | readonly string[]>>,
): Promise<void> {
  const person = scene.world.slack.as(operator.id);
  await press(scene, operator.id, message, action);
  const form = await scene.until("the form", () => person.modals().at(-1));
  scene.tell(`Slack    <${operator.id}> fills in "${form.title}": ${JSON.stringify(values)}`);
  const outcome = await person.submitModal(form.id, values);
  if (!outcome.ok) throw new Error(`the form was refused: ${outcome.shown}`);
}

/** What only that person sees, newest last. */
export function toldTo({ world }: Pick<Scene, "world">, user: string): readonly ShownMessage[] {
  return world.slack
    .as(user)
    .messages(channel.id)
    .filter(({ onlyYou }) => onlyYou);
}

/** Whether a message says who settled it, and has nothing left to press but links. */
export function isSettled(message: ShownMessage | undefined, word: string): boolean {
  if (message === undefined) return false;
  const said = JSON.stringify(message.blocks);
  return said.includes(`*${word}* by <@${operator.id}>`) && buttonsOf(message.blocks).length === 0;
}
