// The volume's thread, from the bot's side: the calls of volume-work.ts as promises. They are done one after the other, and
// never in the way of the event loop or of the threads that the journal is written with. The thread starts with the first
// call; one that dies fails what was asked of it, and the next call starts another.

import { Worker } from "node:worker_threads";
import { AfkError, type ErrorCode } from "../errors.ts";
import type { VolumeWork } from "./volume-work.ts";

export type VolumeThread = {
  /** One of the functions of volume-work.ts, in its turn. */
  call<Name extends keyof VolumeWork>(
    name: Name,
    ...args: Parameters<VolumeWork[Name]>
  ): Promise<ReturnType<VolumeWork[Name]>>;
  /** Ends the thread, whatever it is at: each of its steps is whole by itself. */
  close(): Promise<void>;
};

export type Call = { readonly id: number; readonly name: keyof VolumeWork; readonly args: readonly unknown[] };
export type Answer =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly failure: { readonly code: ErrorCode; readonly message: string } };

export type VolumeThreadOptions = {
  readonly volume: string;
  /** The folder for its own files. */
  readonly keepIn: string;
  /** Whether what is measured is written there. */
  readonly saves: boolean;
};

export function createVolumeThread(options: VolumeThreadOptions): VolumeThread {
  const waiting = new Map<number, PromiseWithResolvers<unknown>>();
  let worker: Worker | undefined;
  let calls = 0;

  function start(): Worker {
    const started = new Worker(new URL("./volume-thread.ts", import.meta.url), { workerData: options });
    started.on("message", (answer: Answer) => {
      const asked = waiting.get(answer.id);
      waiting.delete(answer.id);
      if (waiting.size === 0) started.unref();
      if ("failure" in answer) asked?.reject(new AfkError(answer.failure.code, answer.failure.message));
      else asked?.resolve(answer.value);
    });
    started.on("error", (error) => ended(started, error));
    started.on("exit", () => ended(started, new Error("the volume's thread ended")));
    return started;
  }

  function ended(which: Worker, error: unknown): void {
    if (worker !== which) return;
    worker = undefined;
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
  }

  return {
    async call(name, ...args) {
      worker ??= start();
      worker.ref();
      calls += 1;
      const asked = Promise.withResolvers<unknown>();
      waiting.set(calls, asked);
      worker.postMessage({ id: calls, name, args } satisfies Call);
      return (await asked.promise) as never;
    },
    async close() {
      await worker?.terminate();
    },
  };
}
