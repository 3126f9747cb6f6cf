import { channel, slackUsers } from "../../world/team.ts";
import type { World } from "../../world/world.ts";
import type { Scene } from "./script.ts";

const [operator] = slackUsers;

/** The operator presses Unfreeze… where it was asked for last, fills in the form, and sends it. */
export async function chooseToUnfreeze(
  world: World,
  until: Scene["until"],
  values: Readonly<Record<"way", string>> & Readonly<Record<string, string>>,
): Promise<void> {
  const person = world.slack.as(operator.id);
  const message = await until("a message with the button Unfreeze…", () =>
    person.messages(channel.id).findLast(({ blocks }) => JSON.stringify(blocks).includes('"action_id":"unfreeze.v1"')),
  );
  const form = await until("the form", async () => {
    // As people do: a press that nothing comes of is pressed again.
    await person.press(channel.id, message.ts, "unfreeze.v1");
    return person.modals().at(-1);
  });
  const sent = await person.submitModal(form.id, values);
  if (!sent.ok) throw new Error(`the form was refused: ${JSON.stringify(sent)}`);
}
