// Secrets are never in the config file: it names an environment variable or a file that holds each of them.

import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { z } from "zod";
import type { StoredToken, TokenFrom } from "../t3/token.ts";
import { variableName } from "./values.ts";

export const secretRef = z.union(
  [
    z.strictObject({
      env: variableName,
    }),
    z.strictObject({ file: z.string().min(1) }),
  ],
  { error: "expected { env: NAME } or { file: PATH }: secrets are not written into the config" },
);

export const t3TokenRef = z.union(
  [
    ...secretRef.options,
    z.strictObject({ command: z.array(z.string().min(1)).min(1) }).describe("argv that prints a token; no shell"),
    z
      .strictObject({ exchange: z.strictObject({ adminToken: secretRef }) })
      .describe("mints a token that can do no more than the bot needs"),
  ],
  {
    error:
      "expected { env: NAME }, { file: PATH }, { command: [PROGRAM, ARGUMENT …] } or { exchange: { adminToken: { env or file } } }",
  },
);

/** Where T3's token comes from. A file is looked at now, so that a wrong path is told at the start. */
export function loadT3Token(
  raw: unknown,
  at: string,
  base: string,
  secret: (at: string, ref: unknown) => string,
): TokenFrom {
  const ref = t3TokenRef.safeParse(raw).data;
  if (ref !== undefined && "command" in ref) return { from: "command", argv: ref.command };
  const exchange = ref !== undefined && "exchange" in ref;
  const stored = exchange ? ref.exchange.adminToken : ref;
  const value = secret(exchange ? `${at}.exchange.adminToken` : at, stored);
  const token: StoredToken =
    stored !== undefined && "file" in stored
      ? { from: "file", path: resolve(base, stored.file) }
      : { from: "value", value };
  return exchange ? { from: "exchange", adminToken: token } : token;
}

/** The secret itself, or a sentence that names where it was looked for and never shows it. */
export function loadSecret(
  ref: z.infer<typeof secretRef>,
  base: string,
  env: NodeJS.ProcessEnv,
): { readonly value: string } | { readonly problem: string } {
  if ("env" in ref) {
    const value = env[ref.env]?.trim();
    return value ? { value } : { problem: `the environment variable ${ref.env} is not set` };
  }
  const file = resolve(base, ref.file);
  try {
    const value = readFileSync(file, "utf8").trim();
    return value === "" ? { problem: `the secret file ${file} is empty` } : { value };
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "unreadable";
    return { problem: `the secret file ${file} cannot be read (${code})` };
  }
}
