// Nothing outside the volume's own folders is ever touched, whatever stands on the volume.

import { execFileSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openTrash, type Trash } from "../../src/housekeep/trash.ts";

let dir: string;
let volume: string;
let outside: string;
let trash: Trash;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "afk-trash-"));
  volume = join(dir, "volume");
  outside = join(dir, "outside");
  write(join(outside, "precious"), "mine");
  mkdirSync(volume);
  trash = openTrash(volume);
});
afterEach(() => {
  trash.close();
  execFileSync("chmod", ["-R", "u+rwx", dir]);
  rmSync(dir, { recursive: true, force: true });
});

function write(path: string, text = "x"): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

const cache = (path: string): string => join(volume, "caches", path);
const LATER = Date.now() + 3_600_000;
const throwAway = (path: string): string => trash.throwAway(path, LATER);

function empty(): { readonly files: number; readonly failed: readonly string[] } {
  const failed: string[] = [];
  let files = 0;
  for (const step of trash.empty((path, why) => failed.push(`${path}: ${why}`))) files += step;
  return { files, failed };
}

const inTrash = (): readonly string[] => (existsSync(join(volume, "trash")) ? readdirSync(join(volume, "trash")) : []);

describe("throwing away", () => {
  test("moves a file or a whole folder into the trash, and emptying it deletes them", () => {
    write(cache("npm/_cacache/blob"));
    write(cache("go/example.com/mod@v1.0.0/a/b/c.go"));
    write(cache("go/example.com/mod@v1.0.1/a.go"));
    expect(throwAway("caches/npm/_cacache/blob")).toBe("moved");
    expect(throwAway("caches/go/example.com/mod@v1.0.0")).toBe("moved");
    expect(existsSync(cache("npm/_cacache/blob"))).toBe(false);
    expect(inTrash()).toHaveLength(2);
    expect(empty().failed).toEqual([]);
    expect(inTrash()).toEqual([]);
    expect(existsSync(cache("go/example.com/mod@v1.0.1/a.go"))).toBe(true);
  });

  test("what is gone already is no failure", () => {
    expect(throwAway("caches/npm/_cacache/blob")).toBe("gone");
    write(cache("npm/other"));
    expect(throwAway("caches/npm/blob")).toBe("gone");
  });

  test("what was used since the plan stays", () => {
    write(cache("npm/blob"));
    const before = Date.now() - 60_000;
    expect(trash.throwAway("caches/npm/blob", before)).toBe("used");
    expect(existsSync(cache("npm/blob"))).toBe(true);
  });

  test.each([
    "../outside/precious",
    "caches/../../outside/precious",
    "caches/npm/../../../outside/precious",
    "caches/npm/./blob",
    "caches//npm/blob",
    "/etc/passwd",
    "repos/acme/shop/checkout",
    "repos/acme/shop/slots/1",
    "state/state.json",
    "caches",
    "caches/npm",
    "trash/entry",
    "",
    "caches/npm/blob\0",
  ])("%j is nothing that may be removed", (path) => {
    write(cache("npm/blob"));
    write(join(volume, "repos/acme/shop/checkout"));
    write(join(volume, "repos/acme/shop/slots/1/file"));
    write(join(volume, "state/state.json"));
    expect(() => throwAway(path)).toThrow(/nothing that may be removed/);
    expect(inTrash()).toEqual([]);
    expect(existsSync(join(outside, "precious"))).toBe(true);
  });

  test.each([
    ["the caches' folder", "caches"],
    ["a tool's folder", "caches/npm"],
    ["a folder below it", "caches/npm/_cacache"],
  ])("%s that is a symlink out of the volume is not followed", (_what, link) => {
    mkdirSync(join(outside, "npm/_cacache"), { recursive: true });
    write(join(outside, "_cacache/blob"));
    write(join(outside, "npm/_cacache/blob"));
    write(join(outside, "blob"));
    mkdirSync(dirname(join(volume, link)), { recursive: true });
    symlinkSync(outside, join(volume, link));
    expect(() => throwAway("caches/npm/_cacache/blob")).toThrow(/symlink/);
    for (const path of ["blob", "_cacache/blob", "npm/_cacache/blob", "precious"]) {
      expect(existsSync(join(outside, path))).toBe(true);
    }
  });

  test("a unit that is itself a symlink goes, and what it points to stays", () => {
    mkdirSync(cache("npm"), { recursive: true });
    symlinkSync(outside, cache("npm/blob"));
    expect(throwAway("caches/npm/blob")).toBe("moved");
    expect(empty().failed).toEqual([]);
    expect(readFileSync(join(outside, "precious"), "utf8")).toBe("mine");
  });

  test("a trash folder that is a symlink takes nothing", () => {
    write(cache("npm/blob"));
    symlinkSync(outside, join(volume, "trash"));
    expect(() => throwAway("caches/npm/blob")).toThrow(/symlink/);
    expect(() => empty()).toThrow();
    expect(readdirSync(outside)).toEqual(["precious"]);
    expect(existsSync(cache("npm/blob"))).toBe(true);
  });

  test("a volume reached through a symlink is the volume", () => {
    symlinkSync(volume, join(dir, "link"));
    write(cache("npm/blob"));
    const other = openTrash(join(dir, "link"));
    expect(other.throwAway("caches/npm/blob", LATER)).toBe("moved");
    other.close();
    expect(inTrash()).toHaveLength(1);
  });
});

