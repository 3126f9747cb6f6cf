// What a repo must have before an agent may work in it, judged from what was seen of it. Each check that does not pass
// says what a person has to do.

import type { Observed } from "./observed.ts";
import type { RepoKey } from "./repo.ts";
import { runsOnPush } from "./workflow-trigger.ts";

export type CheckName =
  | "repository"
  | "workflows"
  | "CONTEXT.md"
  | "push rights"
  | "branch protection"
  | "git-crypt"
  | "submodules"
  | "LFS"
  | "labels";

/** `unknown` is no `pass`: what could not be read may be anything. `warn` does not hold the repo up. */
export type EnrolmentCheck = {
  readonly check: CheckName;
  readonly result: "pass" | "warn" | "fail" | "unknown";
  readonly why: string;
  readonly remedy: string | null;
};

export type Enrolment = {
  readonly repo: RepoKey;
  /** GitHub's own number of the repository, which no rename changes and no other repository can have. */
  readonly repoId: number | null;
  readonly fullName: string;
  readonly defaultBranch: string | null;
  /** UTC, milliseconds since the epoch. */
  readonly checkedAt: number;
  readonly checks: readonly EnrolmentCheck[];
};

export type RepoFacts = {
  readonly id: number;
  /** `owner/name` as GitHub spells it now. */
  readonly fullName: string;
  readonly defaultBranch: string;
  readonly archived: boolean;
  readonly canPush: boolean;
  /** Paths of all files on the default branch. */
  readonly paths: Observed<readonly string[]>;
  /** Text of every `.gitattributes`, by path. */
  readonly attributes: Observed<ReadonlyMap<string, string>>;
  /** The `on:` of every file in `.github/workflows`, as parsed; `broken` where it is not YAML. */
  readonly workflows: Observed<readonly WorkflowSeen[]>;
  readonly branchRules: Observed<BranchRules>;
  readonly labels: Observed<readonly string[]>;
};

export type WorkflowSeen = { readonly path: string; readonly on: unknown; readonly broken: boolean };

/** What stands between the bot's push and the default branch. */
export type BranchRules = {
  readonly mayPush: boolean;
  /** Rules that refuse a direct push, in words: "requires a pull request". */
  readonly refusals: readonly string[];
};

/** The labels the bot works with, and how they look. */
export function labelsWanted(labels: {
  readonly ready: string;
  readonly running: string;
  readonly human: string;
}): readonly { readonly name: string; readonly color: string; readonly description: string }[] {
  return [
    { name: labels.ready, color: "0e8a16", description: "Specified and released: the AFK bot may take it" },
    { name: labels.running, color: "1d76db", description: "The AFK bot works on it" },
    { name: labels.human, color: "d93f0b", description: "Waits for a person" },
  ];
}

export function judgeEnrolment(repo: RepoKey, facts: RepoFacts, labels: readonly string[]): readonly EnrolmentCheck[] {
  return [
    repository(repo, facts),
    workflows(facts),
    context(facts),
    pushRights(facts),
    branchProtection(facts),
    gitCrypt(facts),
    submodules(facts),
    lfs(facts),
    labelCheck(facts, labels),
  ];
}

/** Whether an agent may work in the repo, as far as the checks go. */
export function isEnrolled(enrolment: Enrolment): boolean {
  return enrolment.checks.every(({ result }) => result === "pass" || result === "warn");
}

/** The checks that hold the repo up. */
export function troublesOf(enrolment: Enrolment): readonly EnrolmentCheck[] {
  return enrolment.checks.filter(({ result }) => result === "fail" || result === "unknown");
}

function repository(repo: RepoKey, { fullName, archived, defaultBranch }: RepoFacts): EnrolmentCheck {
  if (archived) return fail("repository", `${fullName} is archived`, "Unarchive it, or take it off the list.");
  if (fullName.toLowerCase() !== repo) {
    return fail("repository", `it is named ${fullName} now`, `Write ${fullName} into the config instead of ${repo}.`);
  }
  return pass("repository", `${fullName}, default branch ${defaultBranch}`);
}

