// Whom the contract is asserted of: the playground's server in each version's mode, or a running server.
//
// With AFK_T3_URL and AFK_T3_TOKEN (all scopes: `t3 auth session issue --token-only`) it is that server, on this machine
// or with AFK_T3_DIR as a scratch directory that it sees at the same path. What it can do is found out by asking;
// AFK_T3_VERSION (0.0.27, 0.0.28 or head) says otherwise. Assertions about turns need the scripted agent behind it, so
// they run there only with AFK_T3_AGENT=scripted.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe } from "vitest";
import type { Version } from "../../playground/t3/model.ts";
import { startT3, type T3 } from "../../playground/t3/server.ts";
import { type Client, clientOf } from "./t3-client.ts";

export const AGENT = fileURLToPath(new URL("../../playground/agent/agent.ts", import.meta.url));

/** Filled in before the first test runs. */
export type Subject = { url: string; token: string; dir: string; version: Version; t3: Client };

const { AFK_T3_URL, AFK_T3_TOKEN, AFK_T3_DIR, AFK_T3_VERSION, AFK_T3_AGENT } = process.env;

export function describeSubjects(
  versions: readonly Version[],
  needs: "nothing" | "scripted agent",
  assertions: (subject: Subject) => void,
): void {
  const subject = {} as Subject;
  if (AFK_T3_URL !== undefined && AFK_T3_TOKEN !== undefined) {
    const url = AFK_T3_URL.replace(/\/+$/, "");
    const token = AFK_T3_TOKEN;
    describe.skipIf(needs === "scripted agent" && AFK_T3_AGENT !== "scripted")(`the server at ${url}`, () => {
      const dir = mkdtempSync(join(AFK_T3_DIR ?? tmpdir(), "t3-contract-"));
      beforeAll(async () => {
        const t3 = clientOf(url, token);
        const version = (AFK_T3_VERSION as Version | undefined) ?? (await versionOf(t3));
        Object.assign(subject, { url, token, version, dir, t3 });
      });
      afterAll(() => rmSync(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 }));
      assertions(subject);
    });
    return;
  }
  for (const version of versions) {
    describe(`the stand-in as ${version}`, () => {
      let server: T3 | undefined;
      const dir = mkdtempSync(join(tmpdir(), "t3-contract-"));
      beforeAll(async () => {
        const agent = { command: process.execPath, args: [AGENT] };
        server = await startT3({ baseDir: join(dir, "base"), version, agent, env: {} });
        const { url } = server;
        const token = server.issueToken();
        Object.assign(subject, { url, token, version, dir, t3: clientOf(url, token) });
      });
      afterAll(async () => {
        await server?.close();
        rmSync(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
      });
      assertions(subject);
    });
  }
}

/** By its abilities: what a server built from a tag calls itself is the version before. */
async function versionOf(t3: Client): Promise<Version> {
  const shell = await t3.request("GET", "/api/orchestration/shell");
  return shell.type.includes("json") ? "head" : "0.0.28";
}
