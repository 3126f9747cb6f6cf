// The tools whose caches are shared on the volume, as data: which variables point a tool at its folder, which of a repo's
// files say that it is used, in which unit its cache may be evicted, and why several repos may use it at once.
//
// A unit goes whole, by a rename into the trash: a tool then finds all of it or nothing, and fetches or makes it again.
// Where a tool would trip over a unit that vanishes under it, the unit may go only while nothing runs. The patterns were
// tried on the tools where these were at hand, else follow their documented layouts; a file that no pattern matches stays.

import type { Dirent } from "node:fs";

export type CacheUnit = {
  readonly what: string;
  /** The unit's path below the tool's folder, `/` between names. Nothing within a unit is another one. */
  readonly path: RegExp;
  readonly is: "file" | "folder";
  /** Whether it may go while tools are at work; else only while no run and no setup is. */
  readonly anyTime: boolean;
};

export type Cache = {
  readonly tool: string;
  /** Builds are evicted before packages: they cost time, not the network. */
  readonly holds: "packages" | "builds";
  /** `{dir}` is the tool's own folder. */
  readonly env: Readonly<Record<string, string>>;
  /** Files in a repo's root that say it uses the tool; an empty list: no file does, so it is always assumed. */
  readonly usedWith: readonly RegExp[];
  /** Where a file of that name is several tools': what it must hold. */
  readonly usedWhere?: RegExp;
  readonly units: readonly CacheUnit[];
  /** Commands that say which versions would install for it. */
  readonly versions: readonly (readonly string[])[];
  /** Trees that are set up read it later on: an eviction means that their setup has to run again. */
  readonly treesReadIt: boolean;
  /** Not for the executor's environment, where it would reach repos that it harms. */
  readonly setupOnly?: boolean;
  /** Why repos may use it at the same time. */
  readonly shared: string;
};

const HEX2 = "[0-9a-f]{2}";

