// One WebSocket to T3, which speaks Effect RPC in JSON text frames. A unary call is answered by one `Exit`; a stream by
// `Chunk`s, each of which must be acknowledged or no other comes, until its `Exit`. A `Defect` names no request, so it
// ends them all. The connection is pinged: one that stays silent is a dead one, and is ended.
//
// connecting → open → closed, once. Whatever waits when it closes is rejected with `unreachable`.

import { WebSocket } from "ws";
import { z } from "zod";
import { AfkError, messageOf } from "../errors.ts";
import { parseJson } from "./failure.ts";

export type Rpc = {
  /** Calls a unary method. Throws `refused` for a failure that T3 answers. */
  call(tag: string, payload: object): Promise<unknown>;
  /** Subscribes; each value is given to `take` in order. The returned function ends the subscription. */
  stream(tag: string, payload: object, take: (value: unknown) => void, ended: (error: AfkError) => void): () => void;
  /** The first value of a subscription, which is then ended: T3's way to read one record. */
  first(tag: string, payload: object): Promise<unknown>;
  close(): void;
  readonly closed: Promise<void>;
};

/** T3 refused the upgrade. 401: the token or ticket is not accepted. */
export class UpgradeRefused extends AfkError {
  readonly status: number;
  constructor(status: number) {
    super(status === 401 || status === 403 ? "unauthorised" : "unreachable", `T3 refused the stream with ${status}.`);
    this.status = status;
  }
}

const OPEN_TIMEOUT_MS = 10_000;
const ANSWER_TIMEOUT_MS = 15_000;
const PING_MS = 15_000;
/** Snapshots of long threads come as one frame. */
const LARGEST_FRAME = 512 * 1024 * 1024;

const requestId = z.union([z.string(), z.number()]).transform(String);
const frameSchema = z.discriminatedUnion("_tag", [
  z.object({ _tag: z.literal("Chunk"), requestId, values: z.array(z.unknown()) }),
  z.object({
    _tag: z.literal("Exit"),
    requestId,
    exit: z.union([
      z.object({ _tag: z.literal("Success"), value: z.unknown() }),
      z.object({ _tag: z.literal("Failure"), cause: z.unknown() }),
    ]),
  }),
  z.object({ _tag: z.literal("Defect"), defect: z.unknown() }),
  z.object({ _tag: z.literal("Pong") }),
]);
type Frame = z.infer<typeof frameSchema>;

type Waiting = {
  take(value: unknown): void;
  succeed(value: unknown): void;
  fail(error: AfkError): void;
};

/** Connects, authenticated by a bearer or, in the URL, a ticket. Throws `UpgradeRefused` or `unreachable`. */
export async function connectRpc(url: string, headers: Readonly<Record<string, string>>): Promise<Rpc> {
  const socket = new WebSocket(url.replace(/^http/, "ws"), {
    headers,
    handshakeTimeout: OPEN_TIMEOUT_MS,
    maxPayload: LARGEST_FRAME,
    perMessageDeflate: false,
  });
  await new Promise<void>((resolve, reject) => {
    socket.once("open", resolve);
    socket.once("unexpected-response", (_request, response) => {
      response.resume();
      reject(new UpgradeRefused(response.statusCode ?? 0));
      socket.terminate();
    });
    // Stays: an error after the opening is followed by `close`, which is what is acted on.
    socket.on("error", (error) => {
      reject(new AfkError("unreachable", `T3's stream cannot be opened: ${messageOf(error)}`, error));
    });
  });
  return converse(socket);
}

function converse(socket: WebSocket): Rpc {
  const waiting = new Map<string, Waiting>();
  const { promise: closed, resolve: onClosed } = Promise.withResolvers<void>();
  let requests = 0;
  let alive = true;

  const send = (frame: object): void => {
    if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(frame));
  };
  const heartbeat = setInterval(() => {
    if (!alive) return socket.terminate();
    alive = false;
    socket.ping();
  }, PING_MS);
  heartbeat.unref();
  socket.on("pong", () => {
    alive = true;
  });
  socket.on("message", (data) => {
    alive = true;
    const json = parseJson(String(data));
    for (const one of Array.isArray(json) ? json : [json]) {
      const frame = frameSchema.safeParse(one);
      if (frame.success) hear(frame.data);
    }
  });
  socket.once("close", () => {
    clearInterval(heartbeat);
    failAll(new AfkError("unreachable", "T3's stream was closed."));
    onClosed();
  });
  // It may have closed before anybody listened.
  if (socket.readyState === WebSocket.CLOSED) onClosed();

  function failAll(error: AfkError): void {
    const all = [...waiting.values()];
    waiting.clear();
    for (const one of all) one.fail(error);
  }

  function hear(frame: Frame): void {
    switch (frame._tag) {
      case "Pong":
        return;
      case "Defect":
        failAll(new AfkError("invalid", `T3's stream says: ${String(frame.defect).slice(0, 300)}`));
        return;
      case "Chunk": {
        send({ _tag: "Ack", requestId: frame.requestId });
        for (const value of frame.values) waiting.get(frame.requestId)?.take(value);
        return;
      }
      case "Exit": {
        const one = waiting.get(frame.requestId);
        waiting.delete(frame.requestId);
        if (frame.exit._tag === "Success") one?.succeed(frame.exit.value);
        else one?.fail(new AfkError("refused", `T3 refused: ${JSON.stringify(frame.exit.cause).slice(0, 300)}`));
        return;
      }
      default:
        frame satisfies never;
    }
  }

  function request(tag: string, payload: object, one: Waiting): string {
    requests += 1;
    const id = String(requests);
    if (socket.readyState === WebSocket.OPEN) {
      waiting.set(id, one);
      send({ _tag: "Request", id, tag, payload, headers: [] });
    } else {
      one.fail(new AfkError("unreachable", "T3's stream is closed."));
    }
    return id;
  }

  function end(id: string): void {
    if (waiting.delete(id)) send({ _tag: "Interrupt", requestId: id });
  }

  /** One answer, whether it comes as a stream's first value or as the exit, within the time limit. */
  function one(tag: string, payload: object, streaming: boolean): Promise<unknown> {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const timer = setTimeout(() => {
      end(id);
      reject(new AfkError("unreachable", `T3 did not answer ${tag} within ${ANSWER_TIMEOUT_MS / 1000} s.`));
    }, ANSWER_TIMEOUT_MS);
    const id = request(tag, payload, {
      take(value) {
        if (!streaming) return;
        end(id);
        resolve(value);
      },
      succeed: resolve,
      fail: reject,
    });
    return promise.finally(() => clearTimeout(timer));
  }

  return {
    call: (tag, payload) => one(tag, payload, false),
    first: (tag, payload) => one(tag, payload, true),
    stream(tag, payload, take, ended) {
      const over = new AfkError("unreachable", `T3 ended ${tag}.`);
      const id = request(tag, payload, { take, succeed: () => ended(over), fail: ended });
      return () => end(id);
    },
    close: () => socket.terminate(),
    closed,
  };
}
