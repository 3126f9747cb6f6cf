import { retry } from "@octokit/plugin-retry";
import { Octokit } from "@octokit/rest";
import { AfkError } from "../errors.ts";
import type { GitHubAuth } from "./auth.ts";
import { fetchInTime } from "./client.ts";
import type { Headers, Limits } from "./limits.ts";

/** Reads over GraphQL. Throws Octokit's error, or `unreachable` while a limit is in force. */
export type GraphQuery = (query: string, variables: Readonly<Record<string, unknown>>) => Promise<unknown>;

/**
 * A client of its own: the throttling plugin holds every POST for a second, as it takes them for writes, and these are
 * reads of one point each.
 */
export function createGraphQuery(options: {
  readonly apiUrl: string;
  readonly auth: GitHubAuth;
  readonly limits: Limits;
}): GraphQuery {
  const { apiUrl, auth, limits } = options;
  const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
  const client = new (Octokit.plugin(retry))({
    baseUrl: apiUrl,
    userAgent: "afk-bot",
    log,
    retry: { retries: 2 },
    request: { fetch: fetchInTime },
  });
  client.hook.wrap("request", async (request, asked) => {
    limits.check("graphql");
    asked.headers.authorization = `token ${await auth.token()}`;
    try {
      const answer = await request(asked);
      limits.note("graphql", isUsedUp(answer.data) ? 403 : answer.status, answer.headers);
      return answer;
    } catch (error) {
      if (error instanceof AfkError) throw error;
      const { status = 0, response } = error as { status?: number; response?: { headers?: Headers } };
      limits.note("graphql", status, response?.headers ?? {});
      throw error;
    }
  });
  return (query, variables) => client.graphql(query, { ...variables });
}

/** An exhausted quota comes with status 200. */
function isUsedUp(data: unknown): boolean {
  const errors = (data as { errors?: readonly { readonly type?: string }[] } | null)?.errors;
  return errors?.some(({ type }) => type === "RATE_LIMITED") ?? false;
}
