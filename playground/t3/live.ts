// One thread's living agent session: what the server knows of the process beyond the record.

import type { FromAgent } from "../agent/protocol.ts";
import type { ApprovalAsked } from "./activities.ts";
import type { AgentProcess } from "./agent-process.ts";
import type { RuntimeMode } from "./model.ts";

type Pending =
  | { readonly what: "approval"; readonly asked: ApprovalAsked; readonly tool: string }
  | { readonly what: "user-input" };

export type Live = {
  readonly threadId: string;
  readonly process: AgentProcess;
  readonly instanceId: string;
  readonly runtimeMode: RuntimeMode;
  readonly cwd: string;
  readonly tools: Map<string, Extract<FromAgent, { type: "tool" }>>;
  readonly pending: Map<string, Pending>;
  /** Tools a person has allowed for the rest of the session. */
  readonly allowed: Set<string>;
  model: string;
  activeTurnId: string | null;
  lastMessageId: string | null;
  /** Gone, or about to be by our own hand: what it still says is not heard. */
  ended: boolean;
  /** Called at the agent's next output, whatever it is, and when it is gone. */
  readonly listeners: Set<() => void>;
};

export function newLive(of: Pick<Live, "threadId" | "process" | "instanceId" | "runtimeMode" | "cwd" | "model">): Live {
  return {
    ...of,
    tools: new Map(),
    pending: new Map(),
    allowed: new Set(),
    activeTurnId: null,
    lastMessageId: null,
    ended: false,
    listeners: new Set(),
  };
}

/** Resolves once the agent has said something more, or is gone. */
export function nextOutput(live: Live): Promise<void> {
  if (live.ended) return Promise.resolve();
  return new Promise((resolve) => {
    live.listeners.add(resolve);
  });
}

export function wake(live: Live): void {
  const listeners = [...live.listeners];
  live.listeners.clear();
  for (const listener of listeners) listener();
}
