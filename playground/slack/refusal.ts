// How Slack says no: HTTP 200 with `ok: false`, a word, and sometimes more.

import { type Problem, problemLine, problemText } from "./blocks/problems.ts";
import type { Json } from "./json.ts";

export class Refusal extends Error {
  readonly error: string;
  readonly details: Json;

  constructor(error: string, details: Json = {}) {
    super(error);
    this.error = error;
    this.details = details;
  }
}

/** `invalid_arguments` with a line for each thing that is wrong. */
export function invalidArguments(problems: readonly Problem[]): Refusal {
  return new Refusal("invalid_arguments", { response_metadata: { messages: problems.map(problemLine) } });
}

export function invalidBlocks(problems: readonly Problem[]): Refusal {
  const error = problems.find((problem) => problem.code !== undefined)?.code ?? "invalid_blocks";
  return new Refusal(error, {
    errors: problems.map(problemText),
    response_metadata: { messages: problems.map(problemLine) },
  });
}
