// Socket Mode, docs.slack.dev/apis/events-api/using-socket-mode: up to ten sockets, each envelope to one of them.
//
// A ticket from `apps.connections.open` opens one socket. An envelope waits for its ack for 3 s, whatever happens to
// the socket meanwhile. Slack refreshes a socket with `disconnect`: a `warning` some ten seconds ahead, then
// `refresh_requested`, after which it closes it.

import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import { z } from "zod";
import { asRecord, type Json } from "./json.ts";
import { mintSecret } from "./state.ts";

type EnvelopeType = "slash_commands" | "interactive" | "events_api";

export type Envelope = {
  readonly id: string;
  readonly type: EnvelopeType;
  readonly payload: Json;
  /** Whether an answer in the ack is heeded. */
  readonly acceptsResponse: boolean;
  readonly retry?: { readonly attempt: number; readonly reason: string };
};

export type Delivery =
  | { readonly ok: true; readonly envelopeId: string; readonly response: Json }
  /** `dispatch_failed`: no socket to send it on. `operation_timeout`: sent, and not acked in time. */
  | { readonly ok: false; readonly envelopeId: string; readonly error: "dispatch_failed" | "operation_timeout" };

export type SocketStats = {
  readonly sockets: number;
  readonly sent: number;
  readonly acked: number;
  /** Acks that came too late, twice, or for an envelope never sent. */
  readonly strayAcks: number;
};

export type Gateway = {
  /** The address for one more socket. */
  open(): string;
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  deliver(envelope: Omit<Envelope, "id">): Promise<Delivery>;
  /** Sends every next envelope twice, `count` times. */
  duplicateNext(count: number): void;
  /** Sends an envelope of the past again, as it was. False where it is unknown or no socket is open. */
  replay(envelopeId: string): boolean;
  sent(): readonly Envelope[];
  /** Warns all sockets, and closes them `warningMs` later; resolves when that is done. */
  refresh(warningMs: number, which: "all" | "oldest"): Promise<void>;
  /** Cuts all sockets without a word. */
  cut(): void;
  stats(): SocketStats;
  /** Says goodbye on every socket and waits for the answer, but not for long. */
  close(): Promise<void>;
};

export type GatewayOptions = {
  readonly appId: string;
  /** `ws://host:port` of the listener. */
  readonly wsUrl: () => string;
  readonly ackMs: number;
};

const MOST_SOCKETS = 10;
const PING_MS = 10_000;
const REMEMBERED = 1_000;
const FAREWELL_MS = 200;
const CONNECTION_SECONDS = 18_060;
const ackSchema = z.object({ envelope_id: z.string(), payload: z.unknown().optional() });

