// Endpoints as rows of a table: each gets a `Call` and returns an `Answer` or throws a `Refusal`.

import type { z } from "zod";
import { has, roleOf } from "./access.ts";
import { type Answer, type FieldError, forbidden, notFound, Refusal } from "./answers.ts";
import type { Git } from "./git.ts";
import type { Limits } from "./limits.ts";
import type { Issue, Repo, Role, User } from "./model.ts";
import { findIssue, findRenamed, findRepo, type World } from "./world.ts";

export type Call = {
  readonly world: World;
  readonly git: Git;
  readonly limits: Limits;
  readonly token: string;
  readonly caller: User | undefined;
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  readonly body: unknown;
  readonly accept: string;
};

/** A call to a repository that the caller may see. */
export type RepoCall = Call & { readonly repo: Repo };

/** Path in Express's syntax. */
export type Route = {
  readonly method: "get" | "post" | "patch" | "put" | "delete";
  readonly path: string;
  readonly handle: (call: Call) => Answer | Promise<Answer>;
};

/** An endpoint below /repos/:owner/:repo. Without `needed` anyone who may see the repository may call it. */
export function repoRoute(
  method: Route["method"],
  path: string,
  handle: (call: RepoCall) => Answer | Promise<Answer>,
  needed: Role = "read",
): Route {
  return {
    method,
    path: `/repos/:owner/:repo${path}`,
    handle(call) {
      const { owner = "", repo: name = "" } = call.params;
      const repo = findRepo(call.world, owner, name);
      if (repo === undefined) return redirectRenamed(call, findRenamed(call.world, owner, name), method, path);
      if (roleOf(repo, call.caller) === undefined) throw notFound();
      if (method !== "get") requireCaller(call);
      if (!has(repo, call.caller, needed)) throw refusalFor(call, needed);
      if (method !== "get" && repo.archived) throw forbidden("Repository was archived so is read-only.");
      return handle({ ...call, repo });
    },
  };
}

function redirectRenamed(call: Call, repo: Repo | undefined, method: Route["method"], path: string): Answer {
  if (repo === undefined || roleOf(repo, call.caller) === undefined) throw notFound();
  const rest = path.replace(/[:*](\w+)/g, (_, name: string) => encodeURI(call.params[name] ?? ""));
  const query = new URLSearchParams(call.query).toString();
  const location = `${call.world.url}/api/v3/repositories/${repo.id}${rest}${query === "" ? "" : `?${query}`}`;
  const status = method === "get" ? 301 : 307;
  const message = method === "get" ? "Moved Permanently" : "Temporary Redirect";
  const body = { message, url: location, documentation_url: "https://docs.github.com/rest" };
  return { kind: "redirect", status, location, body };
}

function refusalFor(call: Call, needed: Role): Refusal {
  if (call.caller === undefined) return notFound();
  if (call.caller.type === "Bot") return forbidden("Resource not accessible by integration");
  return forbidden(
    needed === "write" ? "Must have push access to repository" : "Must have admin rights to Repository.",
  );
}

/** The user behind the token. 401 for callers without one. */
export function requireCaller(call: Call): User {
  if (call.caller === undefined) throw new Refusal(401, "Requires authentication");
  return call.caller;
}

/** The issue named by the path. 404 for numbers that are none. */
export function issueOf(call: RepoCall, param = "number"): Issue {
  const number = numberParam(call, param);
  const issue = findIssue(call.repo, number);
  if (issue !== undefined) return issue;
  const moved = call.world.movedIssues.get(`${call.repo.id}#${number}`);
  if (moved === undefined) throw notFound();
  if (moved === null) throw new Refusal(410, "This issue was deleted");
  const location = `${call.world.url}/api/v3/repositories/${moved.repo}/issues/${moved.number}`;
  throw new Refusal(301, "Moved Permanently", undefined, { location });
}

export function numberParam(call: Call, param: string): number {
  const text = call.params[param] ?? "";
  if (!/^\d+$/.test(text)) throw notFound();
  return Number(text);
}

/** Parses a request body. 422 in GitHub's shape for what does not fit. */
export function parseBody<Schema extends z.ZodType>(call: Call, resource: string, schema: Schema): z.output<Schema> {
  const body = call.body ?? {};
  if (typeof body !== "object") throw new Refusal(400, "Body should be a JSON object");
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  throw new Refusal(
    422,
    "Validation Failed",
    parsed.error.issues.map((issue): FieldError => {
      const field = String(issue.path[0] ?? "");
      const missing = (body as Record<string, unknown>)[field] === undefined;
      return { resource, field, code: missing ? "missing_field" : "invalid", message: issue.message };
    }),
  );
}

/** A query parameter that must be one of a few words. 422 for others. */
export function choice<Word extends string>(
  call: Call,
  name: string,
  words: readonly Word[],
  fallback: Word,
  resource: string,
): Word {
  const given = call.query[name];
  if (given === undefined || given === "") return fallback;
  const word = words.find((candidate) => candidate === given);
  if (word === undefined) {
    throw new Refusal(422, "Validation Failed", [{ resource, field: name, code: "invalid", value: given }]);
  }
  return word;
}
