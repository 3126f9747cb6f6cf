import { linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { cacheEnvText } from "../../src/volume/cache-env-command.ts";
import { type Cache, cacheEnv, caches, cachesFor, unitAt } from "../../src/volume/caches.ts";
import { loadEvictionMark, markEviction } from "../../src/volume/evicted.ts";
import { type CacheUnitSeen, measure, walk } from "../../src/volume/measure.ts";

const hash = "8e9d274e029928eece7c09492de951e5a677f1f47df4e59175e0c198be7aad54";

/** Paths as the tools make them, and the unit each belongs to; null = part of none, so it stays. */
const made: Readonly<Record<string, Readonly<Record<string, string | null>>>> = {
  npm: {
    [`_cacache/content-v2/sha512/3b/fc/${hash}`]: "a content blob",
    [`_cacache/index-v5/ba/ef/${hash}`]: "an index entry",
    "_cacache/tmp/1f2e": null,
    "_npx/3b0c4b1f/": "an npx install",
    "_update-notifier-last-checked": null,
  },
  pnpm: {
    [`store/v3/files/26/${hash}-index.json`]: "a content file",
    [`store/v10/files/b1/${hash}`]: "a content file",
    [`store/v10/index/26/${hash}-ms@2.1.3.json`]: "an index entry",
    "store/v10/projects/6c44abc28f8e": null,
    "store/v11/index.db": null,
  },
  yarn: {
    "cache/ms-npm-2.1.3-81ff3cfac1-10c0.zip": "a package",
    "metadata/npm/a3cd44/registry.npmjs.org/ms.json": "a package's metadata",
  },
  "yarn-classic": { [`v6/npm-ms-2.1.3-${hash}-integrity/`]: "a package", "v6/.tmp/": null },
  bun: { "@types/node@20.1.0@@@1/": "a package", "ms@2.1.3@@@1/": "a package", "0fbc.npm": "a package's manifest" },
  pip: {
    "http-v2/8/e/9/d/2/8e9d2.body": "an answer",
    "wheels/8e/9d/27/4e029928/": "a built wheel",
    "selfcheck/8e9d": null,
  },
  uv: { "archive-v0/Xy-12/": "an unpacked wheel", "wheels-v5/pypi/ms/ms-1.0.msgpack": null, ".lock": null },
  poetry: { [`artifacts/8e/9d/27/${hash}/`]: "a package", "virtualenvs/shop-8e9d-py3.12/": null },
  go: {
    "golang.org/x/text@v0.3.7/": "a module",
    "github.com/!burnt!sushi/toml@v1.2.0/": "a module",
    "cache/download/golang.org/x/text/@v/v0.3.7.zip": "a module's archive",
    "cache/download/golang.org/x/text/@v/v0.3.7.mod": null,
    "cache/download/golang.org/x/text/@v/": null,
    "cache/lock": null,
  },
  "go-build": { [`8e/${hash}-d`]: "an output", "trim.txt": null, README: null },
  cargo: {
    "registry/src/index.crates.io-1949cf8c6b5b557f/serde-1.0.200/": "a crate's sources",
    "registry/cache/index.crates.io-1949cf8c6b5b557f/serde-1.0.200.crate": "a crate",
    "registry/index/index.crates.io-1949cf8c6b5b557f/": null,
    ".package-cache": null,
    "bin/cargo-nextest": null,
    "credentials.toml": null,
  },
  gradle: {
    "caches/modules-2/files-2.1/com.google.guava/guava/33.0.0-jre/": "an artifact",
    "caches/modules-2/metadata-2.106/": null,
    "caches/build-cache-1/8e9d274e029928eece7c09492de951e5": "a build's output",
    "caches/8.10/": "a version's own cache",
    "caches/journal-1/": null,
    "wrapper/dists/gradle-8.10-bin/": "a Gradle",
    "gradle.properties": null,
  },
  maven: {
    "com/google/guava/guava/33.0.0-jre/": "an artifact",
    "com/google/guava/": null,
    ".locks/": null,
  },
  ccache: { "0/8/e9d274e029928eece7c09492de951e5R": "a result", "0/stats": null, "ccache.conf": null },
  sccache: { [`8/e/${hash}`]: "a result" },
  turbo: { "8e9d274e029928ee.tar.zst": "a task's output", "8e9d274e029928ee-meta.json": "a task's output" },
  playwright: { "chromium-1234/": "a browser", "chromium_headless_shell-1234/": "a browser", ".links/": null },
};

describe("a cache's units", () => {
  test.each(caches)("of $tool are what the tool makes and can make again, and nothing else", (cache) => {
    const paths = Object.entries(made[cache.tool] ?? {});
    expect(paths.length).toBeGreaterThan(0);
    for (const [path, what] of paths) {
      const isFolder = path.endsWith("/");
      const entry = { isFile: () => !isFolder, isDirectory: () => isFolder };
      expect([path, unitAt(cache, path.replace(/\/$/, ""), entry)?.what ?? null]).toEqual([path, what]);
    }
  });

  test("may be folders within which no other unit is", () => {
    for (const cache of caches) {
      for (const path of Object.keys(made[cache.tool] ?? {})) {
        const parents = path
          .split("/")
          .slice(0, -1)
          .map((_, index, names) => names.slice(0, index).join("/"));
        const isFolder = { isFile: () => false, isDirectory: () => true };
        const outer = parents.filter((parent) => parent !== "" && unitAt(cache, parent, isFolder) !== undefined);
        expect([path, outer]).toEqual([path, []]);
      }
    }
  });
});

describe("measured on the disk", () => {
  const npm = caches.find(({ tool }) => tool === "npm") as Cache;
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), "afk-caches-"));
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  function put(path: string, bytes: number, usedAt = Date.now()): string {
    const full = join(dir, path);
    mkdirSync(dirname(full), { recursive: true });
    writeFileSync(full, Buffer.alloc(bytes, 1));
    utimesSync(full, new Date(usedAt), new Date(usedAt));
    return full;
  }
  const seen = (cache: Cache, folder = dir): readonly CacheUnitSeen[] => measure(folder, cache)?.units ?? [];

  test("a unit counts with all its files, by the blocks they take", () => {
    put(`_cacache/content-v2/sha512/3b/fc/${hash}`, 10_000);
    put("_npx/3b0c/a", 5_000);
    put("_npx/3b0c/deep/b", 5_000);
    put("_cacache/tmp/x", 50_000);
    const units = seen(npm).toSorted((a, b) => a.path.localeCompare(b.path));
    expect(units.map(({ unit }) => unit.what)).toEqual(["a content blob", "an npx install"]);
    expect(units[0]?.frees).toBeGreaterThanOrEqual(10_000);
    expect(units[1]?.frees).toBeGreaterThanOrEqual(10_000);
    expect(units[1]?.frees).toBeLessThan(50_000);
    expect(units[1]?.files).toBe(2);
    expect(measure(dir, npm)?.all.bytes).toBeGreaterThanOrEqual(70_000);
  });

  test("a file that a tree has linked gives nothing back, and counts for each name its part", () => {
    const blob = put(`_cacache/content-v2/sha512/3b/fc/${hash}`, 10_000);
    linkSync(blob, join(dir, "linked"));
    const [unit] = seen(npm);
    expect(unit?.frees).toBe(0);
    expect(unit?.bytes).toBe(measure(join(dir, "linked"))?.all.bytes ?? 0);
    expect(unit?.bytes).toBeLessThan(10_000);
  });

  test("its last use is that of its newest file", () => {
    const now = Date.now();
    put("_npx/3b0c/a", 1, now + 3_600_000);
    put("_npx/3b0c/b", 1, now - 3_600_000);
    expect(seen(npm)[0]?.usedAt).toBeCloseTo(now + 3_600_000, -1);
  });

  test("a cache that is not there has no units", () => {
    expect(measure(join(dir, "none"), npm)).toBeUndefined();
  });

  test("a walk goes in steps, and follows no symlink", () => {
    for (let n = 0; n < 1_000; n += 1) put(`many/${n}`, 1);
    symlinkSync("/", join(dir, "many/root"));
    let steps = 0;
    const going = walk(dir);
    let step = going.next();
    for (; step.done !== true; step = going.next()) steps += 1;
    expect(steps).toBeGreaterThanOrEqual(3);
    expect(step.value?.all.files).toBe(1_001);
  });

  test("an eviction leaves a mark that the next one changes", async () => {
    expect(await loadEvictionMark(dir)).toBe("");
    await markEviction(join(dir, "new"), 1);
    expect(await loadEvictionMark(join(dir, "new"))).toBe("1");
    await markEviction(join(dir, "new"), 2);
    expect(await loadEvictionMark(join(dir, "new"))).toBe("2");
  });
});

