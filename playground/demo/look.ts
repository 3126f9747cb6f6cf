// What a person sees of an issue's way, read from the services themselves and never from the bot.

import { Octokit } from "@octokit/rest";
import type { WorldAddresses } from "../world/process.ts";
import { channel, cluster, repo, tokens } from "../world/team.ts";
import type { Stage } from "./stage.ts";

const [owner = "", name = ""] = repo.split("/");

export type Sight = {
  /** The card's first word, in lower case: `working`, `deployed` …; undefined = no card yet. */
  readonly state: string | undefined;
  readonly card: string | undefined;
  readonly slackRoots: number;
  readonly replies: readonly string[];
  readonly issueClosed: boolean;
  readonly labels: readonly string[];
  /** The progress comment's checklist, ticked lines first as they stand. */
  readonly checklist: readonly { readonly done: boolean; readonly text: string }[];
  readonly sessions: number;
  readonly landedSha: string | undefined;
  /** The landed commit's workflow runs, and the workload with its pods, a line each. */
  readonly deploy: readonly string[];
};

export type Eyes = {
  createIssue(title: string, body: string): Promise<{ readonly number: number; readonly url: string }>;
  label(issue: number, label: string): Promise<void>;
  look(issue: number): Promise<Sight>;
};

/** The maintainer's hands and eyes. */
export function openEyes({ world, messages }: Stage): Eyes {
  const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
  const github = new Octokit({ baseUrl: world.githubApiUrl, auth: tokens.githubMaintainer, log });

  return {
    async createIssue(title, body) {
      const { data } = await github.rest.issues.create({ owner, repo: name, title, body });
      return { number: data.number, url: data.html_url };
    },
    async label(issue, label) {
      await github.rest.issues.addLabels({ owner, repo: name, issue_number: issue, labels: [label] });
    },
    async look(issue) {
      const target = { owner, repo: name, issue_number: issue };
      const [{ data: seen }, { data: comments }, shown, sessions, landedSha] = await Promise.all([
        github.rest.issues.get(target),
        github.rest.issues.listComments(target),
        messages(channel.id),
        countSessions(world),
        findLanded(github, issue),
      ]);
      const roots = shown.filter(({ text, threadTs }) => threadTs === undefined && text.includes(`${repo}#${issue} `));
      const card = roots[0];
      const thread = shown.filter(({ threadTs }) => card !== undefined && threadTs === card.ts);
      return {
        state: card?.text.split(":")[0]?.toLowerCase(),
        card: card?.text,
        slackRoots: roots.length,
        replies: thread.map(({ text }) => text),
        issueClosed: seen.state === "closed",
        labels: seen.labels.flatMap((label) => (typeof label === "string" ? label : (label.name ?? []))),
        checklist: comments.flatMap(({ body = "" }) => checklistOf(body)),
        sessions,
        landedSha,
        deploy:
          landedSha === undefined
            ? []
            : [...(await lookAtCi(github, landedSha)), ...(await lookAtCluster(world, landedSha))],
      };
    },
  };
}

function checklistOf(body: string): Sight["checklist"] {
  return [...body.matchAll(/^- \[([ x])\] (.+)$/gm)].map(([, mark, text = ""]) => ({ done: mark === "x", text }));
}

async function countSessions(world: WorldAddresses): Promise<number> {
  const response = await fetch(`${world.t3Url}/api/orchestration/snapshot`, {
    headers: { authorization: `Bearer ${world.t3Token}` },
  });
  const { threads } = (await response.json()) as { threads: readonly { readonly archivedAt: string | null }[] };
  // The pilot puts its own sessions out of sight when it is done.
  return threads.filter(({ archivedAt }) => archivedAt === null).length;
}

async function lookAtCi(github: Octokit, head_sha: string): Promise<readonly string[]> {
  const { data } = await github.rest.actions.listWorkflowRunsForRepo({ owner, repo: name, head_sha });
  return data.workflow_runs.map((run) => `CI       ${run.name}: ${run.conclusion ?? run.status}`);
}

/** Only what belongs to the landed commit: before its image is there, the pods are another commit's. */
async function lookAtCluster(world: WorldAddresses, sha: string): Promise<readonly string[]> {
  const { namespace, deployment } = cluster;
  const response = await fetch(`${world.clusterUrl}/apis/apps/v1/namespaces/${namespace}/deployments/${deployment}`, {
    headers: { authorization: `Bearer ${tokens.clusterBot}` },
  });
  const { spec, status } = (await response.json()) as Deployment;
  const image = spec.template.spec.containers[0]?.image ?? "";
  if (!image.endsWith(sha)) return [];
  const { replicas = 0, updatedReplicas = 0, availableReplicas = 0 } = status;
  return [
    `Cluster  ${deployment}: ${updatedReplicas} of ${spec.replicas} updated, ${availableReplicas} available, ${replicas} in all`,
  ];
}

type Deployment = {
  readonly spec: {
    readonly replicas: number;
    readonly template: { readonly spec: { readonly containers: readonly { readonly image: string }[] } };
  };
  readonly status: {
    readonly replicas?: number;
    readonly updatedReplicas?: number;
    readonly availableReplicas?: number;
  };
};

async function findLanded(github: Octokit, issue: number): Promise<string | undefined> {
  const { data } = await github.rest.repos.listCommits({ owner, repo: name, per_page: 20 });
  return data.find(({ commit }) => new RegExp(`^Closes #${issue}$`, "m").test(commit.message))?.sha;
}
