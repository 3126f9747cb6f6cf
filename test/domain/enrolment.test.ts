import { describe, expect, test } from "vitest";
import { type CheckName, judgeEnrolment, type RepoFacts, type WorkflowSeen } from "../../src/domain/enrolment.ts";
import { known, unknown } from "../../src/domain/observed.ts";
import { runsOnPush } from "../../src/domain/workflow-trigger.ts";
import { facts } from "../support/repo-facts.ts";

const labels = ["ready-for-agent", "agent-running", "ready-for-human"];
const workflow = (on: unknown): WorkflowSeen => ({ path: ".github/workflows/ci.yml", on, broken: false });
const attributes = (text: string): Partial<RepoFacts> => ({
  attributes: known(new Map([["lib/.gitattributes", text]])),
});

function notPassing(over: Partial<RepoFacts>): Record<string, string> {
  const checks = judgeEnrolment("acme/shop", facts(over), labels).filter(({ result }) => result !== "pass");
  return Object.fromEntries(checks.map(({ check, result }) => [check, result]));
}

describe("a repo is enrolled when an agent can do its work there", () => {
  test("a plain repo with CI passes every check", () => {
    expect(notPassing({})).toEqual({});
  });

  test.each<[string, Partial<RepoFacts>, CheckName, "warn" | "fail" | "unknown"]>([
    ["archived", { archived: true }, "repository", "fail"],
    ["renamed", { fullName: "Acme/Store" }, "repository", "fail"],
    ["without a workflow", { workflows: known([]) }, "workflows", "fail"],
    ["with workflows for pull requests only", { workflows: known([workflow("pull_request")]) }, "workflows", "fail"],
    [
      "with a workflow that is no YAML",
      { workflows: known([{ ...workflow(undefined), broken: true }]) },
      "workflows",
      "fail",
    ],
    [
      "with CI for some paths only",
      { workflows: known([workflow({ push: { paths: ["src/**"] } })]) },
      "workflows",
      "warn",
    ],
    ["without CONTEXT.md", { paths: known(["docs/CONTEXT.md"]) }, "CONTEXT.md", "fail"],
    ["that the bot may not push to", { canPush: false }, "push rights", "fail"],
    [
      "that wants pull requests",
      { branchRules: known({ mayPush: true, refusals: ["a pull request"] }) },
      "branch protection",
      "fail",
    ],
    [
      "that lets others push only",
      { branchRules: known({ mayPush: false, refusals: [] }) },
      "branch protection",
      "fail",
    ],
    ["whose rules cannot be read", { branchRules: unknown("502") }, "branch protection", "unknown"],
    ["with git-crypt", attributes("*.pem filter=git-crypt diff=git-crypt"), "git-crypt", "fail"],
    ["with git-crypt under a key's name", attributes("*.pem filter=git-crypt-ops\n"), "git-crypt", "fail"],
    ["with LFS", attributes("*.psd filter=lfs diff=lfs merge=lfs -text"), "LFS", "warn"],
    ["with submodules", { paths: known(["CONTEXT.md", ".gitmodules"]) }, "submodules", "warn"],
    ["without the labels", { labels: known([]) }, "labels", "warn"],
  ])("one %s", (_case, over, check, result) => {
    expect(notPassing(over)).toEqual({ [check]: result });
  });

  test("a repo whose files cannot be listed is not known to be without git-crypt", () => {
    const lost = unknown("too many files");
    expect(notPassing({ paths: lost, attributes: lost, workflows: lost })).toMatchObject({ "git-crypt": "unknown" });
  });

  test("git-crypt in a comment is none", () => {
    expect(notPassing(attributes("# *.pem filter=git-crypt\n*.txt text\n"))).toEqual({});
  });

  test("what does not pass says what to do", () => {
    const checks = judgeEnrolment("acme/shop", facts({ canPush: false, paths: known([]) }), labels);
    const remedies = checks.filter(({ result }) => result === "fail").map(({ remedy }) => remedy);
    expect(remedies).toEqual([
      expect.stringContaining("Write down"),
      expect.stringContaining("write role on Acme/Shop"),
    ]);
  });
});

describe("a workflow runs on a push to the default branch", () => {
  test.each<[unknown, "always" | "for some paths" | "never"]>([
    ["push", "always"],
    [["pull_request", "push"], "always"],
    [{ push: null }, "always"],
    [{ push: {} }, "always"],
    [{ push: { branches: ["main"] } }, "always"],
    [{ push: { branches: "main" } }, "always"],
    [{ push: { branches: ["m*", "!main"] } }, "never"],
    [{ push: { branches: ["!main", "**"] } }, "always"],
    [{ push: { branches: ["release/**"] } }, "never"],
    [{ push: { branches: ["ma?in"] } }, "always"],
    [{ push: { "branches-ignore": ["main"] } }, "never"],
    [{ push: { "branches-ignore": ["wip/**"] } }, "always"],
    [{ push: { tags: ["v*"] } }, "never"],
    [{ push: { tags: ["v*"], branches: ["main"] } }, "always"],
    [{ push: { paths: ["src/**"] } }, "for some paths"],
    [{ push: { "paths-ignore": ["docs/**"] } }, "for some paths"],
    [{ push: { branches: ["["] } }, "never"],
    [{ pull_request: null }, "never"],
    ["workflow_dispatch", "never"],
    [undefined, "never"],
    [{ workflow_run: { workflows: ["push"] } }, "never"],
  ])("on: %j → %s", (on, expected) => {
    expect(runsOnPush(on, "main")).toBe(expected);
  });
});
