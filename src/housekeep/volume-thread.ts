// The volume's thread itself. See thread.ts.

import { parentPort, workerData } from "node:worker_threads";
import { AfkError, messageOf } from "../errors.ts";
import type { Answer, Call, VolumeThreadOptions } from "./thread.ts";
import { createVolumeWork } from "./volume-work.ts";

const work = createVolumeWork(workerData as VolumeThreadOptions);

parentPort?.on("message", ({ id, name, args }: Call) => {
  parentPort?.postMessage(answer(id, name, args));
});

function answer(id: number, name: Call["name"], args: readonly unknown[]): Answer {
  try {
    return { id, value: (work[name] as (...given: readonly unknown[]) => unknown)(...args) };
  } catch (error) {
    return { id, failure: { code: error instanceof AfkError ? error.code : "conflict", message: messageOf(error) } };
  }
}
