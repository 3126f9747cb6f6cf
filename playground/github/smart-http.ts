// git over HTTP: the real `git upload-pack` and `git receive-pack` over the bare repositories, as `git http-backend` starts
// them (which would be two more processes for each request), with GitHub's answers to who may not.

import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createGunzip } from "node:zlib";
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
    const end = await backend(children, served, environment(served, request, extra), request, response);
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

function environment(served: Served, request: IncomingMessage, extra: Record<string, string>): Record<string, string> {
  const { caller } = served;
  return cleanEnvironment({
    GIT_PROTOCOL: String(request.headers["git-protocol"] ?? ""),
    ...(caller === undefined
      ? {}
      : { GIT_COMMITTER_NAME: caller.login, GIT_COMMITTER_EMAIL: `${caller.login}@http.127.0.0.1` }),
    ...extra,
  });
}

/** Streams the request in and the answer out, all but its end: resolves, when git is done, to what ends the answer. */
function backend(
  children: Children,
  { repo, asked }: Served,
  env: Record<string, string>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<() => void> {
  const advertises = asked.path === "/info/refs";
  const service = advertises ? new URLSearchParams(asked.query).get("service") : asked.path.slice(1);
  if (service !== "git-upload-pack" && service !== "git-receive-pack") {
    response.statusCode = 403;
    return Promise.resolve(() => response.end("Please upgrade your git client.\n"));
  }
  return new Promise((resolve, reject) => {
    const how = advertises ? ["--http-backend-info-refs"] : [];
    const args = [service.slice("git-".length), "--stateless-rpc", ...how, repo.gitDir];
    const child = spawn("git", args, { env, stdio: ["pipe", "pipe", "ignore"] });
    children.add(child);
    child.on("error", reject);
    child.stdin.on("error", () => undefined);
    request.on("error", () => child.stdin.destroy());
    request.on("close", () => {
      if (!request.complete) child.stdin.destroy();
    });
    const zipped = /^(x-)?gzip$/.test(request.headers["content-encoding"] ?? "");
    const body = zipped ? request.pipe(createGunzip().on("error", () => child.stdin.destroy())) : request;
    body.pipe(child.stdin);

    let begun = false;
    const begin = (): void => {
      begun = true;
      response.setHeader("cache-control", "no-cache, max-age=0, must-revalidate");
      response.setHeader("content-type", `application/x-${service}-${advertises ? "advertisement" : "result"}`);
      // Of the second protocol the answer itself says what it is.
      if (advertises && !/version=2/.test(env["GIT_PROTOCOL"] ?? "")) response.write(announcement(service));
    };
    child.stdout.on("data", (chunk: Buffer) => {
      if (!begun) begin();
      if (response.destroyed) return;
      if (!response.write(chunk)) child.stdout.pause();
    });
    // A client that reads slowly slows git down; one that has gone does not stop a push that is under way.
    for (const event of ["drain", "close"]) response.on(event, () => child.stdout.resume());
    child.on("close", (code) => {
      if (!begun && code === 0) begin();
      else if (!begun) response.statusCode = 500;
      resolve(() => response.end());
    });
  });
}

/** A packet line and a flush (git-scm.com, "gitprotocol-http"). */
function announcement(service: string): string {
  const line = `# service=${service}\n`;
  return `${(line.length + 4).toString(16).padStart(4, "0")}${line}0000`;
}
