import {
  appendFileSync,
  cpSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { eventLine, headerLine } from "../../src/store/lines.ts";
import { openStore, SNAPSHOT_EVERY } from "../../src/store/store.ts";
import { commitMany, current, files, quiet, temporaryFolder, withStore } from "./support.ts";

const NOBODY_CLOSES = "the process dies here";

/** A folder as a killed bot leaves it: `count` events, whatever snapshots that made, and no orderly end. */
async function abandoned(count: number): Promise<string> {
  const dir = temporaryFolder();
  const left = temporaryFolder();
  const store = await openStore(dir, quiet);
  for (let done = 0; done < count; done += 100) {
    await commitMany(store, Math.min(100, count - done));
    // Snapshots are written beside the commits: a copy in the middle of one is no state that a kill can leave.
    await settled(dir);
  }
  cpSync(current(dir), join(left, "epoch-1"), { recursive: true });
  await store.close();
  return left;
}

/** Waits until nothing in the folder has changed for a while. */
async function settled(dir: string): Promise<void> {
  const look = (): string =>
    files(current(dir), "")
      .map((name) => `${name} ${statSync(join(current(dir), name), { throwIfNoEntry: false })?.size}`)
      .join();
  for (let seen = "", same = 0; same < 3; ) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    const now = look();
    same = now === seen && !now.includes(".next") ? same + 1 : 0;
    seen = now;
  }
}

function journals(dir: string): readonly string[] {
  return files(current(dir), "journal-").map((name) => join(current(dir), name));
}

function lastJournal(dir: string): string {
  return journals(dir).at(-1) ?? NOBODY_CLOSES;
}

function contents(dir: string): readonly string[] {
  const names = readdirSync(dir, { recursive: true, encoding: "utf8" }).sort();
  return names.map((name) => {
    const path = join(dir, name);
    return statSync(path).isFile() ? `${name}: ${readFileSync(path, "utf8")}` : name;
  });
}

const sequenceIn = (dir: string): Promise<number> => withStore(dir, (store) => store.state.sequence);
const reasonIn = (dir: string): Promise<string | undefined> => withStore(dir, (store) => store.state.pause?.reason);

describe("what was acknowledged is there after", () => {
  test("a kill before any snapshot: the journal alone gives the state", async () => {
    const dir = await abandoned(10);
    expect(files(current(dir), "state.json")).toEqual([]);
    expect(await reasonIn(dir)).toBe("x 10");
  });

  test("an orderly stop: the snapshot alone gives the state", async () => {
    const dir = temporaryFolder();
    await withStore(dir, (store) => commitMany(store, 10));
    for (const path of journals(dir)) rmSync(path);
    expect(await reasonIn(dir)).toBe("x 10");
  });

  test("many snapshots: the journal stays short, and still reaches back to the snapshot before the last", async () => {
    const dir = await abandoned(5 * SNAPSHOT_EVERY);
    const before = JSON.parse(readFileSync(join(current(dir), "state.json.prev"), "utf8")) as { sequence: number };
    rmSync(join(current(dir), "state.json"));
    expect(before.sequence).toBeGreaterThan(2 * SNAPSHOT_EVERY);
    expect(journals(dir).length).toBeLessThanOrEqual(3);
    expect(await reasonIn(dir)).toBe(`x ${5 * SNAPSHOT_EVERY}`);
  });

  test("a torn last line: it is cut off, and the next event takes its place", async () => {
    const dir = await abandoned(10);
    appendFileSync(lastJournal(dir), `{"s":11,"c":"00000000","e":{"type":"bot.pa`);
    expect(await reasonIn(dir)).toBe("x 10");
    await withStore(dir, (store) => commitMany(store, 1));
    expect(await reasonIn(dir)).toBe("x 11");
  });

  test("a journal whose very first line was not finished", async () => {
    const dir = temporaryFolder();
    await withStore(dir, (store) => commitMany(store, 3));
    for (const path of journals(dir)) rmSync(path);
    writeFileSync(join(current(dir), "journal-000000000004.jsonl"), `{"format":"afk-bot/jo`);
    expect(await reasonIn(dir)).toBe("x 3");
    await withStore(dir, (store) => commitMany(store, 1));
    expect(await reasonIn(dir)).toBe("x 4");
  });

  test.each([
    ["cut in half", (path: string) => truncateSync(path, Math.floor(readFileSync(path).length / 2))],
    ["emptied", (path: string) => truncateSync(path, 0)],
    ["overwritten with zeros", (path: string) => writeFileSync(path, Buffer.alloc(4096))],
  ])("a snapshot that was %s: the one before and the journal give the same state", async (_, damage) => {
    const dir = await abandoned(3 * SNAPSHOT_EVERY);
    damage(join(current(dir), "state.json"));
    expect(await reasonIn(dir)).toBe(`x ${3 * SNAPSHOT_EVERY}`);
    expect(files(current(dir), "state.json.damaged-")).toHaveLength(1);
    expect(await reasonIn(dir)).toBe(`x ${3 * SNAPSHOT_EVERY}`);
  });
});

