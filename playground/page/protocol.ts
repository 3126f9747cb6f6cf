// What the page and its server say to each other. The server sends sections over server-sent events, each whole and only
// when it changed; the page sends acts, each something that a person does in one of the clients.

import { z } from "zod";
import type { IssueEvent, Role } from "../github/model.ts";
import type { EventView, WorkloadView } from "../kubernetes/snapshot.ts";
import type { ShownMessage, ShownView } from "../slack/outcomes.ts";
import type { Question, SessionStatus } from "../t3/model.ts";

export type SlackSection = {
  readonly app: { readonly name: string; readonly userId: string };
  readonly people: readonly { readonly id: string; readonly name: string; readonly rights: string }[];
  readonly channels: readonly { readonly id: string; readonly name: string }[];
  /** As the person sees them who looks: what only they see is there, and nobody else's. */
  readonly messages: readonly ShownMessage[];
  readonly modals: readonly ShownView[];
  readonly home: ShownView | null;
};

export type IssueSight = {
  readonly number: number;
  readonly url: string;
  readonly title: string;
  readonly body: string;
  readonly author: string;
  readonly state: "open" | "closed";
  readonly createdAt: string;
  readonly labels: readonly LabelSight[];
  readonly comments: readonly {
    readonly id: number;
    readonly author: string;
    readonly body: string;
    readonly createdAt: string;
  }[];
  readonly events: readonly IssueEvent[];
};
export type LabelSight = { readonly name: string; readonly color: string };

export type CommitSight = {
  readonly sha: string;
  readonly title: string;
  readonly body: string;
  readonly author: string;
  readonly at: string;
};

export type RunSight = {
  readonly id: number;
  readonly number: number;
  readonly name: string;
  readonly title: string;
  readonly sha: string;
  readonly status: string;
  readonly conclusion: string | null;
  readonly at: string;
  readonly jobs: readonly {
    readonly id: number;
    readonly name: string;
    readonly status: string;
    readonly conclusion: string | null;
    readonly steps: readonly {
      readonly name: string;
      readonly status: string;
      readonly conclusion: string | null;
    }[];
    /** The end of it. */
    readonly log: string;
  }[];
};

export type GitHubSection = {
  readonly url: string;
  readonly repo: string;
  readonly people: readonly { readonly login: string; readonly role: Role }[];
  readonly labels: readonly LabelSight[];
  /** The newest first, as on all these lists. */
  readonly issues: readonly IssueSight[];
  readonly commits: readonly CommitSight[];
  readonly runs: readonly RunSight[];
};

export type ClusterSection = {
  readonly workloads: readonly WorkloadView[];
  readonly events: readonly EventView[];
};

export type Waiting =
  | { readonly for: "approval"; readonly requestId: string; readonly what: string }
  | { readonly for: "answer"; readonly requestId: string; readonly questions: readonly Question[] };

export type EntrySight =
  | {
      readonly kind: "person" | "agent" | "note" | "error";
      readonly id: string;
      readonly at: string;
      readonly text: string;
    }
  | {
      readonly kind: "tool";
      readonly id: string;
      readonly at: string;
      readonly text: string;
      readonly output: string;
      readonly state: "running" | "done" | "failed";
    };

export type SessionSight = {
  readonly id: string;
  readonly title: string;
  readonly status: SessionStatus;
  readonly branch: string | null;
  readonly updatedAt: string;
  readonly lastError: string | null;
  readonly waiting: Waiting | null;
  readonly entries: readonly EntrySight[];
};

export type CockpitSection = {
  readonly url: string;
  readonly environmentId: string;
  /** The command that works in the sessions; null = the scripted agent. */
  readonly agent: string | null;
  readonly sessions: readonly SessionSight[];
};

export const services = ["github", "slack", "t3", "cluster"] as const;
export type Service = (typeof services)[number];

export type ControlsSection = {
  readonly services: Readonly<Record<Service, { readonly up: boolean; readonly limited: boolean }>>;
  readonly bot: { readonly state: "starting" | "up" | "down"; readonly kills: number; readonly said: string };
  /** `why` where it cannot be filled. */
  readonly volume: {
    readonly path: string;
    readonly usedPercent: number;
    readonly full: boolean;
    readonly why: string;
  };
};

export type CheckSight = { readonly text: string; readonly done: boolean };

export type StepSight = {
  readonly id: string;
  readonly title: string;
  readonly state: "done" | "now" | "later";
  /** What to do, in Markdown. */
  readonly task: string;
  readonly checks: readonly CheckSight[];
  /** What the bot did, in Markdown, and where it is written. Shown once the step is done. */
  readonly explains: string;
  readonly files: readonly string[];
  /** The issue that this step is about, ready to be filed. */
  readonly draft: { readonly title: string; readonly body: string; readonly number: number | null } | null;
};

export type TourSection = { readonly steps: readonly StepSight[] };

export type Sections = {
  readonly slack: SlackSection;
  readonly github: GitHubSection;
  readonly cluster: ClusterSection;
  readonly cockpit: CockpitSection;
  readonly controls: ControlsSection;
  readonly tour: TourSection;
};

const name = z.string().min(1).max(300);
const text = z.string().max(40_000);
const choice = z.union([z.string().max(3_000), z.array(z.string().max(3_000)).max(100)]);
const service = z.enum(services);

/** Where a button is: in a message or in a view, a modal or the home tab. */
const place = z.union([z.object({ channel: name, ts: name }), z.object({ view: name })]);

export const Act = z.discriminatedUnion("do", [
  z.object({ do: z.literal("slack.write"), as: name, channel: name, thread: name.optional(), text }),
  z.object({
    do: z.literal("slack.press"),
    as: name,
    at: place,
    action: name,
    block: name.optional(),
    choice: choice.optional(),
  }),
  z.object({ do: z.literal("slack.submit"), as: name, view: name, values: z.record(name, choice) }),
  z.object({ do: z.literal("slack.close"), as: name, view: name }),
  z.object({ do: z.literal("slack.home"), as: name }),
  z.object({ do: z.literal("github.file"), as: name, title: name, body: text }),
  z.object({ do: z.literal("github.label"), as: name, issue: z.number(), label: name, on: z.boolean() }),
  z.object({ do: z.literal("github.comment"), as: name, issue: z.number(), body: text.min(1) }),
  z.object({ do: z.literal("github.state"), as: name, issue: z.number(), state: z.enum(["open", "closed"]) }),
  z.object({ do: z.literal("t3.send"), session: name, text: text.min(1) }),
  z.object({ do: z.literal("t3.interrupt"), session: name }),
  z.object({ do: z.literal("t3.stop"), session: name }),
  z.object({ do: z.literal("t3.approve"), session: name, request: name, allow: z.boolean() }),
  z.object({ do: z.literal("t3.answer"), session: name, request: name, answers: z.record(name, choice) }),
  z.object({ do: z.literal("chaos.service"), service, up: z.boolean() }),
  z.object({ do: z.literal("chaos.limit"), service }),
  z.object({ do: z.literal("chaos.kill") }),
  z.object({ do: z.literal("chaos.restartT3") }),
  z.object({ do: z.literal("chaos.fill"), full: z.boolean() }),
]);
export type Act = z.infer<typeof Act>;

/** `shown`: the words that the client would show. `errors`: by block id, under a modal's inputs. */
export type Acted =
  | { readonly ok: true; readonly number?: number }
  | { readonly ok: false; readonly shown: string; readonly errors?: Readonly<Record<string, string>> };
