// The blocks themselves, docs.slack.dev/reference/block-kit/blocks: what each holds and on which surfaces it may stand.

import { z } from "zod";
import { dataVisualization } from "./charts.ts";
import { blockId, link, plain, text } from "./compose.ts";
import {
  accessory,
  actionElement,
  contextAction,
  contextElement,
  hasOneSource,
  imageSource,
  inputElement,
  ONE_SOURCE,
} from "./elements.ts";
import { richText } from "./rich-text.ts";

export type Surface = "message" | "modal" | "home";
export type BlockKind = { readonly schema: z.ZodType; readonly surfaces: readonly Surface[] };

const everywhere: readonly Surface[] = ["message", "modal", "home"];

const section = z
  .strictObject({
    type: z.literal("section"),
    block_id: blockId,
    text: text(3000).optional(),
    fields: z.array(text(2000)).min(1).max(10).optional(),
    accessory: accessory.optional(),
    expand: z.boolean().optional(),
  })
  .refine((block) => block.text !== undefined || block.fields !== undefined, {
    message: "must define either `text` or `fields`",
    path: ["type"],
  });

const image = z
  .strictObject({
    type: z.literal("image"),
    block_id: blockId,
    alt_text: z.string().min(1).max(2000),
    title: plain(2000).optional(),
    ...imageSource,
  })
  .refine(hasOneSource, ONE_SOURCE);

const input = z.strictObject({
  type: z.literal("input"),
  block_id: blockId,
  label: plain(2000),
  hint: plain(2000).optional(),
  optional: z.boolean().optional(),
  dispatch_action: z.boolean().optional(),
  element: inputElement,
});

const cell = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("raw_text"), text: z.string().min(1) }),
  z.strictObject({ type: z.literal("raw_number"), value: z.number(), text: z.string().min(1) }),
  richText,
]);

const table = z.strictObject({
  type: z.literal("table"),
  block_id: blockId,
  rows: z.array(z.array(cell).min(1).max(20)).min(1).max(100),
  column_settings: z
    .array(
      z
        .strictObject({ align: z.enum(["left", "center", "right"]).optional(), is_wrapped: z.boolean().optional() })
        .nullable(),
    )
    .max(20)
    .optional(),
});

const video = z.strictObject({
  type: z.literal("video"),
  block_id: blockId,
  alt_text: z.string().min(1),
  title: plain(199),
  video_url: link,
  thumbnail_url: link,
  title_url: link.optional(),
  author_name: z.string().max(49).optional(),
  provider_name: z.string().optional(),
  provider_icon_url: link.optional(),
  description: plain(199).optional(),
});

const taskCard = z.strictObject({
  type: z.literal("task_card"),
  block_id: blockId,
  task_id: z.string().min(1).max(255),
  title: z.string().min(1),
  status: z.enum(["pending", "in_progress", "complete", "error"]).optional(),
  details: richText.optional(),
  output: richText.optional(),
  sources: z.array(z.strictObject({ type: z.literal("url"), url: link, text: z.string().min(1) })).optional(),
});

function block(type: string, fields: z.core.$ZodLooseShape): z.ZodType {
  return z.strictObject({ type: z.literal(type), block_id: blockId, ...fields });
}

export const BLOCKS: Readonly<Record<string, BlockKind>> = {
  section: { schema: section, surfaces: everywhere },
  header: { schema: block("header", { text: plain(150) }), surfaces: everywhere },
  divider: { schema: block("divider", {}), surfaces: everywhere },
  context: { schema: block("context", { elements: z.array(contextElement).min(1).max(10) }), surfaces: everywhere },
  actions: { schema: block("actions", { elements: z.array(actionElement).min(1).max(25) }), surfaces: everywhere },
  input: { schema: input, surfaces: everywhere },
  image: { schema: image, surfaces: everywhere },
  rich_text: { schema: richText, surfaces: everywhere },
  video: { schema: video, surfaces: everywhere },
  // Slack puts it into messages it gives out; an app cannot add one.
  file: { schema: block("file", { source: z.literal("remote"), external_id: z.string() }), surfaces: [] },
  markdown: { schema: block("markdown", { text: z.string().min(1).max(12_000) }), surfaces: ["message"] },
  table: { schema: table, surfaces: ["message"] },
  plan: {
    schema: block("plan", { title: z.string().min(1), tasks: z.array(taskCard).optional() }),
    surfaces: ["message"],
  },
  task_card: { schema: taskCard, surfaces: ["message"] },
  data_visualization: { schema: dataVisualization, surfaces: ["message"] },
  context_actions: {
    schema: block("context_actions", { elements: z.array(contextAction).min(1).max(5) }),
    surfaces: ["message"],
  },
  alert: {
    schema: block("alert", {
      text: text(3000),
      level: z.enum(["default", "info", "warning", "error", "success"]).optional(),
    }),
    surfaces: ["modal"],
  },
};
