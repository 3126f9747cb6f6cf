// Which commit a workload runs, by what its image or its annotations name.

import { describe, expect, test } from "vitest";
import { carriesOf, commitsOf } from "../../src/kubernetes/carries.ts";

const SHA = "a1b2c3d".padEnd(40, "0");
const LATER = "b".repeat(40);
const DIGEST = `sha256:${"c".repeat(64)}`;
const ref = { kind: "Deployment", namespace: "shop", name: "web" } as const;

describe("the commit that an image names", () => {
  test.each<[string, string, readonly string[]]>([
    ["its tag", `registry.example/shop:${SHA}`, [SHA]],
    ["its short tag", "registry.example/shop:a1b2c3d", ["a1b2c3d"]],
    ["a tag with words around", `registry.example/shop:main-${SHA}-amd64`, [SHA]],
    ["a tag beside a digest, which is the image's and no commit's", `registry.example/shop:${SHA}@${DIGEST}`, [SHA]],
    ["no tag: the digest alone names no commit", `registry.example/shop@${DIGEST}`, []],
    ["no tag: a port is none", "registry.example:5000000/shop", []],
    ["a version", "registry.example/shop:v1.24.0", []],
    ["a word", "registry.example/shop:latest", []],
    ["a word of hex letters that goes on is none", "registry.example/shop:feedbackform", []],
    ["a date and a commit: either may be it", "registry.example/shop:20260105-a1b2c3d", ["20260105", "a1b2c3d"]],
    ["what git describe says", "registry.example/shop:v1.2.0-14-ga1b2c3d", ["a1b2c3d"]],
  ])("%s", (_what, image, expected) => {
    expect(commitsOf(ref, image, undefined, undefined)).toEqual(expected);
  });

  test("by annotation: the template's before the workload's, and never the tag", () => {
    const by = { ...ref, annotation: "example.com/commit" };
    const note = (value: string) => ({ annotations: { "example.com/commit": value } });
    expect(commitsOf(by, `shop:${LATER}`, note(LATER), { metadata: note(SHA) })).toEqual([SHA]);
    expect(commitsOf(by, `shop:${LATER}`, note(LATER), {})).toEqual([LATER]);
    expect(commitsOf(by, `shop:${LATER}`, undefined, {})).toEqual([]);
  });
});

describe("what that says of the landed commit", () => {
  const asked: string[] = [];
  const contains = async (commit: string): Promise<boolean> => {
    asked.push(commit);
    return commit === LATER;
  };
  test.each<[string, readonly string[], string]>([
    ["itself", [SHA], "landed"],
    ["itself, in short", ["20260105", "a1b2c3d"], "landed"],
    ["a later one that contains it, rolled out by whoever", [LATER], "descendant"],
    ["an older or a foreign one", ["f".repeat(40)], "other"],
    ["nothing that can be told", [], "other"],
  ])("%s", async (_what, commits, expected) => {
    expect(await carriesOf(commits, SHA, contains)).toBe(expected);
  });
  test("history is asked only where the name does not tell", () => {
    expect(asked).toEqual([LATER, "f".repeat(40)]);
  });
});
