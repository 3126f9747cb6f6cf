// The remote of the bench, in a process of its own: what it takes to answer is not to be counted with what asks.

import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { type GitHub, startGitHub } from "../playground/github/server.ts";

type Calls = {
  createRepo(repo: Parameters<GitHub["createRepo"]>[0]): Promise<unknown>;
  commit(repo: string, commit: Parameters<GitHub["commit"]>[1]): Promise<unknown>;
};

export type Remote = AsyncDisposable &
  Calls & {
    readonly apiUrl: string;
    cloneUrl(repo: string): string;
  };

type Ask = { readonly id: number; readonly call: keyof Calls; readonly args: readonly unknown[] };
type Answer = { readonly id: number; readonly why?: string };
type Ready = { readonly url: string; readonly apiUrl: string };

const ME = fileURLToPath(import.meta.url);

/** Each of `logins` is a user with the token `token-<login>`. */
export async function startRemote(dataDir: string, logins: readonly string[]): Promise<Remote> {
  const child = fork(ME, [dataDir, ...logins]);
  const waiting = new Map<number, PromiseWithResolvers<void>>();
  const ready = Promise.withResolvers<Ready>();
  let asked = 0;
  child.once("exit", (code) => {
    const error = new Error(`the remote ended with ${code}`);
    ready.reject(error);
    for (const { reject } of waiting.values()) reject(error);
  });
  child.on("message", (message: Ready | Answer) => {
    if ("url" in message) return ready.resolve(message);
    const { id, why } = message;
    if (why === undefined) waiting.get(id)?.resolve();
    else waiting.get(id)?.reject(new Error(why));
    waiting.delete(id);
  });
  const { url, apiUrl } = await ready.promise;

  async function ask(call: keyof Calls, ...args: readonly unknown[]): Promise<void> {
    asked += 1;
    const done = Promise.withResolvers<void>();
    waiting.set(asked, done);
    child.send({ id: asked, call, args } satisfies Ask);
    await done.promise;
  }

  return {
    apiUrl,
    cloneUrl: (repo) => `${url}/${repo}.git`,
    createRepo: (repo) => ask("createRepo", repo),
    commit: (repo, commit) => ask("commit", repo, commit),
    async [Symbol.asyncDispose]() {
      const gone = new Promise((resolve) => child.once("exit", resolve));
      child.disconnect();
      await gone;
    },
  };
}

async function serve(dataDir: string, logins: readonly string[]): Promise<void> {
  const github = await startGitHub({ dataDir });
  for (const login of logins) github.addUser({ login, type: "User", token: `token-${login}` });
  const carryOut = ({ call, args }: Ask): Promise<unknown> =>
    call === "createRepo"
      ? github.createRepo(...(args as Parameters<GitHub["createRepo"]>))
      : github.commit(...(args as Parameters<GitHub["commit"]>));
  process.on("message", (ask: Ask) => {
    carryOut(ask).then(
      () => process.send?.({ id: ask.id } satisfies Answer),
      (error: unknown) => process.send?.({ id: ask.id, why: String(error) } satisfies Answer),
    );
  });
  process.once("disconnect", () => void github.close().finally(() => process.exit()));
  process.send?.({ url: github.url, apiUrl: github.apiUrl } satisfies Ready);
}

if (process.argv[1] === ME && process.send !== undefined) {
  const [dataDir = "", ...logins] = process.argv.slice(2);
  await serve(dataDir, logins);
}
