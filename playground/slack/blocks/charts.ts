// The data_visualization block, docs.slack.dev/reference/block-kit/blocks/data-visualization-block.

import { z } from "zod";
import { blockId } from "./compose.ts";

const name = z.string().min(1).max(20);
const axisLabel = z.string().min(1).max(50).optional();

const series = z
  .array(
    z.strictObject({
      name,
      data: z
        .array(z.strictObject({ label: name, value: z.number() }))
        .min(1)
        .max(20),
    }),
  )
  .min(1)
  .max(6)
  .refine((all) => new Set(all.map((one) => one.name)).size === all.length, "series names must be unique");

const axes = z.strictObject({
  categories: z
    .array(name)
    .min(1)
    .max(20)
    .refine((all) => new Set(all).size === all.length, "categories must be unique"),
  x_label: axisLabel,
  y_label: axisLabel,
});

type Plotted = {
  readonly series: readonly { readonly data: readonly { readonly label: string }[] }[];
  readonly axis_config: { readonly categories: readonly string[] };
};

/** Every series has one point for each category, and none for anything else. */
function fitsAxis({ series, axis_config: { categories } }: Plotted): boolean {
  const wanted = [...categories].sort().join("\n");
  return series.every(
    (one) =>
      one.data
        .map((point) => point.label)
        .sort()
        .join("\n") === wanted,
  );
}

function plotted<T extends string>(type: T) {
  return z
    .strictObject({ type: z.literal(type), series, axis_config: axes })
    .refine(fitsAxis, "data labels must match the categories of `axis_config`");
}

export const dataVisualization = z.strictObject({
  type: z.literal("data_visualization"),
  block_id: blockId,
  title: z.string().min(1).max(50),
  chart: z.discriminatedUnion("type", [
    z.strictObject({
      type: z.literal("pie"),
      segments: z
        .array(z.strictObject({ label: name, value: z.number().positive() }))
        .min(1)
        .max(6),
    }),
    plotted("bar"),
    plotted("area"),
    plotted("line"),
  ]),
});
