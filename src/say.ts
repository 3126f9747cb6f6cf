// What the agent is told after its first message: gathered when it is said, redacted, and fenced with a fresh nonce.

import { randomBytes } from "node:crypto";
import { messageText, type Quoted } from "./domain/message.ts";
import { known } from "./domain/observed.ts";
import { redactAll } from "./domain/redact.ts";
import { landedOf, type Message, nextOrdinal, type Run } from "./domain/run.ts";
import type { Parts } from "./parts.ts";

/** The message of the turn that is to start. */
export async function nextMessage(
  run: Run,
  parts: Parts,
): Promise<{ readonly ordinal: number; readonly text: string }> {
  const message = messageOf(run);
  return { ordinal: message.ordinal, text: await textOf(run, parts) };
}

/** The text of the message that the run is to send, or has last sent. */
export async function textOf(run: Run, parts: Parts): Promise<string> {
  const message = messageOf(run);
  const landed = landedOf(run);
  const quoted = await gather(run, message.kind, landed?.sha, parts);
  const again = "again" in run.state && run.state.again !== undefined ? run.state.again : null;
  return messageText({
    run,
    message,
    landed,
    again: again && { why: parts.redact(again.why), seen: message.ordinal > 1 },
    quoted: redactAll(quoted, parts.redact),
    model: parts.model,
    nonce: newNonce(),
  });
}

/** A person's word to the agent at work. */
export function guidanceText(run: Run, text: string, { model }: Pick<Parts, "model">): string {
  const message: Message = { ordinal: nextOrdinal(run), kind: "guidance", text };
  return messageText({ run, message, landed: null, again: null, quoted: NOTHING, model, nonce: newNonce() });
}

const NOTHING: Quoted = { jobs: known([]), workloads: known([]), commits: known([]) };

async function gather(
  run: Run,
  kind: Message["kind"],
  sha: string | undefined,
  { github, cluster, trees }: Parts,
): Promise<Quoted> {
  if (sha === undefined) return NOTHING;
  if (kind === "revert") return { ...NOTHING, commits: await trees.findCommits(run) };
  if (kind !== "fix") return NOTHING;
  const [jobs, workloads] = await Promise.all([github.fetchFailures(run.repo, sha), cluster.fetchReports(run.repo)]);
  return { ...NOTHING, jobs, workloads };
}

function messageOf({ state }: Run): Message {
  const message = state.name === "preparing" || "turn" in state ? (state as { message?: Message }).message : undefined;
  return message ?? { ordinal: 1, kind: "task", text: "" };
}

function newNonce(): string {
  return randomBytes(12).toString("hex");
}
