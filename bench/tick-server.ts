// The GitHub of the benches, started and asked.

import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";

type Counted = { readonly requests: number; readonly notModified: number; readonly quotaUsed: number };
export type Server = {
  readonly url: string;
  readonly process: ChildProcess;
  /** What was asked since the last time. */
  take(): Promise<Counted>;
  change(repos: number): Promise<void>;
};

export async function startServer(): Promise<Server> {
  const child = fork(fileURLToPath(new URL("./tick-github.ts", import.meta.url)), [], {
    stdio: ["ignore", 2, 2, "ipc"],
  });
  const ask = (question: unknown): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const ended = (): void => reject(new Error("the bench's GitHub ended"));
      child.once("exit", ended);
      child.once("message", (answer) => {
        child.off("exit", ended);
        resolve(answer);
      });
      if (question !== undefined) child.send(question as object);
    });
  const { url } = (await ask(undefined)) as { url: string };
  return {
    url,
    process: child,
    take: async () => (await ask({ take: true })) as Counted,
    change: async (repos) => void (await ask({ change: repos })),
  };
}