function workflows({ workflows: seen, defaultBranch }: RepoFacts): EnrolmentCheck {
  const remedy = `Add a workflow with \`on: push\` for ${defaultBranch}: without it nothing tells whether a change is good.`;
  if (!seen.known) return unknown("workflows", seen.why);
  const broken = seen.value.filter((workflow) => workflow.broken).map(({ path }) => path);
  const running = seen.value.map((workflow) => ({ ...workflow, runs: runsOnPush(workflow.on, defaultBranch) }));
  const always = running.filter(({ runs }) => runs === "always").map(({ path }) => path);
  if (always.length > 0) return pass("workflows", `${always.map(fileName).join(", ")} on push to ${defaultBranch}`);
  const some = running.filter(({ runs }) => runs === "for some paths").map(({ path }) => path);
  if (some.length > 0) {
    const why = `${some.map(fileName).join(", ")} on push to ${defaultBranch}, but for some paths only`;
    return warn("workflows", why, "A change outside those paths will wait for CI in vain: drop the path filter.");
  }
  const why =
    seen.value.length === 0
      ? "there is no workflow"
      : `none of ${seen.value.length} workflows runs on push to ${defaultBranch}${broken.length > 0 ? ` (not YAML: ${broken.map(fileName).join(", ")})` : ""}`;
  return fail("workflows", why, remedy);
}

function context({ paths }: RepoFacts): EnrolmentCheck {
  if (!paths.known) return unknown("CONTEXT.md", paths.why);
  return paths.value.includes("CONTEXT.md")
    ? pass("CONTEXT.md", "there")
    : fail(
        "CONTEXT.md",
        "not at the top of the default branch",
        "Write down there what an agent has to know of the repo.",
      );
}

function pushRights({ canPush, fullName }: RepoFacts): EnrolmentCheck {
  return canPush
    ? pass("push rights", "the bot's account may push")
    : fail("push rights", "the bot's account may not push", `Give it the write role on ${fullName}.`);
}

function branchProtection({ branchRules, defaultBranch }: RepoFacts): EnrolmentCheck {
  if (!branchRules.known) return unknown("branch protection", branchRules.why);
  const { mayPush, refusals } = branchRules.value;
  const all = [...(mayPush ? [] : ["the bot's account is not among those who may push"]), ...refusals];
  if (all.length === 0) return pass("branch protection", `${defaultBranch} takes the bot's push`);
  const remedy = `Let the bot's account bypass the rules of ${defaultBranch}: agents land with an ordinary push.`;
  return fail("branch protection", all.join("; "), remedy);
}

function gitCrypt({ attributes }: RepoFacts): EnrolmentCheck {
  if (!attributes.known) return unknown("git-crypt", attributes.why);
  const found = withFilter(attributes.value, "git-crypt");
  if (found === undefined) return pass("git-crypt", "not used");
  return fail("git-crypt", `used by ${found}`, "Repos with encrypted files are refused: keep their own path.");
}

function submodules({ paths }: RepoFacts): EnrolmentCheck {
  if (!paths.known) return unknown("submodules", paths.why);
  return paths.value.includes(".gitmodules")
    ? warn("submodules", ".gitmodules is there", "Let the setup command fetch them: the bot does not.")
    : pass("submodules", "none");
}

function lfs({ attributes }: RepoFacts): EnrolmentCheck {
  if (!attributes.known) return unknown("LFS", attributes.why);
  const found = withFilter(attributes.value, "lfs");
  return found === undefined
    ? pass("LFS", "not used")
    : warn("LFS", `used by ${found}`, "Let the setup command fetch what is needed: the bot does not.");
}

/** Missing labels are made by `enrol`, and GitHub makes one that is put on an issue: no reason to refuse the repo. */
function labelCheck({ labels }: RepoFacts, wanted: readonly string[]): EnrolmentCheck {
  if (!labels.known) return warn("labels", `not read: ${labels.why}`, null);
  const there = new Set(labels.value.map((name) => name.toLowerCase()));
  const missing = wanted.filter((name) => !there.has(name.toLowerCase()));
  return missing.length === 0
    ? pass("labels", "all there")
    : warn("labels", `missing: ${missing.join(", ")}`, "`afk enrol` makes them.");
}

/** The first file with a `filter=<name>` that counts: comments do not. */
function withFilter(attributes: ReadonlyMap<string, string>, name: string): string | undefined {
  const filter = new RegExp(`^[^#\\n]*\\sfilter=${name}(?:-[\\w.-]+)?(?:\\s|$)`, "m");
  return [...attributes].find(([, text]) => filter.test(text))?.[0];
}

function fileName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

function pass(check: CheckName, why: string): EnrolmentCheck {
  return { check, result: "pass", why, remedy: null };
}

function warn(check: CheckName, why: string, remedy: string | null): EnrolmentCheck {
  return { check, result: "warn", why, remedy };
}

function fail(check: CheckName, why: string, remedy: string): EnrolmentCheck {
  return { check, result: "fail", why, remedy };
}

function unknown(check: CheckName, why: string): EnrolmentCheck {
  return { check, result: "unknown", why, remedy: "Try again once GitHub answers." };
}
