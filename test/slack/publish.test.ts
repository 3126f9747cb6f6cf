// A Slack thread is posted once, whatever happens to the answer, the bot or its state.

import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { DEFAULT_BLOCKS, NEWER_BLOCKS } from "../../playground/slack/blocks.ts";
import { type Slack, startSlack } from "../../playground/slack/slack.ts";
import { channel } from "../../playground/world/team.ts";
import type { BotEvent } from "../../src/domain/event.ts";
import { type BotState, emptyState, reduce } from "../../src/domain/state.ts";
import type { Chat, ThreadWanted } from "../../src/ports.ts";
import { createSlackClient } from "../../src/slack/client.ts";
import { createPace } from "../../src/slack/pace.ts";
import { createChat } from "../../src/slack/publish.ts";
import { timersOf } from "../../src/timers.ts";

const ISSUE = "acme/shop#12";
let slack: Slack;
let chat: Chat;
let state: BotState;
/** How much later than now the bot's clock is. */
let later = 0;

beforeEach(async () => {
  later = 0;
  slack = await startSlack({ limits: "off" });
  slack.addUser({ id: "U0VIEWER", name: "viewer" });
  slack.addChannel({ ...channel, members: ["U0VIEWER", slack.bot.userId] });
  chat = newBot();
  state = emptyState;
});
afterEach(() => slack.close());

function newBot(where: string = channel.id): Chat {
  const client = createSlackClient(slack.apiUrl.replace(/\/$/, ""), slack.botToken, pino({ level: "silent" }));
  const clock = { now: () => Date.now() + later };
  return createChat(client, where, createPace(clock), timersOf(clock), pino({ level: "silent" }));
}

function text(words: string) {
  return { text: words, blocks: [{ type: "section", text: { type: "plain_text", text: words } }] };
}

const wanted: ThreadWanted = {
  issue: ISSUE,
  root: text("card"),
  reactions: [],
  replies: [
    { key: "r/blocked", broadcast: true, ...text("blocked") },
    { key: "r/deployed", broadcast: false, ...text("deployed") },
  ],
};

async function show(what = wanted): Promise<void> {
  await chat.showThread(
    what,
    state.threads[ISSUE],
    async (event: BotEvent) => {
      state = reduce(state, event);
    },
    false,
  );
}

const shown = (): readonly string[] =>
  slack
    .as("U0VIEWER")
    .messages(channel.id)
    .map((message) => message.text);

/** Cuts the n-th post from now, before or after it took effect. */
function cutPost(n: number, when: "before" | "after"): void {
  let posts = 0;
  const cut = async ({ path }: { readonly path: string }) => {
    if (!path.endsWith("/chat.postMessage")) return undefined;
    posts += 1;
    return posts === n ? ({ do: "cut" } as const) : undefined;
  };
  slack.listener.intercept(when === "before" ? { before: cut } : { after: cut });
}

describe("whatever becomes of the answer to a post", () => {
  const points = [1, 2, 3].flatMap((n) => (["before", "after"] as const).map((when) => [n, when] as const));
  test.each(points)("when post %i is cut %s it takes effect, the thread is whole and posted once", async (n, when) => {
    cutPost(n, when);
    await expect(show()).rejects.toThrow();
    slack.listener.intercept(undefined);
    later = 60_000;
    chat = newBot();
    await show();
    expect(shown()).toEqual(["card", "blocked", "deployed"]);
    await show();
    expect(slack.stats().posted).toBe(3);
  });
});

test("a post whose answer was lost is waited for while history does not show it yet", async () => {
  cutPost(1, "after");
  await expect(show()).rejects.toThrow();
  let looks = 0;
  slack.listener.intercept({
    async before({ path }) {
      if (!path.endsWith("/conversations.history")) return undefined;
      looks += 1;
      if (looks > 1) return undefined;
      const headers = { "content-type": "application/json" };
      return { do: "answer", status: 200, headers, body: `{"ok":true,"messages":[]}` };
    },
  });
  await show();
  expect(shown()).toEqual(["card", "blocked", "deployed"]);
});

