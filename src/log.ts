import { type Logger, pino } from "pino";

/** Field names whose values never reach a log line, wherever they sit (two levels deep). */
const SECRET_FIELDS = ["token", "botToken", "appToken", "authorization", "Authorization", "password", "access_token"];

/** JSON lines on stdout: a constant `msg` plus fields (`repo`, `issue`, `run`, …). */
export function createLog(level: string): Logger {
  return pino({
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    redact: { paths: SECRET_FIELDS.flatMap((field) => [field, `*.${field}`, `*.*.${field}`]), censor: "[secret]" },
  });
}
