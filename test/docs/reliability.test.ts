// docs/reliability.md: every test that it names is there.

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const ROW = /^\| (.+?) \| .+? \| \[[^\]]+\]\(\.\.\/(test\/[^)]+)\): (.+?) +\|$/;

const rows = readFileSync(join(ROOT, "docs", "reliability.md"), "utf8")
  .split("\n")
  .flatMap((line) => {
    const [, failure = "", file = "", name = ""] = ROW.exec(line) ?? [];
    return file === "" ? [] : [{ failure, file, name }];
  });

test("the table has its rows", () => {
  expect(rows.length).toBeGreaterThan(30);
});

test.each(rows)("$failure: its test is there", ({ file, name }) => {
  const path = join(ROOT, file);
  expect(existsSync(path), file).toBe(true);
  const source = readFileSync(path, "utf8");
  expect(
    [`"${name}"`, `\`${name}\``].some((quoted) => source.includes(quoted)),
    `${file} has no test "${name}"`,
  ).toBe(true);
});
