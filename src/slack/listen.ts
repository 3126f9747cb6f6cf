// What people do in Slack, out of Bolt's payloads. Everything is acknowledged at once and handled after that; only a
// form waits, for what is wrong with its entries. Slack may send the same press twice, and an hour later: each is
// handled once, and what must hold over a restart is in the press's identity, which orders carry.

import type { App, RespondFn } from "@slack/bolt";
import type { HomeView, ModalView } from "@slack/types";
import type { WebClient } from "@slack/web-api";
import type { Logger } from "pino";
import { messageOf } from "../errors.ts";
import type { SlackText } from "../ports.ts";
import { enteredIn, type Subject, subjectIn } from "./entered.ts";

type By = { readonly id: string; readonly user: string };
type Where = { readonly channel: string; readonly thread: string | null };

/** What the bot makes of it. Replies are for the person alone. */
export type People = {
  onCommand(press: By & { readonly text: string; readonly channel: string }): Promise<CommandReply>;
  onButton(
    press: By & Where & { readonly action: string; readonly value: string },
  ): Promise<{ readonly form: ModalView } | { readonly say: SlackText } | undefined>;
  /** What is wrong with the entries, by block; undefined = nothing. */
  checkForm(press: FormEntered): Readonly<Record<string, string>> | undefined;
  onForm(press: FormEntered): Promise<SlackText | undefined>;
  /** A message that mentions the bot. */
  onMention(mention: By & Where & { readonly text: string; readonly ts: string }): Promise<SlackText | undefined>;
  /** What the person's Home shows. */
  homeFor(user: string): Promise<HomeView>;
};

/** `public`: everybody in the channel may see it. */
type CommandReply = (SlackText | { readonly form: ModalView }) & { readonly public?: true };

export type FormEntered = By & {
  readonly form: string;
  readonly subject: Subject;
  readonly values: Readonly<Record<string, string | readonly string[]>>;
};

export type Listening = {
  /** Resolves when nothing that people did is being handled any more. */
  drained(): Promise<void>;
};

const REMEMBERED = 5_000;
/** Stands in a Home, which is all that it redraws. */
const REFRESH = "refresh-home.v1";

