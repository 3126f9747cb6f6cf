// The chart's alerts: PromQL that Prometheus' own grammar takes, over metrics that the bot has.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parser } from "@prometheus-io/lezer-promql";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { createDependencies } from "../../src/ops/dependencies.ts";
import { createMetrics } from "../../src/ops/metrics.ts";
import { clock, quiet } from "../adapters/t3-support.ts";
import { CHART } from "./helm.ts";

type Alert = { readonly alert: string; readonly expr: string; readonly summary: string; readonly description: string };
const alerts = parse(readFileSync(join(CHART, "files", "alerts.yaml"), "utf8")) as readonly Alert[];

/** The nodes of that name in the expression, as they are written. */
function nodes(expr: string, name: string): readonly string[] {
  const found: string[] = [];
  parser.parse(expr).iterate({
    enter(node) {
      if (node.name === name || (name === "⚠" && node.type.isError)) found.push(expr.slice(node.from, node.to));
    },
  });
  return found;
}

test.each(alerts.map(({ alert, expr }) => [alert, expr.replaceAll("$scope", 'namespace="afk"')]))(
  "%s asks for metrics that the bot has, in Prometheus' grammar, of this release only",
  async (_, expr) => {
    const dependencies = createDependencies(["github"], clock, quiet);
    const metrics = createMetrics({ dependencies, clock, version: "0.0.0" });
    const known = new Set([...(await metrics.text()).body.matchAll(/^# TYPE (\w+) /gm)].map(([, name]) => name));
    metrics.close();
    expect(nodes(expr, "⚠")).toEqual([]);
    const asked = nodes(expr, "VectorSelector");
    expect(asked.length).toBeGreaterThan(0);
    for (const selector of asked) {
      expect(selector).toContain('{namespace="afk"');
      const name = selector.replace(/\{.*/s, "");
      expect([...known, "up"]).toContain(name.replace(/_(bucket|sum|count)$/, ""));
    }
  },
);

test("a mistake in an alert would be found", () => {
  expect(nodes("max(afk_armed{) == 0", "⚠")).not.toEqual([]);
});

test("an alert says what is wrong in one sentence, and what it means in another", () => {
  for (const { alert, summary, description } of alerts) {
    expect(summary, alert).toMatch(/^[A-Z{].*\.$/);
    expect(description, alert).toMatch(/^[A-Z].*\.$/);
  }
});
