// The GitHub port over Octokit. Writes are made so that a repeat is harmless: labels are idempotent by nature, the
// comment is found again by its hidden marker, and closing a closed issue changes nothing.

import { known, unknown } from "../domain/observed.ts";
import { type RepoKey, splitRepo } from "../domain/repo.ts";
import { messageOf } from "../errors.ts";
import type { GitHub } from "../ports.ts";
import { fetchCandidates } from "./candidates.ts";
import { fetchChecks } from "./checks.ts";
import { type GitHubClient, githubError, statusOf } from "./client.ts";

export function createGitHub(client: GitHubClient, readyLabel: string): GitHub {
  async function findComment(repo: RepoKey, issue: number, marker: string): Promise<number | undefined> {
    const { owner, name } = splitRepo(repo);
    const { data: me } = await client.rest.users.getAuthenticated();
    const comments = await client.paginate(client.rest.issues.listComments, {
      owner,
      repo: name,
      issue_number: issue,
      per_page: 100,
    });
    // Only our own: anyone can paste a marker.
    return comments.find((comment) => comment.user?.id === me.id && comment.body?.includes(marker))?.id;
  }

  return {
    async fetchDefaultBranch(repo) {
      const { owner, name } = splitRepo(repo);
      try {
        const { data } = await client.rest.repos.get({ owner, repo: name });
        return { name: data.default_branch, cloneUrl: data.clone_url };
      } catch (error) {
        throw githubError(error, `reading ${repo}`);
      }
    },

    async fetchCandidates(repo) {
      try {
        return known(await fetchCandidates(client, repo, readyLabel));
      } catch (error) {
        return unknown(messageOf(githubError(error, `listing issues of ${repo}`)));
      }
    },

    async fetchChecks(repo, sha) {
      try {
        return known(await fetchChecks(client, repo, sha));
      } catch (error) {
        return unknown(messageOf(githubError(error, `reading the checks of ${sha}`)));
      }
    },

    async showIssue(repo, issue, wanted) {
      const { owner, name } = splitRepo(repo);
      const target = { owner, repo: name, issue_number: issue };
      try {
        for (const label of wanted.remove) {
          await client.rest.issues.removeLabel({ ...target, name: label }).catch((error: unknown) => {
            if (statusOf(error) !== 404) throw error;
          });
        }
        if (wanted.add.length > 0) await client.rest.issues.addLabels({ ...target, labels: [...wanted.add] });
        if (wanted.close) await client.rest.issues.update({ ...target, state: "closed", state_reason: "completed" });
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
