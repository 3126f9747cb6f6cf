// One session, from its first message to its end, watched in two ways at once: by reading its record now and then, and by
// reading it when the stream says that it changed. Both have to tell the same.

import { randomUUID } from "node:crypto";
import type { TurnSeen } from "../domain/evidence.ts";
import type { Turn } from "../domain/run.ts";
import { AfkError } from "../errors.ts";
import type { Clock } from "../ports.ts";
import type { T3Client } from "../t3/client.ts";
import type { Model } from "../t3/executor.ts";
import { observeTurn, turnIdsBefore } from "../t3/observe.ts";
import type { T3Thread } from "../t3/schema.ts";

export type Watched = {
  readonly polled: readonly TurnSeen["is"][];
  readonly streamed: readonly TurnSeen["is"][];
  /** The last that polling saw, and whether the stream was live by then. */
  readonly last: TurnSeen;
  readonly live: boolean;
  /** Approvals and questions that somebody was asked for. */
  readonly asked: readonly string[];
  readonly threadId: string;
  readonly ms: number;
};

export type Eyes = { readonly polling: T3Client; readonly streaming: T3Client; readonly changed: Set<() => void> };

type Ask = {
  readonly checkout: string;
  readonly tree: string;
  readonly branch: string;
  readonly title: string;
  readonly text: string;
  readonly model: Model;
  readonly withinMs: number;
  stopped(): boolean;
};

/** Opens a session in the scratch project, sends the text and follows it until it ends, asks, or the time is up. */
export async function followSession(
  eyes: Eyes,
  ask: Ask,
  clock: Clock,
  opened: (threadId: string) => void,
): Promise<Watched> {
  const { polling, streaming, changed } = eyes;
  const begun = clock.now();
  const { threadId, turn } = await begin(polling, ask, clock, opened);
  const polled: TurnSeen["is"][] = [];
  const streamed: TurnSeen["is"][] = [];
  const asked = new Set<string>();
  const note = (list: TurnSeen["is"][], thread: T3Thread): TurnSeen => {
    const seen = observeTurn(thread, turn, false);
    if (list.at(-1) !== seen.is) list.push(seen.is);
    if (seen.is === "asking") for (const { text } of seen.requests) asked.add(text);
    return seen;
  };
  const look = (): void => {
    const heard = streaming.findThread(threadId, "watched");
    void heard.then(
      (thread) => thread && note(streamed, thread),
      () => undefined,
    );
  };
  changed.add(look);
  look();
  let overAt: number | undefined;
  try {
    for (;;) {
      if (ask.stopped()) throw new AfkError("conflict", "The pilot was stopped.");
      const thread = await polling.findThread(threadId, "fresh");
      if (thread === undefined) throw new AfkError("conflict", "T3 no longer shows the pilot's thread.");
      const seen = note(polled, thread);
      const over = seen.is === "ended" || seen.is === "not-started" || seen.is === "asking";
      const now = clock.now();
      const age = now - begun;
      if (over) overAt ??= now;
      const heard = streamed.at(-1) === seen.is || !streaming.live();
      const done = overAt !== undefined && (heard || now - overAt > HEARD_MS);
      if (done || age > ask.withinMs) {
        return { polled, streamed, last: seen, live: streaming.live(), asked: [...asked], threadId, ms: age };
      }
      await pause(age < 3_000 ? 50 : 1_000);
    }
  } finally {
    changed.delete(look);
  }
}

/** How long the stream may lag behind polling. */
const HEARD_MS = 5_000;

async function begin(
  client: T3Client,
  ask: Ask,
  clock: Clock,
  opened: (threadId: string) => void,
): Promise<{ readonly threadId: string; readonly turn: Turn }> {
  const createdAt = (): string => new Date(clock.now()).toISOString();
  const { checkout: workspaceRoot, tree: worktreePath, branch, title, model: modelSelection } = ask;
  if ((await client.findProject(workspaceRoot)) === undefined) {
    const projectId = randomUUID();
    const create = { type: "project.create", commandId: randomUUID(), projectId, title: "AFK pilot", workspaceRoot };
    await client.dispatch({ ...create, createdAt: createdAt() });
  }
  const projectId = await client.findProject(workspaceRoot);
  if (projectId === undefined)
    throw new AfkError("refused", `T3 has no project for ${workspaceRoot} after creating it.`);
  const threadId = randomUUID();
  const modes = { runtimeMode: "full-access", interactionMode: "default" };
  const thread = { threadId, projectId, title, modelSelection, ...modes, branch, worktreePath };
  await client.dispatch({ type: "thread.create", commandId: randomUUID(), ...thread, createdAt: createdAt() });
  opened(threadId);
  const messageId = randomUUID();
  const message = { messageId, role: "user", text: ask.text, attachments: [] };
  const start = { type: "thread.turn.start", commandId: randomUUID(), threadId, message, ...modes };
  await client.dispatch({ ...start, createdAt: createdAt() });
  const record = await client.findThread(threadId, "fresh");
  const stored = record?.messages.find(({ id }) => id === messageId);
  if (record === undefined || stored === undefined)
    throw new AfkError("refused", "T3 does not show the pilot's message.");
  const askedAt = Date.parse(stored.createdAt);
  return {
    threadId,
    turn: { ordinal: 1, messageId, askedAt, turnIdsBefore: [...turnIdsBefore(record, askedAt)], turnId: null },
  };
}

/** Leaves nothing at work: what asks or hangs is interrupted, what has settled is stopped and put out of sight. */
export async function closeSession(client: T3Client, threadId: string, clock: Clock): Promise<void> {
  const createdAt = new Date(clock.now()).toISOString();
  const command = (type: string) => client.dispatch({ type, commandId: randomUUID(), threadId, createdAt });
  const settled = async (): Promise<boolean> => {
    const session = (await client.findThread(threadId, "fresh"))?.session ?? null;
    return session === null || session.status !== "running";
  };
  if (!(await settled())) await command("thread.turn.interrupt");
  for (let tries = 0; tries < 40 && !(await settled()); tries += 1) await pause(250);
  // In mid-turn a stop would hold up every thread, and an archived turn never ends on record.
  if (!(await settled())) return;
  await command("thread.session.stop");
  await command("thread.archive");
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
