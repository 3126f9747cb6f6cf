// Where the bearer for T3 comes from. A value stays as it is; a file is read anew for each call, so that a mounted secret
// may change under us; a command and an exchange mint one, kept until shortly before the expiry that is written in it.
// T3 has no refresh, and an expired token looks to it exactly like garbage.

import { readFile } from "node:fs/promises";
import { z } from "zod";
import { AfkError, messageOf } from "../errors.ts";
import type { Clock } from "../ports.ts";
import { parseJson } from "./failure.ts";
import { mintByCommand, mintByExchange } from "./mint.ts";

export type StoredToken =
  | { readonly from: "value"; readonly value: string }
  | { readonly from: "file"; readonly path: string };
export type TokenFrom =
  | StoredToken
  | { readonly from: "command"; readonly argv: readonly string[] }
  | { readonly from: "exchange"; readonly adminToken: StoredToken };

export type Tokens = {
  /** The token to send now; minted where there is none, or where the last one is about to expire. */
  current(): Promise<string>;
  /** Another token than `refused`, which T3 answered with 401. Undefined where there is none to be had. */
  renew(refused: string): Promise<string | undefined>;
  /** Whether a token that ends can be replaced without a person. */
  readonly renewable: boolean;
};

export type Claims = { readonly scopes: readonly string[]; readonly issuedAt: number; readonly expiresAt: number };

const claimsSchema = z.object({ scopes: z.array(z.string()), iat: z.number(), exp: z.number() });

/** What a token says of itself: readable offline, not proof of anything. Undefined where it is not one of T3's. */
export function claimsOf(token: string): Claims | undefined {
  const body = Buffer.from(token.split(".")[0] ?? "", "base64url").toString("utf8");
  const claims = claimsSchema.safeParse(parseJson(body)).data;
  return claims && { scopes: claims.scopes, issuedAt: claims.iat, expiresAt: claims.exp };
}

const MARGIN_MS = { least: 30_000, most: 24 * 60 * 60 * 1000 };
/** After a mint that failed no other is tried for so long: the command may be slow, and T3 may be down. */
const RETRY_MS = 10_000;

export function createTokens(from: TokenFrom, url: string, clock: Clock): Tokens {
  switch (from.from) {
    case "value":
      return { current: async () => from.value, renew: async () => undefined, renewable: false };
    case "file":
      return {
        current: () => read(from),
        async renew(refused) {
          const now = await read(from);
          return now === refused ? undefined : now;
        },
        renewable: true,
      };
    case "command":
      return minted(() => mintByCommand(from.argv), clock);
    case "exchange":
      return minted(async () => mintByExchange(url, await read(from.adminToken)), clock);
    default:
      return from satisfies never;
  }
}

async function read(stored: StoredToken): Promise<string> {
  if (stored.from === "value") return stored.value;
  try {
    const text = (await readFile(stored.path, "utf8")).trim();
    if (text !== "") return text;
  } catch (error) {
    throw new AfkError("unauthorised", `The T3 token file ${stored.path} cannot be read: ${messageOf(error)}`, error);
  }
  throw new AfkError("unauthorised", `The T3 token file ${stored.path} is empty.`);
}

function minted(mint: () => Promise<string>, clock: Clock): Tokens {
  let held: string | undefined;
  let minting: Promise<string> | undefined;
  let failed: { readonly at: number; readonly error: unknown } | undefined;

  async function mintOnce(): Promise<string> {
    if (failed !== undefined && clock.now() - failed.at < RETRY_MS) throw failed.error;
    minting ??= mint()
      .then(
        (token) => {
          failed = undefined;
          held = token;
          return token;
        },
        (error: unknown) => {
          failed = { at: clock.now(), error };
          throw error;
        },
      )
      .finally(() => {
        minting = undefined;
      });
    return await minting;
  }

  return {
    renewable: true,
    async current() {
      if (held === undefined) return await mintOnce();
      const claims = claimsOf(held);
      if (claims === undefined || clock.now() < renewAt(claims)) return held;
      const before = held;
      // What we have is good until it expires: a mint that fails now is tried again.
      return await mintOnce().catch((error: unknown) => {
        if (clock.now() < claims.expiresAt) return before;
        throw error;
      });
    },
    async renew(refused) {
      if (held !== undefined && held !== refused) return held;
      held = undefined;
      return await mintOnce();
    },
  };
}

/** A tenth of its life before the end, half a minute at least and a day at most, but never in the first half. */
function renewAt({ issuedAt, expiresAt }: Claims): number {
  const life = expiresAt - issuedAt;
  const margin = Math.min(Math.max(life / 10, MARGIN_MS.least), MARGIN_MS.most, life / 2);
  return expiresAt - margin;
}
