// The five checks: what was seen, judged. Pure. Each says what it did, what it saw, and how to mend what did not pass.

import type { TurnSeen } from "../domain/evidence.ts";
import type { Observed } from "../domain/observed.ts";
import { parseReport } from "./prompt.ts";
import type { Check } from "./result.ts";
import { type Left, REPORT, type Scratch } from "./scratch.ts";
import type { Watched } from "./session.ts";

export type TokenSeen = {
  readonly authenticated: boolean;
  readonly scopes: readonly string[];
  readonly expiresAt: number | null;
  /** A token that ends can be replaced without a person. */
  readonly renewable: boolean;
};

export type Evidence = {
  readonly scratch: Scratch;
  readonly serverVersion: Observed<string>;
  readonly wantedVersion: string | undefined;
  readonly volume: string;
  readonly token: Observed<TokenSeen>;
  /** The session that does as the standing rules say. */
  readonly work: Observed<Watched>;
  readonly left: Observed<Left>;
  /** The session that cannot start. */
  readonly failure: Observed<Watched>;
  /** Undefined = not tried. */
  readonly restart: Observed<string> | undefined;
  readonly now: number;
};

const NEEDED = ["orchestration:read", "orchestration:operate"];
const DAY_MS = 24 * 60 * 60 * 1000;
const NOT_REACHED = "Mend what the other checks name, then run the pilot again.";

export function judge(evidence: Evidence): readonly Check[] {
  return [unattended(evidence), token(evidence), completion(evidence), tree(evidence), instance(evidence)];
}

type Verdict = { readonly saw: string; readonly mend?: string; readonly notes?: readonly string[] };

function check(name: Check["name"], did: string, { saw, mend, notes = [] }: Verdict): Check {
  return { name, passed: mend === undefined, did, saw, mend: mend ?? null, notes };
}

function unattended({ work, left, scratch }: Evidence): Check {
  const did = "Opened a session in full-access, told it the standing rules, and let it work with nobody to answer.";
  return check("unattended", did, judgeWork(work, left, scratch));
}

function judgeWork(work: Evidence["work"], left: Evidence["left"], { id }: Scratch): Verdict {
  if (!work.known) return { saw: work.why, mend: NOT_REACHED };
  const { last, asked, ms } = work.value;
  if (asked.length > 0) {
    return {
      saw: `The agent waited for a person: ${asked.join("; ").slice(0, 300)}`,
      mend: "Take from the agent's own settings on the T3 host (its permission mode, hooks, CLAUDE.md) what makes it ask.",
    };
  }
  const ended = endOf(last, ms);
  if (ended !== undefined) return ended;
  if (!left.known)
    return { saw: left.why, mend: "Look at the volume: the bot cannot read the scratch repository on it." };
  const { commit } = left.value;
  if (commit === null) {
    return {
      saw: `The agent ended and committed nothing that names ${id}. It said: ${wordsOf(last)}`,
      mend: "Read the session in T3. Where it says that git or the directory is the trouble, mend that; else try another model (t3.model).",
    };
  }
  const broken = [
    ...(commit.message.includes(`AFK-Run: ${id}`) ? [] : ["the AFK-Run line is not as it was given"]),
    ...(/^Implemented-by: .+ \(AFK\)$/m.test(commit.message) ? [] : ["the Implemented-by line is missing"]),
    ...(commit.files.join() === REPORT ? [] : [`it committed ${commit.files.join(", ")} instead of ${REPORT} alone`]),
    ...(commit.pushed ? [] : ["it did not push to main"]),
  ];
  if (broken.length > 0) {
    const mend =
      "This model does not follow the standing rules: take another one (t3.model), and read its session in T3.";
    return { saw: `The work was done, but ${broken.join(", and ")}.`, mend };
  }
  return { saw: `Committed by name with both lines and pushed, without a question, in ${seconds(ms)}.` };
}

function endOf(last: TurnSeen, ms: number): Verdict | undefined {
  switch (last.is) {
    case "ended":
      if (last.how === "completed") return undefined;
      return {
        saw: `The agent's turn ${last.how === "failed" ? "failed" : "was interrupted"}: ${last.error ?? wordsOf(last)}`,
        mend: "Read the session in T3, and see that the agent's program runs and is logged in on the T3 host.",
      };
    case "not-started":
      return {
        saw: `T3 could not start the agent: ${last.why}`,
        mend: "See that t3.model.instanceId names a provider that is installed and logged in on the T3 host, and that the volume is mounted there.",
      };
    case "missing":
      return { saw: "T3 lost the session.", mend: "Somebody deleted it in T3: run the pilot again." };
    default:
      return {
        saw: `Still ${last.is} after ${seconds(ms)}.`,
        mend: "Open the session in T3 to see what it waits for. If it is only slow, give the pilot more time: --timeout.",
      };
  }
}

/** Whether the bot can work with the token, and for how long. */
export function token({ token: seen, now }: Pick<Evidence, "token" | "now">): Check {
  const did = "Asked T3 what it makes of the token, and read the expiry in it.";
  if (!seen.known) {
    return check("token", did, {
      saw: seen.why,
      mend: "Mint a token with `t3 auth session issue` and put it where t3.token says.",
    });
  }
  const { authenticated, scopes, expiresAt, renewable } = seen.value;
  const mint =
    "Mint another one with `t3 auth session issue`, or let the bot do it: t3.token.command or t3.token.exchange.";
  if (!authenticated) return check("token", did, { saw: "T3 does not know the token.", mend: mint });
  const missing = NEEDED.filter((scope) => !scopes.includes(scope));
  if (missing.length > 0) {
    return check("token", did, {
      saw: `The token lacks ${missing.join(" and ")}.`,
      mend: `Mint one with ${NEEDED.join(" and ")}.`,
    });
  }
  const left = expiresAt === null ? null : expiresAt - now;
  const until = expiresAt === null ? "without an expiry" : `until ${new Date(expiresAt).toISOString()}`;
  if (left !== null && left < DAY_MS && !renewable) {
    return check("token", did, { saw: `The token is good ${until} and nothing renews it.`, mend: mint });
  }
  const more = scopes.length - NEEDED.length;
  const saw = `It may read and operate, good ${until}, ${renewable ? "renewed by itself" : "to be renewed by hand"}.`;
  const notes =
    more > 0 ? [`It has ${more} scopes more than are needed: t3.token.exchange mints one without them.`] : [];
  return check("token", did, { saw, notes });
}

