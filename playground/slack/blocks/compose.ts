// Composition objects, docs.slack.dev/reference/block-kit/composition-objects: the parts of which elements are made.
//
// Objects are strict, as Slack's are: an unknown key is `invalid additional property`.

import { z } from "zod";

export const blockId = z.string().max(255).optional();
export const actionId = z.string().min(1).max(255).optional();

export const link = z
  .string()
  .min(1)
  .max(3000)
  .refine((url) => URL.canParse(url), "invalid url");

export function plain(max: number) {
  return z.strictObject({
    type: z.literal("plain_text"),
    text: z.string().min(1).max(max),
    emoji: z.boolean().optional(),
  });
}

export function mrkdwn(max: number) {
  return z.strictObject({
    type: z.literal("mrkdwn"),
    text: z.string().min(1).max(max),
    verbatim: z.boolean().optional(),
  });
}

export function text(max: number) {
  return z.discriminatedUnion("type", [plain(max), mrkdwn(max)]);
}

export const placeholder = plain(150).optional();

export const confirm = z
  .strictObject({
    title: plain(100),
    text: text(300),
    confirm: plain(30),
    deny: plain(30),
    style: z.enum(["primary", "danger"]).optional(),
  })
  .optional();

/** An option of a menu: plain text only. */
export const menuOption = z.strictObject({
  text: plain(75),
  value: z.string().min(1).max(75),
  description: plain(75).optional(),
});

/** An option of an overflow menu, the only one that may be a link. */
export const overflowOption = menuOption.extend({ url: link.optional() });

/** An option of radio buttons and checkboxes, which may have formatted text. */
export const boxOption = z.strictObject({
  text: text(75),
  value: z.string().min(1).max(75),
  description: text(75).optional(),
});

export const optionGroup = z.strictObject({ label: plain(75), options: z.array(menuOption).min(1).max(100) });

export const conversationFilter = z
  .strictObject({
    include: z
      .array(z.enum(["im", "mpim", "private", "public"]))
      .min(1)
      .optional(),
    exclude_external_shared_channels: z.boolean().optional(),
    exclude_bot_users: z.boolean().optional(),
  })
  .optional();

export const dispatchConfig = z
  .strictObject({
    trigger_actions_on: z.array(z.enum(["on_enter_pressed", "on_character_entered"])).min(1),
  })
  .optional();

export const slackFile = z
  .strictObject({ url: link.optional(), id: z.string().optional() })
  .refine((file) => (file.url === undefined) !== (file.id === undefined), "invalid slack file");