export function listenTo(app: App, people: People, client: WebClient, log: Logger): Listening {
  const inFlight = new Set<Promise<void>>();
  const seen = new Set<string>();

  /** Runs it unless it ran before. */
  async function once(id: string, work: () => Promise<void>): Promise<void> {
    if (seen.has(id)) return;
    seen.add(id);
    if (seen.size > REMEMBERED) for (const oldest of seen.values().take(1)) seen.delete(oldest);
    const running = work();
    inFlight.add(running);
    try {
      await running;
    } finally {
      inFlight.delete(running);
    }
  }

  function failed(user: string, error: unknown): SlackText {
    log.error({ user, why: messageOf(error) }, "what a person did failed");
    return { text: `That did not work: ${messageOf(error)}`, blocks: [] };
  }

  async function whisper(user: string, { channel, thread }: Where, { text, blocks }: SlackText): Promise<void> {
    const said = { text, blocks: [...blocks] as never[] };
    try {
      await client.chat.postEphemeral({ channel, user, ...said, ...(thread === null ? {} : { thread_ts: thread }) });
    } catch (error) {
      log.warn({ user, channel, why: messageOf(error) }, "a private reply was not taken, sent directly instead");
      await client.chat.postMessage({ channel: user, ...said });
    }
  }

  async function publishHome(user: string): Promise<void> {
    try {
      await client.views.publish({ user_id: user, view: await people.homeFor(user) });
    } catch (error) {
      log.warn({ user, why: messageOf(error) }, "home not shown");
    }
  }

  /** Within three seconds of the press, or Slack does not open it. */
  async function openForm(
    view: ModalView,
    trigger_id: string,
    { user, respond }: { readonly user: string; readonly respond: RespondFn },
  ): Promise<void> {
    try {
      await client.views.open({ trigger_id, view });
    } catch (error) {
      log.warn({ user, form: view.callback_id, why: messageOf(error) }, "form not opened");
      await respond({ response_type: "ephemeral", replace_original: false, ...privately(SLOW) });
    }
  }

  app.command("/afk", async ({ ack, command, context, respond }) => {
    await ack();
    const id = idOf(context, command.trigger_id);
    await once(id, async () => {
      const { user_id: user, text, channel_id: channel } = command;
      const reply = await people
        .onCommand({ id, user, text, channel })
        .catch((error: unknown): CommandReply => failed(user, error));
      if ("form" in reply) return await openForm(reply.form, command.trigger_id, { user, respond });
      await respond({ response_type: reply.public ? "in_channel" : "ephemeral", ...privately(reply) });
    });
  });

  // A catch-all: buttons of old messages come here too, and are answered.
  app.action({ type: "block_actions" }, async ({ ack, action, body, context, respond }) => {
    await ack();
    const id = idOf(context, body.trigger_id);
    await once(id, async () => {
      const user = body.user.id;
      const value = "value" in action && typeof action.value === "string" ? action.value : "";
      const where = { channel: body.channel?.id ?? "", thread: threadOf(body) };
      const press = { id, user, action: action.action_id, value, ...where };
      if (press.action === REFRESH) return await publishHome(user);
      const reply = await people.onButton(press).catch((error: unknown) => ({ say: failed(user, error) }));
      if (reply === undefined) return;
      if ("form" in reply) return await openForm(reply.form, body.trigger_id, { user, respond });
      await respond({ response_type: "ephemeral", replace_original: false, ...privately(reply.say) });
    });
  });

  app.view(/.*/, async ({ ack, body, view }) => {
    const subject = subjectIn(view.private_metadata);
    const press: FormEntered | undefined = subject && {
      id: view.id,
      user: body.user.id,
      form: view.callback_id,
      subject,
      values: enteredIn(view.state.values),
    };
    const wrong = press && people.checkForm(press);
    if (wrong !== undefined) return await ack({ response_action: "errors", errors: wrong });
    await ack();
    if (press === undefined || subject === undefined) return;
    await once(press.id, async () => {
      const reply = await people.onForm(press).catch((error: unknown) => failed(press.user, error));
      if (reply !== undefined) await whisper(press.user, subject, reply);
    });
  });
  app.event("app_mention", async ({ event, body }) => {
    const { user, text, channel, thread_ts: thread = null, ts } = event;
    if (user === undefined) return;
    // Slack sends an event again in another envelope: its own id stays.
    await once(body.event_id, async () => {
      const mention = { id: body.event_id, user, text, channel, thread, ts };
      const reply = await people.onMention(mention).catch((error: unknown) => failed(user, error));
      if (reply !== undefined) await whisper(user, { channel, thread }, reply);
    });
  });

  app.event("app_home_opened", async ({ event, body }) => {
    if (event.tab !== "home") return;
    await once(body.event_id, () => publishHome(event.user));
  });

  app.error(async (error) => log.error({ why: messageOf(error) }, "slack handler failed"));

  return {
    async drained() {
      while (inFlight.size > 0) await Promise.allSettled(inFlight);
    },
  };
}

const SLOW: SlackText = {
  text: ":snail: Slack and the bot were too slow for each other: the form could not be opened. Press again.",
  blocks: [],
};

/** The envelope's id where there are envelopes; over HTTP the trigger's, which is one press's own as well. */
function idOf(context: Readonly<Record<string, unknown>>, trigger: string): string {
  const { envelopeId } = context;
  return typeof envelopeId === "string" ? envelopeId : trigger;
}

function privately({ text, blocks }: SlackText) {
  return blocks.length === 0 ? { text } : { text, blocks: [...blocks] as never[] };
}

/** Where a reply to a press in a thread belongs: Slack says so in the message or in the container. */
function threadOf(body: { readonly message?: unknown; readonly container?: unknown }): string | null {
  for (const place of [body.message, body.container]) {
    if (typeof place !== "object" || place === null || !("thread_ts" in place)) continue;
    if (typeof place.thread_ts === "string") return place.thread_ts;
  }
  return null;
}
