import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createLoop } from "../../src/loop.ts";

const quiet = pino({ level: "silent" });

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Work that the test ends by hand, and what it was asked to do. */
function byHand(concurrency = 8) {
  const begun: string[] = [];
  const open = new Map<string, (result: number | null | Error) => void>();
  let most = 0;
  const loop = createLoop<string>({
    name: "test",
    concurrency,
    backoff: { firstMs: 100, ceilingMs: 1_000 },
    log: quiet,
    work(key) {
      begun.push(key);
      if (open.has(key)) throw new Error(`two workers on ${key}`);
      return new Promise((resolve, reject) => {
        open.set(key, (result) => (result instanceof Error ? reject(result) : resolve(result)));
        most = Math.max(most, open.size);
      });
    },
  });
  return {
    loop,
    begun,
    most: () => most,
    async end(key: string, result: number | null | Error): Promise<void> {
      const resolve = open.get(key);
      open.delete(key);
      resolve?.(result);
      await vi.advanceTimersByTimeAsync(0);
    },
  };
}

describe("a key", () => {
  test("never has two workers, and any number of nudges while it works make one more look", async () => {
    const { loop, begun, end } = byHand();
    for (let n = 0; n < 5; n += 1) loop.nudge("a");
    expect(begun).toEqual(["a"]);
    await end("a", null);
    expect(begun).toEqual(["a", "a"]);
    await end("a", null);
    expect(begun).toEqual(["a", "a"]);
  });

  test("is looked at again when its own time comes, and not before", async () => {
    const { loop, begun, end } = byHand();
    loop.nudge("a");
    await end("a", 700);
    await vi.advanceTimersByTimeAsync(699);
    expect(begun).toEqual(["a"]);
    await vi.advanceTimersByTimeAsync(1);
    expect(begun).toEqual(["a", "a"]);
  });

  test("that waits is looked at at once when nudged, and its old time is forgotten", async () => {
    const { loop, begun, end } = byHand();
    loop.nudge("a");
    await end("a", 700);
    loop.nudge("a");
    expect(begun).toEqual(["a", "a"]);
    await end("a", 5_000);
    await vi.advanceTimersByTimeAsync(4_999);
    expect(begun).toEqual(["a", "a"]);
  });

  test("that fails backs off up to the ceiling, whatever nudges it, and starts over after a success", async () => {
    const { loop, begun, end } = byHand();
    const waits = [100, 200, 400, 800, 1_000, 1_000];
    loop.nudge("a");
    for (const [n, wait] of waits.entries()) {
      await end("a", new Error("down"));
      loop.nudge("a");
      await vi.advanceTimersByTimeAsync(wait - 1);
      expect(begun).toHaveLength(n + 1);
      await vi.advanceTimersByTimeAsync(1);
      expect(begun).toHaveLength(n + 2);
    }
    await end("a", null);
    loop.nudge("a");
    await end("a", new Error("down again"));
    await vi.advanceTimersByTimeAsync(100);
    expect(begun).toHaveLength(waits.length + 3);
  });
});

describe("between keys", () => {
  test("one that fails for ever keeps no other from its work", async () => {
    const { loop, begun, end } = byHand();
    loop.nudge("bad");
    loop.nudge("good");
    for (let n = 0; n < 5; n += 1) {
      await end("bad", new Error("down"));
      await end("good", 50);
      await vi.advanceTimersByTimeAsync(50);
    }
    expect(begun.filter((key) => key === "good")).toHaveLength(6);
  });

  test("no more than the set number works at once, and those that wait go in the order they came", async () => {
    const { loop, begun, end, most } = byHand(2);
    for (const key of ["a", "b", "c", "d"]) loop.nudge(key);
    expect(begun).toEqual(["a", "b"]);
    await end("b", null);
    await end("a", null);
    expect(begun).toEqual(["a", "b", "c", "d"]);
    expect(most()).toBe(2);
  });

  test("one that hangs takes one place, not all", async () => {
    const { loop, begun, end } = byHand(2);
    loop.nudge("hangs");
    for (const key of ["a", "b", "c"]) loop.nudge(key);
    for (const key of ["a", "b", "c"]) await end(key, null);
    expect(begun).toEqual(["hangs", "a", "b", "c"]);
  });
});

