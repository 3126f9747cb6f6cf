// git over HTTP: the real `git http-backend` over the bare repositories, with GitHub's answers to who may not.

import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { has, roleOf } from "./access.ts";
import { type Children, cleanEnvironment, type Git } from "./git.ts";
import type { Protection, Repo, User } from "./model.ts";
import { afterPush, type RefUpdate } from "./push.ts";
import { findRenamed, findRepo, findUser, fullName, type World } from "./world.ts";

export type GitRequest = {
  readonly owner: string;
  readonly name: string;
  /** `/info/refs`, `/git-upload-pack` or `/git-receive-pack`. */
  readonly path: string;
  readonly query: string;
};

const gitUrl = /^\/([^/]+)\/([^/]+?)(?:\.git)?(\/info\/refs|\/git-upload-pack|\/git-receive-pack)(?:\?(.*))?$/;

export function parseGitUrl(url: string): GitRequest | undefined {
  const match = gitUrl.exec(url);
  if (match === null) return undefined;
  const [, owner = "", name = "", path = "", query = ""] = match;
  return { owner: decodeURIComponent(owner), name: decodeURIComponent(name), path, query };
}

/** Answers one request of a git client, and after a push does what GitHub does after a push. */
export async function serveGit(
  world: World,
  git: Git,
  children: Children,
  asked: GitRequest,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const pushing = asked.path === "/git-receive-pack" || asked.query.includes("service=git-receive-pack");
  const caller = callerOf(world, request);
  if (caller === "bad credentials") return demandLogin(response, "Invalid username or token.");
  const repo = findRepo(world, asked.owner, asked.name);
  if (repo === undefined || roleOf(repo, caller) === undefined) {
    const renamed = findRenamed(world, asked.owner, asked.name);
    if (renamed !== undefined && has(renamed, caller, "read")) return moved(world, renamed, asked, response);
    if (caller === undefined) return demandLogin(response, "Repository not found.");
    return plain(response, 404, "Repository not found.");
  }
  if (!pushing) return runBackend(world, git, children, { repo, caller, asked, pushing }, request, response);
  if (caller === undefined) return demandLogin(response, "No anonymous write access.");
  if (!has(repo, caller, "write")) {
    return plain(response, 403, `Permission to ${fullName(repo)}.git denied to ${caller.login}.`);
  }
  if (repo.archived) return plain(response, 403, "This repository was archived so it is read-only.");
  await runBackend(world, git, children, { repo, caller, asked, pushing }, request, response);
}

/** Basic authentication with the token as the password, or in the place of the user name. */
function callerOf(world: World, request: IncomingMessage): User | undefined | "bad credentials" {
  const header = request.headers.authorization;
  if (header === undefined) return undefined;
  const [scheme = "", value = ""] = header.split(" ");
  const parts = scheme.toLowerCase() === "basic" ? split(Buffer.from(value, "base64").toString()) : [value];
  for (const part of parts) {
    const login = world.tokens.get(part);
    if (login !== undefined) return findUser(world, login);
  }
  return "bad credentials";
}

function split(pair: string): string[] {
  const colon = pair.indexOf(":");
  return colon < 0 ? [pair] : [pair.slice(colon + 1), pair.slice(0, colon)];
}

function demandLogin(response: ServerResponse, text: string): void {
  response.setHeader("www-authenticate", 'Basic realm="GitHub"');
  plain(response, 401, text);
}

function moved(world: World, repo: Repo, asked: GitRequest, response: ServerResponse): void {
  const query = asked.query === "" ? "" : `?${asked.query}`;
  response.setHeader("location", `${world.url}/${fullName(repo)}.git${asked.path}${query}`);
  plain(response, 301, "");
}

function plain(response: ServerResponse, status: number, text: string): void {
  response.statusCode = status;
  response.setHeader("content-type", "text/plain; charset=UTF-8");
  response.end(text === "" ? "" : `${text}\n`);
}

type Served = {
  readonly repo: Repo;
  readonly caller: User | undefined;
  readonly asked: GitRequest;
  readonly pushing: boolean;
};

async function runBackend(
  world: World,
  git: Git,
  children: Children,
  served: Served,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { repo, caller, asked } = served;
  const receives = asked.path === "/git-receive-pack" && caller !== undefined;
  const scratch = receives ? await mkdtemp(join(tmpdir(), "github-push-")) : undefined;
  try {
    const extra = scratch === undefined ? {} : await pushFiles(scratch, repo, caller);
    const end = await backend(children, environment(served, request, extra), request, response);
    if (scratch !== undefined && caller !== undefined) {
      await afterPush(world, git, repo, caller.login, await recorded(scratch));
    }
    end();
  } finally {
    if (scratch !== undefined) await rm(scratch, { recursive: true, force: true });
  }
}

