// Any command as the coding agent of the sessions that are about an issue.

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { T3Options } from "../t3/server.ts";

/**
 * Each turn runs `command` once in the tree, by the shell: the turn's prompt is on its stdin, and in a file whose path
 * stands where the command says `{promptFile}`. What it prints is its transcript; exit code 0 is success. Sessions that
 * are about no issue keep the scripted agent: a try-out of T3 need not cost a real one's tokens.
 */
export function ownAgent(command: string, dir: string): NonNullable<T3Options["agentFor"]> {
  return ({ id, title }) => {
    if (!title.startsWith("#")) return undefined;
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    const promptFile = quote(join(dir, `${id}.md`));
    const line = `cat > ${promptFile}; exec 2>&1 < ${promptFile}; ${command.replaceAll("{promptFile}", promptFile)}`;
    return { command: "sh", args: ["-c", line], speaks: "text" };
  };
}

function quote(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;
}
