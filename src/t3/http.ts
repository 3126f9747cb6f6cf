// T3's HTTP interface: one request, its bearer, its time limit (a request that meets a starting server may never be
// answered), and the contract's refusals as error codes. A 401 renews the token once.

import type { z } from "zod";
import { AfkError, messageOf } from "../errors.ts";
import { failureOf, parseJson } from "./failure.ts";
import type { Tokens } from "./token.ts";

export type Answer = {
  readonly status: number;
  readonly json: unknown;
  readonly isJson: boolean;
  readonly type: string;
};

export type Http = {
  readonly url: string;
  /** The parsed 200. Throws `unreachable`, `refused`, `unauthorised` or, for another shape, `invalid`. */
  call<T>(path: string, schema: z.ZodType<T>, body?: unknown): Promise<T>;
  /** The answer whatever its status. Throws `unreachable` and, after a renewal that did not help, `unauthorised`. */
  ask(path: string, body?: unknown): Promise<Answer>;
  /** Without a bearer: what anybody may read, whatever the state of our token. */
  open<T>(path: string, schema: z.ZodType<T>): Promise<T>;
};

export function createHttp(url: string, tokens: Tokens, timeoutMs: number): Http {
  async function send(path: string, token: string | undefined, body: unknown): Promise<Answer> {
    try {
      const response = await fetch(`${url}${path}`, {
        method: body === undefined ? "GET" : "POST",
        headers: {
          // The scheme is case-sensitive: `bearer` is answered with missing_credential.
          ...(token !== undefined && { authorization: `Bearer ${token}` }),
          ...(body !== undefined && { "content-type": "application/json" }),
        },
        body: body === undefined ? null : JSON.stringify(body),
        signal: AbortSignal.timeout(timeoutMs),
      });
      const type = response.headers.get("content-type") ?? "no content type";
      const isJson = /\bjson\b/i.test(type);
      const text = await response.text();
      return { status: response.status, json: parseJson(text), isJson, type };
    } catch (error) {
      throw new AfkError("unreachable", `T3 does not answer at ${url}: ${messageOf(error)}`, error);
    }
  }

  async function ask(path: string, body?: unknown): Promise<Answer> {
    const token = await tokens.current();
    const first = await send(path, token, body);
    if (first.status !== 401) return first;
    // Refused before anything was done: safe to send again.
    const next = await tokens.renew(token);
    const second = next === undefined ? first : await send(path, next, body);
    if (second.status === 401) throw failureOf(second.status, second.json, path);
    return second;
  }

  function parsed<T>(path: string, schema: z.ZodType<T>, { status, json, type }: Answer): T {
    if (status < 200 || status > 299) throw failureOf(status, json, path);
    const result = schema.safeParse(json);
    if (result.success) return result.data;
    throw new AfkError("invalid", `T3 answered ${path} with something else than the contract's JSON (${type}).`);
  }

  return {
    url,
    ask,
    call: async (path, schema, body) => parsed(path, schema, await ask(path, body)),
    open: async (path, schema) => parsed(path, schema, await send(path, undefined, undefined)),
  };
}
