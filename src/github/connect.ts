import { join } from "node:path";
import type { Logger } from "pino";
import type { Policy } from "../domain/policy.ts";
import { always, type MayAct } from "../leader/fence.ts";
import type { Clock, GitHub } from "../ports.ts";
import { type Answers, openAnswers } from "./answers.ts";
import { createGitHubAuth, type GitHubAuth, type GitHubCredentials } from "./auth.ts";
import { createGitHubClient, type GitHubClient } from "./client.ts";
import { createGitHub } from "./github.ts";
import { createGraphQuery } from "./graphql.ts";
import { createLimits, type Limits } from "./limits.ts";
import { createPoll } from "./poll.ts";

export type GitHubConnection = {
  readonly github: GitHub;
  readonly client: GitHubClient;
  readonly auth: GitHubAuth;
  readonly limits: Limits;
  readonly answers: Answers;
  /** Keeps the answers for the next start. */
  close(): Promise<void>;
};

const KEEP_EVERY_MS = 30_000;

/** `keepIn` is the state folder for the answers of conditional requests; undefined = kept in memory, for a short command. */
export async function connectGitHub(options: {
  readonly apiUrl: string;
  readonly credentials: GitHubCredentials;
  readonly policy: Pick<Policy, "labels" | "trustedBots" | "watchMs" | "pollMs">;
  readonly keepIn: string | undefined;
  /** Asked before each request that changes something, and before the answers are kept. */
  readonly mayAct?: MayAct;
  readonly clock: Clock;
  readonly log: Logger;
}): Promise<GitHubConnection> {
  const { apiUrl, credentials, policy, keepIn, mayAct = always, clock, log } = options;
  const auth = createGitHubAuth(credentials, apiUrl);
  const limits = createLimits(clock);
  const file = keepIn === undefined ? undefined : join(keepIn, "github-answers.json");
  const answers = await openAnswers({ file, identity: auth.identity, log });
  const client = createGitHubClient({ apiUrl, auth, answers, limits, mayAct, log });
  const poll = createPoll({ auth, answers, limits });
  const github = createGitHub(client, createGraphQuery({ apiUrl, auth, limits }), poll, policy, clock);
  const timer = setInterval(() => void keep(), KEEP_EVERY_MS).unref();

  /** Of several replicas only the one that acts: the others know less. */
  async function keep(): Promise<void> {
    try {
      mayAct();
    } catch {
      return;
    }
    await answers.save();
  }

  return {
    github,
    client,
    auth,
    limits,
    answers,
    async close() {
      clearInterval(timer);
      poll.close();
      await keep();
    },
  };
}
