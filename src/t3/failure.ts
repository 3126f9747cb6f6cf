// T3's refusals as error codes. The reason of a 500 is only in T3's own log, under the trace id: it is passed on.

import { AfkError } from "../errors.ts";

/** The error for an answer that is not a 200. `json` is its body where that is JSON, undefined where it is not. */
export function failureOf(status: number, json: unknown, path: string): AfkError {
  const detail =
    typeof json === "object" && json !== null
      ? (json as { code?: unknown; reason?: unknown; requiredScope?: unknown; traceId?: unknown })
      : {};
  const said = [detail.reason ?? detail.code, detail.requiredScope, detail.traceId && `trace ${String(detail.traceId)}`]
    .filter(Boolean)
    .map(String)
    .join(", ");
  const text = `${status}${said && ` (${said})`}`;
  if (status === 401) {
    return new AfkError(
      "unauthorised",
      `T3 refuses our token: ${text}. Mint another one and put it where t3.token says.`,
    );
  }
  if (status === 403) {
    return new AfkError("unauthorised", `Our T3 token lacks a scope: ${text}. It needs ${SCOPES.join(" and ")}.`);
  }
  // An empty 500 is malformed JSON: never ours, so something between us and T3 broke the request or the answer.
  if (status === 400 || status === 415 || (status === 500 && detail.code === "internal_error")) {
    return new AfkError("refused", `T3 refused ${path}: ${text}.`);
  }
  return new AfkError("unreachable", `T3 answered ${path} with ${text}.`);
}

/** The two rights the bot needs. A token with more works, and can do more harm when it leaks. */
export const SCOPES = ["orchestration:read", "orchestration:operate"] as const;

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
