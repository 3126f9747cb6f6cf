import { AfkError } from "../errors.ts";
import type { Answers, KeptAnswer } from "./answers.ts";
import type { GitHubAuth } from "./auth.ts";
import type { GitHubClient } from "./client.ts";
import type { Bucket, Headers, Limits } from "./limits.ts";

type Answer = Awaited<ReturnType<GitHubClient["request"]>>;

/**
 * Makes every GET of `client` conditional: the kept answer's ETag is sent along, and a 304, which costs no quota, gives
 * that answer again. Every request carries the token of now and is held back while a rate limit is in force.
 */
export function makeConditional(client: GitHubClient, auth: GitHubAuth, answers: Answers, limits: Limits): void {
  client.hook.wrap("request", async (request, options) => {
    const bucket = bucketOf(options.url);
    limits.check(bucket);
    // In place: of several hooks around a request, each is given the same options, not what the outer one passes on.
    options.headers.authorization = `token ${await auth.token()}`;
    const url = options.method === "GET" ? client.request.endpoint(options).url : undefined;
    const kept = url === undefined ? undefined : answers.get(url);
    try {
      if (kept !== undefined) options.headers["if-none-match"] = kept.etag;
      const answer = await request(options);
      limits.note(bucket, answer.status, answer.headers);
      requireWhole(answer);
      if (url !== undefined) keep(url, answer);
      return answer;
    } catch (error) {
      if (error instanceof AfkError) throw error;
      const { status = 0, response } = error as { status?: number; response?: { headers?: Headers } };
      limits.note(bucket, status, response?.headers ?? {});
      if (status === 304 && kept !== undefined) return again(kept, response?.headers ?? {});
      if (url !== undefined && (status === 404 || status === 410)) answers.delete(url);
      throw error;
    }
  });

  function keep(url: string, answer: Answer): void {
    const { etag, link } = answer.headers;
    if (etag === undefined || answer.status !== 200 || !isJson(answer)) {
      answers.delete(url);
      return;
    }
    answers.set(url, {
      etag,
      status: answer.status,
      url: answer.url,
      ...(link === undefined ? {} : { link }),
      text: JSON.stringify(answer.data),
    });
  }
}

export function bucketOf(url: string): Bucket {
  return url.endsWith("/graphql") ? "graphql" : "core";
}

/**
 * Octokit gives JSON that it cannot parse, or of which a part never came, as text: no word that anything was done. A redirect
 * says all in its headers, whatever type it gives its body.
 */
function requireWhole(answer: Answer): void {
  const isRedirect = (answer.status as number) >= 300;
  if (!isRedirect && isJson(answer) && typeof answer.data === "string") {
    throw new AfkError("unreachable", `GitHub's answer of ${answer.url} is broken off.`);
  }
}

function isJson({ headers }: Answer): boolean {
  return /^application\/json\b/.test(String(headers["content-type"]));
}

function again({ status, url, link, etag, text }: KeptAnswer, headers: Headers): Answer {
  const shown = { ...headers, etag, ...(link === undefined ? {} : { link }) };
  return { status, url, headers: shown, data: JSON.parse(text) as unknown } as Answer;
}
