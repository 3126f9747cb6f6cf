// The command path that HTTP, the WebSocket and the cockpit share: workspace check → receipts → invariants → log. The
// reactor watches the log; nothing here waits for an agent.

import { mkdirSync, statSync } from "node:fs";
import { isAbsolute, resolve } from "node:path";
import { v4 as uuid } from "uuid";
import type { Command } from "./commands.ts";
import { decide, Refused } from "./decider.ts";
import type { Draft } from "./events.ts";
import type { Log } from "./log.ts";
import type { Attachment, Version } from "./model.ts";
import type { ThreadRecord } from "./projection.ts";

/** The command is well formed but names something that cannot be: a 400 that leaves no receipt. */
export class InvalidCommand extends Error {}

export type Engine = {
  readonly log: Log;
  readonly version: Version;
  /** Returns the sequence of the command's last event. Throws `InvalidCommand` or `Refused`. */
  dispatch(command: Command): number;
  /** Appends what the server itself found out. `by` is the start of the internal command's id. */
  record(by: string, drafts: readonly Draft[]): void;
  thread(threadId: string): ThreadRecord | undefined;
};

export function createEngine(log: Log, version: Version): Engine {
  function dispatch(sent: Command): number {
    const command = normalised(sent);
    const receipt = log.receipt(command.commandId);
    if (receipt?.status === "accepted") return receipt.sequence;
    if (receipt?.status === "rejected") throw new Refused(`Command '${command.commandId}' was refused before.`);
    const now = new Date().toISOString();
    try {
      const drafts = decide({ state: log.state(), command, now, version, attachments: attachmentsOf(command) });
      return log.accept(command.commandId, drafts, true);
    } catch (error) {
      if (error instanceof Refused) log.reject(command.commandId);
      throw error;
    }
  }

  return {
    log,
    version,
    dispatch,
    record(by, drafts) {
      for (const draft of drafts) log.accept(`${by}:${uuid()}`, [draft], false);
    },
    thread: (threadId) => log.state().threads.get(threadId),
  };
}

function normalised(command: Command): Command {
  if (command.type !== "project.create" && command.type !== "project.meta.update") return command;
  if (command.workspaceRoot === undefined) return command;
  const create = command.type === "project.create" && command.createWorkspaceRootIfMissing === true;
  return { ...command, workspaceRoot: workspaceRoot(command.workspaceRoot, create) };
}

function workspaceRoot(path: string, create: boolean): string {
  if (!isAbsolute(path)) throw new InvalidCommand(`Workspace root '${path}' is not absolute.`);
  try {
    if (create) mkdirSync(path, { recursive: true });
    if (statSync(path).isDirectory()) return resolve(path);
  } catch {
    throw new InvalidCommand(`Workspace root '${path}' does not exist.`);
  }
  throw new InvalidCommand(`Workspace root '${path}' is not a directory.`);
}

const LARGEST_IMAGE = 10 * 1024 * 1024;

function attachmentsOf(command: Command): readonly Attachment[] {
  if (command.type !== "thread.turn.start") return [];
  return command.message.attachments.map(({ type, name, mimeType, dataUrl }) => {
    const content = /^data:image\/[a-z0-9.+-]+;base64,([A-Za-z0-9+/=]+)$/i.exec(dataUrl)?.[1];
    if (content === undefined) throw new InvalidCommand(`Attachment '${name}' is not an image.`);
    const sizeBytes = Buffer.from(content, "base64").byteLength;
    if (sizeBytes === 0 || sizeBytes > LARGEST_IMAGE)
      throw new InvalidCommand(`Attachment '${name}' is empty or too large.`);
    return { type, id: `${command.threadId}-${uuid()}`, name, mimeType, sizeBytes };
  });
}
