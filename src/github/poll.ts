// The idle poll's own way to GitHub: one conditional GET over a kept connection, and nothing else. Octokit does ten times
// the work for the same 304 (`npm run bench -- tick`), which counts where a thousand repos are looked at. Whatever is
// neither a plain answer nor a 304 goes through Octokit, with its redirects, retries and errors.

import { Agent as HttpAgent, request as httpRequest } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import type { Answers, KeptAnswer } from "./answers.ts";
import type { GitHubAuth } from "./auth.ts";
import type { Headers, Limits } from "./limits.ts";

const CALL_TIMEOUT_MS = 20_000;
const MOST_BYTES = 8 * 1024 * 1024;

export type Poll = {
  /** What the address says now: kept before or new. Undefined = ask with Octokit. Throws `unreachable` while limited. */
  fetch(url: string): Promise<Pick<KeptAnswer, "text" | "link"> | undefined>;
  close(): void;
};

type Reply = { readonly status: number; readonly headers: Headers; readonly text: string };

export function createPoll(options: {
  readonly auth: GitHubAuth;
  readonly answers: Answers;
  readonly limits: Limits;
}): Poll {
  const { auth, answers, limits } = options;
  const agents = {
    http: new HttpAgent({ keepAlive: true, maxSockets: 10 }),
    https: new HttpsAgent({ keepAlive: true, maxSockets: 10 }),
  };

  return {
    async fetch(url) {
      const kept = answers.get(url);
      limits.check("core");
      const seen = await ask(url, kept?.etag, await auth.token());
      if (seen === undefined) return undefined;
      limits.note("core", seen.status, seen.headers);
      if (seen.status === 304) return kept;
      return seen.status === 200 ? keep(url, seen) : undefined;
    },
    close() {
      agents.http.destroy();
      agents.https.destroy();
    },
  };

  function keep(url: string, { status, headers, text }: Reply): KeptAnswer | undefined {
    const { etag, link } = headers;
    if (typeof etag !== "string" || !String(headers["content-type"]).includes("json")) return undefined;
    // What came in part would be given again with each 304.
    if (!isJson(text)) return undefined;
    const answer: KeptAnswer = { etag, status, url, text, ...(typeof link === "string" ? { link } : {}) };
    answers.set(url, answer);
    return answer;
  }

  function ask(url: string, etag: string | undefined, token: string): Promise<Reply | undefined> {
    return new Promise((resolve) => {
      const secure = url.startsWith("https:");
      const headers = {
        accept: "application/vnd.github.v3+json",
        authorization: `token ${token}`,
        "user-agent": "afk-bot",
        ...(etag === undefined ? {} : { "if-none-match": etag }),
      };
      const agent = secure ? agents.https : agents.http;
      const call = (secure ? httpsRequest : httpRequest)(
        url,
        { agent, headers, timeout: CALL_TIMEOUT_MS },
        (answer) => {
          const chunks: Buffer[] = [];
          let bytes = 0;
          answer.on("data", (chunk: Buffer) => {
            bytes += chunk.length;
            if (bytes > MOST_BYTES) call.destroy();
            else chunks.push(chunk);
          });
          answer.on("end", () => {
            const text = Buffer.concat(chunks).toString("utf8");
            resolve({ status: answer.statusCode ?? 0, headers: answer.headers as Headers, text });
          });
          answer.on("error", () => resolve(undefined));
        },
      );
      call.on("timeout", () => call.destroy());
      call.on("error", () => resolve(undefined));
      call.on("close", () => resolve(undefined));
      call.end();
    });
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
