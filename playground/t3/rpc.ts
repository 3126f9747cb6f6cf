// The WebSocket's frames: Effect RPC as JSON text. A request is answered by one `Exit`, a stream by `Chunk`s, of which
// the next is not sent before the last was acknowledged: a client that forgets the `Ack` sees one chunk and no more.

import { z } from "zod";

export const Frame = z.discriminatedUnion("_tag", [
  z.object({
    _tag: z.literal("Request"),
    id: z.union([z.string(), z.number()]).transform(String),
    tag: z.string(),
    payload: z.unknown(),
  }),
  z.object({ _tag: z.literal("Ack"), requestId: z.union([z.string(), z.number()]).transform(String) }),
  z.object({ _tag: z.literal("Interrupt"), requestId: z.union([z.string(), z.number()]).transform(String) }),
  z.object({ _tag: z.literal("Ping") }),
  z.object({ _tag: z.literal("Eof") }),
]);

export type Send = (frame: object) => void;

export function succeed(send: Send, requestId: string, value: unknown): void {
  send({ _tag: "Exit", requestId, exit: { _tag: "Success", value } });
}

export function fail(send: Send, requestId: string, error: object): void {
  send({ _tag: "Exit", requestId, exit: { _tag: "Failure", cause: [{ _tag: "Fail", error }] } });
}

export function defect(send: Send, message: string): void {
  send({ _tag: "Defect", defect: message });
}

export type Stream = {
  push(value: unknown): void;
  acknowledged(): void;
  end(): void;
};

/** What is pushed while a chunk is unacknowledged waits and goes out together in the next one. */
export function openStream(send: Send, requestId: string, onEnd: () => void): Stream {
  let waiting: unknown[] = [];
  let unacknowledged = false;
  let ended = false;

  function flush(): void {
    if (unacknowledged || ended || waiting.length === 0) return;
    const values = waiting;
    waiting = [];
    unacknowledged = true;
    send({ _tag: "Chunk", requestId, values });
  }

  return {
    push(value) {
      waiting.push(value);
      flush();
    },
    acknowledged() {
      unacknowledged = false;
      flush();
    },
    end() {
      if (ended) return;
      ended = true;
      onEnd();
    },
  };
}
