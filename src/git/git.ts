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

/** Git in `directory`, which must exist. With `auth`, requests to its origin carry the token. */
export function gitIn(directory: string, auth?: GitAuth): SimpleGit {
  const guarded: Record<string, string> = {
    GIT_TERMINAL_PROMPT: "0",
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_CONFIG_GLOBAL: "/dev/null",
    ...configByEnvironment([
      // Agents can write the checkout's own config: nothing named there may run with the bot's rights.
      ["core.hooksPath", "/dev/null"],
      ["core.fsmonitor", "false"],
      ["credential.helper", ""],
      ["protocol.ext.allow", "never"],
      ["user.name", "AFK bot"],
      ["user.email", "afk-bot@users.noreply.github.com"],
      ["advice.detachedHead", "false"],
      ...(auth === undefined ? [] : [authHeader(auth)]),
    ]),
  };
  return simpleGit({
    baseDir: directory,
    timeout: { block: SILENCE_MS },
    allowEnvironment: Object.keys(guarded),
    // simple-git guards against these coming from input; here they are constants that narrow what git may do.
    unsafe: {
      allowUnsafeConfigEnvCount: true,
      allowUnsafeConfigPaths: true,
      allowUnsafeHooksPath: true,
      allowUnsafeFsMonitor: true,
      allowUnsafeCredentialHelper: true,
      allowUnsafeProtocolOverride: true,
    },
  }).env({ PATH: process.env["PATH"] ?? "", HOME: process.env["HOME"] ?? "/nonexistent", LC_ALL: "C", ...guarded });
}

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
