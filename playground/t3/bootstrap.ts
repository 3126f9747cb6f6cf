// `bootstrap` of a turn.start: make the thread, make a worktree for it. Honoured over the WebSocket alone; over HTTP the
// field is decoded and ignored.

import { execFile } from "node:child_process";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { v4 as uuid } from "uuid";
import type { Command, CommandOf } from "./commands.ts";
import { Refused } from "./decider.ts";
import type { Engine } from "./engine.ts";

const exec = promisify(execFile);

export async function dispatchBootstrapped(engine: Engine, baseDir: string, command: Command): Promise<number> {
  if (command.type !== "thread.turn.start" || command.bootstrap === undefined) return engine.dispatch(command);
  if (engine.log.receipt(command.commandId) !== undefined) return engine.dispatch(command);
  const { createThread, prepareWorktree } = command.bootstrap;
  const { threadId } = command;
  if (createThread !== undefined) {
    engine.dispatch({
      type: "thread.create",
      commandId: `server:bootstrap-thread-create:${uuid()}`,
      threadId,
      ...createThread,
    });
  }
  if (prepareWorktree !== undefined) await addWorktree(engine, baseDir, threadId, prepareWorktree);
  return engine.dispatch(command);
}

type Wanted = NonNullable<NonNullable<CommandOf<"thread.turn.start">["bootstrap"]>["prepareWorktree"]>;

async function addWorktree(engine: Engine, baseDir: string, threadId: string, wanted: Wanted): Promise<void> {
  const branch = wanted.branch ?? `t3code/${uuid().slice(0, 8)}`;
  const path = join(baseDir, "worktrees", basename(wanted.projectCwd), branch.replaceAll("/", "-"));
  try {
    await exec("git", ["-C", wanted.projectCwd, "worktree", "add", "-b", branch, path, wanted.baseBranch]);
  } catch (error) {
    throw new Refused(`Git command failed: ${String(error)}`);
  }
  const commandId = `server:bootstrap-thread-meta-update:${uuid()}`;
  engine.dispatch({ type: "thread.meta.update", commandId, threadId, branch, worktreePath: path });
}
