/**
 * What went wrong, for code (`code`) and for people (`message`: one sentence that says what to do where that is known).
 *
 * - `unreachable`: no usable answer (network, timeout, 5xx). Whether it took effect is unknown; the same try may be repeated.
 * - `refused`: the other side understood and said no. The same try would be refused again.
 * - `unauthorised`: a token is missing, expired or lacks a right.
 * - `invalid`: what came from outside does not have the documented shape.
 * - `config`: the operator has to change the configuration.
 * - `conflict`: the local state (git, files) is not what the step needs.
 */
export type ErrorCode = "unreachable" | "refused" | "unauthorised" | "invalid" | "config" | "conflict";

export class AfkError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "AfkError";
    this.code = code;
  }
}

/** One line for people and logs, from whatever was thrown. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const inner = error.cause instanceof Error && !error.message.includes(error.cause.message) ? error.cause.message : "";
  return [error.message, inner].filter(Boolean).join(": ");
}
