// The pilot against the T3 stand-in: it passes in each version's mode, and names what is broken when one thing is.

import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { describe, expect, test } from "vitest";
import { startT3, type T3, type T3Options } from "../../playground/t3/server.ts";
import { known, unknown } from "../../src/domain/observed.ts";
import { disarmedBy } from "../../src/pilot/arming.ts";
import { judge, type TokenSeen } from "../../src/pilot/judge.ts";
import { runPilot } from "../../src/pilot/pilot.ts";
import { type Check, type PilotResult, savePilot, watchPilot } from "../../src/pilot/result.ts";
import { AGENT } from "../playground/t3-subject.ts";

type Place = AsyncDisposable & {
  readonly server: T3;
  readonly volume: string;
  pilot(changes?: {
    readonly token?: string;
    readonly version?: string;
    readonly restartCommand?: string;
    readonly streamWithinMs?: number;
  }): Promise<PilotResult>;
};

async function place(options: Partial<T3Options> = {}): Promise<Place> {
  const dir = mkdtempSync(join(tmpdir(), "afk-pilot-"));
  const volume = join(dir, "volume");
  mkdirSync(volume);
  const agent = { command: process.execPath, args: [AGENT] };
  const server = await startT3({ baseDir: join(dir, "base"), version: "0.0.28", agent, env: {}, ...options });
  return {
    server,
    volume,
    pilot({ token = server.issueToken(), version, restartCommand, streamWithinMs = 20_000 } = {}) {
      const { url } = server;
      const model = { instanceId: "claudeAgent", model: "claude-opus-4-8" };
      const own = { name: "t3", url, token: { from: "value", value: token }, version } as const;
      const clock = { now: () => Date.now() };
      const log = pino({ level: "silent" });
      return runPilot({
        server: own,
        model,
        volume,
        withinMs: 40_000,
        streamWithinMs,
        restartCommand,
        clock,
        log,
        tell: () => {},
      });
    },
    async [Symbol.asyncDispose]() {
      await server.close();
      rmSync(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
    },
  };
}

const scripted = (...args: readonly string[]) => ({ command: process.execPath, args: [AGENT, ...args] });
const inDirectory = (path: string) => ({
  command: "sh",
  args: ["-c", `cd '${path}' && exec "$@"`, "sh", process.execPath, AGENT],
});

function of({ checks }: PilotResult, name: Check["name"]): Check {
  const found = checks.find((check) => check.name === name);
  if (found === undefined) throw new Error(`no check ${name}`);
  return found;
}

describe.concurrent("the pilot passes", () => {
  test.each(["0.0.27", "0.0.28", "head"] as const)("on %s, and leaves no agent behind", async (version) => {
    await using here = await place({ version });
    const result = await here.pilot();
    expect(result.checks.filter(({ passed }) => !passed)).toEqual([]);
    expect(result).toMatchObject({ passed: true, t3Version: version === "head" ? "0.0.29" : version });
    expect(result.checks.map(({ name }) => name)).toEqual(["unattended", "token", "completion", "tree", "instance"]);
    expect(here.server.threads().map(({ archivedAt }) => archivedAt)).not.toContain(null);
    expect(readdirSync(join(here.volume, "pilot", "trees"))).toHaveLength(1);
  });

  test("again in the same scratch, and says what it did not try", async () => {
    await using here = await place();
    const { notes } = of(await here.pilot(), "instance");
    expect(notes.join()).toContain("Not tried: whether it survives a restart");
    expect(of(await here.pilot({ version: "0.0.28", restartCommand: "true" }), "instance")).toMatchObject({
      passed: true,
      saw: expect.stringContaining("came back with its record"),
      notes: [],
    });
  });
});

describe.concurrent("the pilot fails, and says how to mend it,", () => {
  test("when the agent waits for a person", async () => {
    await using here = await place({ agent: scripted("--behaviour", "asks") });
    const result = await here.pilot();
    expect(result.passed).toBe(false);
    expect(of(result, "unattended")).toMatchObject({
      passed: false,
      saw: expect.stringContaining("waited for a person: Which database should I use?"),
      mend: expect.stringContaining("agent's own settings"),
    });
  });

  test("when the agent does not follow the rules for commits", async () => {
    await using here = await place({ agent: scripted("--behaviour", "no-commit") });
    expect(of(await here.pilot(), "unattended")).toMatchObject({
      passed: false,
      saw: expect.stringContaining("committed nothing"),
    });
  });

  test("when T3 does not take the token", async () => {
    await using here = await place();
    expect(of(await here.pilot({ token: "garbage" }), "token")).toMatchObject({
      passed: false,
      mend: expect.stringContaining("t3 auth session issue"),
    });
  });

  test("when the stream cannot be held open", async () => {
    await using here = await place();
    here.server.listener.intercept({
      before: async ({ path }) => (path.startsWith("/ws") ? { do: "cut" } : undefined),
    });
    const result = await here.pilot({ streamWithinMs: 200 });
    expect(of(result, "completion")).toMatchObject({
      passed: false,
      saw: expect.stringContaining("stream could not be held open"),
      mend: expect.stringContaining("WebSockets"),
    });
    expect(of(result, "unattended").passed).toBe(true);
  });

  test("when the agent is started somewhere else than in our tree", async () => {
    const elsewhere = mkdtempSync(join(tmpdir(), "afk-elsewhere-"));
    await using here = await place({ agent: inDirectory(elsewhere) });
    const result = await here.pilot();
    expect(of(result, "tree")).toMatchObject({
      passed: false,
      saw: expect.stringContaining("worked elsewhere"),
      mend: expect.stringContaining("same path"),
    });
    rmSync(elsewhere, { recursive: true });
  });

  test("when another version answers than the config pins", async () => {
    await using here = await place();
    expect(of(await here.pilot({ version: "0.0.27" }), "instance")).toMatchObject({
      passed: false,
      saw: "T3 0.0.28 answers, and the config pins 0.0.27.",
      mend: expect.stringContaining("Install T3 0.0.27"),
    });
  });

  test("when nobody is there", async () => {
    await using here = await place();
    await here.server.listener.off();
    const result = await here.pilot();
    expect(result.checks.map(({ passed }) => passed)).toEqual([false, false, false, false, false]);
    expect(of(result, "instance")).toMatchObject({
      saw: expect.stringContaining("does not answer"),
      mend: expect.stringContaining("t3.url"),
    });
  });
});

describe("only a pass for the version that answers arms the bot", () => {
  const passed: PilotResult = { version: 1, at: 1, ms: 1, t3Version: "0.0.28", passed: true, checks: [] };
  const broken: Check = { name: "tree", passed: false, did: "Tried.", saw: "Not there.", mend: "Mount it.", notes: [] };

  test.each([
    ["never run", undefined, "0.0.28", /never run/],
    ["not passed", { ...passed, passed: false, checks: [broken] }, "0.0.28", /\(tree\): Not there\. Mount it\./],
    ["another version", passed, "0.0.29", /passed for T3 0\.0\.28, and T3 0\.0\.29 answers/],
    ["no answer yet", passed, undefined, /not answered yet/],
  ])("%s", (_, result, answers, why) => {
    expect(disarmedBy(result, answers)).toMatch(why);
  });

  test("the pass", () => {
    expect(disarmedBy(passed, "0.0.28")).toBeUndefined();
  });

  test("a result that another process leaves is seen without a restart", async () => {
    const dir = mkdtempSync(join(tmpdir(), "afk-result-"));
    const last = watchPilot(dir, "t3");
    expect(last()).toBeUndefined();
    await savePilot(dir, "t3", { ...passed, passed: false });
    expect(last()?.passed).toBe(false);
    await savePilot(dir, "t3", passed);
    expect(last()).toEqual(passed);
    rmSync(dir, { recursive: true });
  });
});

describe("a token that T3 takes", () => {
  const good = { authenticated: true, scopes: ["orchestration:read", "orchestration:operate"], renewable: false };
  const now = Date.UTC(2026, 0, 5);
  const day = 24 * 3_600_000;
  const nothing = unknown("not tried");
  const scratch = { id: "p", checkout: "/c", tree: "/t", branch: "b", marker: { path: "/m", text: "m" } };
  const rest = {
    scratch,
    serverVersion: nothing,
    wantedVersion: undefined,
    volume: "/v",
    work: nothing,
    left: nothing,
  };
  const check = (token: TokenSeen) => {
    const checks = judge({ ...rest, failure: nothing, restart: undefined, now, token: known(token) });
    return of({ checks } as PilotResult, "token");
  };

  test.each<[string, TokenSeen, object]>([
    ["passes with both rights and days to go", { ...good, expiresAt: now + 30 * day }, { passed: true, notes: [] }],
    [
      "fails without the right to operate",
      { ...good, scopes: ["orchestration:read"], expiresAt: now + 30 * day },
      { passed: false, saw: "The token lacks orchestration:operate." },
    ],
    [
      "fails where it ends soon and nothing renews it",
      { ...good, expiresAt: now + 3_600_000 },
      {
        passed: false,
        saw: expect.stringContaining("nothing renews it"),
        mend: expect.stringContaining("t3.token.command"),
      },
    ],
    [
      "passes where it ends soon and is renewed",
      { ...good, renewable: true, expiresAt: now + 3_600_000 },
      { passed: true },
    ],
    [
      "is told to be more than is needed",
      { ...good, scopes: [...good.scopes, "access:write"], expiresAt: null },
      { passed: true, notes: [expect.stringContaining("1 scopes more")] },
    ],
  ])("%s", (_, token, expected) => {
    expect(check(token)).toMatchObject(expected);
  });
});
