// The sidecar that mints the bot's T3 token, as the chart runs it: its own process beside T3, with T3's command line.

import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { setup } from "../adapters/t3-support.ts";
import { until } from "../support/stage.ts";
import { CHART } from "./helm.ts";

const running = new Set<ChildProcess>();
afterEach(() => {
  for (const child of running) child.kill("SIGKILL");
  running.clear();
});

/** Starts the sidecar. `command` is what prints a token that may do everything, as `t3 auth session issue` does. */
function startMint(url: string, tokenFile: string, command: readonly string[]): () => string {
  const child = spawn(process.execPath, [join(CHART, "files", "mint.mjs")], {
    env: {
      PATH: process.env["PATH"],
      T3_URL: url,
      T3_ADMIN_TOKEN_COMMAND: JSON.stringify(command),
      TOKEN_FILE: tokenFile,
      CHECK_SECONDS: "0.2",
    },
  });
  running.add(child);
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (said += chunk.toString()));
  return () => said;
}

test("the bot's token is minted beside T3, for its user only, and can do no more than the bot needs", async () => {
  await using t3 = await setup({ stream: false });
  const file = join(t3.world.dir, "tokens", "afk-t3");
  const admin = t3.server.issueToken();
  const said = startMint(t3.server.url, file, [process.execPath, "-e", `console.log(${JSON.stringify(admin)})`]);
  await until("a token", () => said().includes("token minted"));
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const client = t3.clientWith({ from: "file", path: file });
  expect((await client.session()).scopes).toEqual(["orchestration:read", "orchestration:operate"]);
  for (const secret of [admin, readFileSync(file, "utf8")]) expect(said()).not.toContain(secret);
});

test("a token that T3 no longer knows is replaced, a good one is left, and a lost one is made again", async () => {
  await using t3 = await setup({ stream: false });
  const file = join(t3.world.dir, "afk-t3");
  const good = t3.server.issueToken();
  writeFileSync(file, good);
  const said = startMint(t3.server.url, file, [process.execPath, "-e", `console.log(${JSON.stringify(good)})`]);
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  expect(readFileSync(file, "utf8")).toBe(good);
  rmSync(file);
  await until("another token", () => said().includes("token minted"));
  const second = readFileSync(file, "utf8");
  t3.server.revoke(second);
  await until("a third one", () => readFileSync(file, "utf8") !== second);
  expect((await t3.clientWith({ from: "file", path: file }).session()).authenticated).toBe(true);
});

test("a T3 that is not there yet is waited for, and said", async () => {
  await using t3 = await setup({ stream: false });
  const file = join(t3.world.dir, "afk-t3");
  const ready = join(t3.world.dir, "ready");
  const admin = t3.server.issueToken();
  const code = `require("node:fs").readFileSync(${JSON.stringify(ready)}); console.log(${JSON.stringify(admin)})`;
  const said = startMint(t3.server.url, file, [process.execPath, "-e", code]);
  await until("a failure that is told", () => said().includes("token not minted, trying on"));
  writeFileSync(ready, "");
  await until("a token", () => said().includes("token minted"));
});
