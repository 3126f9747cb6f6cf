// Whose rights the bot has on GitHub: a personal access token, or an app's installation, whose token changes each hour.
// Everyone who talks to GitHub, git included, asks for the token anew and keeps none.

import { createAppAuth } from "@octokit/auth-app";
import { Octokit } from "@octokit/rest";
import { digestOf } from "../domain/ids.ts";
import { AfkError, messageOf } from "../errors.ts";

export type GitHubCredentials =
  | { readonly kind: "token"; readonly token: string }
  | {
      readonly kind: "app";
      readonly appId: number;
      readonly installationId: number;
      /** PEM. */
      readonly privateKey: string;
    };

export type GitHubAuth = {
  /** The same for as long as it is the same account with the same rights; tells nothing of the secret. */
  readonly identity: string;
  /** The token to use now. Throws `unauthorised` where the app's key is refused, `unreachable` where GitHub is away. */
  token(): Promise<string>;
};

export function createGitHubAuth(credentials: GitHubCredentials, apiUrl: string): GitHubAuth {
  if (credentials.kind === "token") {
    const { token } = credentials;
    return { identity: digestOf(`${apiUrl} token ${token}`), token: async () => token };
  }
  const { appId, installationId, privateKey } = credentials;
  const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
  const { request } = new Octokit({ baseUrl: apiUrl, log });
  const app = createAppAuth({ appId, installationId, privateKey, request, log });
  return {
    identity: digestOf(`${apiUrl} app ${appId} installation ${installationId}`),
    async token() {
      try {
        // Kept until shortly before it ends, then fetched anew: that is auth-app's own cache.
        return (await app({ type: "installation" })).token;
      } catch (error) {
        const refused = typeof (error as { status?: unknown }).status === "number";
        const text = `GitHub gives app ${appId} no token for installation ${installationId}: ${messageOf(error)}`;
        throw new AfkError(refused ? "unauthorised" : "unreachable", text, error);
      }
    },
  };
}