function completion({ work, failure }: Evidence): Check {
  const did =
    "Watched the session, and one that cannot start, by polling and by the stream, and compared what each told.";
  if (!work.known) return check("completion", did, { saw: work.why, mend: NOT_REACHED });
  if (!failure.known) return check("completion", did, { saw: failure.why, mend: NOT_REACHED });
  const says = ({ polled, streamed }: Watched): string =>
    `polling ${polled.join(" → ") || "nothing"}, stream ${streamed.join(" → ") || "nothing"}`;
  const saw = `Work: ${says(work.value)}. Failure: ${says(failure.value)}.`;
  if (!work.value.live || !failure.value.live) {
    const mend =
      "Let WebSockets through to T3 at /ws: whatever stands between the bot and T3 has to pass the upgrade and its Authorization header.";
    return check("completion", did, { saw: `The stream could not be held open. ${saw}`, mend });
  }
  const told = (one: Watched, as: TurnSeen["is"]): boolean => one.polled.at(-1) === as && one.streamed.at(-1) === as;
  if (told(work.value, "ended") && told(failure.value, "not-started")) return check("completion", did, { saw });
  const mend =
    "This T3 tells of ends in a way the bot does not know: keep the version that the bot was tried with, and report it.";
  return check("completion", did, { saw, mend });
}

function tree({ left, scratch, work }: Evidence): Check {
  const did = "Had the agent say where it works, and looked for its commit on our branch and behind the push.";
  if (!left.known) return check("tree", did, { saw: left.why, mend: NOT_REACHED });
  const { realTree, commit, report } = left.value;
  if (report === null) {
    const elsewhere = work.known && work.value.last.is === "ended";
    const saw = elsewhere
      ? `There is no ${REPORT} in our tree: the agent worked elsewhere, or not at all.`
      : "The agent did not get that far.";
    const mend =
      "Mount the volume at the same path in T3 as in the bot (config: volume), writable for T3's user, and see that no wrapper of the agent changes its directory.";
    return check("tree", did, { saw, mend });
  }
  const { cwd, caches } = parseReport(report);
  if (cwd !== realTree) {
    const mend =
      "See that the agent's program is started in the thread's worktree: a wrapper script or a profile changes its directory.";
    return check("tree", did, { saw: `The agent worked in ${cwd || "an unknown place"}, not in ${realTree}.`, mend });
  }
  if (commit === null) {
    const mend =
      "See that T3's user may write to the volume and that git trusts the directory (safe.directory), then read the session.";
    return check("tree", did, { saw: `The agent was in our tree, and its commit is not on ${scratch.branch}.`, mend });
  }
  const onVolume = caches.length > 0 ? `Caches: ${caches.join(", ")}.` : "";
  const notes =
    caches.length > 0 ? [] : ["No cache variable is set for the agents: each tree downloads its packages anew."];
  return check("tree", did, {
    saw: `cwd is our tree and commit ${commit.sha.slice(0, 8)} is on our branch. ${onVolume}`.trim(),
    notes,
  });
}

function instance({ serverVersion, wantedVersion, left, scratch, restart, volume }: Evidence): Check {
  const did = "Asked T3 who it is, and had the agent read a file outside its tree that lies on our volume.";
  if (!serverVersion.known) {
    return check("instance", did, {
      saw: serverVersion.why,
      mend: "Start T3 and see that the bot reaches it (t3.url).",
    });
  }
  const version = serverVersion.value;
  if (wantedVersion !== undefined && wantedVersion !== version) {
    const mend = `Install T3 ${wantedVersion}, or set t3.version to ${version} and run the pilot again.`;
    return check("instance", did, { saw: `T3 ${version} answers, and the config pins ${wantedVersion}.`, mend });
  }
  const marker = left.known && left.value.report !== null ? parseReport(left.value.report).marker : undefined;
  if (marker !== scratch.marker.text) {
    const saw =
      marker === undefined
        ? "No agent reported what is on its volume."
        : `The agent could not read ${scratch.marker.path}.`;
    return check("instance", did, {
      saw,
      mend: `Mount the same volume at ${volume} in T3 too: other paths, or a copy, will not do.`,
    });
  }
  if (restart !== undefined && !restart.known) {
    const mend = "See that T3's base directory is on durable storage and that T3 is started with the same one.";
    return check("instance", did, { saw: `After the restart: ${restart.why}`, mend });
  }
  const notes = [
    ...(restart === undefined ? ["Not tried: whether it survives a restart (give --restart-command)."] : []),
    ...(wantedVersion === undefined ? ["t3.version pins no version: the pass holds for this one alone."] : []),
  ];
  const again = restart === undefined ? "" : ` ${restart.value}`;
  return check("instance", did, {
    saw: `T3 ${version} answers without a browser and sees our volume at the same path.${again}`,
    notes,
  });
}

function wordsOf(last: TurnSeen): string {
  return (last.is === "ended" ? last.lastWords : null)?.slice(0, 300) ?? "nothing";
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
