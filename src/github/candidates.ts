// Released issues with what their gates ask. A poll is one conditional list request; details are read only of issues on
// that list, and what only a change of the issue can change is read again only then. What a dispatch goes by is read
// anew (`fetchIssue`): a cache decides what to look at, never what to start.

import type { Candidate, EditSeen, Permission, TrustedComment } from "../domain/evidence.ts";
import { digestOf } from "../domain/ids.ts";
import { known, type Observed, unknown } from "../domain/observed.ts";
import type { Labels } from "../domain/policy.ts";
import { type RepoKey, splitRepo } from "../domain/repo.ts";
import { isTrusted, trusted } from "../domain/trust.ts";
import { messageOf } from "../errors.ts";
import { type Access, createAccess } from "./access.ts";
import { fetchBlockers } from "./blockers.ts";
import type { GitHubClient } from "./client.ts";
import { bodyEditsSince, fetchTexts, TEXTS_PER_QUERY, type TextSeen } from "./edits.ts";
import { fetchHistory, type History } from "./events.ts";
import type { GraphQuery } from "./graphql.ts";
import type { Poll } from "./poll.ts";

export type Reader = {
  readonly client: GitHubClient;
  readonly query: GraphQuery;
  readonly poll: Poll;
  readonly labels: Labels;
  readonly trustedBots: readonly string[];
  readonly details: DetailCache;
  /** The list's address by repo: making one takes Octokit longer than the bot needs for the answer. */
  readonly urls: Map<RepoKey, string>;
};

/** Details by `owner/name#number`, valid for one reading of the issue. */
export type DetailCache = Map<string, Details>;
type Details = { readonly digest: string; readonly history: Observed<History>; readonly text: Observed<TextSeen> };

const MOST_CACHED = 5_000;

/** What both the list and the single issue give. */
export type RestIssue = {
  readonly number: number;
  readonly title: string;
  readonly body?: string | null | undefined;
  readonly html_url: string;
  readonly state: string;
  readonly updated_at: string;
  readonly labels: readonly (string | { readonly name?: string | undefined })[];
  readonly pull_request?: unknown;
  readonly issue_dependencies_summary?: { readonly total_blocked_by: number } | undefined;
};

/** Open issues with the ready label. Throws where the list cannot be read. */
export async function fetchCandidates(reader: Reader, repo: RepoKey): Promise<readonly Candidate[]> {
  const { client, labels } = reader;
  const listed = await fetchReleased(reader, repo);
  if (listed.length === 0) return [];
  const issues = listed.filter((issue) => issue.pull_request === undefined);
  const waiting = issues.filter((issue) => !isHeld(issue, labels));
  const details = await readDetails(reader, repo, waiting, false);
  const access = createAccess(client, repo);
  const heldUp = unknown("not read: the issue's labels hold it");
  return await Promise.all(
    issues.map(async (issue): Promise<Candidate> => {
      const seen = details.get(issue.number);
      if (seen !== undefined) return await assemble(reader, repo, issue, seen, access);
      return { ...plain(issue), release: heldUp, permission: heldUp, edits: heldUp, blockers: heldUp };
    }),
  );
}

async function fetchReleased({ client, labels, poll, urls }: Reader, repo: RepoKey): Promise<readonly RestIssue[]> {
  const { owner, name } = splitRepo(repo);
  const asked = { owner, repo: name, state: "open", labels: labels.ready, per_page: 100 } as const;
  const url = urls.get(repo) ?? client.rest.issues.listForRepo.endpoint(asked).url;
  urls.set(repo, url);
  const seen = await poll.fetch(url);
  if (seen?.text === "[]") return [];
  // A list of several pages is asked for page by page.
  if (seen !== undefined && seen.link === undefined) return JSON.parse(seen.text) as readonly RestIssue[];
  return await client.paginate(client.rest.issues.listForRepo, asked);
}

/** One issue with everything, nothing of it from the cache. */
export async function readIssue(reader: Reader, repo: RepoKey, issue: RestIssue): Promise<Candidate> {
  const details = await readDetails(reader, repo, [issue], true);
  const seen = details.get(issue.number);
  if (seen === undefined) throw new Error(`no details of #${issue.number}`);
  return await assemble(reader, repo, issue, seen, createAccess(reader.client, repo), true);
}

/** Comments by people who may write to the repo and by listed bots, oldest first; never the bot's own. */
export async function fetchTrustedComments(
  { client, trustedBots }: Reader,
  repo: RepoKey,
  number: number,
  ownId: number,
): Promise<readonly TrustedComment[]> {
  const { owner, name } = splitRepo(repo);
  const comments = await client.paginate(client.rest.issues.listComments, {
    owner,
    repo: name,
    issue_number: number,
    per_page: 100,
  });
  const access = createAccess(client, repo);
  const judged = await Promise.all(
    comments.map(async ({ id, user, body = "", created_at }) => {
      if (user === null || user.id === ownId) return [];
      const permission = await access(user.login);
      // An unknown permission is no reason to leave out what may matter: the caller comes back.
      if (!permission.known && !user.login.endsWith("[bot]"))
        throw new Error(`permission of ${user.login}: ${permission.why}`);
      if (!isTrusted(user.login, permission, trustedBots)) return [];
      return [{ id, author: user.login, at: Date.parse(created_at), body }];
    }),
  );
  return judged.flat();
}

