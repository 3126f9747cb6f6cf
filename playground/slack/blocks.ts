// Does Slack take these blocks? The documented limits of Block Kit, as functions of plain JSON.
//
// `accepts` is the list of block types that a workspace knows. Newer types reach workspaces gradually, so the default
// is without them, and a workspace that lacks one answers `unsupported type`, as Slack does.

import { z } from "zod";
import { plain } from "./blocks/compose.ts";
import { BLOCKS, type Surface } from "./blocks/layout.ts";
import { check, type Problem, pointer } from "./blocks/problems.ts";
import { blockCount, messageSums, uniqueIds, unreachableImages } from "./blocks/rules.ts";
import { asList, asRecord, asText, type Json } from "./json.ts";

export type { Surface } from "./blocks/layout.ts";
export { type Problem, problemLine } from "./blocks/problems.ts";

/** Block types that every workspace takes. */
export const DEFAULT_BLOCKS: readonly string[] = [
  "section",
  "header",
  "divider",
  "context",
  "actions",
  "input",
  "image",
  "rich_text",
  "video",
  "markdown",
  "table",
];
/** Block types that only some workspaces take yet. */
export const NEWER_BLOCKS: readonly string[] = ["plan", "task_card", "data_visualization", "context_actions", "alert"];

/** What Slack has against these blocks on that surface; empty when it takes them. Pointers begin with `/blocks`. */
export function validateBlocks(
  blocks: readonly unknown[],
  surface: Surface,
  accepts: readonly string[] = DEFAULT_BLOCKS,
): readonly Problem[] {
  return problemsAt("/blocks", blocks, surface, accepts);
}

function problemsAt(base: string, blocks: readonly unknown[], surface: Surface, accepts: readonly string[]): Problem[] {
  return [
    ...blockCount(blocks, surface, base),
    ...blocks.flatMap((block, index) => blockProblems(block, surface, accepts, pointer(base, [index]))),
    ...uniqueIds(blocks, base),
    ...(surface === "message" ? messageSums(blocks, base) : []),
    ...unreachableImages(blocks, base),
  ];
}

function blockProblems(block: unknown, surface: Surface, accepts: readonly string[], at: string): readonly Problem[] {
  const fields = asRecord(block);
  if (fields === undefined) return [{ pointer: at, message: "must provide an object" }];
  const type = asText(fields["type"]);
  if (type === undefined) return [{ pointer: at, message: "missing required field: type" }];
  const kind = accepts.includes(type) ? BLOCKS[type] : undefined;
  if (kind === undefined || !kind.surfaces.includes(surface)) {
    return [{ pointer: `${at}/type`, message: `unsupported type: ${type}` }];
  }
  return [...check(kind.schema, fields, at), ...misplaced(fields, surface, at)];
}

/** Elements that stand on one surface only: files in modals, workflow buttons in messages. */
function misplaced(block: Json, surface: Surface, at: string): readonly Problem[] {
  const element = asRecord(block["element"]);
  if (element?.["type"] === "file_input" && surface !== "modal") {
    return [{ pointer: `${at}/element/type`, message: "unsupported type: file_input" }];
  }
  if (surface === "message") return [];
  return asList(block["elements"]).flatMap((inner, index) =>
    asRecord(inner)?.["type"] === "workflow_button"
      ? [{ pointer: `${at}/elements/${index}/type`, message: "unsupported type: workflow_button" }]
      : [],
  );
}

const shared = {
  blocks: z.array(z.unknown()),
  private_metadata: z.string().max(3000).optional(),
  callback_id: z.string().max(255).optional(),
  external_id: z.string().max(255).optional(),
};
const viewSchema = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("modal"),
    ...shared,
    title: plain(24),
    submit: plain(24).optional(),
    close: plain(24).optional(),
    clear_on_close: z.boolean().optional(),
    notify_on_close: z.boolean().optional(),
    submit_disabled: z.boolean().optional(),
  }),
  z.strictObject({ type: z.literal("home"), ...shared }),
]);

/** What Slack has against a modal or home view; empty when it takes it. Pointers begin with `/view`. */
export function validateView(view: unknown, accepts: readonly string[] = DEFAULT_BLOCKS): readonly Problem[] {
  const fields = asRecord(view);
  if (fields === undefined) return [{ pointer: "/view", message: "must provide an object" }];
  const surface = fields["type"] === "home" ? "home" : "modal";
  const blocks = asList(fields["blocks"]);
  return [
    ...check(viewSchema, fields, "/view"),
    ...problemsAt("/view/blocks", blocks, surface, accepts),
    ...(surface === "modal" && fields["submit"] === undefined ? needSubmit(blocks) : []),
  ];
}

function needSubmit(blocks: readonly unknown[]): readonly Problem[] {
  const message = "must define `submit` to use an `input` block in modals";
  return blocks.flatMap((block, index) =>
    asRecord(block)?.["type"] === "input" ? [{ pointer: `/view/blocks/${index}/input`, message }] : [],
  );
}