describe("stopping", () => {
  test("waits for work under way and starts nothing more", async () => {
    const { loop, begun, end } = byHand(1);
    loop.nudge("a");
    loop.nudge("b");
    const stopped = loop.stop(10_000);
    await end("a", 0);
    expect(await stopped).toEqual([]);
    loop.nudge("c");
    await vi.advanceTimersByTimeAsync(10_000);
    expect(begun).toEqual(["a"]);
  });

  test("gives up after its time and names who still works", async () => {
    const { loop } = byHand();
    loop.nudge("a");
    const stopped = loop.stop(2_000);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(await stopped).toEqual(["a"]);
  });

  test("forgets what waited for its time or backed off", async () => {
    const { loop, begun, end } = byHand();
    loop.nudge("waits");
    loop.nudge("fails");
    await end("waits", 100);
    await end("fails", new Error("down"));
    expect(await loop.stop(1_000)).toEqual([]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(begun).toEqual(["waits", "fails"]);
  });
});

describe("a piece of other work", () => {
  test("is never beside the key's own work: it waits for that, and what is due waits for it", async () => {
    const { loop, begun, end } = byHand();
    const seen: string[] = [];
    const piece = Promise.withResolvers<void>();
    loop.nudge("a");
    const held = loop.hold("a", async () => {
      seen.push("piece");
      await piece.promise;
      return "done";
    });
    await vi.advanceTimersByTimeAsync(0);
    expect(seen).toEqual([]);
    await end("a", 500);
    expect(seen).toEqual(["piece"]);
    loop.nudge("a");
    await vi.advanceTimersByTimeAsync(1_000);
    expect(begun).toEqual(["a"]);
    piece.resolve();
    expect(await held).toBe("done");
    expect(begun).toEqual(["a", "a"]);
  });

  test("leaves a key that waits its own time, and one that backs off its back-off", async () => {
    const { loop, begun, end } = byHand();
    loop.nudge("a");
    await end("a", 700);
    loop.nudge("b");
    await end("b", new Error("down"));
    await loop.hold("a", async () => {});
    await loop.hold("b", async () => {});
    loop.nudge("b");
    expect(begun).toEqual(["a", "b"]);
    await vi.advanceTimersByTimeAsync(100);
    expect(begun).toEqual(["a", "b", "b"]);
    await vi.advanceTimersByTimeAsync(600);
    expect(begun).toEqual(["a", "b", "b", "a"]);
  });

  test("holds up no other key, however many work, and one that fails leaves its key as it was", async () => {
    const { loop, begun } = byHand(1);
    const piece = Promise.withResolvers<void>();
    const held = loop.hold("a", async () => await piece.promise);
    loop.nudge("a");
    loop.nudge("b");
    expect(begun).toEqual(["b"]);
    piece.reject(new Error("no room"));
    await expect(held).rejects.toThrow("no room");
    const second = await loop.hold("c", async () => "another");
    expect(second).toBe("another");
  });

  test("one after the other for the same key, and those not begun at a stop never begin", async () => {
    const { loop } = byHand();
    const seen: string[] = [];
    const first = Promise.withResolvers<void>();
    const one = loop.hold("a", async () => {
      seen.push("one");
      await first.promise;
    });
    const two = loop.hold("a", async () => seen.push("two"));
    await vi.advanceTimersByTimeAsync(0);
    expect(seen).toEqual(["one"]);
    const stopped = loop.stop(10_000);
    first.resolve();
    expect(await stopped).toEqual([]);
    await one;
    expect(await two).toBeUndefined();
    expect(await loop.hold("b", async () => seen.push("three"))).toBeUndefined();
    expect(seen).toEqual(["one"]);
  });
});
