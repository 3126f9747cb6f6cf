// A stand-in GitHub with one repo, a volume of its own for each test, and the real trees on it.

import { execFile, execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { pino } from "pino";
import { type GitHub, startGitHub } from "../../playground/github/server.ts";
import { known } from "../../src/domain/observed.ts";
import type { Run, Tree } from "../../src/domain/run.ts";
import { createTrees, type TreesOptions } from "../../src/git/trees.ts";
import type { Trees } from "../../src/ports.ts";
import { type Layout, layoutOf } from "../../src/volume/layout.ts";
import { run } from "../support/build.ts";

const exec = promisify(execFile);
export const REPO = "acme/shop";
const TOKEN = "token-coding-agent";

export type TreeStage = AsyncDisposable & {
  readonly dir: string;
  readonly github: GitHub;
  /** For what is about the network: else the remote is reached through the file system, which is faster. */
  readonly overHttp: Pick<TreesOptions, "origin">;
  /** GitHub's word on the repo, where it is reached at that URL. */
  origin(cloneUrl?: string, defaultBranch?: string): TreesOptions["origin"];
  /** A volume that nobody used, and the bot's trees on it. */
  fresh(options?: Partial<TreesOptions>, volume?: string): Fresh;
  /** Git as an agent has it: with its credentials, and with no eye on the bot. */
  git(cwd: string, ...args: readonly string[]): Promise<string>;
  commit(tree: string, file: string, message: string): Promise<string>;
};

export type Fresh = {
  readonly volume: string;
  readonly layout: Layout;
  readonly trees: Trees;
  readonly checkout: string;
  /** A run that has no tree yet. */
  run(overrides?: Partial<Run>): Run;
  prepared(overrides?: Partial<Run>): Promise<Prepared>;
};

export type Prepared = Run & { readonly tree: Tree };

export async function setTreeStage(files: Readonly<Record<string, string>>): Promise<TreeStage> {
  const dir = mkdtempSync(join(tmpdir(), "afk-trees-"));
  const github = await startGitHub({ dataDir: join(dir, "github") });
  for (const login of ["acme", "coding-agent"]) github.addUser({ login, type: "User", token: `token-${login}` });
  const collaborators = { "coding-agent": "write" } as const;
  await github.createRepo({ owner: "acme", name: "shop", private: true, files, collaborators });
  let count = 0;

  const basic = Buffer.from(`x-access-token:${TOKEN}`).toString("base64");
  const config = [
    "user.name=agent",
    "user.email=agent@example.com",
    "advice.detachedHead=false",
    `http.${new URL(github.cloneUrl(REPO)).origin}/.extraHeader=Authorization: Basic ${basic}`,
  ].flatMap((setting) => ["-c", setting]);

  async function git(cwd: string, ...args: readonly string[]): Promise<string> {
    const { stdout } = await exec("git", [...config, ...args], { cwd, maxBuffer: 64 * 1024 * 1024 });
    return stdout.trim();
  }

  const onDisk = pathToFileURL(github.gitDir(REPO)).href;
  const origin: TreeStage["origin"] = (cloneUrl = onDisk, name = "main") => ({
    fetchDefaultBranch: async () => ({ name, cloneUrl }),
    fetchHead: async (_repo, branch) => known((await github.head(REPO, branch)) ?? null),
  });

  return {
    dir,
    github,
    origin,
    overHttp: { origin: origin(github.cloneUrl(REPO)) },
    git,
    async commit(tree, file, message) {
      writeFileSync(join(tree, file), `${message}\n`);
      await git(tree, "add", "--", file);
      await git(tree, "commit", "--quiet", "--message", message);
      return await git(tree, "rev-parse", "HEAD");
    },
    fresh(options = {}, name) {
      count += 1;
      const n = count;
      const volume = join(dir, name ?? `volume ${n} ü`);
      const layout = layoutOf(volume);
      const trees = createTrees({
        layout,
        token: async () => TOKEN,
        origin: origin(),
        rulesOf: () => undefined,
        identity: { name: "AFK agent", email: "afk-agent@example.com" },
        env: { PATH: process.env["PATH"] ?? "" },
        paused: () => false,
        log: pino({ level: "silent" }),
        ...options,
      });
      let runs = 0;
      const nextRun = (overrides: Partial<Run> = {}): Run => {
        runs += 1;
        const id = `run${n}x${runs}`;
        return run({ id, branch: `afk/12-${id}`, tree: null, repo: REPO, ...overrides });
      };
      return {
        volume,
        layout,
        trees,
        checkout: layout.checkout(REPO),
        run: nextRun,
        async prepared(overrides) {
          const made = nextRun(overrides);
          return { ...made, tree: (await trees.prepare(made)).tree };
        },
      };
    },
    async [Symbol.asyncDispose]() {
      await github.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** Git on this machine's files only. */
export function localGit(cwd: string, ...args: readonly string[]): string {
  return execFileSync("git", ["-c", "user.name=a", "-c", "user.email=a@example.com", ...args], {
    cwd,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  }).trim();
}