describe("when the state is lost", () => {
  test("the thread is found again and redrawn, not posted again", async () => {
    await show();
    state = emptyState;
    chat = newBot();
    await show({ ...wanted, root: text("card, newer") });
    expect(shown()).toEqual(["card, newer", "blocked", "deployed"]);
  });

  test("and again while it is found, the replies are still not posted again", async () => {
    await show();
    state = emptyState;
    let commits = 0;
    const dies = chat.showThread(
      wanted,
      undefined,
      async (event) => {
        commits += 1;
        if (commits > 2) throw new Error("killed");
        state = reduce(state, event);
      },
      false,
    );
    await expect(dies).rejects.toThrow();
    await show();
    expect(slack.stats().posted).toBe(3);
  });
});

test("a root that a person deleted is posted anew, and its thread goes on there", async () => {
  await show({ ...wanted, replies: [] });
  const [root] = slack.as("U0VIEWER").messages(channel.id);
  const client = createSlackClient(slack.apiUrl.replace(/\/$/, ""), slack.botToken, pino({ level: "silent" }));
  await client.chat.delete({ channel: channel.id, ts: root?.ts ?? "" });
  await show({ ...wanted, root: text("card, newer") });
  expect(shown()).toEqual(["card, newer", "blocked", "deployed"]);
});

test("a thread in a channel of before, which is archived now, says that of itself alone", async () => {
  await show();
  slack.addChannel({ id: "C0NEXT", name: "next", members: [slack.bot.userId] });
  chat = newBot("C0NEXT");
  slack.archive(channel.id, true);
  await expect(show({ ...wanted, root: text("card, newer") })).rejects.toMatchObject({ code: "refused" });
  await chat.checkChannel();
});

test("an archived channel can be read, and is told as what it is from the first message that it refused until one it took", async () => {
  slack.archive(channel.id, true);
  await chat.checkChannel();
  await expect(show()).rejects.toMatchObject({ code: "config" });
  await expect(chat.checkChannel()).rejects.toThrow(/archived/);
  slack.archive(channel.id, false);
  later = 60_000;
  await show();
  await chat.checkChannel();
});

test("a channel that the bot was not invited to, or that is not there, is told as that", async () => {
  slack.kick(channel.id);
  await expect(chat.checkChannel()).rejects.toThrow(/invite it/);
  chat = newBot("C0GONE");
  await expect(chat.checkChannel()).rejects.toThrow(/check slack\.channel/);
});

describe("newer blocks", () => {
  const plan = { type: "plan", title: "The way", tasks: [{ type: "task_card", task_id: "1", title: "Landed" }] };
  const newer = (words: string): ThreadWanted => ({
    ...wanted,
    replies: [],
    root: { text: words, blocks: [plan], classic: text(words).blocks },
  });
  const blockTypes = (): readonly unknown[] =>
    slack
      .as("U0VIEWER")
      .messages(channel.id)
      .flatMap(({ blocks }) => blocks.map(({ type }) => type));

  test("are refused by a workspace once: from then on it gets the classic ones", async () => {
    await show(newer("card"));
    expect(blockTypes()).toEqual(["section"]);
    const { calls } = slack.stats();
    await show(newer("card, newer"));
    expect(slack.stats().calls["chat.update"] ?? 0).toBe((calls["chat.update"] ?? 0) + 1);
    expect(slack.stats().calls["chat.postMessage"]).toBe(2);
    expect(shown()).toEqual(["card, newer"]);
  });

  test("are drawn where the workspace takes them", async () => {
    await slack.close();
    slack = await startSlack({ limits: "off", accepts: [...DEFAULT_BLOCKS, ...NEWER_BLOCKS] });
    slack.addUser({ id: "U0VIEWER", name: "viewer" });
    slack.addChannel({ ...channel, members: ["U0VIEWER", slack.bot.userId] });
    chat = newBot();
    await show(newer("card"));
    expect(blockTypes()).toEqual(["plan"]);
    expect(slack.stats().calls["chat.postMessage"]).toBe(1);
  });
});
