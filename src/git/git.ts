// Git as the bot runs it: simple-git with a clean environment, the GitHub token handed over by environment (never in an
// argv, a URL or a config file), no prompts, no hooks of the repository, and a time limit on silence.

import { Buffer } from "node:buffer";
import { type SimpleGit, simpleGit } from "simple-git";
import { AfkError, messageOf } from "../errors.ts";

export type GitAuth = {
  /** Only requests below this URL carry the token. */
  readonly origin: string;
  readonly token: string;
};

const SILENCE_MS = 120_000;

/** A worktree with the git directory that is its own; where they are is never asked of files that an agent can write. */
export type Place = { readonly tree: string; readonly gitDir: string };

type Around = {
  /** Requests below its origin carry its token. */
  readonly auth?: GitAuth;
  /** Git works here, whatever `.git` and `core.worktree` say. */
  readonly place?: Place;
  /** How long it may say nothing. */
  readonly silenceMs?: number;
  /** Another index than the worktree's own. */
  readonly index?: string;
  /** What it reads. */
  readonly input?: string;
  /** Filters that a config names, such as `lfs`: each is off unless it is in `filters`. */
  readonly named?: readonly string[];
  readonly filters?: readonly string[];
};

/** Git in `directory`, which must exist. */
export function gitIn(directory: string, around: Around = {}): SimpleGit {
  const { auth, place, silenceMs = SILENCE_MS, index, input, named = [], filters = [] } = around;
  const guarded: Record<string, string> = {
    GIT_TERMINAL_PROMPT: "0",
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_CONFIG_GLOBAL: "/dev/null",
    ...(place === undefined ? {} : { GIT_DIR: place.gitDir, GIT_WORK_TREE: place.tree }),
    ...(index === undefined ? {} : { GIT_INDEX_FILE: index }),
    ...configByEnvironment([
      // Agents can write the checkout's own config: nothing named there may run with the bot's rights.
      ["core.hooksPath", "/dev/null"],
      ["core.fsmonitor", "false"],
      ["credential.helper", ""],
      ["protocol.ext.allow", "never"],
      ["protocol.ssh.allow", "never"],
      ["protocol.git.allow", "never"],
      ["commit.gpgSign", "false"],
      // What an agent narrowed its view to is still all there.
      ["core.sparseCheckout", "false"],
      ["status.showUntrackedFiles", "all"],
      ...named.filter((name) => !filters.includes(name)).flatMap((name) => filterOff(name)),
      ...filters.flatMap((name) => filterOn(name)),
      // T3 may write to the volume as another user.
      ["safe.directory", "*"],
      // Housekeeping does it, while the repo is idle.
      ["gc.auto", "0"],
      ["maintenance.auto", "false"],
      ["user.name", "AFK bot"],
      ["user.email", "afk-bot@users.noreply.github.com"],
      ["advice.detachedHead", "false"],
      ...(auth === undefined ? [] : [authHeader(auth)]),
    ]),
  };
  return simpleGit({
    baseDir: directory,
    timeout: { block: silenceMs },
    // simple-git's own default also ends 50 ms after `exit`, with whatever was read by then: in a loop that was held up that
    // may be nothing at all, and a `status` that says nothing is a tree with nothing to lose.
    completion: { onClose: true, onExit: false },
    ...(input === undefined ? {} : { input: () => input }),
    allowEnvironment: Object.keys(guarded),
    // simple-git guards against these coming from input; here they are constants that narrow what git may do.
    unsafe: {
      allowUnsafeConfigEnvCount: true,
      allowUnsafeConfigPaths: true,
      allowUnsafeHooksPath: true,
      allowUnsafeFsMonitor: true,
      allowUnsafeCredentialHelper: true,
      allowUnsafeProtocolOverride: true,
      allowUnsafeFilter: true,
    },
  })
    .outputHandler(hearSomething)
    .env({ PATH: process.env["PATH"] ?? "", HOME: process.env["HOME"] ?? "/nonexistent", LC_ALL: "C", ...guarded });
}

/**
 * simple-git waits for 50 ms after a command that said nothing, as something might come still; after `close` nothing can.
 * Half of the bot's commands are silent ones: each is heard to say nothing at all.
 */
function hearSomething(_command: string, stdout: NodeJS.ReadableStream): void {
  setImmediate(() => stdout.emit("data", Buffer.alloc(0)));
}

/** An empty `process` goes before `clean` and `smudge`, and does nothing. */
function filterOff(name: string): readonly (readonly [string, string])[] {
  return [
    [`filter.${name}.process`, ""],
    [`filter.${name}.clean`, ""],
    [`filter.${name}.smudge`, ""],
    [`filter.${name}.required`, "false"],
  ];
}

function filterOn(name: string): readonly (readonly [string, string])[] {
  return name === "lfs" ? [...LFS] : filterOff(name);
}

const LFS = [
  ["filter.lfs.process", "git-lfs filter-process"],
  ["filter.lfs.clean", "git-lfs clean -- %f"],
  ["filter.lfs.smudge", "git-lfs smudge -- %f"],
  ["filter.lfs.required", "true"],
] as const;

/** Runs `work` and makes whatever git says an AfkError with one readable line. */
export async function withGit<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof AfkError) throw error;
    const text = messageOf(error);
    const offline =
      /could not resolve host|failed to connect|connection (?:refused|reset|timed out)|unable to access|early eof|the remote end hung up|block timeout reached/i;
    throw new AfkError(offline.test(text) ? "unreachable" : "conflict", `git, ${what}: ${lastLines(text)}`, error);
  }
}

function authHeader({ origin, token }: GitAuth): readonly [string, string] {
  const basic = Buffer.from(`x-access-token:${token}`).toString("base64");
  return [`http.${origin}/.extraHeader`, `Authorization: Basic ${basic}`];
}

function configByEnvironment(pairs: readonly (readonly [string, string])[]): Record<string, string> {
  return Object.fromEntries([
    ["GIT_CONFIG_COUNT", String(pairs.length)],
    ...pairs.flatMap(([key, value], index) => [
      [`GIT_CONFIG_KEY_${index}`, key],
      [`GIT_CONFIG_VALUE_${index}`, value],
    ]),
  ]);
}

/** Git's own verdict where it gives one; its advice follows that, and is of no use here. */
function lastLines(text: string): string {
  const lines = text.trim().split("\n");
  const verdict = lines.filter((line) => /^(fatal|error): /.test(line));
  return (verdict.length > 0 ? verdict : lines).slice(-3).join(" ").slice(0, 500);
}
