// What enrolment asks of a repo, read over the API: no clone is needed to refuse one.

import { parse as parseYaml } from "yaml";
import { z } from "zod";
import type { BranchRules, RepoFacts, WorkflowSeen } from "../domain/enrolment.ts";
import { known, type Observed, unknown } from "../domain/observed.ts";
import { type RepoKey, splitRepo } from "../domain/repo.ts";
import { AfkError, messageOf } from "../errors.ts";
import { type GitHubClient, statusOf } from "./client.ts";
import type { GraphQuery } from "./graphql.ts";

/** Files of one kind that are read; a repo with more is not known well enough. */
const MOST_FILES = 60;

type Target = { readonly owner: string; readonly repo: string };

/** Throws where the repo itself cannot be read; anything below it that cannot be is unknown. */
export async function fetchFacts(client: GitHubClient, query: GraphQuery, repo: RepoKey): Promise<RepoFacts> {
  const { owner, name } = splitRepo(repo);
  const target: Target = { owner, repo: name };
  const { data } = await client.rest.repos.get(target);
  const branch = data.default_branch;
  const paths = await observe(() => fetchPaths(client, target, branch));
  const [attributes, workflows, branchRules, labels] = await Promise.all([
    texts(client, target, branch, paths, (path) => /(?:^|\/)\.gitattributes$/.test(path)),
    texts(client, target, branch, paths, (path) => /^\.github\/workflows\/[^/]+\.ya?ml$/.test(path)),
    observe(() => fetchBranchRules(client, query, target, branch)),
    observe(async () =>
      (await client.paginate(client.rest.issues.listLabelsForRepo, { ...target, per_page: 100 })).map(
        (label) => label.name,
      ),
    ),
  ]);
  return {
    id: data.id,
    fullName: data.full_name,
    defaultBranch: branch,
    archived: data.archived === true || data.disabled === true,
    canPush: data.permissions?.push === true,
    paths,
    attributes,
    workflows: workflows.known ? known([...workflows.value].map(workflowOf)) : workflows,
    branchRules,
    labels,
  };
}

async function fetchPaths(client: GitHubClient, target: Target, branch: string): Promise<readonly string[]> {
  const { data } = await client.rest.git.getTree({ ...target, tree_sha: branch, recursive: "1" });
  if (data.truncated) throw new AfkError("refused", "the repo has more files than GitHub lists at once");
  return data.tree.flatMap(({ type, path }) => (type === "blob" || type === "commit" ? (path ?? []) : []));
}

async function texts(
  client: GitHubClient,
  target: Target,
  branch: string,
  paths: Observed<readonly string[]>,
  wanted: (path: string) => boolean,
): Promise<Observed<ReadonlyMap<string, string>>> {
  if (!paths.known) return paths;
  const found = paths.value.filter(wanted);
  if (found.length > MOST_FILES) return unknown(`more than ${MOST_FILES} such files`);
  return await observe(async () => {
    const read = found.map(async (path) => [path, (await fetchFile(client, target, branch, path)).text] as const);
    return new Map(await Promise.all(read));
  });
}

/** A file of the branch. Throws `refused` where it is no text file that the API gives (too large, a folder). */
export async function fetchFile(
  client: GitHubClient,
  target: Target,
  ref: string,
  path: string,
): Promise<{ readonly text: string; readonly sha: string }> {
  const { data } = await client.rest.repos.getContent({ ...target, path, ref });
  if (Array.isArray(data) || data.type !== "file" || data.encoding !== "base64") {
    throw new AfkError("refused", `GitHub does not give ${path} as a text`);
  }
  return { text: Buffer.from(data.content, "base64").toString("utf8"), sha: data.sha };
}

/** The workflows of a commit. Throws where one of them cannot be read. */
export async function fetchWorkflows(
  client: GitHubClient,
  target: Target,
  ref: string,
): Promise<readonly WorkflowSeen[]> {
  const folder = ".github/workflows";
  const { data } = await client.rest.repos.getContent({ ...target, path: folder, ref }).catch((error: unknown) => {
    if (statusOf(error) === 404) return { data: [] };
    throw error;
  });
  const paths = (Array.isArray(data) ? data : []).flatMap(({ path }) => (/\.ya?ml$/.test(path) ? [path] : []));
  return await Promise.all(
    paths.map(async (path) => workflowOf([path, (await fetchFile(client, target, ref, path)).text])),
  );
}

