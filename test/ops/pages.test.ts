// The health pages, the metrics and the log of a bot at work.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Bot } from "../../playground/demo/bot.ts";
import { repo, tokens } from "../../playground/world/team.ts";
import type { ReadyReport } from "../../src/ops/health.ts";
import { eventually, linesOf, type OpsStage, type Pages, pagesOf, setOpsStage } from "./support.ts";

const root = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));

let stage: OpsStage;
let bot: Bot;
let pages: Pages;

beforeAll(async () => {
  stage = await setOpsStage();
  bot = stage.startBot();
  pages = await pagesOf(bot);
});
afterAll(async () => {
  await stage[Symbol.asyncDispose]();
});

const ready = async (): Promise<ReadyReport> => JSON.parse((await pages.get("/readyz")).text);

describe("a bot at work", () => {
  test("is live at once, and ready once every service it lives on has answered", async () => {
    expect(await pages.get("/healthz")).toEqual({ status: 200, text: "ok\n" });
    await eventually("ready", async () => (await pages.get("/readyz")).status === 200);
    const { role, dependencies } = await ready();
    expect(role).toBe("leader");
    expect(dependencies.map(({ name, state }) => [name, state])).toEqual([
      ["github", "up"],
      ["t3", "up"],
      ["slack", "up"],
      ["channel", "up"],
      ["cluster", "up"],
    ]);
    for (const { answeredSecondsAgo } of dependencies) expect(answeredSecondsAgo).toEqual(expect.any(Number));
  });

  test("answers what it does not serve with what it does, and changes nothing for anybody", async () => {
    expect(await pages.get("/")).toMatchObject({ status: 404, text: "try /healthz, /readyz, /metrics\n" });
    expect((await pages.get("/__proto__")).status).toBe(404);
    const { port } = await bot.said("health pages served");
    const post = await fetch(`http://127.0.0.1:${String(port)}/healthz`, { method: "POST" });
    expect(post.status).toBe(405);
  });

  test("counts a run from its start to its deploy, and what it asked of whom", async () => {
    expect(await pages.metric("afk_runs", { state: "working" })).toBe(0);
    stage.release();
    const deployed = { repo, outcome: "deployed" };
    await eventually("the run is counted", async () => (await pages.metric("afk_runs_ended_total", deployed)) === 1);
    expect(await pages.metric("afk_runs_started_total", { repo })).toBe(1);
    expect(await pages.metric("afk_runs", { state: "deployed" })).toBe(1);
    expect(await pages.metric("afk_run_seconds_count", { outcome: "deployed" })).toBe(1);
    expect(await pages.metric("afk_run_state_seconds_count", { state: "working" })).toBe(1);
    expect(await pages.metric("afk_fix_forward_total", { outcome: "deployed" })).toBe(0);
    for (const service of ["github", "t3", "slack", "cluster"]) {
      expect(await pages.metric("afk_api_calls_total", { service, status: "200" }), service).toBeGreaterThan(0);
    }
    expect(await pages.metric("afk_api_calls_total", { service: "other", status: "200" })).toBeUndefined();
    expect(await pages.metric("afk_commits_total", { result: "ok" })).toBeGreaterThan(5);
    expect(await pages.metric("afk_loop_work_seconds_count", { loop: "repo" })).toBeGreaterThan(0);
    expect(await pages.metric("afk_volume_bytes", { figure: "free" })).toBeGreaterThan(0);
    expect(await pages.metric("afk_github_quota", { figure: "remaining" })).toBeGreaterThan(0);
    expect(await pages.metric("afk_armed")).toBe(1);
    expect(await pages.metric("afk_paused")).toBe(0);
  });

  test("is unready while a service is away, saying which and since when, and stays live", async () => {
    await stage.world.t3.listener.off();
    try {
      await eventually("unready", async () => (await pages.get("/readyz")).status === 503, 90_000);
      const t3 = (await ready()).dependencies.find(({ name }) => name === "t3");
      expect(t3).toMatchObject({ state: "down", why: expect.stringContaining("T3 does not answer") });
      expect(t3?.answeredSecondsAgo).toEqual(expect.any(Number));
      expect(await pages.metric("afk_dependency_up", { dependency: "t3" })).toBe(0);
      expect((await pages.get("/healthz")).status).toBe(200);
    } finally {
      await stage.world.t3.listener.on();
    }
  });

  test("says of which run and session a line is, in lines whose message is always the same", async () => {
    const moved = linesOf(stage.logFile).filter(({ msg }) => msg === "run moved");
    const session = stage.world.t3.threads()[0]?.id;
    expect(moved.at(-1)).toMatchObject({
      level: "info",
      repo,
      issue: expect.any(Number),
      run: expect.any(String),
      session,
    });
  });

  test("writes none of its secrets to the log, whatever happened", () => {
    const log = readFileSync(stage.logFile, "utf8");
    expect(log.length).toBeGreaterThan(1_000);
    const secrets = [
      tokens.githubBot,
      tokens.clusterBot,
      "xoxb-playground",
      "xapp-playground",
      stage.world.addresses.t3Token,
    ];
    for (const secret of secrets) expect(log).not.toContain(secret);
  });
});

describe("what is written down of the metrics", () => {
  test("is every metric there is, and no other", async () => {
    const { text } = await pages.get("/metrics");
    const served = [...text.matchAll(/^# TYPE (afk_\w+)/gm)].map(([, name]) => name).sort();
    const documented = [...readFileSync(root("docs/observability.md"), "utf8").matchAll(/^\| `(afk_\w+)`/gm)];
    expect(documented.map(([, name]) => name).sort()).toEqual(served);
  });

  test("on the dashboard is there to be drawn, with the labels that it asks for", async () => {
    const { text } = await pages.get("/metrics");
    const dashboard = JSON.parse(readFileSync(root("dashboards/afk.json"), "utf8")) as { panels: readonly Panel[] };
    const expressions = dashboard.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
    expect(expressions.length).toBeGreaterThan(15);
    for (const expression of expressions) {
      for (const [, name = ""] of expression.matchAll(/\b((?:afk|nodejs|process)_\w+)/g)) {
        expect(text, expression).toContain(`# TYPE ${name.replace(/_(bucket|sum|count)$/, "")} `);
      }
    }
  });
});

type Panel = { readonly targets?: readonly { readonly expr: string }[] };
