// Whoever held the state folder before, and wakes up in the middle of a write, changes nothing of what came after.

import { appendFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import type { Store } from "../../src/ports.ts";
import { eventLine } from "../../src/store/lines.ts";
import { peekState } from "../../src/store/peek.ts";
import { type Leave, openStore, SNAPSHOT_EVERY } from "../../src/store/store.ts";
import { commitMany, current, files, quiet, temporaryFolder, withStore } from "./support.ts";

/** A replica's leave to write, until it is deposed. */
function replica(): Leave & { depose(): void } {
  let deposed = false;
  return {
    lease: "afk/afk-bot",
    mayAct() {
      if (deposed) throw new Error("deposed");
    },
    depose() {
      deposed = true;
    },
  };
}

async function open(dir: string, leave: Leave): Promise<Store> {
  const store = await openStore(dir, quiet, leave);
  onTestFinished(() => store.close().catch(() => {}));
  return store;
}

/** The folder, with a former leader that does not know it yet, and the one that took over from it. */
async function takenOver(before: number) {
  const dir = temporaryFolder();
  const former = replica();
  const a = await open(dir, former);
  await commitMany(a, before, "a");
  const aFolder = current(dir);
  former.depose();
  const b = await open(dir, replica());
  return { dir, a, aFolder, b };
}

const reasonIn = (dir: string): Promise<string | undefined> => withStore(dir, (store) => store.state.pause?.reason);

describe("a leader that was deposed", () => {
  test("commits nothing, and its successor goes on from what it had acknowledged, at once", async () => {
    const { dir, a, b } = await takenOver(7);
    expect(b.state.pause?.reason).toBe("a 7");
    await expect(commitMany(a, 1, "a")).rejects.toThrow("deposed");
    expect(a.state.sequence).toBe(7);
    await commitMany(b, 2, "b");
    expect(b.state.pause?.reason).toBe("b 9");
    await b.close();
    expect(await reasonIn(dir)).toBe("b 9");
  });

  test("loses what it wrote though it found out only afterwards: it was never acknowledged, and nobody reads it", async () => {
    const dir = temporaryFolder();
    const former = replica();
    const a = await open(dir, former);
    await commitMany(a, 3, "a");
    const folder = current(dir);
    // The write has begun when the lead ends.
    let asked = 0;
    const slow: Leave = {
      lease: former.lease,
      mayAct() {
        asked += 1;
        if (asked >= 2) throw new Error("deposed meanwhile");
      },
    };
    await a.close();
    const late = await open(dir, slow);
    await expect(commitMany(late, 1, "late")).rejects.toThrow("deposed meanwhile");
    expect(late.state.sequence).toBe(3);
    expect(folder).not.toBe(current(dir));
    await late.close();
    expect(await reasonIn(dir)).toBe("a 3");
  });

  test("may finish a write, a rotation, a snapshot and a removal hours later", async () => {
    const { dir, aFolder, b } = await takenOver(5);
    await commitMany(b, 1, "b");
    // What a process does that was stopped in the middle of each, with its folder gone or made anew.
    mkdirSync(aFolder, { recursive: true });
    appendFileSync(
      join(aFolder, "journal-000000000001.jsonl"),
      eventLine(6, { type: "bot.paused", at: 0, by: "U0OPERATOR", reason: "from the past" }),
    );
    writeFileSync(join(aFolder, "journal-000000000007.jsonl"), "");
    writeFileSync(
      join(aFolder, "state.json.next"),
      JSON.stringify({ format: "afk-bot/state", version: 2, sequence: 5 }),
    );
    renameSync(join(aFolder, "state.json.next"), join(aFolder, "state.json"));
    await commitMany(b, 1, "b");
    expect((await peekState(dir)).pause?.reason).toBe("b 7");
    await b.close();
    expect(await reasonIn(dir)).toBe("b 7");
    expect(existsSync(aFolder)).toBe(false);
  });

  test("cannot take the folder back under the Lease of another bot: that one has to be stopped first", async () => {
    const dir = temporaryFolder();
    await open(dir, replica());
    await expect(openStore(dir, quiet, { ...replica(), lease: "afk/another" })).rejects.toThrow(
      /in use by another bot/,
    );
    await expect(openStore(dir, quiet)).rejects.toThrow(/in use by another bot/);
  });
});

describe("an epoch", () => {
  test("has a number that none before it had, also after the locks are gone", async () => {
    const dir = temporaryFolder();
    const numbers: string[] = [];
    for (let n = 0; n < 3; n += 1) {
      await withStore(dir, (store) => commitMany(store, 1));
      numbers.push(...files(dir, "epoch-"));
    }
    expect(numbers).toEqual(["epoch-1", "epoch-2", "epoch-3"]);
    expect(files(dir, "lock-")).toEqual([]);
  });

  test("that was not begun whole does not count", async () => {
    const dir = temporaryFolder();
    await withStore(dir, (store) => commitMany(store, 4));
    mkdirSync(join(dir, ".epoch-9"));
    writeFileSync(join(dir, ".epoch-9", "state.json"), "{");
    expect(await reasonIn(dir)).toBe("x 4");
  });

  test("carries over what was there before there were epochs, and leaves the rest of the folder alone", async () => {
    const dir = temporaryFolder();
    await withStore(dir, (store) => commitMany(store, 3));
    const flat = temporaryFolder();
    for (const name of files(current(dir), "")) {
      writeFileSync(join(flat, name), readFileSync(join(current(dir), name)));
    }
    writeFileSync(join(flat, "pilot.json"), "{}");
    expect(await reasonIn(flat)).toBe("x 3");
    expect(files(flat, "")).toEqual(["epoch-1", "pilot.json", "reserve"]);
  });

  test("of a long journal starts with no more than the snapshot and its end", async () => {
    const dir = temporaryFolder();
    for (let n = 0; n < 3; n += 1) await withStore(dir, (store) => commitMany(store, SNAPSHOT_EVERY));
    expect(files(current(dir), "journal-").length).toBeLessThanOrEqual(3);
    expect(await reasonIn(dir)).toBe(`x ${3 * SNAPSHOT_EVERY}`);
  });
});
