// Two ways to a new T3 token: a command that prints one, and the exchange of a pairing credential for one that can do no
// more than the bot needs.

import { execFile } from "node:child_process";
import { z } from "zod";
import { AfkError, messageOf } from "../errors.ts";
import { failureOf, parseJson, SCOPES } from "./failure.ts";

const COMMAND_TIMEOUT_MS = 60_000;
const CALL_TIMEOUT_MS = 15_000;
const TOKEN = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/;

/** Runs `argv` without a shell and reads the token from its output: alone on a line, or as `token` in JSON. */
export function mintByCommand(argv: readonly string[]): Promise<string> {
  const [command = "", ...args] = argv;
  // The bot's own secrets are in its environment: the command gets only what such a command needs.
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) =>
      /^(PATH|HOME|USER|LANG|TMPDIR|T3\w*|NODE_EXTRA_CA_CERTS)$/.test(name),
    ),
  );
  return new Promise((resolve, reject) => {
    execFile(command, args, { env, timeout: COMMAND_TIMEOUT_MS, maxBuffer: 1_000_000 }, (error, stdout, stderr) => {
      const token = error === null ? tokenIn(stdout) : undefined;
      if (token !== undefined) return resolve(token);
      const why = error === null ? "it printed no token" : lastLine(stderr) || messageOf(error).split("\n")[0];
      reject(
        new AfkError(
          "unauthorised",
          `Cannot mint a T3 token with \`${command}\`: ${why}. Run t3.token.command by hand.`,
        ),
      );
    });
  });
}

function tokenIn(stdout: string): string | undefined {
  const json = z.object({ token: z.string() }).safeParse(parseJson(stdout));
  const lines = json.success ? [json.data.token] : stdout.split("\n").map((line) => line.trim());
  return lines.reverse().find((line) => TOKEN.test(line));
}

function lastLine(text: string): string {
  return (text.trim().split("\n").at(-1) ?? "").slice(0, 200);
}

const pairingSchema = z.object({ credential: z.string().min(1) });
const grantedSchema = z.object({ access_token: z.string().min(1) });

/** The least-privilege exchange. `adminToken` needs the scope access:write. A credential is spent by any exchange. */
export async function mintByExchange(url: string, adminToken: string): Promise<string> {
  const asked = JSON.stringify({ label: "afk-bot", scopes: SCOPES });
  const { credential } = await post(`${url}/api/auth/pairing-token`, pairingSchema, asked, {
    authorization: `Bearer ${adminToken}`,
    "content-type": "application/json",
  });
  const form = new URLSearchParams({
    grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
    subject_token: credential,
    subject_token_type: "urn:t3:params:oauth:token-type:environment-bootstrap",
    requested_token_type: "urn:ietf:params:oauth:token-type:access_token",
    scope: SCOPES.join(" "),
    client_label: "afk-bot",
    client_device_type: "bot",
  });
  const type = { "content-type": "application/x-www-form-urlencoded" };
  return (await post(`${url}/oauth/token`, grantedSchema, form.toString(), type)).access_token;
}

async function post<T>(url: string, schema: z.ZodType<T>, body: string, headers: Record<string, string>): Promise<T> {
  let response: Response;
  let text: string;
  try {
    response = await fetch(url, { method: "POST", headers, body, signal: AbortSignal.timeout(CALL_TIMEOUT_MS) });
    text = await response.text();
  } catch (error) {
    throw new AfkError("unreachable", `T3 does not answer at ${new URL(url).origin}: ${messageOf(error)}`, error);
  }
  const path = new URL(url).pathname;
  const parsed = schema.safeParse(parseJson(text));
  if (response.ok && parsed.success) return parsed.data;
  if (response.ok) throw new AfkError("invalid", `T3 answered ${path} with something else than the contract's JSON.`);
  const failure = failureOf(response.status, parseJson(text), path);
  if (failure.code !== "unauthorised") throw failure;
  throw new AfkError(
    "unauthorised",
    `Cannot exchange for a T3 token: ${failure.message} (of t3.token.exchange.adminToken)`,
  );
}
