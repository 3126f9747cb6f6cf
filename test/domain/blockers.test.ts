import { describe, expect, test } from "vitest";
import { blockerName, blockersIn, cycleThrough } from "../../src/domain/blockers.ts";

const home = { repo: "acme/shop", host: "github.com" };
const names = (body: string): readonly string[] => blockersIn(body, home).map(blockerName);

describe("what an issue's text names as its blockers", () => {
  test.each<[string, string, readonly string[]]>([
    ["plain", "Blocked by #12", ["acme/shop#12"]],
    ["lower case with a colon", "blocked by: #12", ["acme/shop#12"]],
    ["a list in one line", "Blocked by #12, #13 and acme/api#5.", ["acme/shop#12", "acme/shop#13", "acme/api#5"]],
    ["ampersands and slashes", "Blocked by: #12 & #13 / #14", ["acme/shop#12", "acme/shop#13", "acme/shop#14"]],
    ["bold label", "**Blocked by:** #12", ["acme/shop#12"]],
    ["bold words, colon outside", "**Blocked by**: #12", ["acme/shop#12"]],
    ["list item", "- Blocked by #12\n- Some other task about #99", ["acme/shop#12"]],
    ["a box to tick", "- [ ] Blocked by #12", ["acme/shop#12"]],
    ["a ticked box is no proof that the issue is closed", "- [x] Blocked by #12", ["acme/shop#12"]],
    [
      "a heading with a list",
      "## Blocked by\n\n- #12\n- #13\n\n## Notes\n\n- See #99",
      ["acme/shop#12", "acme/shop#13"],
    ],
    [
      "a heading with ticked boxes",
      "### Blocked by:\n- [x] #12 the API\n- [ ] #13 (for #99)",
      ["acme/shop#12", "acme/shop#13"],
    ],
    ["a heading over plain lines", "## Blocked by\n#12\n\n#13", ["acme/shop#12", "acme/shop#13"]],
    ["an underlined heading", "Blocked by\n----------\n* #12", ["acme/shop#12"]],
    [
      "a label over a numbered list",
      "Blocked by:\n1. #12\n2. #13\n\nLater maybe #99",
      ["acme/shop#12", "acme/shop#13"],
    ],
    ["a nested list", "Blocked by:\n- the API\n  - #12\n  - acme/api#4", ["acme/shop#12", "acme/api#4"]],
    ["another repository", "Blocked by acme/api#5", ["acme/api#5"]],
    ["another repository in another case", "Blocked by ACME/Api#5", ["acme/api#5"]],
    ["a URL", "Blocked by https://github.com/acme/api/issues/5", ["acme/api#5"]],
    ["a URL with an anchor", "Blocked by https://github.com/acme/api/issues/5#issuecomment-7, #12", ["acme/api#5"]],
    ["a pull request's URL", "Blocked by https://github.com/Acme/Shop/pull/5", ["acme/shop#5"]],
    [
      "a URL on another GitHub",
      "Blocked by https://git.example/acme/api/issues/5",
      ["https://git.example/acme/api/issues/5"],
    ],
    [
      "a Markdown link",
      "Blocked by [#12](https://github.com/acme/shop/issues/12) and [the API](https://github.com/acme/api/issues/5)",
      ["acme/shop#12"],
    ],
    ["a link with words", "Blocked by: [the API](https://github.com/acme/api/issues/5)", ["acme/api#5"]],
    ["GH- spelling", "Blocked by GH-12", ["acme/shop#12"]],
    ["trailer spelling", "Blocked-by: #12", ["acme/shop#12"]],
    ["blocked on", "This is blocked on #12 until the API is out.", ["acme/shop#12"]],
    ["depends on", "Depends on #12", ["acme/shop#12"]],
    ["waiting for", "Waiting for #12", ["acme/shop#12"]],
    ["blockers", "Blockers:\n- #12", ["acme/shop#12"]],
    ["in a table", "| Blocked by | #12, #13 |", ["acme/shop#12", "acme/shop#13"]],
    ["words before the number", "Blocked by the API work in #12. Part of #99.", ["acme/shop#12"]],
    ["issue and its number", "Blocked by issue #12 and issue #13", ["acme/shop#12", "acme/shop#13"]],
    ["an aside after it", "Blocked by #12 (see also #99)", ["acme/shop#12"]],
    ["a list that goes on in the next line", "Blocked by #12,\n#13", ["acme/shop#12", "acme/shop#13"]],
    ["twice", "Blocked by #12\n\nBlocked by #12, #13", ["acme/shop#12", "acme/shop#13"]],
    ["Windows line ends", "## Blocked by\r\n\r\n- #12\r\n- #13\r\n", ["acme/shop#12", "acme/shop#13"]],
    ["in inline code, alone", "Blocked by `#12`", ["acme/shop#12"]],
    ["hidden characters inside the words", "Blo\u200bcked by #12", ["acme/shop#12"]],
  ])("%s", (_case, body, expected) => {
    expect(names(body)).toEqual(expected);
  });

  test.each<[string, string]>([
    ["none", "Blocked by: none"],
    ["none, with a reason", "Blocked by none – see #7"],
    ["none under a heading", "## Blocked by\n\nNone - can start immediately\n\n## Notes\n#7"],
    ["none in italics", "**Blocked by:** _None_"],
    ["n/a", "Blocked by: n/a (was #7)"],
    ["nothing", "Blocked by nothing, though #7 helps"],
    ["quoted", "> Blocked by #12\n\nThat is done."],
    ["in a code block", "```\nBlocked by #12\n```"],
    ["in a code block with tildes, over a heading", "~~~md\n## Blocked by\n- #12\n~~~"],
    ["in inline code", "Write `Blocked by #12` into the body."],
    ["in a comment that nobody sees", "<!-- Blocked by #12 -->"],
    ["in a template's comment over lines", "## Blocked by\n<!--\n- #12\n-->\n"],
    ["denied", "Not blocked by #12."],
    ["no longer", "This is no longer blocked by #12"],
    ["isn't", "It isn't blocked by #12"],
    ["struck out", "~~Blocked by #12~~"],
    ["the other direction", "Blocks #12. Blocking #13."],
    ["a mention", "See #12, fixes #13, part of acme/api#5"],
    ["a number that is no issue", "Blocked by the 12 open questions"],
    ["a reference in a later sentence", "Blocked by the vendor. See #12."],
    ["an empty section", "## Blocked by\n\n## What to build\n- #12"],
    ["nothing at all", ""],
  ])("no blocker: %s", (_case, body) => {
    expect(names(body)).toEqual([]);
  });

  test.each<[string, string]>([
    ["backticks", "`".repeat(65_000)],
    ["backticks in runs that grow", Array.from({ length: 300 }, (_, n) => "`".repeat(n)).join(" ")],
    ["comments that do not end", `Blocked by #1 ${"<!-- ".repeat(13_000)}`],
    ["comments that end", "<!-- -->".repeat(8_000)],
    ["addresses without an end", "Blocked by https://".repeat(3_000)],
    ["lists that go on", "Blocked by #1,\n".repeat(4_000)],
    ["brackets", `Blocked by #1 ${"(".repeat(65_000)}`],
  ])("a stranger's %s are read in linear time", (_case, body) => {
    expect(names(body).length).toBeLessThanOrEqual(1);
  });
});

describe("cycles", () => {
  const edges = (record: Record<string, readonly string[]>): Map<string, readonly string[]> =>
    new Map(Object.entries(record));

  test("a way back is told in its order", () => {
    const graph = edges({ "a#1": ["a#9", "a#2"], "a#2": ["b#3"], "b#3": ["a#1"], "a#9": [] });
    expect(cycleThrough("a#1", graph)).toEqual(["a#1", "a#2", "b#3", "a#1"]);
  });

  test("an issue that blocks itself is one", () => {
    expect(cycleThrough("a#1", edges({ "a#1": ["a#1"] }))).toEqual(["a#1", "a#1"]);
  });

  test("a cycle among the blockers alone is not one of the issue's", () => {
    expect(cycleThrough("a#1", edges({ "a#1": ["a#2"], "a#2": ["a#3"], "a#3": ["a#2"] }))).toBeUndefined();
  });
});
