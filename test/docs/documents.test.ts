// The documents say what is so: their commands run, their links lead somewhere, and nothing that people will look up is
// missing from them.

import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, normalize } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { blockReasonSchema } from "../../src/domain/run-state.ts";
import { help } from "../../views/help.ts";
import { helmRuns } from "../helm/helm.ts";
import { anchors, commands, document, documents, ROOT } from "./documents.ts";
import { type Runner, setRunner } from "./run.ts";

describe.skipIf(!helmRuns)(helmRuns ? "the commands" : "the commands (skipped: no Helm, no kubectl here)", () => {
  const dir = mkdtempSync(join(tmpdir(), "afk-docs-"));
  let runner: Runner;
  beforeAll(async () => {
    runner = await setRunner(dir);
  });
  afterAll(async () => {
    await runner[Symbol.asyncDispose]();
    rmSync(dir, { recursive: true, force: true });
  });

  const all = [...new Set(documents.flatMap(commands))];
  test.each(all)("%s", async (command) => {
    expect(await runner.try(command)).toBeUndefined();
  });

  test("a command that is wrong would be found", async () => {
    for (const wrong of [
      "npm run demmo",
      "npm run demo -- --scipt happy",
      "afk wy",
      "npm run afk -- why acme/shop#12 --confg afk.yaml",
      "kubectl --namespace afk rollout status deploy/afk-t4",
      "kubectl --namespace afk exec deploy/bot -- afk check",
      "helm upgrade afk helm/afk --set replicas=2",
      "terraform apply",
    ]) {
      expect(await runner.try(wrong), wrong).toBeDefined();
    }
  });
});

test("every link between documents leads to a file that is there, and to a heading in it", () => {
  const dead = documents.flatMap(({ file, text }) =>
    [...text.matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)/g)].flatMap(([link, path = "", anchor]) => {
      const target = path === "" ? file : normalize(join(dirname(file), path));
      if (!existsSync(join(ROOT, target))) return [`${file}: ${link}`];
      if (anchor === undefined || !target.endsWith(".md")) return [];
      return anchors(readFileSync(join(ROOT, target), "utf8")).has(anchor) ? [] : [`${file}: ${link}`];
    }),
  );
  expect(dead).toEqual([]);
});

test("the run book has every alert of the chart, and no other", () => {
  const alerts = parse(readFileSync(join(ROOT, "helm", "afk", "files", "alerts.yaml"), "utf8")) as { alert: string }[];
  const told = [...document("docs/operations.md").matchAll(/^### (Afk\w+)$/gm)].map(([, name]) => name);
  expect(told.sort()).toEqual(alerts.map(({ alert }) => alert).sort());
});

test("the run book has every reason for which a run stops, and no other", () => {
  const told = [...document("docs/operations.md").matchAll(/^\| `([a-z-]+)` +\|/gm)].map(([, kind]) => kind);
  expect(told.sort()).toEqual([...blockReasonSchema.unwrap().shape.kind.options].sort());
});

test("every test that the threat model names is there", () => {
  const tests = readdirSync(join(ROOT, "test"), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".test.ts"))
    .map((file) => readFileSync(join(ROOT, "test", file), "utf8"))
    .join("\n");
  const named = [...document("docs/security.md").matchAll(/\| "([^"]+)" +\|/g)].map(([, name = ""]) => name);
  expect(named.length).toBeGreaterThan(15);
  expect(named.filter((name) => !tests.includes(`"${name}"`))).toEqual([]);
});

test("every /afk command in the documents is one", () => {
  const known = [
    ...help(undefined)
      .text.concat(JSON.stringify(help(undefined).blocks))
      .matchAll(/\/afk (\w+)/g),
  ];
  const words = new Set(known.map(([, word]) => word));
  const unknown = documents.flatMap(({ file, text }) =>
    [...text.matchAll(/`\/afk (\w+)/g)].flatMap(([, word]) => (words.has(word) ? [] : [`${file}: /afk ${word}`])),
  );
  expect(unknown).toEqual([]);
});

test("the decisions are numbered without a gap in a number's use", () => {
  const numbers = readdirSync(join(ROOT, "docs", "decisions")).map((file) => file.slice(0, 4));
  expect(new Set(numbers).size).toBe(numbers.length);
});
