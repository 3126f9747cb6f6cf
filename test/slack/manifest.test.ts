// manifest.yml against what the code asks of Slack: nothing is missing in it, and nothing is more than is used. Which scope
// a method or an event needs is the stand-in's knowledge, of Slack's reference.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { appMethods } from "../../playground/slack/apps.ts";
import { chatMethods } from "../../playground/slack/chat.ts";
import { conversationMethods } from "../../playground/slack/conversations.ts";
import { EVENT_SCOPES } from "../../playground/slack/events.ts";
import type { Methods } from "../../playground/slack/method.ts";
import { startSlack } from "../../playground/slack/slack.ts";
import { userMethods } from "../../playground/slack/users.ts";
import { viewMethods } from "../../playground/slack/views.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const methods: Methods = {
  ...appMethods(() => ""),
  ...chatMethods,
  ...conversationMethods,
  ...userMethods,
  ...viewMethods,
};

const manifest = z
  .object({
    features: z.object({
      app_home: z.object({
        home_tab_enabled: z.boolean(),
        messages_tab_enabled: z.boolean(),
        messages_tab_read_only_enabled: z.boolean(),
      }),
      bot_user: z.object({ display_name: z.string() }),
      slash_commands: z.array(z.object({ command: z.string() })),
    }),
    oauth_config: z.strictObject({ scopes: z.strictObject({ bot: z.array(z.string()) }) }),
    settings: z.object({
      event_subscriptions: z.strictObject({ bot_events: z.array(z.string()) }),
      interactivity: z.object({ is_enabled: z.boolean() }),
      socket_mode_enabled: z.boolean(),
      token_rotation_enabled: z.boolean(),
    }),
  })
  .parse(parse(readFileSync(join(ROOT, "manifest.yml"), "utf8")));
const granted = manifest.oauth_config.scopes.bot;
const events = manifest.settings.event_subscriptions.bot_events;

const sources = ["src", "handlers"]
  .flatMap((room) =>
    readdirSync(join(ROOT, room), { recursive: true, encoding: "utf8" }).map((file) => join(room, file)),
  )
  .filter((file) => file.endsWith(".ts"))
  .map((file) => readFileSync(join(ROOT, file), "utf8"))
  .filter((text) => text.includes("@slack/"))
  .join("\n");

function all(pattern: RegExp): readonly string[] {
  return [...new Set([...sources.matchAll(pattern)].map((found) => (found[1] ?? "").replaceAll(/\s/g, "")))].sort();
}

/** Web API methods that are called somewhere, as `chat.postMessage`. */
const called = all(
  /\b\w+\s*\.((?:apps|auth|bookmarks|chat|conversations|files|pins|reactions|team|usergroups|users|views)(?:\s*\.[a-z]\w*)+)\s*\(/g,
);

/** Called only where the token has the scope anyway, as `afk check` looks first. */
const OPTIONAL = new Set(["users.info"]);

describe("manifest.yml", () => {
  test("the calls are found: the ones that everything rests on are among them", () => {
    expect(called).toEqual(expect.arrayContaining(["chat.postMessage", "chat.update", "usergroups.users.list"]));
    expect(called.filter((method) => methods[method] === undefined)).toEqual([]);
    expect(sources).not.toMatch(/\.apiCall\(/);
  });

  test.each(called.filter((method) => !OPTIONAL.has(method)))("grants what %s needs", (method) => {
    const { token, scopes } = methods[method] ?? { token: "none", scopes: [] };
    if (token === "bot" && scopes.length > 0) expect(granted.some((scope) => scopes.includes(scope))).toBe(true);
  });

  test("subscribes to the events that are listened to and to no other, with their scopes", () => {
    expect([...events].sort()).toEqual(all(/\.event\("(\w+)"/g));
    for (const event of events) {
      const scope = EVENT_SCOPES[event];
      if (scope !== undefined) expect(granted).toContain(scope);
    }
  });

  test("has the commands that are listened to and no other", () => {
    expect(manifest.features.slash_commands.map(({ command }) => command)).toEqual(all(/\.command\("(\/\w+)"/g));
    expect(granted).toContain("commands");
  });

  test("lets buttons, forms and the Home work", () => {
    expect(sources).toMatch(/\.action\(/);
    expect(manifest.settings.interactivity.is_enabled).toBe(true);
    expect(called).toContain("views.publish");
    expect(manifest.features.app_home.home_tab_enabled).toBe(true);
    expect(manifest.settings.socket_mode_enabled).toBe(true);
  });

  test("asks for no scope that nothing needs", () => {
    const needed = new Set([
      "commands",
      ...called.flatMap((method) => (OPTIONAL.has(method) ? [] : (methods[method]?.scopes ?? []))),
      ...events.map((event) => EVENT_SCOPES[event]),
    ]);
    expect(granted.filter((scope) => !needed.has(scope))).toEqual([]);
    expect(new Set(granted).size).toBe(granted.length);
  });

  test("lets a person get a private reply directly, and not write back into the void", async () => {
    const { messages_tab_enabled: messagesTab, messages_tab_read_only_enabled: readOnly } = manifest.features.app_home;
    expect(readOnly).toBe(true);
    await using slack = await startSlack({ messagesTab, botScopes: granted });
    slack.addUser({ id: "U0VIEWER", name: "viewer" });
    const body = new URLSearchParams({ channel: "U0VIEWER", text: "Only operators may do that." });
    const headers = { authorization: `Bearer ${slack.botToken}` };
    const answer = await fetch(`${slack.apiUrl}chat.postMessage`, { method: "POST", headers, body });
    expect(await answer.json()).toMatchObject({ ok: true });
  });
});
