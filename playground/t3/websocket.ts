// `GET /ws`: the methods a client may call there. Authenticated at the upgrade by `?wsTicket=` or a bearer.

import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import { z } from "zod";
import { authenticate, authInvalid, Refuse } from "./answers.ts";
import { dispatchBootstrapped } from "./bootstrap.ts";
import { Command } from "./commands.ts";
import type { EventType, T3Event } from "./events.ts";
import { projectShellOf, shellOf, threadOf, threadShellOf } from "./reads.ts";
import type { Serving } from "./routes.ts";
import { defect, Frame, fail, openStream, type Send, type Stream, succeed } from "./rpc.ts";
import type { AuthSession, Scope, Tokens } from "./tokens.ts";

const REPLAY_LIMIT = 1_000;

/** What a thread's own subscribers are told of; requests and changes of its metadata are not among it. */
const THREAD_EVENTS: ReadonlySet<EventType> = new Set<EventType>([
  "thread.message-sent",
  "thread.proposed-plan-upserted",
  "thread.activity-appended",
  "thread.turn-diff-completed",
  "thread.reverted",
  "thread.session-set",
]);

export type Sockets = {
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  close(): void;
};

export function createSockets(serving: Serving, baseDir: string): Sockets {
  const server = new WebSocketServer({ noServer: true });
  return {
    upgrade(request, socket, head) {
      socket.on("error", () => socket.destroy());
      const session = admit(serving.tokens, request);
      if (session instanceof Refuse) return refuse(socket, session);
      server.handleUpgrade(request, socket, head, (client) => converse(client, session, serving, baseDir));
    },
    close() {
      for (const client of server.clients) client.terminate();
      server.close();
    },
  };
}

function admit(tokens: Tokens, request: IncomingMessage): AuthSession | Refuse {
  const url = new URL(request.url ?? "/", "http://localhost");
  if (url.pathname !== "/ws") return new Refuse({ status: 404, body: "" });
  const ticket = url.searchParams.get("wsTicket");
  try {
    if (ticket === null) return authenticate(tokens, request);
    return tokens.redeem(ticket) ?? authInvalid("invalid_credential");
  } catch (error) {
    if (error instanceof Refuse) return error;
    throw error;
  }
}

function refuse(socket: Duplex, { refusal }: Refuse): void {
  const body = typeof refusal.body === "string" ? refusal.body : JSON.stringify(refusal.body);
  const headers = ["Connection: close", "Content-Type: application/json", `Content-Length: ${Buffer.byteLength(body)}`];
  socket.end(`HTTP/1.1 ${refusal.status} Refused\r\n${headers.join("\r\n")}\r\n\r\n${body}`);
}

function converse(client: WebSocket, session: AuthSession, serving: Serving, baseDir: string): void {
  const streams = new Map<string, Stream>();
  const send: Send = (frame) => {
    if (client.readyState === client.OPEN) client.send(JSON.stringify(frame));
  };
  client.on("error", () => client.terminate());
  client.on("close", () => {
    for (const stream of streams.values()) stream.end();
    streams.clear();
  });
  client.on("message", (data) => {
    for (const frame of framesIn(String(data))) {
      if (frame._tag === "Ping") send({ _tag: "Pong" });
      else if (frame._tag === "Ack") streams.get(frame.requestId)?.acknowledged();
      else if (frame._tag === "Interrupt") interrupt(frame.requestId);
      else if (frame._tag === "Request") request(frame.id, frame.tag, frame.payload);
    }
  });

  function interrupt(requestId: string): void {
    streams.get(requestId)?.end();
    streams.delete(requestId);
    send({ _tag: "Exit", requestId, exit: { _tag: "Failure", cause: [{ _tag: "Interrupt" }] } });
  }

  function request(id: string, tag: string, payload: unknown): void {
    const method = METHODS[tag];
    if (method === undefined) {
      defect(send, `Unknown request tag: ${tag}`);
      return;
    }
    if (!session.scopes.includes(method.scope)) {
      const error = {
        _tag: "EnvironmentAuthorizationError",
        message: `The authenticated token is missing required scope: ${method.scope}.`,
      };
      fail(send, id, error);
      return;
    }
    const open = (onEnd: () => void) => {
      const stream = openStream(send, id, onEnd);
      streams.set(id, stream);
      return stream;
    };
    const call = { payload, serving, baseDir, open };
    Promise.resolve()
      .then(() => method.run(call))
      .then(
        (value) => {
          if (value !== STREAMING) succeed(send, id, value);
        },
        (error: unknown) => {
          if (error instanceof z.ZodError) defect(send, `Invalid payload for ${tag}`);
          else
            fail(send, id, { _tag: method.failsAs, message: error instanceof Error ? error.message : String(error) });
        },
      );
  }
}

