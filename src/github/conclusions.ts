import type { CheckState } from "../domain/evidence.ts";

/** What a conclusion of a check run, a job or a workflow run says of the commit (docs.github.com, "About status checks"). */
export function stateOf(status: string | null, conclusion: string | null): CheckState {
  if (status !== "completed") return "pending";
  if (conclusion === "success") return "success";
  return isFailure(conclusion) ? "failure" : "ignored";
}

export function isFailure(conclusion: string | null): boolean {
  return (
    conclusion === "failure" ||
    conclusion === "timed_out" ||
    conclusion === "action_required" ||
    conclusion === "startup_failure"
  );
}
