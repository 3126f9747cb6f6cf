import { expect, test } from "vitest";
import {
  DEFAULT_BLOCKS,
  NEWER_BLOCKS,
  problemLine,
  validateBlocks,
  validateView,
} from "../../playground/slack/blocks.ts";
import { button, section } from "./slack-support.ts";

const ALL = [...DEFAULT_BLOCKS, ...NEWER_BLOCKS];
const long = (count: number) => "x".repeat(count);
const plain = (text: string) => ({ type: "plain_text", text });
const option = (value: string) => ({ text: plain(value), value });
const rich = (text: string) => ({
  type: "rich_text",
  elements: [{ type: "rich_text_section", elements: [{ type: "text", text }] }],
});

function lines(blocks: readonly unknown[], accepts: readonly string[] = DEFAULT_BLOCKS): readonly string[] {
  return validateBlocks(blocks, "message", accepts).map(problemLine);
}

const FINE: readonly (readonly [string, unknown])[] = [
  ["section", { ...section(long(3000)), accessory: button("a") }],
  ["fields", { type: "section", fields: Array.from({ length: 10 }, () => plain(long(300))) }],
  ["header", { type: "header", text: plain(long(150)) }],
  ["divider", { type: "divider", block_id: long(255) }],
  [
    "context",
    {
      type: "context",
      elements: [plain("a"), { type: "image", image_url: "https://example.com/a.png", alt_text: "a" }],
    },
  ],
  [
    "actions",
    { type: "actions", elements: [button("a"), { type: "overflow", action_id: "b", options: [option("x")] }] },
  ],
  [
    "a menu with groups",
    {
      type: "actions",
      elements: [{ type: "static_select", option_groups: [{ label: plain("g"), options: [option("x")] }] }],
    },
  ],
  ["input", { type: "input", label: plain("l"), element: { type: "plain_text_input", multiline: true } }],
  ["rich text", rich("hello")],
  ["markdown", { type: "markdown", text: long(12_000) }],
  [
    "table",
    {
      type: "table",
      rows: [[{ type: "raw_text", text: "a" }, rich("b")]],
      column_settings: [{ align: "right" }, null],
    },
  ],
  ["task card", { type: "task_card", task_id: "1", title: "t", status: "complete", details: rich("d") }],
  ["plan", { type: "plan", title: "p", tasks: [{ type: "task_card", task_id: "1", title: "t", status: "pending" }] }],
  [
    "chart",
    {
      type: "data_visualization",
      title: "t",
      chart: {
        type: "line",
        series: [{ name: "s", data: [{ label: "Mon", value: 1 }] }],
        axis_config: { categories: ["Mon"] },
      },
    },
  ],
];

test.each(FINE)("%s within its limits is taken", (_name, block) => {
  expect(lines([block], ALL)).toEqual([]);
});

const WRONG: readonly (readonly [string, unknown, string])[] = [
  [
    "a button's text over 75",
    { type: "actions", elements: [button("a", long(76))] },
    "must be less than 76 characters [json-pointer:/blocks/0/elements/0/text/text]",
  ],
  [
    "a button's value over 2000",
    { type: "actions", elements: [button("a", "b", long(2001))] },
    "must be less than 2001 characters [json-pointer:/blocks/0/elements/0/value]",
  ],
  ["a section over 3000", section(long(3001)), "must be less than 3001 characters [json-pointer:/blocks/0/text/text]"],
  ["an empty text", section(""), "must be more than 0 characters [json-pointer:/blocks/0/text/text]"],
  [
    "a section with nothing",
    { type: "section" },
    "must define either `text` or `fields` [json-pointer:/blocks/0/type]",
  ],
  [
    "a field over 2000",
    { type: "section", fields: [plain(long(2001))] },
    "must be less than 2001 characters [json-pointer:/blocks/0/fields/0/text]",
  ],
  [
    "an eleventh field",
    { type: "section", fields: Array.from({ length: 11 }, () => plain("a")) },
    "no more than 10 items allowed [json-pointer:/blocks/0/fields]",
  ],
  [
    "a header over 150",
    { type: "header", text: plain(long(151)) },
    "must be less than 151 characters [json-pointer:/blocks/0/text/text]",
  ],
  [
    "a formatted header",
    { type: "header", text: { type: "mrkdwn", text: "a" } },
    "unsupported type: mrkdwn [json-pointer:/blocks/0/text/type]",
  ],
  [
    "a twenty-sixth action",
    { type: "actions", elements: Array.from({ length: 26 }, (_, n) => button(`a${n}`)) },
    "no more than 25 items allowed [json-pointer:/blocks/0/elements]",
  ],
  [
    "a sixth overflow option",
    { type: "actions", elements: [{ type: "overflow", options: "abcdef".split("").map(option) }] },
    "no more than 5 items allowed [json-pointer:/blocks/0/elements/0/options]",
  ],
  [
    "a menu without options",
    { ...section("a"), accessory: { type: "static_select", options: [] } },
    "must provide at least 1 items [json-pointer:/blocks/0/accessory/options]",
  ],
  [
    "an unknown key",
    { ...section("a"), disabled: true },
    "invalid additional property: disabled [json-pointer:/blocks/0]",
  ],
  ["an unknown block", { type: "marquee" }, "unsupported type: marquee [json-pointer:/blocks/0/type]"],
  [
    "an image only this machine can reach",
    { type: "image", image_url: "http://127.0.0.1/a.png", alt_text: "a" },
    "downloading image failed [json-pointer:/blocks/0/image_url]",
  ],
  [
    "a file that an app adds",
    { type: "file", source: "remote", external_id: "a" },
    "unsupported type: file [json-pointer:/blocks/0/type]",
  ],
  [
    "an alert in a message",
    { type: "alert", text: plain("a") },
    "unsupported type: alert [json-pointer:/blocks/0/type]",
  ],
  [
    "a chart whose labels miss its categories",
    {
      type: "data_visualization",
      title: "t",
      chart: {
        type: "bar",
        series: [{ name: "s", data: [{ label: "Tue", value: 1 }] }],
        axis_config: { categories: ["Mon"] },
      },
    },
    "data labels must match the categories of `axis_config` [json-pointer:/blocks/0/chart]",
  ],
];

