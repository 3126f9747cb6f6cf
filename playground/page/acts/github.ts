// What the page's people do on GitHub. Who lacks a right is told so, as GitHub's page would not offer it.

import { has, mayCloseIssue } from "../../github/access.ts";
import type { Role } from "../../github/model.ts";
import type { GitHub } from "../../github/server.ts";
import { requireUser } from "../../github/world.ts";
import type { Act, Acted } from "../protocol.ts";

type Do<T extends Act["do"]> = Extract<Act, { do: T }>;
type Place = { readonly github: GitHub; readonly repo: string };

export function file({ github, repo }: Place, { as, title, body }: Do<"github.file">): Acted {
  return { ok: true, number: github.as(as).createIssue(repo, { title, body }).number };
}

export function label({ github, repo }: Place, { as, issue, label: name, on }: Do<"github.label">): Acted {
  const refusal = lacks({ github, repo }, as, "triage", "change labels");
  if (refusal !== undefined) return refusal;
  if (on) github.as(as).label({ repo, number: issue }, name);
  else github.as(as).unlabel({ repo, number: issue }, name);
  return { ok: true };
}

export function comment({ github, repo }: Place, { as, issue, body }: Do<"github.comment">): Acted {
  github.as(as).comment({ repo, number: issue }, body);
  return { ok: true };
}

export function setState({ github, repo }: Place, { as, issue, state }: Do<"github.state">): Acted {
  const number = issue;
  if (!mayCloseIssue(github.repo(repo), github.issue(repo, number), requireUser(github.world, as))) {
    return { ok: false, shown: `${as} may not close or reopen this issue.` };
  }
  if (state === "closed") github.as(as).close({ repo, number });
  else github.as(as).reopen({ repo, number });
  return { ok: true };
}

function lacks({ github, repo }: Place, login: string, role: Role, what: string): Acted | undefined {
  if (has(github.repo(repo), requireUser(github.world, login), role)) return undefined;
  return { ok: false, shown: `${login} may not ${what} here: it takes the ${role} role.` };
}