/** The rules that this push must pass and the place where its effects are noted, for the hooks. */
async function pushFiles(scratch: string, repo: Repo, pusher: User | undefined): Promise<Record<string, string>> {
  const lines = [...repo.protections].flatMap(([branch, protection]) =>
    rulesFor(repo, protection, pusher).map((rule) => `refs/heads/${branch}\t${rule.what}\t${rule.sentence}\n`),
  );
  const record = { PUSH_RECORD: join(scratch, "record") };
  if (lines.length === 0) return record;
  await writeFile(join(scratch, "rules"), lines.join(""));
  return { ...record, PUSH_RULES: join(scratch, "rules") };
}

type Rule = { readonly what: "any" | "force" | "delete"; readonly sentence: string };

function rulesFor(repo: Repo, protection: Protection, pusher: User | undefined): Rule[] {
  const rules: Rule[] = [
    { what: "delete", sentence: "Cannot delete a protected branch" },
    { what: "force", sentence: "Cannot force-push to this branch" },
  ];
  if (!protection.enforceAdmins && has(repo, pusher, "admin")) return rules;
  if (protection.restrictedTo !== undefined && !protection.restrictedTo.includes(pusher?.login ?? "")) {
    rules.push({ what: "any", sentence: "You're not authorized to push to this branch." });
  }
  if (protection.requirePullRequest) {
    rules.push({ what: "any", sentence: "Changes must be made through a pull request." });
  }
  for (const check of protection.requiredChecks) {
    rules.push({ what: "any", sentence: `Required status check "${check}" is expected.` });
  }
  return rules;
}

async function recorded(scratch: string): Promise<RefUpdate[]> {
  const text = await readFile(join(scratch, "record"), "utf8").catch(() => "");
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const [before = "", after = "", ref = ""] = line.split(" ");
      return { before, after, ref };
    });
}

/** The CGI variables of `git http-backend`. */
function environment(served: Served, request: IncomingMessage, extra: Record<string, string>): Record<string, string> {
  const { repo, caller, asked } = served;
  const header = (name: string): string => String(request.headers[name] ?? "");
  return cleanEnvironment({
    GIT_PROJECT_ROOT: dirname(repo.gitDir),
    GIT_HTTP_EXPORT_ALL: "1",
    PATH_INFO: `/${basename(repo.gitDir)}${asked.path}`,
    QUERY_STRING: asked.query,
    REQUEST_METHOD: request.method ?? "GET",
    CONTENT_TYPE: header("content-type"),
    ...(request.headers["content-length"] ? { CONTENT_LENGTH: header("content-length") } : {}),
    HTTP_CONTENT_ENCODING: header("content-encoding"),
    GIT_PROTOCOL: header("git-protocol"),
    REMOTE_ADDR: "127.0.0.1",
    ...(caller === undefined ? {} : { REMOTE_USER: caller.login }),
    ...extra,
  });
}

/** Streams the request in and the answer out, all but its end: resolves, when git is done, to what ends the answer. */
function backend(
  children: Children,
  env: Record<string, string>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<() => void> {
  return new Promise((resolve, reject) => {
    const child = spawn("git", ["http-backend"], { env, stdio: ["pipe", "pipe", "ignore"] });
    children.add(child);
    child.on("error", reject);
    child.stdin.on("error", () => undefined);
    request.on("error", () => child.stdin.destroy());
    request.on("close", () => {
      if (!request.complete) child.stdin.destroy();
    });
    request.pipe(child.stdin);

    let head: Buffer | undefined = Buffer.alloc(0);
    child.stdout.on("data", (chunk: Buffer) => {
      const body = head === undefined ? chunk : readHead(chunk);
      if (body === undefined || response.destroyed) return;
      if (!response.write(body)) child.stdout.pause();
    });
    // A client that reads slowly slows git down; one that has gone does not stop a push that is under way.
    for (const event of ["drain", "close"]) response.on(event, () => child.stdout.resume());
    child.on("close", () => {
      if (head !== undefined) response.statusCode = 500;
      resolve(() => response.end());
    });

    function readHead(chunk: Buffer): Buffer | undefined {
      head = Buffer.concat([head ?? Buffer.alloc(0), chunk]);
      const end = head.indexOf("\r\n\r\n");
      if (end < 0) return undefined;
      for (const line of head.subarray(0, end).toString().split("\r\n")) {
        const [name = "", value = ""] = line.split(": ", 2);
        if (name.toLowerCase() === "status") response.statusCode = Number.parseInt(value, 10);
        else response.setHeader(name, value);
      }
      const body = head.subarray(end + 4);
      head = undefined;
      return body.length === 0 ? undefined : body;
    }
  });
}
