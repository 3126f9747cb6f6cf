// The store in processes of its own: killed, starved of disk, and two at once.

import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { commitMany, files, startWriter, temporaryFolder, withStore } from "./support.ts";

const acknowledged = (lines: readonly string[]): number =>
  Math.max(0, ...lines.filter((line) => line.startsWith("ack ")).map((line) => Number(line.slice(4))));

describe("a killed writer", () => {
  test("loses nothing it acknowledged, whenever it is killed", { timeout: 30_000 }, async () => {
    const dir = temporaryFolder();
    let sequence = 0;
    for (const acks of [1, 37, 500, 900]) {
      const writer = startWriter(dir, ["Infinity", 20]);
      await writer.line(`ack ${sequence + acks}`);
      writer.process.kill("SIGKILL");
      await writer.ended;
      const after = await withStore(dir, (store) => store.state.sequence);
      expect(after).toBeGreaterThanOrEqual(acknowledged(writer.lines));
      sequence = after;
    }
  });

  test("does not hold up the next one", async () => {
    const dir = temporaryFolder();
    const writer = startWriter(dir, ["Infinity"]);
    await writer.line("ack 1");
    writer.process.kill("SIGKILL");
    await writer.ended;
    await withStore(dir, (store) => commitMany(store, 1));
  });

  test("is not mistaken for the process that got its id later", async () => {
    const dir = temporaryFolder();
    await withStore(dir, () => {
      const [name = ""] = files(dir, "lock-");
      const holder = JSON.parse(readFileSync(join(dir, name), "utf8")) as object;
      writeFileSync(join(dir, "left"), JSON.stringify({ ...holder, started: "1" }));
    });
    writeFileSync(join(dir, "lock-1"), readFileSync(join(dir, "left")));
    await withStore(dir, (store) => commitMany(store, 1));
  });
});

describe("a second process", () => {
  test("on the same folder is refused with the first one's id, and the first goes on", async () => {
    const dir = temporaryFolder();
    const first = startWriter(dir, ["Infinity"]);
    await first.line("ack 1");
    const second = startWriter(dir, [1]);
    expect(await second.line("failed")).toBe(
      `failed The state folder ${dir} is in use by another bot (process ${first.process.pid}): stop that one first.`,
    );
    expect(await second.ended).toBe(1);
    await first.line(`ack ${acknowledged(first.lines) + 10}`);
    first.process.kill("SIGKILL");
    await first.ended;
  });

  test("of many at once, one gets the folder", async () => {
    const dir = temporaryFolder();
    writeFileSync(join(dir, "lock-1"), `{"machine":"`);
    const all = [1, 2, 3, 4].map(() => startWriter(dir, ["Infinity"]));
    const outcomes = await Promise.all(
      all.map((writer) => Promise.race([writer.line("opened"), writer.line("failed")])),
    );
    for (const writer of all) writer.process.kill("SIGKILL");
    await Promise.all(all.map((writer) => writer.ended));
    expect(outcomes.filter((line) => line.startsWith("opened"))).toHaveLength(1);
  });
});

describe("a disk that refuses", () => {
  test("when it is full, commits fail with a reason, and none that was acknowledged is lost", async () => {
    const dir = temporaryFolder();
    // 16 blocks of 512 bytes per file, as a full disk: a write is cut short, then refused.
    const writer = startWriter(dir, ["Infinity", 5, "y".repeat(500)], { shell: "ulimit -f 16;" });
    expect(await writer.line("refused")).toMatch(/Cannot write the journal in .*size limit/);
    await writer.ended;
    const acks = acknowledged(writer.lines);
    expect(acks).toBeGreaterThan(3);
    expect(await withStore(dir, (store) => store.state.sequence)).toBe(acks);
    await withStore(dir, (store) => commitMany(store, 5));
  });

  test.runIf(process.getuid?.() === 0)("when the folder is read-only, the bot does not start", async () => {
    const dir = join(temporaryFolder(), "state");
    mkdirSync(dir);
    chmodSync(join(dir, ".."), 0o755);
    chmodSync(dir, 0o555);
    const writer = startWriter(dir, [1], { uid: 65534 });
    expect(await writer.line("failed")).toMatch(/Cannot use the state folder .*: the bot has no right to/);
    expect(await writer.ended).toBe(1);
  });
});