async function readDetails(
  reader: Reader,
  repo: RepoKey,
  issues: readonly RestIssue[],
  anew: boolean,
): Promise<ReadonlyMap<number, Details>> {
  const { client, details: cache, labels } = reader;
  const out = new Map<number, Details>();
  const stale: RestIssue[] = [];
  for (const issue of issues) {
    const found = anew ? undefined : cache.get(`${repo}#${issue.number}`);
    if (found?.digest === digestOfIssue(issue)) out.set(issue.number, found);
    else stale.push(issue);
  }
  for (let from = 0; from < stale.length; from += TEXTS_PER_QUERY) {
    const some = stale.slice(from, from + TEXTS_PER_QUERY);
    const texts = await observe(() =>
      fetchTexts(
        reader.query,
        repo,
        some.map(({ number }) => number),
      ),
    );
    await Promise.all(
      some.map(async (issue) => {
        const text = texts.known ? texts.value.get(issue.number) : undefined;
        const details: Details = {
          digest: digestOfIssue(issue),
          history: await observe(() => fetchHistory(client, repo, issue.number, labels.ready)),
          text: text === undefined ? unknown(texts.known ? "GitHub does not show it" : texts.why) : known(text),
        };
        out.set(issue.number, details);
        remember(cache, `${repo}#${issue.number}`, details);
      }),
    );
  }
  return out;
}

/** Only what was read whole is remembered. */
function remember(cache: DetailCache, key: string, details: Details): void {
  cache.delete(key);
  if (!details.history.known || !details.text.known) return;
  cache.set(key, details);
  const oldest = cache.keys().next();
  if (cache.size > MOST_CACHED && !oldest.done) cache.delete(oldest.value);
}

/** GitHub's `updated_at` has whole seconds, so what two changes within one can differ in is in the digest too. */
function digestOfIssue(issue: RestIssue): string {
  return digestOf([issue.updated_at, issue.title, issue.body, labelsOf(issue)]);
}

async function assemble(
  { client, trustedBots }: Reader,
  repo: RepoKey,
  issue: RestIssue,
  { history, text }: Details,
  access: Access,
  always = false,
): Promise<Candidate> {
  const release: Candidate["release"] = history.known ? known(history.value.release) : history;
  const actor = release.known && release.value !== null && !release.value.byBot ? release.value.actor : undefined;
  const permission: Observed<Permission> = actor === undefined ? unknown("no person released it") : await access(actor);
  const base: Candidate = {
    ...plain(issue),
    // Of the reading that the edits come with. Without one the gate does not pass.
    ...(text.known ? { title: text.value.title, body: text.value.body } : {}),
    release,
    permission,
    edits: unknown("not read: the label is not trusted"),
    blockers: unknown("not read: the label is not trusted"),
  };
  // What a stranger wrote is not worth a request each; a person who asks why gets it all.
  if (!always && !trusted(base, trustedBots).pass) return base;
  const dependencies = issue.issue_dependencies_summary?.total_blocked_by ?? null;
  const [edits, blockers] = await Promise.all([
    judgeEdits(history, text, access),
    observe(() =>
      fetchBlockers(client, repo, { number: issue.number, body: base.body, url: issue.html_url, dependencies }),
    ),
  ]);
  return { ...base, edits, blockers };
}

async function judgeEdits(
  history: Observed<History>,
  text: Observed<TextSeen>,
  access: Access,
): Promise<Observed<readonly EditSeen[]>> {
  if (!history.known) return history;
  if (!text.known) return text;
  const { release, changes } = history.value;
  if (release === null) return unknown("no release to compare with");
  const body = bodyEditsSince(text.value, release.at);
  if (body === undefined) return unknown("there are more edits than GitHub lists at once");
  return known(
    await Promise.all(
      [...changes, ...body].map(async (edit) => {
        const permission = edit.editor === null ? unknown("GitHub names nobody") : await access(edit.editor);
        return { ...edit, permission };
      }),
    ),
  );
}

function plain(issue: RestIssue): Pick<Candidate, "number" | "title" | "body" | "url" | "state" | "labels"> {
  return {
    number: issue.number,
    title: issue.title,
    body: issue.body ?? "",
    url: issue.html_url,
    state: issue.state === "open" ? "open" : "closed",
    labels: labelsOf(issue),
  };
}

function labelsOf(issue: RestIssue): readonly string[] {
  return issue.labels.flatMap((label) => (typeof label === "string" ? label : (label.name ?? [])));
}

/** Labels that keep an issue from starting whatever else holds. */
function isHeld(issue: RestIssue, labels: Labels): boolean {
  const held = [labels.human.toLowerCase(), labels.running.toLowerCase()];
  return labelsOf(issue).some((label) => held.includes(label.toLowerCase()));
}

async function observe<T>(read: () => Promise<T>): Promise<Observed<T>> {
  try {
    return known(await read());
  } catch (error) {
    return unknown(messageOf(error));
  }
}