export function createGateway(options: GatewayOptions): Gateway {
  const server = new WebSocketServer({ noServer: true });
  const tickets = new Set<string>();
  const sockets: WebSocket[] = [];
  const waiting = new Map<string, { ack(response: Json): void; fail(): void }>();
  const timers = new Map<NodeJS.Timeout, () => void>();
  const past: Envelope[] = [];
  const counts = { sent: 0, acked: 0, strayAcks: 0 };
  const debug = { host: "applink-playground" };
  let turn = 0;
  let duplicates = 0;

  function later(ms: number, run: () => void): () => void {
    const timer = setTimeout(() => {
      timers.delete(timer);
      run();
    }, ms);
    timers.set(timer, run);
    return () => {
      clearTimeout(timer);
      timers.delete(timer);
    };
  }

  function attach(socket: WebSocket): void {
    const info = { num_connections: sockets.length + 1, connection_info: { app_id: options.appId } };
    if (sockets.length >= MOST_SOCKETS) {
      say(socket, { type: "disconnect", reason: "too_many_websockets", ...info, debug_info: debug });
      socket.close();
      return;
    }
    sockets.push(socket);
    const beat = setInterval(() => socket.ping(), PING_MS);
    socket.on("close", () => {
      clearInterval(beat);
      sockets.splice(sockets.indexOf(socket), 1);
    });
    socket.on("error", () => socket.terminate());
    socket.on("message", (data) => hear(String(data)));
    const more = {
      started: new Date().toISOString(),
      build_number: 1,
      approximate_connection_time: CONNECTION_SECONDS,
    };
    say(socket, { type: "hello", ...info, debug_info: { ...debug, ...more } });
  }

  function hear(data: string): void {
    const ack = ackSchema.safeParse(parsed(data));
    const waiter = ack.success ? waiting.get(ack.data.envelope_id) : undefined;
    if (!ack.success || waiter === undefined) {
      counts.strayAcks += 1;
      return;
    }
    counts.acked += 1;
    waiter.ack(asRecord(ack.data.payload) ?? {});
  }

  /** Sends to the next socket in turn; false when none is open. */
  function send(envelope: Envelope): boolean {
    const open = sockets.filter((socket) => socket.readyState === socket.OPEN);
    const socket = open[turn++ % Math.max(1, open.length)];
    if (socket === undefined) return false;
    const retry = envelope.retry ?? { attempt: 0, reason: "" };
    say(socket, {
      envelope_id: envelope.id,
      type: envelope.type,
      payload: envelope.payload,
      accepts_response_payload: envelope.acceptsResponse,
      ...(envelope.type === "events_api" ? { retry_attempt: retry.attempt, retry_reason: retry.reason } : {}),
    });
    counts.sent += 1;
    return true;
  }

  function remember(envelope: Envelope): void {
    past.push(envelope);
    if (past.length > REMEMBERED) past.shift();
  }

  return {
    open() {
      const ticket = mintSecret();
      tickets.add(ticket);
      return `${options.wsUrl()}/link?ticket=${ticket}&app_id=${options.appId}`;
    },
    upgrade(request, socket, head) {
      const url = new URL(request.url ?? "/", "http://127.0.0.1");
      const known = url.pathname === "/link" && tickets.delete(url.searchParams.get("ticket") ?? "");
      if (known) server.handleUpgrade(request, socket, head, attach);
      else socket.end("HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    },
    deliver(draft) {
      const envelope: Envelope = { ...draft, id: randomUUID() };
      const envelopeId = envelope.id;
      return new Promise((resolve) => {
        function settle(delivery: Delivery): void {
          forget();
          waiting.delete(envelopeId);
          resolve(delivery);
        }
        const fail = () => settle({ ok: false, envelopeId, error: "operation_timeout" });
        const forget = later(options.ackMs, fail);
        waiting.set(envelopeId, { ack: (response) => settle({ ok: true, envelopeId, response }), fail });
        if (!send(envelope)) {
          settle({ ok: false, envelopeId, error: "dispatch_failed" });
          return;
        }
        remember(envelope);
        if (duplicates > 0) {
          duplicates -= 1;
          send(envelope);
        }
      });
    },
    duplicateNext(count) {
      duplicates += count;
    },
    replay(envelopeId) {
      const envelope = past.find((one) => one.id === envelopeId);
      return envelope !== undefined && send(envelope);
    },
    sent: () => past,
    refresh(warningMs, which) {
      const leaving = which === "all" ? [...sockets] : sockets.slice(0, 1);
      for (const socket of leaving) say(socket, { type: "disconnect", reason: "warning", debug_info: debug });
      return new Promise((resolve) => {
        later(warningMs, () => {
          for (const socket of leaving) {
            say(socket, { type: "disconnect", reason: "refresh_requested", debug_info: debug });
            socket.close();
          }
          resolve();
        });
      });
    },
    cut() {
      for (const socket of sockets) socket.terminate();
    },
    stats: () => ({ sockets: sockets.length, ...counts }),
    async close() {
      for (const { fail } of [...waiting.values()]) fail();
      // What is left now are refreshes under way; their callers still get an end.
      for (const [timer, run] of timers) {
        clearTimeout(timer);
        run();
      }
      await Promise.all([...sockets].map(farewell));
      server.close();
    },
  };
}

/** Without the answering close frame a client takes the end for an error, and says so in its log. */
function farewell(socket: WebSocket): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => socket.terminate(), FAREWELL_MS);
    socket.on("close", () => {
      clearTimeout(timer);
      resolve();
    });
    socket.close(1001);
  });
}

function say(socket: WebSocket, message: Json): void {
  if (socket.readyState === socket.OPEN) socket.send(JSON.stringify(message));
}

function parsed(data: string): unknown {
  try {
    return JSON.parse(data) as unknown;
  } catch {
    return undefined;
  }
}
