// Every identity of a run follows from its release, so that a repeat after a crash (even one that lost the journal)
// meets the first try instead of doing its work twice. See docs/decisions/0005-identities.md.

import { hash } from "node:crypto";
import { v5 as uuidv5 } from "uuid";
import { issueKey, type RepoKey } from "./repo.ts";
import type { Release, RunId } from "./run.ts";

/** This project's own namespace for name-based UUIDs (RFC 9562, version 5). */
const NAMESPACE = "5f2b0a53-6d0c-4c1e-9a34-0f6d5a1c7be1";

/** Ten characters of [0-9a-v]: short enough for a branch name, 50 bits of a hash of the release. */
export function runIdOf(repo: RepoKey, issue: number, release: Release): RunId {
  const digest = hash("sha256", `${issueKey(repo, issue)}@${release.eventId}`, "buffer");
  return Array.from(digest.subarray(0, 10), (byte) => (byte & 31).toString(32)).join("");
}

export function branchOf(issue: number, run: RunId): string {
  return `afk/${issue}-${run}`;
}

export function threadIdOf(run: RunId): string {
  return uuidv5(`${run}/thread`, NAMESPACE);
}

export function messageIdOf(run: RunId, turn: number): string {
  return uuidv5(`${run}/message/${turn}`, NAMESPACE);
}

/** `what` names the command within the run; `refusals` counts refused tries of it, as a refused id stays refused. */
export function commandIdOf(run: RunId, what: string, refusals: number): string {
  return uuidv5(`${run}/command/${what}/${refusals}`, NAMESPACE);
}

/** The T3 project of a checkout. Used only where no project has that workspace root yet. */
export function projectIdOf(workspaceRoot: string): string {
  return uuidv5(`project/${workspaceRoot}`, NAMESPACE);
}

/** SHA-256 in hex, to compare what is shown with what should be. */
export function digestOf(value: unknown): string {
  return hash("sha256", typeof value === "string" ? value : JSON.stringify(value));
}
