// The refusals of T3's HTTP API, word for word, and the order in which a request is judged: authentication, then the
// body (its type, its JSON, its schema), then the scope. So a token without the right scope that posts garbage learns
// about the garbage.

import { randomBytes } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Request, Response } from "express";
import type { z } from "zod";
import type { AuthSession, Scope, Tokens } from "./tokens.ts";

export type Refusal = { readonly status: number; readonly body: string | Readonly<Record<string, unknown>> };

/** Thrown by a route to answer with a refusal. */
export class Refuse extends Error {
  readonly refusal: Refusal;
  constructor(refusal: Refusal) {
    super(`refused with ${refusal.status}`);
    this.refusal = refusal;
  }
}

function tagged(tag: string, code: string, more: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return { _tag: tag, code, ...more, traceId: randomBytes(16).toString("hex") };
}

export function authInvalid(reason: "missing_credential" | "invalid_credential"): Refuse {
  return new Refuse({ status: 401, body: tagged("EnvironmentAuthInvalidError", "auth_invalid", { reason }) });
}

function scopeRequired(requiredScope: Scope): Refuse {
  return new Refuse({
    status: 403,
    body: tagged("EnvironmentScopeRequiredError", "insufficient_scope", { requiredScope }),
  });
}

export function requestInvalid(reason: "invalid_scope" | "scope_not_granted" | "invalid_command"): Refuse {
  return new Refuse({ status: 400, body: tagged("EnvironmentRequestInvalidError", "invalid_request", { reason }) });
}

export function operationForbidden(reason: string): Refuse {
  const body = tagged("EnvironmentOperationForbiddenError", "operation_forbidden", { reason });
  return new Refuse({ status: 403, body });
}

export function dispatchFailed(): Refuse {
  const body = tagged("EnvironmentInternalError", "internal_error", { reason: "orchestration_dispatch_failed" });
  return new Refuse({ status: 500, body });
}

export function threadNotFound(): Refuse {
  const body = tagged("EnvironmentResourceNotFoundError", "not_found", { reason: "thread_not_found" });
  return new Refuse({ status: 404, body });
}

export function bare(status: number, body = ""): Refuse {
  return new Refuse({ status, body });
}

/** The session a request is made in. The cookie wins over the header; the word `Bearer` is case-sensitive. */
export function authenticate(tokens: Tokens, request: IncomingMessage): AuthSession {
  const token = credentialOf(request);
  if (token === undefined) throw authInvalid("missing_credential");
  const session = tokens.verify(token);
  if (session === undefined) throw authInvalid("invalid_credential");
  return session;
}

function credentialOf(request: IncomingMessage): string | undefined {
  const cookie = /(?:^|;\s*)t3_session=([^;]+)/.exec(request.headers.cookie ?? "")?.[1];
  if (cookie !== undefined) return cookie;
  const header = request.headers.authorization ?? "";
  return header.startsWith("Bearer ") && header.length > 7 ? header.slice(7).trim() : undefined;
}

export function requireScope(session: AuthSession, scope: Scope): void {
  if (!session.scopes.includes(scope)) throw scopeRequired(scope);
}

/** Decodes a JSON body: 415 for another type, 500 for malformed JSON, 400 for an empty body or a schema violation. */
export async function jsonBody<Schema extends z.ZodType>(request: Request, schema: Schema): Promise<z.infer<Schema>> {
  const text = await bodyText(request, "application/json");
  if (text === "") throw bare(400);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw bare(500);
  }
  const decoded = schema.safeParse(json);
  if (!decoded.success) throw bare(400);
  return decoded.data;
}

/** Reads a body of the given media type, else 415. */
export async function bodyText(request: Request, type: string): Promise<string> {
  const given = (request.headers["content-type"] ?? "").split(";")[0]?.trim() ?? "";
  if (given.toLowerCase() !== type) throw bare(415, `Unsupported content-type: ${given}`);
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}

type Route = (request: Request, response: Response) => unknown;

/** Runs a route: what it returns is the 200's JSON, a thrown `Refuse` is answered as such. */
export function answering(route: Route): (request: Request, response: Response) => Promise<void> {
  return async (request, response) => {
    try {
      const value = await route(request, response);
      if (!response.headersSent) response.status(200).json(value);
    } catch (error) {
      if (!(error instanceof Refuse)) throw error;
      const { status, body } = error.refusal;
      if (typeof body !== "string") response.status(status).json(body);
      else if (body === "") response.status(status).end();
      else response.status(status).type("text/plain").send(body);
    }
  };
}
