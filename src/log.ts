import { type Logger, pino } from "pino";
import { createRedact, type Redact, redactAll } from "./domain/redact.ts";
import type { Run } from "./domain/run.ts";

/** Field names whose values never reach a log line, wherever they sit (two levels deep). */
const SECRET_FIELDS = [
  "token",
  "botToken",
  "appToken",
  "adminToken",
  "privateKey",
  "authorization",
  "Authorization",
  "cookie",
  "password",
  "secret",
  "access_token",
];
const CENSOR = "[secret]";
/** What is shorter is no secret, and would be found in half the words. */
const LEAST = 6;

/**
 * JSON lines on stdout: a constant `msg` plus fields (`repo`, `issue`, `run`, …). None of `secrets` is ever in one, not
 * even within another text; the set may grow.
 */
export function createLog(
  level: string,
  secrets: ReadonlySet<string> = new Set(),
  redact: Redact = createRedact([], []),
): Logger {
  return pino({
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }), log: (fields) => redactAll(fields, redact) },
    redact: { paths: SECRET_FIELDS.flatMap((field) => [field, `*.${field}`, `*.*.${field}`]), censor: CENSOR },
    hooks: { streamWrite: (line) => withoutSecrets(line, secrets) },
  });
}

/** Which run a line is about: what a log is searched by. */
export function fieldsOf(run: Run): Readonly<Record<string, unknown>> {
  return { repo: run.repo, issue: run.issue.number, run: run.id, session: run.session?.threadId };
}

function withoutSecrets(line: string, secrets: ReadonlySet<string>): string {
  let clean = line;
  for (const secret of secrets) {
    // A key has lines; in JSON, and in the texts of errors, they may be apart.
    for (const part of [secret, ...(secret.includes("\n") ? secret.split("\n").filter(isBody) : [])]) {
      const escaped = JSON.stringify(part).slice(1, -1);
      if (part.length >= LEAST) clean = clean.replaceAll(escaped, CENSOR);
    }
  }
  return clean;
}

function isBody(line: string): boolean {
  return line.length >= LEAST && !line.startsWith("-----");
}
