// Whose word counts. Labelling takes no more than the triage role, and an issue's author may edit it for ever: so the
// label alone says nothing, and who applied it, what they may do now, and what was changed since must all be known.

import type { Candidate, Permission } from "./evidence.ts";
import type { Gate } from "./gate.ts";
import { fail, pass } from "./gate.ts";
import type { Observed } from "./observed.ts";

/** Whether the permission lets someone release work and steer it: what lets them push as well. */
function mayRelease(permission: Permission): boolean {
  return permission === "admin" || permission === "maintain" || permission === "write";
}

/** Only an app's login ends in `[bot]`: nobody can take such a name, so a person called like a listed bot is none. */
function isListedBot(login: string, trustedBots: readonly string[]): boolean {
  const name = appName(login);
  return name !== undefined && trustedBots.some((bot) => (appName(bot) ?? bot.toLowerCase()) === name);
}

function appName(login: string): string | undefined {
  return /^(.+)\[bot\]$/.exec(login.toLowerCase())?.[1];
}

/** Who applied the label: a person with write access now, or a listed bot. */
export function trusted(candidate: Candidate, trustedBots: readonly string[]): Gate {
  const { release, permission } = candidate;
  if (!release.known) return fail("trust", `cannot tell who applied the label: ${release.why}`);
  if (release.value === null) {
    return fail("trust", "GitHub names nobody who applied the label: remove it and add it again");
  }
  const { actor, byBot } = release.value;
  if (byBot) {
    return isListedBot(actor, trustedBots)
      ? pass("trust", `labelled by the listed bot ${actor}`)
      : fail("trust", `labelled by the bot ${actor}, which is not listed in policy.trustedBots`);
  }
  if (!permission.known) return fail("trust", `cannot read ${actor}'s permission: ${permission.why}`);
  const says = `labelled by ${actor}, who has ${permission.value} on the repo`;
  return mayRelease(permission.value) ? pass("trust", says) : fail("trust", `${says}: write is needed`);
}

/** The text is still the one that was released, or was changed only by people who could have released it. */
export function unedited(candidate: Candidate, trustedBots: readonly string[]): Gate {
  const { edits, release } = candidate;
  if (!release.known || release.value === null) return fail("unedited", "no release to compare the text with");
  if (!edits.known) return fail("unedited", `cannot tell whether the text was edited since: ${edits.why}`);
  const moved = edits.value.find((edit) => edit.what === "repository");
  if (moved !== undefined) {
    return fail("unedited", "the issue came from another repository after it was labelled: label it anew here");
  }
  const foreign = edits.value.find((edit) => !isTrusted(edit.editor, edit.permission, trustedBots));
  if (foreign === undefined) {
    const count = edits.value.length;
    return pass("unedited", count === 0 ? "not edited since the label" : `${count} edits since, all by trusted people`);
  }
  const { what, editor, at, permission } = foreign;
  const rights = permission.known ? `has ${permission.value}` : `may do is unknown: ${permission.why}`;
  const who =
    editor === null
      ? "somebody GitHub does not name"
      : `${editor}, ${permission.known ? "who" : "what they"} ${rights}`;
  return fail(
    "unedited",
    `the ${what} was edited at ${new Date(at).toISOString()} by ${who}: read it, then remove the label and add it again`,
  );
}

export function isTrusted(
  login: string | null,
  permission: Observed<Permission>,
  trustedBots: readonly string[],
): boolean {
  if (login === null) return false;
  if (isListedBot(login, trustedBots)) return true;
  return permission.known && mayRelease(permission.value);
}
