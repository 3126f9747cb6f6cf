// Who edited an issue's body, and when: only GraphQL says. Title and body come with it, so that what is pinned is of the
// very reading that the edits were judged by.

import { z } from "zod";
import type { EditSeen } from "../domain/evidence.ts";
import { type RepoKey, splitRepo } from "../domain/repo.ts";
import { AfkError } from "../errors.ts";
import type { GraphQuery } from "./graphql.ts";

const time = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));
const actor = z.object({ __typename: z.string(), login: z.string() }).nullable();

const issueSchema = z.object({
  title: z.string(),
  body: z.string(),
  createdAt: time,
  lastEditedAt: time.nullable(),
  editor: actor,
  includesCreatedEdit: z.boolean(),
  userContentEdits: z
    .object({
      pageInfo: z.object({ hasNextPage: z.boolean() }),
      nodes: z.array(z.object({ editedAt: time, editor: actor }).nullable()).nullable(),
    })
    .nullable(),
});
const answerSchema = z.object({ repository: z.record(z.string(), issueSchema.nullable()).nullable() });

/** The text of an issue and the edits of its body, newest first. */
export type TextSeen = {
  readonly title: string;
  readonly body: string;
  readonly edits: readonly { readonly editor: string | null; readonly at: number }[];
  /** False where there are more edits than were read, all of them older than the last one here. */
  readonly complete: boolean;
};

/** Most issues of one query: far below GitHub's limit of nodes, and one point of quota. */
export const TEXTS_PER_QUERY = 20;
const EDITS = 50;

const fields = `{
  title body createdAt lastEditedAt includesCreatedEdit editor { __typename login }
  userContentEdits(first: ${EDITS}) { pageInfo { hasNextPage } nodes { editedAt editor { __typename login } } }
}`;

/** Texts by issue number; an issue that is not there has none. Throws where GraphQL fails or answers otherwise. */
export async function fetchTexts(
  query: GraphQuery,
  repo: RepoKey,
  numbers: readonly number[],
): Promise<ReadonlyMap<number, TextSeen>> {
  const { owner, name } = splitRepo(repo);
  const issues = numbers.map((number) => `i${Math.trunc(number)}: issue(number: ${Math.trunc(number)}) ${fields}`);
  const text = `query($owner: String!, $name: String!) { repository(owner: $owner, name: $name) { ${issues.join("\n")} } }`;
  const parsed = answerSchema.safeParse(await query(text, { owner, name }));
  if (!parsed.success) {
    throw new AfkError(
      "invalid",
      `GitHub's GraphQL answers otherwise than described: ${parsed.error.issues[0]?.message}`,
    );
  }
  return new Map(
    Object.entries(parsed.data.repository ?? {}).flatMap(([alias, issue]) =>
      issue === null ? [] : [[Number(alias.slice(1)), textOf(issue)] as const],
    ),
  );
}

function textOf(issue: z.infer<typeof issueSchema>): TextSeen {
  const all = (issue.userContentEdits?.nodes ?? []).flatMap((node) =>
    node === null ? [] : [{ editor: loginOf(node.editor), at: node.editedAt }],
  );
  const complete = issue.userContentEdits !== null && !issue.userContentEdits.pageInfo.hasNextPage;
  // The oldest entry of a complete list is the text as it was written first: no edit.
  const edits = complete && issue.includesCreatedEdit ? all.slice(0, -1) : all;
  const listed = edits.some(({ at }) => at === issue.lastEditedAt);
  // An edit that its author took out of the history is still an edit.
  const last = issue.lastEditedAt === null || listed ? [] : [{ editor: loginOf(issue.editor), at: issue.lastEditedAt }];
  return { title: issue.title, body: issue.body, edits: [...last, ...edits], complete };
}

/** As REST writes it: an app's login with `[bot]`. */
function loginOf(seen: z.infer<typeof actor>): string | null {
  if (seen === null) return null;
  return seen.__typename === "Bot" && !seen.login.endsWith("[bot]") ? `${seen.login}[bot]` : seen.login;
}

/**
 * The edits of the body since `releasedAt`. GitHub gives whole seconds: an edit in the second of the label may be of
 * before or after, and counts as after.
 */
export function bodyEditsSince(
  text: TextSeen,
  releasedAt: number,
): readonly Omit<EditSeen, "permission">[] | undefined {
  const since = text.edits.filter(({ at }) => at >= releasedAt);
  if (!text.complete && since.length === text.edits.length) return undefined;
  return since.map((edit) => ({ what: "body" as const, ...edit }));
}
