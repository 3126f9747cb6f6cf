// Which processes there are, also where /proc does not say: what cannot be told is never taken for gone.

import { execFileSync, spawnSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { findByEnvironment, isRunning, startOf } from "../../src/processes.ts";

const SOURCE = new URL("../../src/processes.ts", import.meta.url).href;
const HIDDEN = ["--mount", "--map-root-user", "sh", "-c", 'mount -t tmpfs none /proc && exec "$0" "$@"'];
const mayHide = spawnSync("unshare", [...HIDDEN, "true"]).status === 0;

describe("a process", () => {
  test("is told from one that got its id later, and from none", () => {
    const started = startOf(process.pid) ?? "";
    expect(isRunning(process.pid, started)).toBe(true);
    expect(isRunning(process.pid, `${started}0`)).toBe(false);
    expect(isRunning(2 ** 22 + 1, started)).toBe(false);
  });

  test("is found by what it was started with", async () => {
    const code = `import { findByEnvironment } from "${SOURCE}"; console.log(await findByEnvironment("AFK_TEST_MARK=1"));`;
    const env = { ...process.env, AFK_TEST_MARK: "1" };
    const out = execFileSync("sh", ["-c", '"$0" --input-type=module -e "$1"; true', process.execPath, code], { env });
    expect(out.toString()).toMatch(/\[ \d+ \]/);
    expect(await findByEnvironment("AFK_TEST_MARK=1")).toEqual([]);
  });

  test.skipIf(!mayHide)("that /proc hides may still be there, and nobody is said to be all there is", () => {
    const code = `
      import { findByEnvironment, isRunning, startOf } from "${SOURCE}";
      const none = await findByEnvironment("X=1").catch((error) => error.code);
      console.log(JSON.stringify([isRunning(process.ppid, "123"), startOf(2 ** 22 + 1) ?? null, none]));`;
    const out = execFileSync("unshare", [...HIDDEN, process.execPath, "--input-type=module", "-e", code]);
    expect(JSON.parse(out.toString())).toEqual([true, null, "conflict"]);
  });
});
