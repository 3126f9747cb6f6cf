import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { BEHAVIOURS } from "../../playground/agent/behaviours/index.ts";
import { steps } from "../../playground/page/tour/steps.ts";

describe("the tour", () => {
  test("every file that it names is there", () => {
    const named = steps.flatMap(({ files }) => files);
    const missing = named.filter((file) => !existsSync(fileURLToPath(new URL(`../../${file}`, import.meta.url))));
    expect(named.length).toBeGreaterThan(steps.length);
    expect(missing).toEqual([]);
  });

  test("what its issues tell the scripted agent is something that it can do", () => {
    const told = steps.flatMap(({ draft }) => /^Scripted agent: *([a-z-]+)/m.exec(draft?.body ?? "")?.[1] ?? []);
    expect(told).toHaveLength(3);
    for (const behaviour of told) expect(Object.keys(BEHAVIOURS)).toContain(behaviour);
  });
});
