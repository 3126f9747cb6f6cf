// Buttons, pickers, inputs and images, docs.slack.dev/reference/block-kit/block-elements, and which block takes which.

import { z } from "zod";
import { actionId, confirm, dispatchConfig, link, mrkdwn, placeholder, plain, slackFile } from "./compose.ts";
import { checkboxes, filledMenus, multiStaticSelect, overflow, radioButtons, staticSelect } from "./menus.ts";
import { richText } from "./rich-text.ts";

const focus = { focus_on_load: z.boolean().optional() };
const label = { accessibility_label: z.string().min(1).max(75).optional() };
const style = z.enum(["primary", "danger"]).optional();

export const imageSource = { image_url: link.optional(), slack_file: slackFile.optional() };

type ImageSource = { readonly image_url?: string | undefined; readonly slack_file?: unknown };

export function hasOneSource(image: ImageSource): boolean {
  return (image.image_url === undefined) !== (image.slack_file === undefined);
}
export const ONE_SOURCE = "must define either `image_url` or `slack_file`";

const image = z
  .strictObject({ type: z.literal("image"), alt_text: z.string().min(1).max(2000), ...imageSource })
  .refine(hasOneSource, ONE_SOURCE);

const button = z.strictObject({
  type: z.literal("button"),
  action_id: actionId,
  text: plain(75),
  value: z.string().max(2000).optional(),
  url: link.optional(),
  style,
  confirm,
  ...label,
});

const workflowButton = z.strictObject({
  type: z.literal("workflow_button"),
  action_id: actionId,
  text: plain(75),
  workflow: z.strictObject({
    trigger: z.strictObject({
      url: link,
      customizable_input_parameters: z
        .array(z.strictObject({ name: z.string(), value: z.string() }))
        .min(1)
        .optional(),
    }),
  }),
  style,
  ...label,
});

const day = z.string().regex(/^\d{4}-\d{2}-\d{2}$/, "must be in YYYY-MM-DD format");
const hour = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, "must be in HH:mm format");

const datepicker = z.strictObject({
  type: z.literal("datepicker"),
  action_id: actionId,
  initial_date: day.optional(),
  confirm,
  placeholder,
  ...focus,
});
const timepicker = z.strictObject({
  type: z.literal("timepicker"),
  action_id: actionId,
  initial_time: hour.optional(),
  timezone: z.string().optional(),
  confirm,
  placeholder,
  ...focus,
});
const datetimepicker = z.strictObject({
  type: z.literal("datetimepicker"),
  action_id: actionId,
  initial_date_time: z.number().int().min(1_000_000_000).max(9_999_999_999).optional(),
  confirm,
  ...focus,
});

const typed = { action_id: actionId, dispatch_action_config: dispatchConfig, placeholder, ...focus };
const plainTextInput = z.strictObject({
  type: z.literal("plain_text_input"),
  ...typed,
  initial_value: z.string().max(3000).optional(),
  multiline: z.boolean().optional(),
  min_length: z.number().int().min(0).max(3000).optional(),
  max_length: z.number().int().min(1).max(3000).optional(),
});
const emailInput = z.strictObject({
  type: z.literal("email_text_input"),
  ...typed,
  initial_value: z.string().optional(),
});
const urlInput = z.strictObject({ type: z.literal("url_text_input"), ...typed, initial_value: z.string().optional() });
const numberText = z
  .string()
  .regex(/^-?\d+(\.\d+)?$/, "must be a number")
  .optional();
const numberInput = z.strictObject({
  type: z.literal("number_input"),
  ...typed,
  is_decimal_allowed: z.boolean(),
  initial_value: numberText,
  min_value: numberText,
  max_value: numberText,
});
const lines = z.number().int().min(1).max(100).optional();
const richTextInput = z.strictObject({
  type: z.literal("rich_text_input"),
  ...typed,
  initial_value: richText.optional(),
  min_lines: lines,
  max_lines: lines,
});
const fileInput = z.strictObject({
  type: z.literal("file_input"),
  action_id: actionId,
  filetypes: z.array(z.string()).min(1).optional(),
  max_files: z.number().int().min(1).max(10).optional(),
});

const feedback = z.strictObject({ text: plain(75), value: z.string().max(2000), ...label });
export const contextAction = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("feedback_buttons"),
    action_id: actionId,
    positive_button: feedback,
    negative_button: feedback,
  }),
  z.strictObject({
    type: z.literal("icon_button"),
    action_id: actionId,
    icon: z.enum(["trash"]),
    text: plain(75),
    value: z.string().max(2000).optional(),
    confirm,
    visible_to_user_ids: z.array(z.string()).optional(),
    ...label,
  }),
]);

const picks = [staticSelect, multiStaticSelect, ...filledMenus, checkboxes, radioButtons] as const;
const pickers = [datepicker, timepicker] as const;

export const accessory = z.discriminatedUnion("type", [image, button, workflowButton, overflow, ...picks, ...pickers]);
export const actionElement = z.discriminatedUnion("type", [
  button,
  workflowButton,
  overflow,
  ...picks,
  ...pickers,
  datetimepicker,
  richTextInput,
]);
export const inputElement = z.discriminatedUnion("type", [
  ...picks,
  ...pickers,
  datetimepicker,
  plainTextInput,
  emailInput,
  urlInput,
  numberInput,
  richTextInput,
  fileInput,
]);
export const contextElement = z.discriminatedUnion("type", [image, plain(2000), mrkdwn(2000)]);
