// The GitHub port over Octokit. Writes are made so that a repeat is harmless: labels are idempotent by nature, the
// comment is found again by its hidden marker, and closing a closed issue changes nothing.

import { z } from "zod";
import { known, unknown } from "../domain/observed.ts";
import type { Policy } from "../domain/policy.ts";
import { type RepoKey, splitRepo } from "../domain/repo.ts";
import { runsForPush } from "../domain/workflow-trigger.ts";
import { messageOf } from "../errors.ts";
import type { Clock, GitHub } from "../ports.ts";
import { fetchBlockedBy, repoOf } from "./blockers.ts";
import { fetchCandidates, fetchTrustedComments, type Reader, readIssue } from "./candidates.ts";
import { createChecks } from "./checks.ts";
import { type GitHubClient, githubError, statusOf } from "./client.ts";
import { fetchReleases } from "./events.ts";
import { fetchFacts, fetchFile, fetchWorkflows } from "./facts.ts";
import { fetchFailures } from "./failures.ts";
import type { GraphQuery } from "./graphql.ts";
import { createHeads } from "./head.ts";
import type { Poll } from "./poll.ts";

const viewerSchema = z.object({ viewer: z.object({ databaseId: z.number().int() }) });

export function createGitHub(
  client: GitHubClient,
  query: GraphQuery,
  poll: Poll,
  policy: Pick<Policy, "labels" | "trustedBots" | "watchMs" | "pollMs">,
  clock: Clock,
): GitHub {
  const reader: Reader = { client, query, poll, ...policy, details: new Map(), urls: new Map() };
  const checks = createChecks(client, 0.8 * policy.watchMs, clock);
  const heads = createHeads(reader, 0.8 * policy.pollMs, clock);
  let me: Promise<number> | undefined;

  /** The bot's own account. REST's `/user` is closed to an app's installation, GraphQL's viewer is not. */
  function ownId(): Promise<number> {
    me ??= query("query { viewer { databaseId } }", {}).then((data) => viewerSchema.parse(data).viewer.databaseId);
    me.catch(() => {
      me = undefined;
    });
    return me;
  }

  async function findComment(repo: RepoKey, issue: number, marker: string): Promise<number | undefined> {
    const { owner, name } = splitRepo(repo);
    const own = await ownId();
    const comments = await client.paginate(client.rest.issues.listComments, {
      owner,
      repo: name,
      issue_number: issue,
      per_page: 100,
    });
    // Only our own: anyone can paste a marker.
    return comments.find((comment) => comment.user?.id === own && comment.body?.includes(marker))?.id;
  }

  /** The repo's name now, where it was renamed. */
  async function nameOf(repo: RepoKey): Promise<RepoKey> {
    const { owner, name } = splitRepo(repo);
    const { data } = await client.rest.repos.get({ owner, repo: name });
    return data.full_name.toLowerCase();
  }

  return {
    async fetchDefaultBranch(repo) {
      const { owner, name } = splitRepo(repo);
      try {
        const { data } = await client.rest.repos.get({ owner, repo: name });
        return { name: data.default_branch, cloneUrl: data.clone_url, repoId: data.id };
      } catch (error) {
        throw githubError(error, `reading ${repo}`);
      }
    },

    async fetchCandidates(repo) {
      try {
        return known(await fetchCandidates(reader, repo));
      } catch (error) {
        return unknown(messageOf(githubError(error, `listing issues of ${repo}`)));
      }
    },

    async fetchRunning(repo) {
      const { owner, name } = splitRepo(repo);
      const asked = { owner, repo: name, state: "all", labels: policy.labels.running, per_page: 100 } as const;
      try {
        const issues = await client.paginate(client.rest.issues.listForRepo, asked);
        return known(issues.flatMap((issue) => (issue.pull_request === undefined ? [issue.number] : [])));
      } catch (error) {
        return unknown(messageOf(githubError(error, `listing the runs under way of ${repo}`)));
      }
    },

    async fetchReleases(repo, issue) {
      try {
        return known(await fetchReleases(client, repo, issue, policy.labels.ready));
      } catch (error) {
        return unknown(messageOf(githubError(error, `reading the events of ${repo}#${issue}`)));
      }
    },

    async fetchIssue(repo, number) {
      const { owner, name } = splitRepo(repo);
      try {
        const { data } = await client.rest.issues.get({ owner, repo: name, issue_number: number });
        if (data.pull_request !== undefined) return known({ is: "missing", why: `#${number} is a pull request` });
        const there = repoOf(data.html_url);
        if (data.number !== number || (there !== undefined && there !== repo && (await nameOf(repo)) !== there)) {
          return known({ is: "missing", why: `it was moved to ${there}#${data.number}` });
        }
        return known({ is: "found", candidate: await readIssue(reader, repo, data) });
      } catch (error) {
        const status = statusOf(error);
        if (status === 404) return known({ is: "missing", why: "GitHub shows the bot no such issue" });
        if (status === 410) return known({ is: "missing", why: "the issue was deleted" });
        return unknown(messageOf(githubError(error, `reading ${repo}#${number}`)));
      }
    },

    async fetchTrustedComments(repo, issue) {
      try {
        return await fetchTrustedComments(reader, repo, issue, await ownId());
      } catch (error) {
        throw githubError(error, `reading the comments of ${repo}#${issue}`);
      }
    },

    fetchBlockedBy: (blockers) => fetchBlockedBy(client, blockers),

    async fetchPromptAdditions(repo, branch) {
      const { owner, name } = splitRepo(repo);
      try {
        return await fetchFile(client, { owner, repo: name }, branch, ".afk/prompt.md");
      } catch (error) {
        if (statusOf(error) === 404) return null;
        throw githubError(error, `reading .afk/prompt.md of ${repo}`);
      }
    },

    async fetchFacts(repo) {
      try {
        return known(await fetchFacts(client, query, repo));
      } catch (error) {
        if (statusOf(error) === 404)
          return unknown(`GitHub shows the bot no repository ${repo}: is its account invited?`);
        return unknown(messageOf(githubError(error, `reading ${repo}`)));
      }
    },

    async createLabel(repo, label) {
      const { owner, name } = splitRepo(repo);
      try {
        await client.rest.issues.createLabel({ owner, repo: name, ...label });
      } catch (error) {
        // Made by somebody else meanwhile.
        if (statusOf(error) !== 422) throw githubError(error, `making the label ${label.name} in ${repo}`);
      }
    },

    async fetchHead(repo, branch, maxAgeMs) {
      try {
        return known(await heads.fetch(repo, branch, maxAgeMs));
      } catch (error) {
        if (statusOf(error) === 404) return known(null);
        return unknown(messageOf(githubError(error, `reading the branch ${branch} of ${repo}`)));
      }
    },

    async fetchChecks(repo, sha) {
      try {
        return known(await checks.fetch(repo, sha));
      } catch (error) {
        return unknown(messageOf(githubError(error, `reading the checks of ${sha}`)));
      }
    },

    async fetchRunnable(repo, sha, branch, paths) {
      const { owner, name } = splitRepo(repo);
      try {
        const workflows = await fetchWorkflows(client, { owner, repo: name }, sha);
        return known(workflows.some(({ on, broken }) => broken || runsForPush(on, branch, paths)));
      } catch (error) {
        return unknown(messageOf(githubError(error, `reading the workflows of ${sha}`)));
      }
    },

    async fetchFailures(repo, sha) {
      try {
        return known(await fetchFailures(client, repo, sha));
      } catch (error) {
        return unknown(messageOf(githubError(error, `reading what failed on ${sha}`)));
      }
    },

    async rerunFailed(repo, run) {
      const { owner, name } = splitRepo(repo);
      try {
        await client.rest.actions.reRunWorkflowFailedJobs({ owner, repo: name, run_id: run });
      } catch (error) {
        // Under way again already: whoever asked for it.
        if (statusOf(error) !== 403 && statusOf(error) !== 409) throw githubError(error, `running ${run} again`);
      }
    },

    async showIssue(repo, issue, wanted) {
      const { owner, name } = splitRepo(repo);
      const target = { owner, repo: name, issue_number: issue };
      try {
        const remove = async (name: string): Promise<void> => {
          await client.rest.issues.removeLabel({ ...target, name }).catch((error: unknown) => {
            if (statusOf(error) !== 404) throw error;
          });
        };
        for (const label of wanted.remove) await remove(label);
        if (wanted.add.length > 0) await client.rest.issues.addLabels({ ...target, labels: [...wanted.add] });
        if (wanted.reopen) await client.rest.issues.update({ ...target, state: "open" });
        if (wanted.close) await client.rest.issues.update({ ...target, state: "closed", state_reason: "completed" });
        for (const label of wanted.removeLast ?? []) await remove(label);
      } catch (error) {
        throw githubError(error, `showing the state of ${repo}#${issue}`);
      }
    },

    async showComment(repo, issue, { id, marker, body }) {
      const { owner, name } = splitRepo(repo);
      try {
        const found = id ?? (await findComment(repo, issue, marker));
        if (found !== undefined) {
          const edited = await editComment(found);
          if (edited) return found;
        }
        // Never retried blindly: when the answer is lost, the next try finds the comment by its marker.
        const request = { retries: 0 };
        const target = { owner, repo: name, issue_number: issue };
        const { data } = await client.rest.issues.createComment({ ...target, body, request });
        return data.id;
      } catch (error) {
        throw githubError(error, `commenting on ${repo}#${issue}`);
      }

      /** False where somebody deleted it. */
      async function editComment(comment_id: number): Promise<boolean> {
        try {
          await client.rest.issues.updateComment({ owner, repo: name, comment_id, body });
          return true;
        } catch (error) {
          if (statusOf(error) === 404) return false;
          throw error;
        }
      }
    },
  };
}
