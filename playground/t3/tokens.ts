// Who may do what: sessions (bearer tokens), pairing credentials and WebSocket tickets.
//
// A token is `<base64url JSON>.<base64url HMAC>`. The key and the sessions are kept under `<base>/userdata`, so tokens
// and revocations outlive a restart. Credentials and tickets live in memory only, five minutes at most.

import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { v4 as uuid } from "uuid";
import { z } from "zod";

export const STANDARD_SCOPES = [
  "orchestration:read",
  "orchestration:operate",
  "terminal:operate",
  "review:write",
  "relay:read",
] as const;
export const SCOPES = [...STANDARD_SCOPES, "access:read", "access:write", "relay:write"] as const;
export type Scope = (typeof SCOPES)[number];

const DAY_MS = 24 * 60 * 60 * 1000;
const SHORT_MS = 5 * 60 * 1000;
const CREDENTIAL_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ";

const Session = z.object({
  sid: z.string(),
  subject: z.string(),
  label: z.string(),
  deviceType: z.string(),
  scopes: z.array(z.enum(SCOPES)),
  issuedAt: z.number(),
  expiresAt: z.number(),
  revoked: z.boolean(),
});
export type AuthSession = z.infer<typeof Session>;

const Claims = z.object({ v: z.literal(1), kind: z.literal("session"), sid: z.string(), exp: z.number() });

export type Pairing = {
  readonly id: string;
  readonly credential: string;
  readonly label: string;
  readonly scopes: readonly Scope[];
  readonly expiresAt: number;
};

export type IssueOptions = {
  /** All eight by default, as the CLI's `t3 auth session issue` gives. */
  readonly scopes?: readonly Scope[];
  /** 30 days by default. */
  readonly ttlMs?: number;
  readonly label?: string;
  readonly subject?: string;
  readonly deviceType?: string;
};

export type Tokens = {
  issue(options?: IssueOptions): string;
  /** The session behind a token that is genuine, not expired and not revoked. */
  verify(token: string): AuthSession | undefined;
  sessions(): readonly AuthSession[];
  revoke(sid: string): boolean;
  pair(label: string | undefined, scopes: readonly Scope[]): Pairing;
  pairings(): readonly Pairing[];
  unpair(id: string): boolean;
  /** Takes a credential out: it is spent whatever becomes of the exchange. */
  consume(credential: string): Pairing | undefined;
  ticket(session: AuthSession): { readonly ticket: string; readonly expiresAt: number };
  redeem(ticket: string): AuthSession | undefined;
};

export function openTokens(baseDir: string): Tokens {
  const secrets = join(baseDir, "userdata", "secrets");
  mkdirSync(secrets, { recursive: true });
  const key = keyIn(join(secrets, "signing.key"));
  const file = join(secrets, "sessions.json");
  const sessions = new Map<string, AuthSession>();
  if (existsSync(file)) {
    for (const session of z.array(Session).parse(JSON.parse(readFileSync(file, "utf8"))))
      sessions.set(session.sid, session);
  }
  const pairings = new Map<string, Pairing>();
  const tickets = new Map<string, { readonly sid: string; readonly expiresAt: number }>();

  function keep(session: AuthSession): void {
    sessions.set(session.sid, session);
    writeFileSync(file, JSON.stringify([...sessions.values()]));
  }

  function alive(sid: string): AuthSession | undefined {
    const session = sessions.get(sid);
    return session === undefined || session.revoked || session.expiresAt <= Date.now() ? undefined : session;
  }

  function sign(body: string): Buffer {
    return createHmac("sha256", key).update(body).digest();
  }

  return {
    issue(options = {}) {
      const issuedAt = Date.now();
      const session: AuthSession = {
        sid: uuid(),
        subject: options.subject ?? "cli-issued-session",
        label: options.label ?? "",
        deviceType: options.deviceType ?? "bot",
        scopes: [...(options.scopes ?? SCOPES)],
        issuedAt,
        expiresAt: issuedAt + (options.ttlMs ?? 30 * DAY_MS),
        revoked: false,
      };
      keep(session);
      const { sid, subject, scopes, expiresAt } = session;
      const claims = { v: 1, kind: "session", sid, sub: subject, scopes, method: "bearer-access-token" };
      const body = Buffer.from(JSON.stringify({ ...claims, iat: issuedAt, exp: expiresAt })).toString("base64url");
      return `${body}.${sign(body).toString("base64url")}`;
    },
    verify(token) {
      const [body, signature, ...rest] = token.split(".");
      if (body === undefined || signature === undefined || rest.length > 0) return undefined;
      const given = Buffer.from(signature, "base64url");
      const wanted = sign(body);
      if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) return undefined;
      const claims = Claims.safeParse(JSON.parse(Buffer.from(body, "base64url").toString("utf8")));
      return claims.success ? alive(claims.data.sid) : undefined;
    },
    sessions: () => [...sessions.keys()].flatMap((sid) => alive(sid) ?? []),
    revoke(sid) {
      const session = alive(sid);
      if (session === undefined) return false;
      keep({ ...session, revoked: true });
      return true;
    },
    pair(label, scopes) {
      const credential = [...randomBytes(12)]
        .map((byte) => CREDENTIAL_ALPHABET[byte % CREDENTIAL_ALPHABET.length])
        .join("");
      const pairing = { id: uuid(), credential, label: label ?? "", scopes, expiresAt: Date.now() + SHORT_MS };
      pairings.set(credential, pairing);
      return pairing;
    },
    pairings: () => [...pairings.values()].filter((pairing) => pairing.expiresAt > Date.now()),
    unpair(id) {
      const pairing = [...pairings.values()].find((one) => one.id === id);
      return pairing !== undefined && pairings.delete(pairing.credential);
    },
    consume(credential) {
      const pairing = pairings.get(credential);
      pairings.delete(credential);
      return pairing === undefined || pairing.expiresAt <= Date.now() ? undefined : pairing;
    },
    ticket(session) {
      const ticket = randomBytes(24).toString("base64url");
      const expiresAt = Date.now() + SHORT_MS;
      tickets.set(ticket, { sid: session.sid, expiresAt });
      return { ticket, expiresAt };
    },
    redeem(ticket) {
      const found = tickets.get(ticket);
      return found === undefined || found.expiresAt <= Date.now() ? undefined : alive(found.sid);
    },
  };
}

function keyIn(file: string): Buffer {
  if (!existsSync(file)) writeFileSync(file, randomBytes(32), { mode: 0o600 });
  return readFileSync(file);
}

/** The session id inside a token, for revoking it; undefined for garbage. */
export function sessionIdOf(token: string): string | undefined {
  try {
    const body = token.split(".")[0] ?? "";
    return Claims.parse(JSON.parse(Buffer.from(body, "base64url").toString("utf8"))).sid;
  } catch {
    return undefined;
  }
}
