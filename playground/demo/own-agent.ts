// Any command as the coding agent of the sessions that are about an issue.

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { WorldOptions } from "../world/world.ts";

/**
 * Each turn runs `command` once in the tree, by the shell: the turn's prompt is on its stdin, and in a file whose path
 * stands where the command says `{promptFile}`. What it prints is its transcript; exit code 0 is success. It has the
 * environment of whoever started the demo, and commits as the agent. Sessions that are about no issue keep the scripted
 * agent: a try-out of T3 need not cost a real one's tokens.
 */
export function ownAgent(command: string, dir: string): WorldOptions {
  return {
    agentEnv: { ...process.env, ...identity },
    agentFor({ id, title }) {
      if (!title.startsWith("#")) return undefined;
      mkdirSync(dir, { recursive: true, mode: 0o700 });
      const promptFile = quote(join(dir, `${id}.md`));
      const line = `cat > ${promptFile}; exec 2>&1 < ${promptFile}; ${command.replaceAll("{promptFile}", promptFile)}`;
      return { command: "sh", args: ["-c", line], speaks: "text" };
    },
  };
}

const identity = {
  GIT_AUTHOR_NAME: "coding-agent",
  GIT_AUTHOR_EMAIL: "coding-agent@users.noreply.github.com",
  GIT_COMMITTER_NAME: "coding-agent",
  GIT_COMMITTER_EMAIL: "coding-agent@users.noreply.github.com",
};

function quote(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;
}
