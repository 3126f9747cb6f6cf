// GitHub: whether it answers, knows the bot's account, and for how long; then, repo by repo, whether it is fit to be worked
// in and whether the bot may do in it what it does. The one thing that is written is a label as it is: a write without the
// right to is refused, one with it changes nothing.

import type { Config } from "../config.ts";
import { labelsWanted } from "../domain/enrolment.ts";
import type { Labels } from "../domain/policy.ts";
import { type RepoKey, splitRepo } from "../domain/repo.ts";
import { checkRepo } from "../enrol/check.ts";
import { AfkError, messageOf } from "../errors.ts";
import { fetchInTime, githubError } from "../github/client.ts";
import type { GitHubConnection } from "../github/connect.ts";
import type { Clock } from "../ports.ts";
import { type Area, attempt, type Finding, fail, pass, warn } from "./finding.ts";

const DAY_MS = 24 * 60 * 60 * 1000;
const TOKEN = "Make another token, or install the app anew, and put it where the config's github section says.";

export async function checkGitHub({ github }: Config, { client, auth }: GitHubConnection, clock: Clock): Promise<Area> {
  const expiry: Finding[] = [];
  const account = await attempt(
    "account",
    {
      unauthorised: TOKEN,
      otherwise: `See that the bot reaches ${github.apiUrl} (DNS, proxy, NetworkPolicy), and github.apiUrl.`,
    },
    async () => {
      await auth.token();
      const { headers, data } = await client.rest.rateLimit
        .get()
        .catch((error: unknown) => Promise.reject(githubError(error, "asking who we are")));
      const until = headers["github-authentication-token-expiration"];
      if (typeof until === "string") expiry.push(judgeExpiry(until, clock.now()));
      const { remaining, limit } = data.resources.core;
      const { viewer } = await client
        .graphql<{ viewer: { login: string } }>("query { viewer { login } }")
        .catch((error: unknown) => Promise.reject(githubError(error, "asking who we are")));
      return `${viewer.login}, ${remaining} of ${limit} requests left this hour`;
    },
  );
  return { area: "github", findings: [account, ...expiry] };
}

/** As GitHub writes it: `2026-03-01 09:00:00 UTC`, or with an offset. */
function judgeExpiry(text: string, now: number): Finding {
  const at = Date.parse(
    text
      .replace(/^(\S+) (\S+) /, "$1T$2 ")
      .replace(" UTC", "Z")
      .replace(/ ([+-]\d\d)(\d\d)$/, "$1:$2"),
  );
  const days = Math.floor((at - now) / DAY_MS);
  if (Number.isNaN(days)) return warn("expiry", `GitHub says ${text}`, "Look when the token ends.");
  return days < 14 ? warn("expiry", `the token ends in ${days} days`, TOKEN) : pass("expiry", `in ${days} days`);
}

/** Everything that the bot asks of one repo. */
export async function checkRepoAccess(
  repo: RepoKey,
  labels: Labels,
  connection: GitHubConnection,
  clock: Clock,
): Promise<Area> {
  const { github } = connection;
  const seen = await checkRepo(repo, null, { github, labels, clock });
  if (!seen.known) {
    const remedy = `Give the bot's account (or app) access to ${repo}, or take it off the list.`;
    return { area: repo, findings: [fail("repository", seen.why, remedy)] };
  }
  const branch = seen.value.defaultBranch ?? "main";
  return {
    area: repo,
    findings: [
      ...seen.value.checks,
      await checkReading(repo, branch, connection),
      await checkLabelling(repo, labels, connection),
      await checkPushing(repo, connection),
    ],
  };
}

const READS = "Grant the token read access to Issues, Checks, Commit statuses, Actions and Contents of the repo.";

async function checkReading(repo: RepoKey, branch: string, { client }: GitHubConnection): Promise<Finding> {
  const { owner, name } = splitRepo(repo);
  const one = { owner, repo: name, per_page: 1 };
  const reads: Readonly<Record<string, () => Promise<unknown>>> = {
    issues: () => client.rest.issues.listForRepo(one),
    "issue events": () => client.rest.issues.listEventsForRepo(one),
    checks: () => client.rest.checks.listForRef({ ...one, ref: branch }),
    "commit statuses": () => client.rest.repos.listCommitStatusesForRef({ ...one, ref: branch }),
    "workflow runs": () => client.rest.actions.listWorkflowRunsForRepo(one),
  };
  const refused: string[] = [];
  for (const [what, read] of Object.entries(reads)) {
    await read().catch((error: unknown) => refused.push(`${what} (${githubError(error, what).message})`));
  }
  return refused.length === 0
    ? pass("reading", Object.keys(reads).join(", "))
    : fail("reading", `cannot read ${refused.join("; ")}`, READS);
}

/** Writes the first of our labels that is there as it is. */
async function checkLabelling(repo: RepoKey, labels: Labels, { client }: GitHubConnection): Promise<Finding> {
  const { owner, name } = splitRepo(repo);
  const target = { owner, repo: name };
  const remedy = "Give the bot's account the write role, and its token write access to Issues.";
  return await attempt("labelling", { unauthorised: remedy, otherwise: remedy }, async () => {
    const all = await client
      .paginate(client.rest.issues.listLabelsForRepo, { ...target, per_page: 100 })
      .catch((error: unknown) => Promise.reject(githubError(error, "reading the labels")));
    const wanted = labelsWanted(labels).map((label) => label.name.toLowerCase());
    const there = all.find((label) => wanted.includes(label.name.toLowerCase()));
    if (there === undefined) {
      const why = "not tried: the repo has none of the bot's labels yet";
      return warn("labelling", why, `Run \`afk enrol ${repo}\`, which makes them.`);
    }
    await client.rest.issues
      .updateLabel({ ...target, name: there.name, color: there.color, description: there.description ?? "" })
      .catch((error: unknown) => Promise.reject(githubError(error, `writing the label ${there.name}`)));
    return `may write issues and labels (${there.name} was written as it is)`;
  });
}

/** What `git push` asks first; nothing is pushed. */
async function checkPushing(repo: RepoKey, { github, auth }: GitHubConnection): Promise<Finding> {
  const remedy = "Give the bot's account the write role, and its token write access to Contents.";
  return await attempt("pushing", { unauthorised: remedy, otherwise: remedy }, async () => {
    const { cloneUrl } = await github.fetchDefaultBranch(repo);
    const basic = Buffer.from(`x-access-token:${await auth.token()}`).toString("base64");
    const url = `${cloneUrl.replace(/\/$/, "")}/info/refs?service=git-receive-pack`;
    const { status } = await fetchInTime(url, { headers: { authorization: `Basic ${basic}` } }).catch(
      (error: unknown) =>
        Promise.reject(new AfkError("unreachable", `git at ${cloneUrl} does not answer: ${messageOf(error)}`, error)),
    );
    return status === 200 ? "git takes a push" : fail("pushing", `git answers a push with ${status}`, remedy);
  });
}