describe("a repo's tools", () => {
  const toolsOf = async (files: Readonly<Record<string, string>>): Promise<readonly string[]> =>
    (await cachesFor(Object.keys(files), async (name) => files[name] ?? "")).map(({ tool }) => tool);

  test("follow from its lock files", async () => {
    expect(await toolsOf({ "package-lock.json": "{}" })).toEqual(["npm", "ccache", "sccache", "playwright"]);
    expect(await toolsOf({ "go.mod": "", "Cargo.lock": "" })).toEqual(
      expect.arrayContaining(["go", "go-build", "cargo"]),
    );
  });

  test("tell the two kinds of yarn.lock apart", async () => {
    expect(await toolsOf({ "yarn.lock": "# THIS IS AUTOGENERATED.\n# yarn lockfile v1\n" })).toContain("yarn-classic");
    const berry = await toolsOf({ "yarn.lock": "# generated\n\n__metadata:\n  version: 8\n" });
    expect(berry).toContain("yarn");
    expect(berry).not.toContain("yarn-classic");
  });

  test("each get a folder of their own by their variables", () => {
    const env = cacheEnv(caches, (tool) => `/volume/caches/${tool}`);
    expect(env).toMatchObject({ npm_config_cache: "/volume/caches/npm", GOCACHE: "/volume/caches/go-build" });
    expect(env["MAVEN_ARGS"]).toContain("-Dmaven.repo.local=/volume/caches/maven ");
    expect(Object.values(env).join()).not.toContain("{dir}");
  });

  test("are told for T3's environment as lines, as a container's env and as JSON", () => {
    expect(cacheEnvText("/volume", "env")).toContain("\nGOCACHE=/volume/caches/go-build\n");
    expect(parse(cacheEnvText("/volume", "yaml"))).toContainEqual({
      name: "GOCACHE",
      value: "/volume/caches/go-build",
    });
    expect(JSON.parse(cacheEnvText("/volume", "json"))).toMatchObject({ GOCACHE: "/volume/caches/go-build" });
    expect(cacheEnvText("/volume", "env")).not.toContain("YARN_CACHE_FOLDER");
  });

  test("never set the same variable", () => {
    const names = caches.flatMap(({ env }) => Object.keys(env));
    expect(new Set(names).size).toBe(names.length);
  });
});
