// `/api/auth/*` and `/oauth/token`: how a token is had, looked at and taken away.

import type { Express } from "express";
import { z } from "zod";
import {
  answering,
  authenticate,
  authInvalid,
  bare,
  bodyText,
  jsonBody,
  operationForbidden,
  requestInvalid,
  requireScope,
} from "./answers.ts";
import { type AuthSession, type Pairing, SCOPES, type Scope, STANDARD_SCOPES, type Tokens } from "./tokens.ts";

const TOKEN_TYPE = "urn:ietf:params:oauth:token-type:access_token";

const Exchange = z.object({
  grant_type: z.literal("urn:ietf:params:oauth:grant-type:token-exchange"),
  subject_token: z.string().min(1),
  subject_token_type: z.literal("urn:t3:params:oauth:token-type:environment-bootstrap"),
  requested_token_type: z.literal(TOKEN_TYPE),
  scope: z.string().optional(),
  client_label: z.string().optional(),
  client_device_type: z.enum(["desktop", "mobile", "tablet", "bot", "unknown"]).optional(),
  client_os: z.string().optional(),
});

export function authRoutes(app: Express, current: () => Tokens): void {
  app.get(
    "/api/auth/session",
    answering((request) => {
      const auth = {
        policy: "loopback-browser",
        bootstrapMethods: ["one-time-token"],
        sessionMethods: ["browser-session-cookie", "bearer-access-token"],
        sessionCookieName: "t3_session",
      };
      const session = attempt(() => authenticate(current(), request));
      if (session === undefined) return { authenticated: false, auth };
      const { scopes, expiresAt } = session;
      return { authenticated: true, auth, scopes, sessionMethod: "bearer-access-token", expiresAt: iso(expiresAt) };
    }),
  );

  app.post(
    "/api/auth/pairing-token",
    answering(async (request) => {
      const session = authenticate(current(), request);
      const Body = z.object({ label: z.string().trim().min(1).optional(), scopes: z.array(z.string()).optional() });
      const body = await jsonBody(request, Body);
      requireScope(session, "access:write");
      const { id, credential, label, expiresAt } = current().pair(body.label, scopesOf(body.scopes ?? STANDARD_SCOPES));
      return { id, credential, ...(label === "" ? {} : { label }), expiresAt: iso(expiresAt) };
    }),
  );

  app.post(
    "/oauth/token",
    answering(async (request) => {
      const form = new URLSearchParams(await bodyText(request, "application/x-www-form-urlencoded"));
      const exchange = Exchange.safeParse(Object.fromEntries(form));
      if (!exchange.success) throw bare(400);
      const { subject_token, scope, client_label, client_device_type } = exchange.data;
      const asked = scope === undefined ? undefined : scopesOf(scope.split(" ").filter((one) => one !== ""));
      // Spent here, whatever becomes of the exchange.
      const pairing = current().consume(subject_token);
      if (pairing === undefined) throw authInvalid("invalid_credential");
      const scopes = asked ?? pairing.scopes;
      if (scopes.some((one) => !pairing.scopes.includes(one))) throw requestInvalid("scope_not_granted");
      const token = current().issue({
        scopes,
        label: client_label ?? pairing.label,
        deviceType: client_device_type ?? "unknown",
        subject: "one-time-token",
      });
      const session = current().verify(token);
      const lasts = session === undefined ? 0 : Math.floor((session.expiresAt - Date.now()) / 1000);
      return {
        access_token: token,
        issued_token_type: TOKEN_TYPE,
        token_type: "Bearer",
        expires_in: lasts,
        scope: scopes.join(" "),
      };
    }),
  );

  app.post(
    "/api/auth/websocket-ticket",
    answering((request) => {
      const { ticket, expiresAt } = current().ticket(authenticate(current(), request));
      return { ticket, expiresAt: iso(expiresAt) };
    }),
  );

  app.get(
    "/api/auth/clients",
    answering((request) => {
      const session = authenticate(current(), request);
      requireScope(session, "access:read");
      return current()
        .sessions()
        .map((one) => clientOf(one, session.sid));
    }),
  );

  app.post(
    "/api/auth/clients/revoke",
    answering(async (request) => {
      const session = authenticate(current(), request);
      const { sessionId } = await jsonBody(request, z.object({ sessionId: z.string().trim().min(1) }));
      requireScope(session, "access:write");
      if (sessionId === session.sid) throw operationForbidden("current_session_revoke_not_allowed");
      return { revoked: current().revoke(sessionId) };
    }),
  );

  app.post(
    "/api/auth/clients/revoke-others",
    answering((request) => {
      const session = authenticate(current(), request);
      requireScope(session, "access:write");
      const others = current()
        .sessions()
        .filter((one) => one.sid !== session.sid);
      for (const { sid } of others) current().revoke(sid);
      return { revokedCount: others.length };
    }),
  );

  app.get(
    "/api/auth/pairing-links",
    answering((request) => {
      requireScope(authenticate(current(), request), "access:read");
      return current().pairings().map(linkOf);
    }),
  );

  app.post(
    "/api/auth/pairing-links/revoke",
    answering(async (request) => {
      const session = authenticate(current(), request);
      const { id } = await jsonBody(request, z.object({ id: z.string().trim().min(1) }));
      requireScope(session, "access:write");
      return { revoked: current().unpair(id) };
    }),
  );
}

function scopesOf(names: readonly string[]): readonly Scope[] {
  const scopes = z.array(z.enum(SCOPES)).safeParse(names);
  if (!scopes.success) throw requestInvalid("invalid_scope");
  return scopes.data;
}

function clientOf(session: AuthSession, ownSid: string): object {
  const { sid, subject, scopes, label, deviceType, issuedAt, expiresAt } = session;
  return {
    sessionId: sid,
    subject,
    scopes,
    method: "bearer-access-token",
    client: { label, deviceType },
    issuedAt: iso(issuedAt),
    expiresAt: iso(expiresAt),
    lastConnectedAt: null,
    connected: false,
    current: sid === ownSid,
  };
}

function linkOf({ id, credential, label, scopes, expiresAt }: Pairing): object {
  return { id, credential, label, scopes, expiresAt: iso(expiresAt) };
}

function attempt<Value>(act: () => Value): Value | undefined {
  try {
    return act();
  } catch {
    return undefined;
  }
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