describe("emptying the trash", () => {
  test("follows no symlink, wherever it stands in there", () => {
    write(join(volume, "trash/tree/a/file"));
    symlinkSync(outside, join(volume, "trash/tree/a/out"));
    symlinkSync(join(outside, "precious"), join(volume, "trash/tree/precious"));
    symlinkSync(outside, join(volume, "trash/out"));
    expect(empty().failed).toEqual([]);
    expect(inTrash()).toEqual([]);
    expect(readFileSync(join(outside, "precious"), "utf8")).toBe("mine");
  });

  test("is not led out by a folder that becomes a symlink while it is emptied", () => {
    for (let n = 0; n < 1_000; n += 1) write(join(volume, `trash/tree/inner/${n}`));
    for (let n = 0; n < 1_000; n += 1) write(join(outside, `many/${n}`));
    const steps = trash.empty(() => {});
    steps.next();
    renameSync(join(volume, "trash/tree/inner"), join(dir, "moved"));
    symlinkSync(join(outside, "many"), join(volume, "trash/tree/inner"));
    while (!steps.next().done);
    expect(readdirSync(join(outside, "many"))).toHaveLength(1_000);
  });

  test("deletes folders that are read-only, as Go writes its modules", () => {
    write(cache("go/mod@v1.0.0/inner/file"));
    for (const path of ["go/mod@v1.0.0/inner", "go/mod@v1.0.0"]) chmodSync(cache(path), 0o555);
    expect(throwAway("caches/go/mod@v1.0.0")).toBe("moved");
    expect(empty().failed).toEqual([]);
    expect(inTrash()).toEqual([]);
  });

  test("deletes trees of any depth, and names that are no text", () => {
    execFileSync(
      "sh",
      ["-c", 'mkdir trash; cd trash; for i in $(seq 300); do mkdir "d$i"; cd "d$i"; done; touch file'],
      {
        cwd: volume,
      },
    );
    writeFileSync(Buffer.concat([Buffer.from(`${volume}/trash/`), Buffer.from([0xff, 0xfe])]), "x");
    expect(empty().failed).toEqual([]);
    expect(inTrash()).toEqual([]);
  });

  test("leaves other names of a file alone", () => {
    write(join(outside, "linked"), "data");
    mkdirSync(join(volume, "trash"));
    linkSync(join(outside, "linked"), join(volume, "trash/linked"));
    empty();
    expect(readFileSync(join(outside, "linked"), "utf8")).toBe("data");
  });

  test("counts what it deletes, in steps that take a moment each", () => {
    for (let n = 0; n < 500; n += 1) write(join(volume, `trash/tree/${n % 5}/${n}`));
    const steps = [...trash.empty(() => {})];
    expect(Math.max(...steps)).toBeLessThanOrEqual(64);
    expect(steps.reduce((sum, step) => sum + step, 0)).toBeGreaterThanOrEqual(500);
  });
});