function workflowOf([path, text]: readonly [string, string]): WorkflowSeen {
  try {
    const workflow: unknown = parseYaml(text);
    const on = typeof workflow === "object" && workflow !== null && "on" in workflow ? workflow.on : undefined;
    return { path, on, broken: false };
  } catch {
    return { path, on: undefined, broken: true };
  }
}

const ruleQuery = `query($owner: String!, $name: String!) {
  repository(owner: $owner, name: $name) {
    defaultBranchRef {
      refUpdateRule { viewerCanPush requiredApprovingReviewCount requiredStatusCheckContexts requiresSignatures }
    }
  }
}`;
const ruleAnswer = z.object({
  repository: z.object({
    defaultBranchRef: z
      .object({
        refUpdateRule: z
          .object({
            viewerCanPush: z.boolean(),
            requiredApprovingReviewCount: z.number().nullable(),
            requiredStatusCheckContexts: z.array(z.string().nullable()).nullable(),
            requiresSignatures: z.boolean(),
          })
          .nullable(),
      })
      .nullable(),
  }),
});

/**
 * Classic protection as it binds the bot (GraphQL `refUpdateRule` is of the viewer), and rulesets that it cannot bypass.
 * Neither needs administrator rights, unlike the protection endpoint.
 */
async function fetchBranchRules(
  client: GitHubClient,
  query: GraphQuery,
  target: Target,
  branch: string,
): Promise<BranchRules> {
  const answer = ruleAnswer.parse(await query(ruleQuery, { owner: target.owner, name: target.repo }));
  const rule = answer.repository.defaultBranchRef?.refUpdateRule ?? null;
  const checks = (rule?.requiredStatusCheckContexts ?? []).filter((context) => context !== null);
  const classic =
    rule === null
      ? []
      : [
          ...(rule.requiredApprovingReviewCount === null ? [] : ["changes must come by pull request"]),
          ...(checks.length === 0 ? [] : [`checks must pass before a push: ${checks.join(", ")}`]),
          ...(rule.requiresSignatures ? ["commits must be signed"] : []),
        ];
  return {
    mayPush: rule?.viewerCanPush ?? true,
    refusals: [...classic, ...(await fetchRulesets(client, target, branch))],
  };
}

/** Rules that refuse an ordinary push, in words (docs.github.com, "Available rules for rulesets"). */
const REFUSING: Readonly<Record<string, string>> = {
  pull_request: "a ruleset wants a pull request",
  required_status_checks: "a ruleset wants checks to pass before a push",
  update: "a ruleset restricts who may push",
  required_signatures: "a ruleset wants signed commits",
  merge_queue: "a ruleset wants the merge queue",
  required_deployments: "a ruleset wants a deployment before a push",
  workflows: "a ruleset wants workflows to pass before a push",
  code_scanning: "a ruleset wants code scanning before a push",
};

async function fetchRulesets(client: GitHubClient, target: Target, branch: string): Promise<readonly string[]> {
  const rules = await client
    .paginate(client.rest.repos.getBranchRules, { ...target, branch, per_page: 100 })
    .catch((error: unknown) => {
      // A GitHub Enterprise Server from before rulesets.
      if (statusOf(error) === 404) return [];
      throw error;
    });
  const refusing = rules.flatMap((rule) => {
    const text = REFUSING[rule.type];
    return text === undefined ? [] : [{ text, ruleset: rule.ruleset_id }];
  });
  const bypassed = new Map<number, boolean>();
  for (const ruleset of new Set(refusing.flatMap((rule) => rule.ruleset ?? []))) {
    const { data } = await client.rest.repos.getRepoRuleset({ ...target, ruleset_id: ruleset });
    bypassed.set(ruleset, data.current_user_can_bypass === "always");
  }
  return refusing.flatMap(({ text, ruleset }) => (ruleset !== undefined && bypassed.get(ruleset) ? [] : [text]));
}

async function observe<T>(read: () => Promise<T>): Promise<Observed<T>> {
  try {
    return known(await read());
  } catch (error) {
    return unknown(messageOf(error));
  }
}
