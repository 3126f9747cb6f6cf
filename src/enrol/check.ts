import { type Enrolment, type EnrolmentCheck, judgeEnrolment, labelsWanted } from "../domain/enrolment.ts";
import { known, type Observed } from "../domain/observed.ts";
import type { Labels } from "../domain/policy.ts";
import type { RepoKey } from "../domain/repo.ts";
import type { Clock, GitHub } from "../ports.ts";

/**
 * Checks the repo as it is now; reads only. `pinnedId` is the number of the repository that was enrolled under this name
 * before: another one that answers to it is not the one somebody allowed.
 */
export async function checkRepo(
  repo: RepoKey,
  pinnedId: number | null,
  { github, labels, clock }: { readonly github: GitHub; readonly labels: Labels; readonly clock: Clock },
): Promise<Observed<Enrolment>> {
  const facts = await github.fetchFacts(repo);
  if (!facts.known) return facts;
  const { id, fullName, defaultBranch } = facts.value;
  const names = labelsWanted(labels).map(({ name }) => name);
  const checks = judgeEnrolment(repo, facts.value, names);
  const replaced = pinnedId !== null && pinnedId !== id;
  return known({
    repo,
    repoId: replaced ? pinnedId : id,
    fullName,
    defaultBranch,
    checkedAt: clock.now(),
    checks: replaced ? [anotherOne(repo), ...checks.slice(1)] : checks,
  });
}

function anotherOne(repo: RepoKey): EnrolmentCheck {
  return {
    check: "repository",
    result: "fail",
    why: `another repository answers to ${repo} now than the one that was enrolled`,
    remedy: "Look whose it is; if it is the right one, `afk enrol` takes it.",
  };
}