test.each(WRONG)("%s is refused in Slack's words", (_name, block, line) => {
  expect(lines([block], ALL)).toContain(`[ERROR] ${line}`);
});

test("a workspace that lacks the newer blocks says which one it does not know", () => {
  expect(lines([section("a"), { type: "plan", title: "p" }])).toEqual([
    "[ERROR] unsupported type: plan [json-pointer:/blocks/1/type]",
  ]);
});

test("the fifty-first block is one too many for a message and fine for a modal", () => {
  const blocks = Array.from({ length: 51 }, () => ({ type: "divider" }));
  expect(lines(blocks)).toEqual(["[ERROR] no more than 50 items allowed [json-pointer:/blocks]"]);
  expect(validateBlocks(blocks, "modal")).toEqual([]);
});

test("a block_id twice in a message and an action_id twice in a block are refused", () => {
  const twice = [
    { type: "actions", block_id: "b", elements: [button("a"), button("a")] },
    { type: "divider", block_id: "b" },
  ];
  expect(validateBlocks(twice, "message").map((problem) => problem.pointer)).toEqual([
    "/blocks/0/elements/1/action_id",
    "/blocks/1/block_id",
  ]);
  const elsewhere = [
    { type: "actions", elements: [button("a")] },
    { type: "actions", elements: [button("a")] },
  ];
  expect(validateBlocks(elsewhere, "message")).toEqual([]);
});

test("blocks that are each short enough may be too long together, and two tables are one too many", () => {
  const many = Array.from({ length: 5 }, () => section(long(2900)));
  expect(validateBlocks(many, "message")).toMatchObject([{ code: "msg_blocks_too_long" }]);
  const table = { type: "table", rows: [[{ type: "raw_text", text: "a" }]] };
  expect(validateBlocks([table, table], "message")).toMatchObject([{ code: "invalid_attachments" }]);
});

test("a modal's title, metadata and inputs have limits of their own", () => {
  const input = { type: "input", label: plain("l"), element: { type: "plain_text_input" } };
  const modal = { type: "modal", title: plain("t"), blocks: [input] };
  expect(validateView({ ...modal, submit: plain("s") })).toEqual([]);
  expect(validateView(modal).map(problemLine)).toEqual([
    "[ERROR] must define `submit` to use an `input` block in modals [json-pointer:/view/blocks/0/input]",
  ]);
  const wide = { ...modal, title: plain(long(25)), submit: plain("s"), private_metadata: long(3001) };
  expect(
    validateView(wide)
      .map((problem) => problem.pointer)
      .sort(),
  ).toEqual(["/view/private_metadata", "/view/title/text"]);
  expect(
    validateView({ type: "modal", title: plain("t"), blocks: [{ type: "alert", text: plain("a") }] }, ALL),
  ).toEqual([]);
});

test("a home view takes no title and no markdown", () => {
  expect(validateView({ type: "home", blocks: [section("a")] })).toEqual([]);
  const wrong = { type: "home", title: plain("t"), blocks: [{ type: "markdown", text: "a" }] };
  expect(validateView(wrong).map((problem) => problem.message)).toEqual([
    "invalid additional property: title",
    "unsupported type: markdown",
  ]);
});
