import type { GitHubClient } from "./client.ts";

type Answer = Awaited<ReturnType<GitHubClient["request"]>>;
type Remembered = { readonly etag: string; readonly answer: Answer };

/** Most answers remembered at once; the least recently used one is forgotten first. */
const MOST = 5_000;

/**
 * Makes every GET of `client` conditional: the last answer's ETag is sent along, and a 304 gives that answer again.
 * An ETag belongs to the token that got it, so the memory lives and dies with the client.
 */
export function rememberAnswers(client: GitHubClient): void {
  const answers = new Map<string, Remembered>();

  client.hook.wrap("request", async (request, options) => {
    if (options.method !== "GET") return await request(options);
    const { url } = client.request.endpoint(options);
    const remembered = answers.get(url);
    if (remembered === undefined) return remember(url, await request(options));
    try {
      const headers = { ...options.headers, "if-none-match": remembered.etag };
      return remember(url, await request({ ...options, headers }));
    } catch (error) {
      if ((error as { status?: number }).status !== 304) throw error;
      answers.delete(url);
      answers.set(url, remembered);
      return remembered.answer;
    }
  });

  function remember(url: string, answer: Answer): Answer {
    const { etag } = answer.headers;
    answers.delete(url);
    if (etag === undefined) return answer;
    answers.set(url, { etag, answer });
    const oldest = answers.keys().next();
    if (answers.size > MOST && !oldest.done) answers.delete(oldest.value);
    return answer;
  }
}
