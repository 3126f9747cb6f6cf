// T3's HTTP interface: one function a call, a time limit on each (a request that meets a starting server may never be
// answered), and the contract's refusals as error codes.

import type { z } from "zod";
import { AfkError, messageOf } from "../errors.ts";
import { dispatchedSchema, environmentSchema, snapshotSchema, type T3Environment, type T3Snapshot } from "./schema.ts";

export type T3Client = {
  environment(): Promise<T3Environment>;
  /** Shared: calls while one is under way get its answer, and an answer serves for `maxAgeMs`. */
  snapshot(maxAgeMs: number): Promise<T3Snapshot>;
  /**
   * Sends one command. `refused` is T3's 500 without a reason (a domain refusal, an id that exists, or a failure of
   * its own) or a 400: look at the snapshot to tell which. A refused command id stays refused for ever.
   */
  dispatch(command: T3Command): Promise<void>;
};

export type T3Command = { readonly type: string; readonly commandId: string } & Readonly<Record<string, unknown>>;

const CALL_TIMEOUT_MS = 15_000;

export function createT3Client(options: { readonly url: string; readonly token: string }): T3Client {
  const { url, token } = options;
  let cached: { readonly at: number; readonly snapshot: T3Snapshot } | undefined;
  let reading: Promise<T3Snapshot> | undefined;
  let commands = 0;

  async function call<T>(path: string, schema: z.ZodType<T>, body?: T3Command): Promise<T> {
    let response: Response;
    let text: string;
    try {
      response = await fetch(`${url}${path}`, {
        method: body === undefined ? "GET" : "POST",
        // The scheme is case-sensitive: `bearer` is answered with missing_credential.
        headers: { authorization: `Bearer ${token}`, ...(body && { "content-type": "application/json" }) },
        body: body === undefined ? null : JSON.stringify(body),
        signal: AbortSignal.timeout(CALL_TIMEOUT_MS),
      });
      text = await response.text();
    } catch (error) {
      throw new AfkError("unreachable", `T3 does not answer at ${url}: ${messageOf(error)}`, error);
    }
    const json = parseJson(text);
    if (!response.ok) throw failure(response.status, json, path);
    const parsed = schema.safeParse(json);
    if (parsed.success) return parsed.data;
    const kind = response.headers.get("content-type") ?? "no content type";
    throw new AfkError("invalid", `T3 answered ${path} with something else than the contract's JSON (${kind}).`);
  }

  async function readSnapshot(): Promise<T3Snapshot> {
    const asOf = commands;
    try {
      const snapshot = await call("/api/orchestration/snapshot", snapshotSchema);
      if (asOf === commands) cached = { at: Date.now(), snapshot };
      return snapshot;
    } finally {
      if (asOf === commands) reading = undefined;
    }
  }

  return {
    environment: () => call("/.well-known/t3/environment", environmentSchema),
    async snapshot(maxAgeMs) {
      if (cached !== undefined && Date.now() - cached.at < maxAgeMs) return cached.snapshot;
      reading ??= readSnapshot();
      return await reading;
    },
    async dispatch(command) {
      await call("/api/orchestration/dispatch", dispatchedSchema, command);
      // Projections are written with the command: the next read shows its effect, an older answer does not.
      commands += 1;
      cached = undefined;
      reading = undefined;
    },
  };
}

function failure(status: number, json: unknown, path: string): AfkError {
  const detail =
    typeof json === "object" && json !== null
      ? (json as { code?: unknown; reason?: unknown; requiredScope?: unknown; traceId?: unknown })
      : {};
  const said = [detail.reason ?? detail.code, detail.requiredScope, detail.traceId && `trace ${String(detail.traceId)}`]
    .filter(Boolean)
    .map(String)
    .join(", ");
  const text = `${status}${said && ` (${said})`}`;
  if (status === 401) return new AfkError("unauthorised", `T3 refuses our token: ${text}. Mint another one.`);
  if (status === 403) return new AfkError("unauthorised", `Our T3 token lacks a scope: ${text}.`);
  if (status === 400 || status === 415 || (status === 500 && detail.code === "internal_error")) {
    return new AfkError("refused", `T3 refused ${path}: ${text}.`);
  }
  return new AfkError("unreachable", `T3 answered ${path} with ${text}.`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
