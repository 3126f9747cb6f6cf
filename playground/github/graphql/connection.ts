// Relay connections with GitHub's limits: `first` or `last` must be given, and 100 is the most.

import { type Args, FieldProblem, type GraphObject } from "./execute.ts";

export function connection<Item>(
  name: string,
  type: string,
  items: readonly Item[],
  args: Args,
  object: (item: Item) => GraphObject | null,
): GraphObject {
  const { first, last } = boundaries(name, args);
  const start = typeof args["after"] === "string" ? position(args["after"]) + 1 : 0;
  const end = typeof args["before"] === "string" ? position(args["before"]) : items.length;
  const from = last === undefined ? start : Math.max(start, end - last);
  const to = first === undefined ? end : Math.min(end, start + first);
  const shown = items.slice(from, to).map((item, n) => ({ cursor: cursor(from + n), node: () => object(item) }));
  return {
    type: `${type}Connection`,
    fields: {
      totalCount: () => items.length,
      nodes: () => shown.map(({ node }) => node()),
      edges: () =>
        shown.map(
          (one): GraphObject => ({ type: `${type}Edge`, fields: { cursor: () => one.cursor, node: one.node } }),
        ),
      pageInfo: (): GraphObject => ({
        type: "PageInfo",
        fields: {
          hasNextPage: () => to < items.length,
          hasPreviousPage: () => from > 0,
          startCursor: () => shown[0]?.cursor ?? null,
          endCursor: () => shown.at(-1)?.cursor ?? null,
        },
      }),
    },
  };
}

function boundaries(
  name: string,
  args: Args,
): { readonly first: number | undefined; readonly last: number | undefined } {
  const number = (value: unknown): number | undefined => (typeof value === "number" ? value : undefined);
  const first = number(args["first"]);
  const last = number(args["last"]);
  if (first === undefined && last === undefined) {
    const message = `You must provide a \`first\` or \`last\` value to properly paginate the \`${name}\` connection.`;
    throw new FieldProblem("MISSING_PAGINATION_BOUNDARIES", message);
  }
  const most = Math.max(first ?? 0, last ?? 0);
  if (most > 100) {
    const which = first === undefined ? "last" : "first";
    const message = `Requesting ${most} records on the \`${name}\` connection exceeds the \`${which}\` limit of 100 records.`;
    throw new FieldProblem("EXCESSIVE_PAGINATION", message);
  }
  return { first, last };
}

function cursor(index: number): string {
  return Buffer.from(`cursor:${index}`).toString("base64");
}

function position(text: string): number {
  return Number(Buffer.from(text, "base64").toString().replace("cursor:", ""));
}
