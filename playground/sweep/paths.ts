// The ways through the bot that a sweep goes, each as what people do and when. One more way is one more entry.

import { channel, repo, slackUsers } from "../world/team.ts";
import { ALL_GOES, askToPrune, isAnswered, isPruned } from "./housekeeping.ts";
import type { Sight } from "./look.ts";
import type { Point } from "./points.ts";
import type { Stage } from "./stage.ts";

export type Path = {
  readonly does: string;
  /** How many sessions, and with them comments, the issue has in the end. */
  readonly sessions: number;
  /** How many messages these were sent together. */
  readonly turns: number;
  /** How many commits say that they close the issue. */
  readonly commits: number;
  /** A shell script that follows the prompt's rules, or the scripted agent that asks and waits for answers. */
  readonly agent: "shell" | "scripted";
  /** On top of the bot's policy, and of the rest of its config. */
  readonly policy: Readonly<Record<string, unknown>>;
  readonly config: Readonly<Record<string, unknown>>;
  /** Whether the volume is cleared in the end. */
  readonly prunes: boolean;
  /** Where the bot is killed. Snapshots are the same whatever the way, and without its state the bot has no files. */
  readonly kills: readonly Point["kind"][];
  /** The step with which that begins: what comes before it is another way's, which is swept by itself. */
  readonly from: number;
  /** Whether the bot's state folder is lost with each kill. */
  readonly losesState: boolean;
  /** What people do, one step after the other, each as soon as what it waits for is seen. */
  readonly steps: readonly Step[];
  /** Whether all is as it should be in the end. */
  done(sight: Sight): boolean;
};

export type Step = {
  when(sight: Sight): boolean;
  act(stage: Stage, issue: number): Promise<void> | void;
  /** A press can meet a dead bot: it is made again until this is seen. Absent = once is enough. */
  until?(sight: Sight): boolean;
};

const READY = "ready-for-agent";
const [operator] = slackUsers;

const release: Step = {
  when: () => true,
  act: (stage, number) => stage.github.as("maintainer").label({ repo, number }, READY),
};

/** Presses a button of the escalation and sends the form that it opens. */
async function pressAndFill(stage: Stage, action: string, values: Parameters<Fill>[1]): Promise<void> {
  const person = stage.slack.as(operator.id);
  const message = person.messages(channel.id).findLast(({ blocks }) => JSON.stringify(blocks).includes(`"${action}"`));
  if (message === undefined) return;
  await person.press(channel.id, message.ts, action);
  const form = person.modals().at(-1);
  if (form === undefined) return;
  const sent = await person.submitModal(form.id, values);
  if (!sent.ok) await person.closeModal(form.id);
}
type Fill = ReturnType<Stage["slack"]["as"]>["submitModal"];

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

function isFrozen(sight: Sight): boolean {
  return sight.card === "frozen" && sight.labels.includes("ready-for-human");
}

export const paths: Readonly<Record<string, Path & { readonly body: string }>> = {
  happy: {
    does: "a released issue is implemented, landed and deployed",
    body: "Quote a surcharge for islands.\n\nScripted agent: good",
    sessions: 1,
    turns: 1,
    commits: 1,
    agent: "shell",
    policy: {},
    config: {},
    prunes: false,
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
    turns: 1,
    commits: 0,
    agent: "shell",
    policy: {},
    config: {},
    prunes: false,
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
    turns: 2,
    commits: 1,
    agent: "shell",
    policy: {},
    config: {},
    prunes: false,
    kills: ["exchange", "git", "journal"],
    from: 1,
    losesState: false,
    steps: [
      release,
      {
        when: isBlocked,
        act(stage, number) {
          const maintainer = stage.github.as("maintainer");
          maintainer.editIssue({ repo, number }, { body: "In cents.\n\nScripted agent: good" });
          maintainer.unlabel({ repo, number }, "ready-for-human");
          maintainer.label({ repo, number }, READY);
        },
      },
    ],
    done: isDeployed,
  },
  fixed: {
    does: "what landed is red, the agent fixes it forward in the same session, and it is deployed",
    body: "Quote a surcharge for islands.\n\nScripted agent: red",
    sessions: 1,
    turns: 2,
    commits: 2,
    agent: "shell",
    policy: {},
    config: {},
    prunes: false,
    kills: ["exchange", "git", "journal"],
    from: 0,
    losesState: false,
    steps: [release],
    done: isDeployed,
  },
  frozen: {
    does: "what landed is red and so is its one fix: frozen, then unfrozen in Slack, fixed again and deployed",
    body: "Quote a surcharge for islands.\n\nScripted agent: red-twice",
    sessions: 1,
    turns: 3,
    commits: 3,
    agent: "shell",
    policy: { maxFixes: 1 },
    config: {},
    prunes: false,
    kills: ["exchange", "git", "journal"],
    from: 0,
    losesState: false,
    steps: [
      release,
      {
        when: isFrozen,
        act: (stage) => pressAndFill(stage, "unfreeze.v1", { way: "keep-fixing" }),
        until: (sight) => !isFrozen(sight),
      },
    ],
    done: isDeployed,
  },
  housekeeping: {
    does: "a run is deployed, and a pass that a person asks for removes its spent tree and what caches hold",
    body: "Quote a surcharge for islands.\n\nScripted agent: good",
    sessions: 1,
    turns: 1,
    commits: 1,
    agent: "shell",
    policy: {},
    config: ALL_GOES,
    prunes: true,
    kills: ["exchange", "git", "journal", "rename"],
    from: 1,
    losesState: false,
    steps: [release, { when: isDeployed, act: askToPrune, until: ({ volume }) => isAnswered(volume) }],
    done: (sight) => isDeployed(sight) && isPruned(sight.volume),
  },
  question: {
    does: "the agent asks, a person answers in Slack, and it goes on to a deploy",
    body: "Quote a surcharge for islands.\n\nScripted agent: asks",
    sessions: 1,
    turns: 1,
    commits: 1,
    agent: "scripted",
    policy: {},
    config: {},
    prunes: false,
    kills: ["exchange", "journal"],
    from: 0,
    losesState: false,
    steps: [
      release,
      {
        when: (sight) => sight.card === "asking",
        act: (stage) => pressAndFill(stage, "answer.v1", { "choice-0": "0", "choice-1": ["0", "1"] }),
        until: (sight) => sight.card !== "asking",
      },
    ],
    done: isDeployed,
  },
  lost: {
    does: "as happy, but the bot's state is lost with the kill: the run is adopted, or put before a person",
    body: "Quote a surcharge for islands.\n\nScripted agent: good",
    sessions: 1,
    turns: 1,
    commits: 1,
    agent: "shell",
    policy: {},
    config: {},
    prunes: false,
    kills: ["exchange"],
    from: 0,
    losesState: true,
    steps: [release],
    done: (sight) => isDeployed(sight) || isBlocked(sight) || isBehind(sight),
  },
};

/** All was done before the state was lost; what was left to do is to say so. */
function isBehind(sight: Sight): boolean {
  return sight.closed && sight.labels.length === 0;
}
