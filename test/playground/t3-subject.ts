// Whom the contract is asserted of: the playground's server in each version's mode, or a running server.
//
// With T3_CONTRACT_URL, T3_CONTRACT_TOKEN (all scopes), T3_CONTRACT_DIR (a scratch directory that the server sees at the
// same path) and T3_CONTRACT_VERSION it is that server; the assertions about turns need the scripted agent behind it,
// so they run there only with T3_CONTRACT_AGENT=scripted.

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

const { T3_CONTRACT_URL, T3_CONTRACT_TOKEN, T3_CONTRACT_DIR, T3_CONTRACT_VERSION, T3_CONTRACT_AGENT } = process.env;

export function describeSubjects(
  versions: readonly Version[],
  needs: "nothing" | "scripted agent",
  assertions: (subject: Subject) => void,
): void {
  const subject = {} as Subject;
  if (T3_CONTRACT_URL !== undefined) {
    describe.skipIf(needs === "scripted agent" && T3_CONTRACT_AGENT !== "scripted")("a running server", () => {
      beforeAll(() => {
        const url = T3_CONTRACT_URL;
        const token = T3_CONTRACT_TOKEN ?? "";
        const version = (T3_CONTRACT_VERSION ?? "0.0.28") as Version;
        Object.assign(subject, { url, token, version, dir: T3_CONTRACT_DIR ?? "", t3: clientOf(url, token) });
      });
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
