import type { RepoKey } from "../src/domain/repo.ts";
import type { SlackText } from "../src/ports.ts";
import { refusal } from "../views/refusal.ts";
import type { Handler, HandlerContext } from "./context.ts";

/** Why the person may not, for them to read; undefined = they may. By the rights of now; of a repo, its owners may too. */
export async function forbidden(
  user: string,
  repo: RepoKey | undefined,
  { rights }: Pick<HandlerContext, "rights">,
): Promise<SlackText | undefined> {
  const may = await rights.mayResolve(user, repo);
  return may.is === "yes" ? undefined : refusal(may);
}

/** Lets operators through; anyone else is told who may. */
export function operatorsOnly(handler: Handler): Handler {
  return async (press, context) => (await forbidden(press.user, undefined, context)) ?? (await handler(press, context));
}