// The sandbox of a user namespace: there this test is root, whoever runs it, and may mount.
const sandbox = (script: string): string =>
  execFileSync("unshare", ["-Urm", "sh", "-euc", script], {
    encoding: "utf8",
    cwd: dir,
    stdio: ["ignore", "pipe", "pipe"],
  });
const canMount = (() => {
  try {
    execFileSync("unshare", ["-Urm", "true"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
})();

describe.runIf(canMount)("with something mounted on the volume", () => {
  const run = (work: string): string => {
    const script = join(dir, "work.mts");
    const module = JSON.stringify(join(import.meta.dirname, "../../src/housekeep/trash.ts"));
    writeFileSync(
      script,
      `import { openTrash } from ${module};
       const trash = openTrash(${JSON.stringify(volume)});
       const say = (work: () => unknown) => { try { console.log(work()); } catch (error) { console.log((error as Error).message); } };
       ${work}`,
    );
    return JSON.stringify(process.execPath).concat(" ", JSON.stringify(script));
  };
  const thrown = `say(() => trash.throwAway("caches/npm/unit", ${LATER}));`;
  const emptied = "say(() => [...trash.empty((path, why) => console.log(path, why))].length);";

  test.each([
    ["another disk", "mount -t tmpfs none"],
    ["a folder of the same disk", "mount --bind outside"],
  ])("%s mounted within a unit keeps its files", (_what, mount) => {
    mkdirSync(cache("npm/unit/mounted"), { recursive: true });
    const said = sandbox(`${mount} volume/caches/npm/unit/mounted
      echo data > volume/caches/npm/unit/mounted/precious
      ${run(`${thrown} ${emptied}`)}
      cat volume/trash/*/mounted/precious`);
    expect(said).toMatch(/mounted at mounted/);
    expect(said.trim().endsWith("data")).toBe(true);
  });

  test("a mounted cache folder is not entered, and a mounted unit stays", () => {
    mkdirSync(cache("npm/unit"), { recursive: true });
    expect(sandbox(`mount -t tmpfs none volume/caches/npm; mkdir volume/caches/npm/unit; ${run(thrown)}`)).toMatch(
      /something is mounted at npm/,
    );
    expect(sandbox(`mount -t tmpfs none volume/caches/npm/unit; ${run(thrown)}`)).toMatch(/something is mounted/);
  });

  test("on a read-only volume nothing is removed, and the reason is told", () => {
    write(cache("npm/unit/file"));
    const readOnly = "mount --bind volume volume; mount -o remount,bind,ro volume";
    expect(sandbox(`${readOnly}; cd volume; ${run(thrown)}`)).toMatch(/mounted read-only/);
    expect(existsSync(cache("npm/unit/file"))).toBe(true);
  });

  // Only root can give a folder to somebody else, and then has every right itself; in a namespace of its own it has not.
  test.runIf(process.getuid?.() === 0)(
    "what the bot has no right to stays and is named, and all beside it goes",
    () => {
      write(join(volume, "trash/tree/theirs/file"));
      write(join(volume, "trash/tree/ours/file"));
      chownSync(join(volume, "trash/tree/theirs"), 12_345, 12_345);
      const said = execFileSync("unshare", ["-U", "sh", "-euc", run(emptied)], { encoding: "utf8" });
      expect(said).toMatch(/^trash\/tree the bot has no right to/);
      expect(readdirSync(join(volume, "trash/tree"))).toEqual(["theirs"]);
      expect(existsSync(join(volume, "trash/tree/theirs/file"))).toBe(true);
    },
  );
});
