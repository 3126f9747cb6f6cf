import type { RepoFacts } from "../../src/domain/enrolment.ts";
import { known } from "../../src/domain/observed.ts";

/** A repo that may be enrolled, or one that differs from it in what is given. */
export function facts(over: Partial<RepoFacts> = {}): RepoFacts {
  return {
    id: 7,
    fullName: "Acme/Shop",
    defaultBranch: "main",
    archived: false,
    canPush: true,
    paths: known(["CONTEXT.md", "src/a.js", ".github/workflows/ci.yml"]),
    attributes: known(new Map()),
    workflows: known([{ path: ".github/workflows/ci.yml", on: "push", broken: false }]),
    branchRules: known({ mayPush: true, refusals: [] }),
    labels: known(["ready-for-agent", "agent-running", "ready-for-human"]),
    ...over,
  };
}
