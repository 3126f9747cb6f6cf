// The second bell: a notification on phones by ntfy (docs.ntfy.sh/publish), which says that an issue waits for people.
// Whoever knows the topic may read it, so nothing that an agent or a stranger wrote is in it.

import { AfkError, messageOf } from "../errors.ts";
import type { MayAct } from "../leader/fence.ts";

export type Notification = {
  readonly title: string;
  readonly message: string;
  /** What a tap on it opens; absent = nothing. */
  readonly click?: string;
  /** 1 to 5; 3 is the usual one. */
  readonly priority: number;
  readonly tags: readonly string[];
  /** One with the same takes its place on the phone, where server and app know of that: a repeat is no second one. */
  readonly id: string;
};

export type Ntfy = {
  /** Resolves once the server has it. Throws `unauthorised`, `refused` or `unreachable`. */
  notify(notification: Notification): Promise<void>;
};

const TIMEOUT_MS = 10_000;

export function createNtfy(
  { topic, token }: { readonly topic: string; readonly token: string | undefined },
  mayAct: MayAct,
): Ntfy {
  const cut = topic.lastIndexOf("/");
  const server = topic.slice(0, cut + 1);
  const name = decodeURIComponent(topic.slice(cut + 1));

  return {
    async notify({ id, ...notification }) {
      mayAct();
      const answer = await ask(server, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        },
        body: JSON.stringify({ topic: name, ...notification, sequence_id: id }),
        // It would be asked with neither the token nor the body.
        redirect: "manual",
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      await answer.body?.cancel();
      if (answer.ok) return;
      const said = `ntfy answered ${answer.status}`;
      if (answer.status === 401 || answer.status === 403)
        throw new AfkError("unauthorised", `${said}: check ntfy.token, and that it may write to the topic`);
      const away = answer.status === 429 || answer.status >= 500;
      throw new AfkError(away ? "unreachable" : "refused", away ? said : `${said}: check ntfy.topic`);
    },
  };
}

async function ask(url: string, request: RequestInit): Promise<Response> {
  try {
    return await fetch(url, request);
  } catch (error) {
    throw new AfkError("unreachable", `ntfy: ${messageOf(error)}`, error);
  }
}
