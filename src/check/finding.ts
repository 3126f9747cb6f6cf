import { AfkError, messageOf } from "../errors.ts";

/** One thing that was tried. `warn` holds nothing up; `unknown` could not be tried. */
export type Finding = {
  readonly check: string;
  readonly result: "pass" | "warn" | "fail" | "unknown";
  readonly why: string;
  /** What to do; null where it passed. */
  readonly remedy: string | null;
};

/** What was found of one service, or of one repo. */
export type Area = { readonly area: string; readonly findings: readonly Finding[] };

export function pass(check: string, why: string): Finding {
  return { check, result: "pass", why, remedy: null };
}

export function warn(check: string, why: string, remedy: string): Finding {
  return { check, result: "warn", why, remedy };
}

export function fail(check: string, why: string, remedy: string): Finding {
  return { check, result: "fail", why, remedy };
}

export function untried(check: string, after: string): Finding {
  return { check, result: "unknown", why: `not tried: ${after} has to pass first`, remedy: null };
}

/** The finding of `look`, or of how it failed, with the remedy for that kind of failure. */
export async function attempt(
  check: string,
  remedies: Readonly<{ unauthorised: string; otherwise: string }>,
  look: () => Promise<Finding | string>,
): Promise<Finding> {
  try {
    const seen = await look();
    return typeof seen === "string" ? pass(check, seen) : seen;
  } catch (error) {
    const { unauthorised, otherwise } = remedies;
    const denied = error instanceof AfkError && error.code === "unauthorised";
    return fail(check, messageOf(error), denied ? unauthorised : otherwise);
  }
}