const STREAMING = Symbol("streaming");

type Call = {
  readonly payload: unknown;
  readonly serving: Serving;
  readonly baseDir: string;
  open(onEnd: () => void): Stream;
};

type Method = { readonly scope: Scope; readonly failsAs: string; run(call: Call): unknown };

const METHODS: Readonly<Record<string, Method>> = {
  "orchestration.subscribeShell": {
    scope: "orchestration:read",
    failsAs: "OrchestrationGetSnapshotError",
    run({ serving, open }) {
      const { log } = serving.engine;
      const unwatch = log.watch((event) => stream.push(shellChange(serving, event)));
      const stream = open(unwatch);
      stream.push({ kind: "snapshot", snapshot: shellOf(log.state()) });
      return STREAMING;
    },
  },
  "orchestration.subscribeThread": {
    scope: "orchestration:read",
    failsAs: "OrchestrationGetSnapshotError",
    run({ payload, serving, open }) {
      const { threadId } = z.object({ threadId: z.string().trim().min(1) }).parse(payload);
      const { log } = serving.engine;
      const thread = log.state().threads.get(threadId);
      if (thread === undefined || thread.deletedAt !== null) throw new Error(`Thread ${threadId} was not found`);
      const unwatch = log.watch((event) => {
        if (event.aggregateId === threadId && THREAD_EVENTS.has(event.type)) stream.push({ kind: "event", event });
      });
      const stream = open(unwatch);
      stream.push({
        kind: "snapshot",
        snapshot: { snapshotSequence: log.state().sequence, thread: threadOf(thread) },
      });
      return STREAMING;
    },
  },
  "orchestration.replayEvents": {
    scope: "orchestration:read",
    failsAs: "OrchestrationReplayEventsError",
    run({ payload, serving }) {
      const { fromSequenceExclusive } = z
        .object({ fromSequenceExclusive: z.number().int().nonnegative() })
        .parse(payload);
      return serving.engine.log.since(fromSequenceExclusive, REPLAY_LIMIT);
    },
  },
  "orchestration.getArchivedShellSnapshot": {
    scope: "orchestration:read",
    failsAs: "OrchestrationGetSnapshotError",
    run: ({ serving }) => shellOf(serving.engine.log.state(), true),
  },
  "orchestration.dispatchCommand": {
    scope: "orchestration:operate",
    failsAs: "OrchestrationDispatchCommandError",
    async run({ payload, serving, baseDir }) {
      return { sequence: await dispatchBootstrapped(serving.engine, baseDir, Command.parse(payload)) };
    },
  },
  "server.getConfig": {
    scope: "orchestration:read",
    failsAs: "ServerConfigError",
    run({ serving, baseDir }) {
      const { environmentId, serverVersion } = serving.environment;
      const model = { slug: "claude-opus-4-8", name: "Claude Opus 4.8", isCustom: false };
      const provider = {
        instanceId: "claudeAgent",
        driver: "claudeAgent",
        enabled: true,
        installed: true,
        status: "ready",
      };
      return {
        environment: { environmentId, serverVersion, label: "playground" },
        cwd: baseDir,
        issues: [],
        providers: [{ ...provider, version: "1.0.0", models: [model] }],
      };
    },
  },
};

function shellChange({ engine }: Serving, event: T3Event): object {
  const { sequence, aggregateId } = event;
  const state = engine.log.state();
  if (event.aggregateKind === "project") {
    const project = state.projects.get(aggregateId);
    return project === undefined || project.deletedAt !== null
      ? { kind: "project-removed", sequence, projectId: aggregateId }
      : { kind: "project-upserted", sequence, project: projectShellOf(project) };
  }
  const thread = state.threads.get(aggregateId);
  return thread === undefined || thread.deletedAt !== null || thread.archivedAt !== null
    ? { kind: "thread-removed", sequence, threadId: aggregateId }
    : { kind: "thread-upserted", sequence, thread: threadShellOf(thread) };
}

function framesIn(text: string): readonly z.infer<typeof Frame>[] {
  try {
    const json: unknown = JSON.parse(text);
    return (Array.isArray(json) ? json : [json]).flatMap((one) => Frame.safeParse(one).data ?? []);
  } catch {
    return [];
  }
}