describe("the bot refuses to start, says what to do, and changes nothing", () => {
  async function refusal(dir: string): Promise<string> {
    const before = contents(dir);
    const error = await openStore(dir, quiet).then(
      () => "it started",
      (reason: Error) => reason.message,
    );
    expect(contents(dir)).toEqual(before);
    return error;
  }

  test("on a journal with a changed byte in the middle", async () => {
    const dir = await abandoned(10);
    const path = lastJournal(dir);
    writeFileSync(path, readFileSync(path, "utf8").replace(`"reason":"x 5"`, `"reason":"y 5"`));
    expect(await refusal(dir)).toMatch(/line 6: its checksum does not fit.*backup.*move the whole state folder away/);
  });

  test("on a journal with a line missing in the middle", async () => {
    const dir = await abandoned(10);
    const path = lastJournal(dir);
    writeFileSync(path, readFileSync(path, "utf8").split("\n").toSpliced(5, 1).join("\n"));
    expect(await refusal(dir)).toMatch(/line 6: it says it is event 6, where 5 belongs/);
  });

  test("on a journal without the snapshot that it goes on from", async () => {
    const dir = await abandoned(4 * SNAPSHOT_EVERY);
    rmSync(join(current(dir), "state.json"));
    rmSync(join(current(dir), "state.json.prev"));
    expect(await refusal(dir)).toMatch(/event 1 belongs here, and event \d+ is the first that is there/);
  });

  test("on a journal with a segment missing in the middle", async () => {
    const dir = temporaryFolder();
    for (const first of [1, 11, 21]) {
      const lines = Array.from({ length: 10 }, (_, n) =>
        eventLine(first + n, { type: "bot.resumed", at: 0, by: "U1" }),
      );
      writeFileSync(join(dir, `journal-${String(first).padStart(12, "0")}.jsonl`), headerLine(first) + lines.join(""));
    }
    expect(await sequenceIn(dir)).toBe(30);
    for (const name of files(current(dir), "state.json")) rmSync(join(current(dir), name));
    rmSync(join(current(dir), "journal-000000000011.jsonl"));
    expect(await refusal(dir)).toMatch(/event 11 belongs here, and event 21 is the first that is there/);
  });

  test("on two damaged snapshots", async () => {
    const dir = await abandoned(3 * SNAPSHOT_EVERY);
    writeFileSync(join(current(dir), "state.json"), "{");
    writeFileSync(join(current(dir), "state.json.prev"), "{");
    expect(await refusal(dir)).toMatch(/are damaged.*Restore the folder from a backup/);
  });

  test.each([
    ["somebody else's JSON", `{"name":"parcel-rates"}`, /is not this bot's state/],
    [
      "a newer bot's state",
      `{"version":999,"sequence":1}`,
      /newer bot \(state version 999, this one reads up to \d+\)/,
    ],
    ["a state of this version with something else in it", `{"version":2,"sequence":1}`, /does not look like it/],
  ])("on %s", async (_, text, says) => {
    const dir = temporaryFolder();
    writeFileSync(join(current(dir), "state.json"), text);
    expect(await refusal(dir)).toMatch(says);
  });

  test.each([
    ["a journal of a newer bot", `{"format":"afk-bot/journal","version":999,"first":1}\n`, /journal version 999/],
    ["a foreign file with a journal's name", "hello\n", /is not a journal of this bot/],
    ["a foreign file without a line end", "hello", /is not a journal of this bot/],
  ])("on %s", async (_, text, says) => {
    const dir = temporaryFolder();
    writeFileSync(join(dir, "journal-000000000001.jsonl"), text);
    expect(await refusal(dir)).toMatch(says);
  });
});

describe("older and other data", () => {
  test("the state of version 1, which had no journal, is taken over", async () => {
    const dir = temporaryFolder();
    const pause = { by: "U0OPERATOR", reason: "holiday", at: 1 };
    writeFileSync(
      join(current(dir), "state.json"),
      JSON.stringify({ version: 1, sequence: 7, pause, runs: {}, threads: {} }),
    );
    expect(await reasonIn(dir)).toBe("holiday");
    expect(await sequenceIn(dir)).toBe(7);
  });

  test("an event that is not one is refused before anything is written", async () => {
    await withStore(temporaryFolder(), async (store) => {
      await expect(store.commit({ type: "bot.paused", at: -1, by: "", reason: "" })).rejects.toThrow();
      expect(store.state.sequence).toBe(0);
    });
  });

  test("a closed store takes nothing more", async () => {
    const store = await openStore(temporaryFolder(), quiet);
    await store.close();
    await expect(commitMany(store, 1)).rejects.toThrow(/nothing is recorded any more/);
  });
});
