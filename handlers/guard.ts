import type { RepoKey } from "../src/domain/repo.ts";
import type { SlackText } from "../src/ports.ts";
import { refusal } from "../views/refusal.ts";
import type { Handler, HandlerContext } from "./context.ts";

type Try = { readonly id: string; readonly user: string; readonly what: string };

/**
 * Why the person may not, for them to read; undefined = they may. By the rights of now; of a repo, its owners may too.
 * That somebody tried is in the audit.
 */
export async function forbidden(
  { id, user, what }: Try,
  repo: RepoKey | undefined,
  { rights, audit, clock }: Pick<HandlerContext, "rights" | "audit" | "clock">,
): Promise<SlackText | undefined> {
  const may = await rights.mayResolve(user, repo);
  if (may.is === "yes") return undefined;
  const by = { slack: user, github: rights.githubOf(user) };
  const nothing = { words: "", via: null, run: null, from: null, to: null };
  const note = may.is === "no" ? "not an operator" : may.why;
  await audit.add([{ v: 1, at: clock.now(), by, outcome: "denied", what, id, issue: repo ?? null, note, ...nothing }]);
  return refusal(may);
}

/** Lets operators through; anyone else is told who may. */
export function operatorsOnly(what: string, handler: Handler): Handler {
  return async (press, context) =>
    (await forbidden({ ...press, what }, undefined, context)) ?? (await handler(press, context));
}