export const caches: readonly Cache[] = [
  {
    tool: "npm",
    holds: "packages",
    env: { npm_config_cache: "{dir}" },
    usedWith: [/^(package-lock|npm-shrinkwrap)\.json$/],
    units: [
      file("a content blob", `_cacache/content-v2/[^/]+/${HEX2}/${HEX2}/[^/]+`),
      file("an index entry", `_cacache/index-v5/${HEX2}/${HEX2}/[^/]+`),
      folder("an npx install", "_npx/[^/]+", false),
      file("a log", "_logs/[^/]+"),
    ],
    versions: [
      ["node", "--version"],
      ["npm", "--version"],
    ],
    treesReadIt: false,
    shared: "blobs are written beside their place and renamed, and checked against their hash when read",
  },
  {
    tool: "pnpm",
    holds: "packages",
    // npm warns of each variable it does not know, `npm_config_store_dir` too; the store follows from this one as well.
    env: { PNPM_HOME: "{dir}" },
    usedWith: [/^pnpm-lock\.yaml$/],
    units: [
      file("a content file", `store/v\\d+/files/${HEX2}/[^/]+`),
      file("an index entry", `store/v\\d+/index/${HEX2}/[^/]+`),
    ],
    versions: [
      ["node", "--version"],
      ["pnpm", "--version"],
    ],
    treesReadIt: false,
    shared: "files are named by their content, renamed into place, and checked before they are linked",
  },
  {
    tool: "yarn",
    holds: "packages",
    env: { YARN_GLOBAL_FOLDER: "{dir}" },
    usedWith: [/^yarn\.lock$/],
    usedWhere: /^__metadata:/m,
    units: [
      file("a package", "cache/[^/]+\\.zip"),
      file("a package's metadata", "metadata/.+\\.json"),
      file("a linked file", `index/${HEX2}/[^/]+`),
    ],
    versions: [["node", "--version"]],
    // Plug'n'Play trees have no copies: they read the archives in place.
    treesReadIt: true,
    shared: "archives are named by package and checksum, and renamed into place",
  },
  {
    tool: "yarn-classic",
    holds: "packages",
    env: { YARN_CACHE_FOLDER: "{dir}" },
    usedWith: [/^yarn\.lock$/],
    usedWhere: /^# yarn lockfile v1$/m,
    units: [folder("a package", "v\\d+/npm-[^/]+", false)],
    versions: [["node", "--version"]],
    treesReadIt: false,
    // A later yarn would take it for the cache that a repo has committed, and remove from it what that repo does not need.
    setupOnly: true,
    shared: "one folder a package, complete only with its metadata file; setups of one repo at a time write it",
  },
  {
    tool: "bun",
    holds: "packages",
    env: { BUN_INSTALL_CACHE_DIR: "{dir}" },
    usedWith: [/^bun\.lockb?$/],
    units: [folder("a package", "(?:@[^/]+/)?[^/@]+@[^/]+", false), file("a package's manifest", "[0-9a-f]+\\.npm")],
    versions: [["bun", "--version"]],
    treesReadIt: false,
    shared: "packages are unpacked beside their place and renamed",
  },
  {
    tool: "pip",
    holds: "packages",
    env: { PIP_CACHE_DIR: "{dir}" },
    usedWith: [/^requirements.*\.txt$/, /^setup\.(py|cfg)$/],
    units: [
      file("an answer", "http(?:-v2)?/(?:[0-9a-f]/){5}[^/]+"),
      folder("a built wheel", `wheels/${HEX2}/${HEX2}/${HEX2}/[^/]+`, false),
    ],
    versions: [["python3", "--version"]],
    treesReadIt: false,
    shared: "files are written beside their place and renamed; half an answer counts as none",
  },
  {
    tool: "uv",
    holds: "packages",
    env: { UV_CACHE_DIR: "{dir}" },
    usedWith: [/^uv\.lock$/],
    units: [
      folder("an unpacked wheel", "archive-v\\d+/[^/]+", false),
      folder("a source build", "sdists-v\\d+/[^/]+/[^/]+", false),
      folder("a git source", "git-v\\d+/[^/]+/[^/]+", false),
      folder("a package's metadata", "simple-v\\d+/[^/]+", false),
    ],
    versions: [
      ["python3", "--version"],
      ["uv", "--version"],
    ],
    treesReadIt: false,
    shared: "uv locks per package and renames into place; a pointer whose wheel is gone is fetched anew",
  },
  {
    tool: "poetry",
    holds: "packages",
    // Its virtual environments would otherwise be in the cache, under names that two slots of a repo share.
    env: { POETRY_CACHE_DIR: "{dir}", POETRY_VIRTUALENVS_IN_PROJECT: "true" },
    usedWith: [/^poetry\.lock$/],
    units: [
      folder("a package", `artifacts/${HEX2}/${HEX2}/${HEX2}/[^/]+`, false),
      file("an answer", "cache/repositories/[^/]+/_http/(?:[0-9a-f]/){5}[^/]+"),
    ],
    versions: [
      ["python3", "--version"],
      ["poetry", "--version"],
    ],
    treesReadIt: false,
    shared: "artifacts are named by their address and checked against the lock file's hashes",
  },
  {
    tool: "go",
    holds: "packages",
    env: { GOMODCACHE: "{dir}" },
    usedWith: [/^go\.(mod|work)$/],
    units: [
      // Go takes a folder that is there for complete: this is the tool for which a delete in place would be corruption.
      folder("a module", "(?!cache/)(?:[^/@]+/)*[^/@]+@v[^/]+", false),
      file("a module's archive", "cache/download/.+/@v/[^/]+\\.zip", false),
      folder("a git mirror", "cache/vcs/[0-9a-f]{64}", false),
    ],
    versions: [["go", "version"]],
    treesReadIt: false,
    shared: "Go locks each version while it unpacks it",
  },
  {
    tool: "go-build",
    holds: "builds",
    env: { GOCACHE: "{dir}" },
    usedWith: [/^go\.(mod|work)$/],
    units: [file("an output", `${HEX2}/[0-9a-f]+-[ad]`), file("a fuzzing input", "fuzz/.+")],
    versions: [],
    treesReadIt: false,
    shared: "outputs are named by their inputs, and one that is missing is built anew",
  },
  {
    tool: "cargo",
    holds: "packages",
    // Target folders are not shared: two builds would wait for each other's lock.
    env: { CARGO_HOME: "{dir}" },
    usedWith: [/^Cargo\.(lock|toml)$/],
    units: [
      folder("a crate's sources", "registry/src/[^/]+/[^/]+", false),
      file("a crate", "registry/cache/[^/]+/[^/]+\\.crate", false),
      folder("a git checkout", "git/checkouts/[^/]+/[^/]+", false),
      folder("a git mirror", "git/db/[^/]+", false),
    ],
    versions: [
      ["cargo", "--version"],
      ["rustc", "--version"],
    ],
    treesReadIt: false,
    shared: "cargo locks the whole cache while it changes it",
  },
  {
    tool: "gradle",
    holds: "packages",
    env: { GRADLE_USER_HOME: "{dir}" },
    usedWith: [/^(build|settings)\.gradle(\.kts)?$/, /^gradlew$/],
    units: [
      file("a build's output", "caches/build-cache-\\d+/[0-9a-f]{32}", false),
      folder("an artifact", "caches/modules-\\d+/files-[^/]+/[^/]+/[^/]+/[^/]+", false),
      folder("a version's own cache", "caches/\\d+\\.[^/]+", false),
      folder("a Gradle", "wrapper/dists/[^/]+", false),
      folder("a daemon's logs", "daemon/[^/]+", false),
    ],
    versions: [["java", "-version"]],
    treesReadIt: false,
    shared: "Gradle locks each of its caches",
  },
  {
    tool: "maven",
    holds: "packages",
    // Without the locks Maven's local repository is for one process at a time.
    env: {
      MAVEN_ARGS:
        "-Dmaven.repo.local={dir} -Daether.syncContext.named.factory=file-lock -Daether.syncContext.named.nameMapper=file-gav",
    },
    usedWith: [/^pom\.xml$/, /^mvnw$/],
    units: [folder("an artifact", "(?!\\.)(?:[^/]+/)+\\d[^/]*", false)],
    versions: [
      ["java", "-version"],
      ["mvn", "--version"],
    ],
    treesReadIt: false,
    shared: "a lock file for each artifact, which these arguments ask for (Maven 3.9 and later)",
  },
  {
    tool: "ccache",
    holds: "builds",
    env: { CCACHE_DIR: "{dir}" },
    usedWith: [],
    units: [file("a result", "[0-9a-f](?:/[0-9a-f]){0,3}/[0-9a-z]+[RMW]")],
    versions: [],
    treesReadIt: false,
    shared: "results are named by their inputs and renamed into place",
  },
  {
    tool: "sccache",
    holds: "builds",
    env: { SCCACHE_DIR: "{dir}" },
    usedWith: [],
    units: [file("a result", "[0-9a-f]/[0-9a-f]/[0-9a-f]+")],
    versions: [],
    treesReadIt: false,
    shared: "results are named by their inputs, and a missing one is a miss",
  },
  {
    tool: "turbo",
    holds: "builds",
    env: { TURBO_CACHE_DIR: "{dir}" },
    usedWith: [/^turbo\.jsonc?$/],
    units: [file("a task's output", "[0-9a-f]+(?:\\.tar\\.zst|-meta\\.json|-manifest\\.json)")],
    versions: [],
    treesReadIt: false,
    shared: "outputs are named by their inputs, and half of one is a miss",
  },
  {
    tool: "playwright",
    holds: "packages",
    // Else an install in one repo deletes the browsers of those whose trees it does not find.
    env: { PLAYWRIGHT_BROWSERS_PATH: "{dir}", PLAYWRIGHT_SKIP_BROWSER_GC: "1" },
    usedWith: [],
    units: [folder("a browser", "[a-z_-]+-\\d+", false)],
    versions: [],
    treesReadIt: true,
    shared: "an install locks the folder and marks a browser complete last",
  },
];

