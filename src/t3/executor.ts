// The executor port over T3. Look before you leap: each step reads the snapshot first and adopts what is there, since
// T3's 500 says "exists already" and "failed" with the same words.

import type { TurnSeen } from "../domain/evidence.ts";
import { commandIdOf, messageIdOf, projectIdOf, threadIdOf } from "../domain/ids.ts";
import { known, type Observed, unknown } from "../domain/observed.ts";
import type { Run, Session, Turn } from "../domain/run.ts";
import { AfkError, messageOf } from "../errors.ts";
import type { Clock, Executor } from "../ports.ts";
import type { T3Client } from "./client.ts";
import { observeTurn, turnIdsBefore } from "./observe.ts";
import { type T3Snapshot, type T3Thread, threadSchema } from "./schema.ts";

const TITLE_LENGTH = 120;

export function createExecutor(options: {
  readonly client: T3Client;
  readonly publicUrl: string;
  readonly model: { readonly instanceId: string; readonly model: string };
  /** How old a shared snapshot may be to serve for watching, in milliseconds. */
  readonly snapshotAgeMs: number;
  readonly clock: Clock;
}): Executor {
  const { client, publicUrl, model, snapshotAgeMs, clock } = options;
  const createdAt = (): string => new Date(clock.now()).toISOString();

  async function ensureProject(run: Run, workspaceRoot: string, refusals: number): Promise<string> {
    const before = findProject(await client.snapshot(0), workspaceRoot);
    if (before !== undefined) return before;
    const projectId = projectIdOf(workspaceRoot);
    await client.dispatch({
      type: "project.create",
      commandId: commandIdOf(run.id, "project.create", refusals),
      projectId,
      title: run.repo,
      workspaceRoot,
      createdAt: createdAt(),
    });
    const after = findProject(await client.snapshot(0), workspaceRoot);
    if (after === undefined) throw new AfkError("refused", `T3 has no project for ${workspaceRoot} after creating it.`);
    return after;
  }

  return {
    async openSession(run, workspaceRoot, refusals) {
      const { environmentId } = await client.environment();
      const projectId = await ensureProject(run, workspaceRoot, refusals);
      const threadId = threadIdOf(run.id);
      if (findThread(await client.snapshot(0), threadId) === undefined) {
        await client.dispatch({
          type: "thread.create",
          commandId: commandIdOf(run.id, "thread.create", refusals),
          threadId,
          projectId,
          title: titleOf(run),
          modelSelection: model,
          runtimeMode: "full-access",
          interactionMode: "default",
          branch: run.branch,
          worktreePath: run.tree?.path ?? null,
          createdAt: createdAt(),
        });
      }
      return { projectId, threadId, url: `${publicUrl}/${environmentId}/${threadId}` };
    },

    async startTurn(run, session, refusals) {
      const ordinal = 1;
      const messageId = messageIdOf(run.id, ordinal);
      const before = await requireThread(client, session);
      if (!before.messages.some((message) => message.id === messageId)) {
        await client.dispatch({
          type: "thread.turn.start",
          commandId: commandIdOf(run.id, `turn.start/${ordinal}`, refusals),
          threadId: session.threadId,
          message: { messageId, role: "user", text: run.prompt.text, attachments: [] },
          runtimeMode: "full-access",
          interactionMode: "default",
          createdAt: createdAt(),
        });
      }
      // T3's stored time is the only link between message and turn, and later versions replace the one we sent.
      const thread = await requireThread(client, session);
      const message = thread.messages.find((candidate) => candidate.id === messageId);
      if (message === undefined) throw new AfkError("refused", "T3 accepted the message and does not show it.");
      const askedAt = Date.parse(message.createdAt);
      return { ordinal, messageId, askedAt, turnIdsBefore: [...turnIdsBefore(thread, askedAt)], turnId: null };
    },

    async interrupt(run, session, turn) {
      await client.dispatch({
        type: "thread.turn.interrupt",
        commandId: commandIdOf(run.id, `turn.interrupt/${turn.ordinal}`, 0),
        threadId: session.threadId,
        ...(turn.turnId !== null && { turnId: turn.turnId }),
        createdAt: createdAt(),
      });
    },

    async observeTurn(session, turn, interrupted) {
      return await observe(client, session, turn, interrupted, snapshotAgeMs);
    },
  };
}

async function observe(
  client: T3Client,
  session: Session,
  turn: Turn,
  interrupted: boolean,
  maxAgeMs: number,
): Promise<Observed<TurnSeen>> {
  try {
    const thread = findThread(await client.snapshot(maxAgeMs), session.threadId);
    return known(thread === undefined ? { is: "missing" } : observeTurn(thread, turn, interrupted));
  } catch (error) {
    return unknown(messageOf(error));
  }
}

async function requireThread(client: T3Client, session: Session): Promise<T3Thread> {
  const thread = findThread(await client.snapshot(0), session.threadId);
  if (thread === undefined) throw new AfkError("refused", `T3 has no thread ${session.threadId}.`);
  return thread;
}

function findProject(snapshot: T3Snapshot, workspaceRoot: string): string | undefined {
  return snapshot.projects.find((project) => project.workspaceRoot === workspaceRoot && project.deletedAt === null)?.id;
}

function findThread(snapshot: T3Snapshot, threadId: string): T3Thread | undefined {
  const raw = snapshot.threads.find((thread) => thread.id === threadId);
  if (raw === undefined) return undefined;
  const parsed = threadSchema.safeParse(raw);
  if (parsed.success) return parsed.data;
  const where = parsed.error.issues[0];
  throw new AfkError(
    "invalid",
    `T3's record of thread ${threadId} is odd at ${where?.path.join(".")}: ${where?.message}`,
  );
}

/** Never "New thread" or such: T3 would ask a model for a title. */
function titleOf(run: Run): string {
  const title = `#${run.issue.number} ${run.issue.title.replaceAll(/\s+/g, " ").trim()}`.trim();
  return title.length <= TITLE_LENGTH ? title : `${title.slice(0, TITLE_LENGTH - 1)}…`;
}
