// Changes of the config's files, as they come: by editors, by Kubernetes, half-way, and wrong.

import { mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type ConfigWatch, watchConfig } from "../../src/config/watch.ts";
import { type Config, loadConfig } from "../../src/config.ts";

const env = { GH: "gh-secret", APP: "xapp-secret", T3: "t3-secret" };
const good = `
github: { token: { env: GH } }
slack: { botToken: { file: bot-token }, appToken: { env: APP }, channel: C0AFK, operators: [U0ONE] }
t3: { url: http://t3.afk.svc:3773/, token: { env: T3 } }
volume: data
repos:
  - { repo: acme/shop, workloads: [] }
  - { repo: acme/web, workloads: [] }
`;

let dir: string;
let file: string;
let watch: ConfigWatch;
let taken: Config[];
let refuse: string | undefined;
const outcomes: string[] = [];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "afk-config-"));
  file = join(dir, "afk.yaml");
  writeFileSync(file, good);
  writeFileSync(join(dir, "bot-token"), "xoxb-one\n");
  taken = [];
  refuse = undefined;
  outcomes.length = 0;
  watch = watchConfig({
    path: file,
    env,
    config: loadConfig(file, env),
    everyMs: 20,
    clock: { now: () => Date.now() },
    log: pino({ level: "silent" }),
    async take(next) {
      if (refuse !== undefined) throw new Error(refuse);
      taken.push(next);
    },
    onOutcome: (outcome) => outcomes.push(outcome),
  });
});
afterEach(async () => {
  await watch.stop();
  rmSync(dir, { recursive: true, force: true });
});

async function until(what: string, seen: () => boolean): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!seen()) {
    if (performance.now() > deadline) throw new Error(`not seen: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
/** Long enough for some looks. */
const aWhile = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 200));

describe("a changed config", () => {
  test("is taken, once", async () => {
    writeFileSync(file, good.replace("U0ONE", "U0TWO"));
    await until("taken", () => taken.length > 0);
    await aWhile();
    expect(taken.map(({ slack }) => slack.operators)).toEqual([["U0TWO"]]);
    expect(outcomes).toEqual(["taken"]);
  });

  test("that says the same in other words changes nothing", async () => {
    writeFileSync(file, `# a comment\n${good}`);
    await aWhile();
    expect(taken).toEqual([]);
    expect(watch.standing().trouble).toBeNull();
  });

  test("that comes by a swapped symlink, as a ConfigMap's does, is taken", async () => {
    writeFileSync(join(dir, "data-1.yaml"), good);
    writeFileSync(join(dir, "data-2.yaml"), good.replace("U0ONE", "U0TWO"));
    for (const version of ["1", "2"]) {
      symlinkSync(`data-${version}.yaml`, join(dir, "next"));
      renameSync(join(dir, "next"), file);
    }
    await until("taken", () => taken.length > 0);
    expect(taken[0]?.slack.operators).toEqual(["U0TWO"]);
  });

  test("is not taken while it is still being written, though what is there would do", async () => {
    const whole = `${good}policy: { maxRuns: 9 }\n`;
    // Every piece is a good config of its own, with fewer repos.
    const pieces = [good.replace(/ {2}- \{ repo: acme\/web.*\n/, ""), good, whole];
    for (const piece of pieces) {
      writeFileSync(file, piece);
      watch.look();
    }
    await until("taken", () => taken.length > 0);
    await aWhile();
    expect(taken.map(({ repos, policy }) => [repos.size, policy.maxRuns])).toEqual([[2, 9]]);
  });

  test("includes the secrets that it names in files", async () => {
    writeFileSync(join(dir, "bot-token"), "xoxb-two\n");
    await until("taken", () => taken.length > 0);
    expect(taken[0]?.slack.botToken).toBe("xoxb-two");
  });
});

describe("a config that cannot be taken", () => {
  test("is told with what is wrong in it, and the one before stays", async () => {
    const before = watch.standing();
    writeFileSync(file, good.replace("channel: C0AFK", "channel: '#afk'"));
    await until("told", () => watch.standing().trouble !== null);
    expect(watch.standing()).toEqual({
      trouble: expect.stringContaining("slack.channel: expected"),
      since: before.since,
    });
    await aWhile();
    expect(taken).toEqual([]);
    expect(outcomes).toEqual(["refused"]);
  });

  test.each([
    ["was removed", () => rmSync(file)],
    ["is empty", () => writeFileSync(file, "")],
    ["is no YAML", () => writeFileSync(file, "github: [")],
    ["lost its secret", () => rmSync(join(dir, "bot-token"))],
  ])("where the file %s, and is good again once that is mended", async (_what, spoil) => {
    spoil();
    await until("told", () => watch.standing().trouble !== null);
    writeFileSync(join(dir, "bot-token"), "xoxb-one\n");
    writeFileSync(file, good);
    await until("mended", () => watch.standing().trouble === null);
    expect(taken).toEqual([]);
    expect(outcomes).toEqual(["refused", "reverted"]);
  });

  test("for now is tried again until it can be", async () => {
    refuse = "acme/web is at work";
    writeFileSync(file, good.replace(/ {2}- \{ repo: acme\/web.*\n/, ""));
    await until("told", () => watch.standing().trouble === refuse);
    refuse = undefined;
    await until("taken", () => taken.length === 1);
    expect(watch.standing().trouble).toBeNull();
    expect(outcomes).toEqual(["refused", "taken"]);
  });

  test("never shows a secret in what is told", async () => {
    writeFileSync(file, readFileSync(file, "utf8").replace("{ env: GH }", "ghp_written_down"));
    await until("told", () => watch.standing().trouble !== null);
    expect(watch.standing().trouble).not.toContain("ghp_written_down");
  });
});