function file(what: string, path: string, anyTime = true): CacheUnit {
  return { what, path: new RegExp(`^${path}$`), is: "file", anyTime };
}

function folder(what: string, path: string, anyTime: boolean): CacheUnit {
  return { what, path: new RegExp(`^${path}$`), is: "folder", anyTime };
}

/** The variables of the given tools; `folderOf` says where each one's cache is. */
export function cacheEnv(tools: readonly Cache[], folderOf: (tool: string) => string): Record<string, string> {
  return Object.fromEntries(
    tools.flatMap(({ tool, env }) =>
      Object.entries(env).map(([name, value]) => [name, value.replaceAll("{dir}", folderOf(tool))]),
    ),
  );
}

/** The tools that a repo uses, by the files in its root. `read` gives the text of one of them. */
export async function cachesFor(
  names: readonly string[],
  read: (name: string) => Promise<string>,
): Promise<readonly Cache[]> {
  const used: Cache[] = [];
  for (const cache of caches) {
    const signs = names.filter((name) => cache.usedWith.some((sign) => sign.test(name)));
    const { usedWhere } = cache;
    const is =
      usedWhere === undefined
        ? cache.usedWith.length === 0 || signs.length > 0
        : (await Promise.all(signs.map(read))).some((text) => usedWhere.test(text));
    if (is) used.push(cache);
  }
  return used;
}

/** The unit that an entry of a tool's folder is, by its path below it. */
export function unitAt(
  cache: Cache,
  path: string,
  entry: Pick<Dirent, "isFile" | "isDirectory">,
): CacheUnit | undefined {
  return cache.units.find(
    (unit) => (unit.is === "file" ? entry.isFile() : entry.isDirectory()) && unit.path.test(path),
  );
}
