import type { PressOutcome, SubmitOutcome } from "../../slack/outcomes.ts";
import type { Person } from "../../slack/people.ts";
import type { Act, Acted } from "../protocol.ts";

type Do<T extends Act["do"]> = Extract<Act, { do: T }>;

type Named = { readonly id: string; readonly name: string };

/** Whatever begins with a slash is a command, as in Slack, and commands are not for threads. */
export async function write(
  person: Person,
  named: readonly Named[],
  { channel, thread, text }: Do<"slack.write">,
): Promise<Acted> {
  const [word = "", ...rest] = text.trim().split(" ");
  if (word === "") return { ok: false, shown: "There is nothing to send." };
  if (word.startsWith("/")) {
    if (thread !== undefined) return { ok: false, shown: `${word} is not supported in threads. Sorry!` };
    return acted(await person.command(word, rest.join(" "), channel));
  }
  try {
    const said = mentionIn(text, named);
    if (thread === undefined) person.post(channel, said);
    else person.reply(channel, thread, said);
    return { ok: true };
  } catch (error) {
    return { ok: false, shown: error instanceof Error ? error.message : String(error) };
  }
}

/** `@name` as the client sends it. */
function mentionIn(text: string, named: readonly Named[]): string {
  return named.reduce((so, { id, name }) => so.replaceAll(new RegExp(`@${name}(?![\\w-])`, "g"), `<@${id}>`), text);
}

export async function press(person: Person, { at, action, block, choice }: Do<"slack.press">): Promise<Acted> {
  if ("view" in at) {
    if (choice === undefined) return acted(await person.pressIn(at.view, action, block));
    return acted(await person.selectIn(at.view, action, choice, block));
  }
  if (choice === undefined) return acted(await person.press(at.channel, at.ts, action, block));
  return acted(await person.select(at.channel, at.ts, action, choice, block));
}

export async function submit(person: Person, { view, values }: Do<"slack.submit">): Promise<Acted> {
  return acted(await person.submitModal(view, values));
}

export async function close(person: Person, { view }: Do<"slack.close">): Promise<Acted> {
  return acted(await person.closeModal(view));
}

function acted(outcome: PressOutcome | SubmitOutcome): Acted {
  if (outcome.ok) return { ok: true };
  if (outcome.error === "input_errors") return { ok: false, shown: outcome.shown, errors: outcome.errors };
  return { ok: false, shown: outcome.shown };
}
