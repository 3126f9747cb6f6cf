// What a person sees of an issue's way, read from the services and never from the bot.

import { commitsOf } from "../github/history.ts";
import { channel, cluster, repo, slackUsers } from "../world/team.ts";
import type { World } from "../world/world.ts";

export type Sight = {
  /** The card's first word, in lower case: `working`, `deployed` …; undefined = no card yet. */
  readonly state: string | undefined;
  readonly card: string | undefined;
  readonly slackRoots: number;
  readonly replies: readonly string[];
  readonly issueClosed: boolean;
  readonly labels: readonly string[];
  /** The progress comment's checklist, as it stands. */
  readonly checklist: readonly { readonly done: boolean; readonly text: string }[];
  /** All that T3 shows, of any issue. */
  readonly sessions: number;
  readonly landedSha: string | undefined;
  /** The landed commit's workflow runs, and the workload with its pods, a line each. */
  readonly deploy: readonly string[];
};

export async function look(world: World, issue: number): Promise<Sight> {
  const seen = world.github.issue(repo, issue);
  const [, viewer] = slackUsers;
  const shown = world.slack.as(viewer.id).messages(channel.id);
  const roots = shown.filter(({ text, threadTs }) => threadTs === undefined && text.includes(`${repo}#${issue} `));
  const card = roots[0];
  const landedSha = await findLanded(world, issue);
  return {
    state: card?.text.split(":")[0]?.toLowerCase(),
    card: card?.text,
    slackRoots: roots.length,
    replies: shown.filter(({ threadTs }) => card !== undefined && threadTs === card.ts).map(({ text }) => text),
    issueClosed: seen.state === "closed",
    labels: seen.labels.map(({ name }) => name),
    checklist: seen.comments.flatMap(({ body }) => checklistOf(body)),
    // The pilot puts its own sessions out of sight when it is done.
    sessions: world.t3.threads().filter(({ archivedAt }) => archivedAt === null).length,
    landedSha,
    deploy: landedSha === undefined ? [] : [...lookAtCi(world, landedSha), ...lookAtCluster(world, landedSha)],
  };
}

function checklistOf(body: string): Sight["checklist"] {
  return [...body.matchAll(/^- \[([ x])\] (.+)$/gm)].map(([, mark, text = ""]) => ({ done: mark === "x", text }));
}

async function findLanded(world: World, issue: number): Promise<string | undefined> {
  return (await commitsFor(world, issue))[0];
}

/** The commits on the default branch that close the issue, newest first. */
export async function commitsFor({ github }: World, issue: number): Promise<readonly string[]> {
  const { defaultBranch, gitDir } = github.repo(repo);
  const commits = await commitsOf(github.git, gitDir, ["-20", defaultBranch]);
  return commits.flatMap(({ message, sha }) => (new RegExp(`^Closes #${issue}$`, "m").test(message) ? [sha] : []));
}

function lookAtCi({ github }: World, sha: string): readonly string[] {
  const runs = github.repo(repo).runs.filter(({ headSha }) => headSha === sha);
  return runs.map(({ name, conclusion, status }) => `CI       ${name}: ${conclusion ?? status}`);
}

/** Only what belongs to the landed commit: before its image is there, the pods are another commit's. */
function lookAtCluster(world: World, sha: string): readonly string[] {
  const workload = world.cluster.snapshot().workloads.find(({ name }) => name === cluster.deployment);
  if (workload === undefined || !workload.images.some((image) => image.endsWith(sha))) return [];
  const { name, desired, updated, available, pods } = workload;
  return [`Cluster  ${name}: ${updated} of ${desired} updated, ${available} available, ${pods.length} in all`];
}
