// The ways through the bot that a sweep goes, each as what people do and when. One more way is one more entry.

import type { Person } from "../github/people.ts";
import { repo } from "../world/team.ts";
import type { Sight } from "./look.ts";
import type { Point } from "./points.ts";

export type Path = {
  readonly does: string;
  /** How many sessions, and with them turns and comments, the issue has in the end. */
  readonly sessions: number;
  /** Where the bot is killed. Snapshots are the same whatever the way, and without its state the bot has no files. */
  readonly kills: readonly Point["kind"][];
  /** The step with which that begins: what comes before it is another way's, which is swept by itself. */
  readonly from: number;
  /** Whether the bot's state folder is lost with each kill. */
  readonly losesState: boolean;
  /** What the maintainer does: each step once, as soon as what it waits for is seen. */
  readonly steps: readonly Step[];
  /** Whether all is as it should be in the end. */
  done(sight: Sight): boolean;
};

export type Step = {
  when(sight: Sight): boolean;
  act(maintainer: Person, issue: number): void;
};

const READY = "ready-for-agent";

const release: Step = {
  when: () => true,
  act: (maintainer, number) => maintainer.label({ repo, number }, READY),
};

function isDeployed(sight: Sight): boolean {
  return (
    sight.card === "deployed" &&
    sight.comments.at(-1) === "deployed" &&
    sight.closed &&
    sight.replies.some((reply) => /deployed/i.test(reply)) &&
    !sight.labels.includes(READY) &&
    !sight.labels.includes("agent-running") &&
    sight.trees === 0
  );
}

function isBlocked(sight: Sight): boolean {
  return (
    sight.card === "blocked" &&
    sight.comments.at(-1) === "blocked" &&
    sight.replies.some((reply) => /blocked/i.test(reply)) &&
    sight.labels.includes("ready-for-human") &&
    !sight.labels.includes("agent-running")
  );
}

export const paths: Readonly<Record<string, Path & { readonly body: string }>> = {
  happy: {
    does: "a released issue is implemented, landed and deployed",
    body: "Quote a surcharge for islands.\n\nScripted agent: good",
    sessions: 1,
    kills: ["exchange", "git", "journal", "snapshot"],
    from: 0,
    losesState: false,
    steps: [release],
    done: isDeployed,
  },
  blocked: {
    does: "an agent that lands nothing blocks its issue",
    body: "Make it nicer.\n\nScripted agent: no-commit",
    sessions: 1,
    kills: ["exchange", "git", "journal"],
    from: 0,
    losesState: false,
    steps: [release],
    done: isBlocked,
  },
  again: {
    does: "a blocked issue is settled, released again and deployed",
    body: "Make it nicer.\n\nScripted agent: no-commit",
    sessions: 2,
    kills: ["exchange", "git", "journal"],
    from: 1,
    losesState: false,
    steps: [
      release,
      {
        when: isBlocked,
        act(maintainer, number) {
          maintainer.editIssue({ repo, number }, { body: "In cents.\n\nScripted agent: good" });
          maintainer.unlabel({ repo, number }, "ready-for-human");
          maintainer.label({ repo, number }, READY);
        },
      },
    ],
    done: isDeployed,
  },
  lost: {
    does: "as happy, but the bot's state is lost with the kill: the run is adopted, or put before a person",
    body: "Quote a surcharge for islands.\n\nScripted agent: good",
    sessions: 1,
    kills: ["exchange"],
    from: 0,
    losesState: true,
    steps: [release],
    done: (sight) => isDeployed(sight) || isBlocked(sight) || isBehind(sight),
  },
};

/** All was done before the state was lost; what was left to do is to say so. */
function isBehind(sight: Sight): boolean {
  return sight.closed && sight.card === "deployed" && !sight.labels.includes("agent-running");
}
