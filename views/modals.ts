// The forms that buttons open. A form says again what is asked, and carries along what it is about.

import type {
  Checkboxes,
  KnownBlock,
  ModalView,
  MultiStaticSelect,
  PlainTextOption,
  RadioButtons,
  StaticSelect,
} from "@slack/types";
import { type Escalation, exactOf, headlineOf, type Request } from "../src/domain/escalation.ts";
import type { Run } from "../src/domain/run.ts";
import type { FormId } from "./actions.ts";
import { bold, cut, cutTitle, link, NO_WORDS, plain, quoted, richSection } from "./text.ts";

/** What a form is about, and where its reply goes. In the modal's `private_metadata`. */
export type FormSubject = {
  readonly run: string;
  readonly escalation: string | null;
  readonly channel: string;
  readonly thread: string | null;
};

type About = { readonly run: Run; readonly escalation: Escalation | null };

export function unblockForm(about: About, subject: FormSubject): ModalView {
  return form("unblock.v1", "Unblock", "Unblock", subject, [
    ...reminder(about),
    textInput("guidance", "What should the agent do?", {
      hint: "It goes on in the same session, with these words as its next message.",
      placeholder: "The fixture is stale: regenerate it with npm run fixtures, then go on.",
    }),
  ]);
}

export const WAYS = ["keep-fixing", "verify-again", "revert", "hand-over"] as const;
export type Way = (typeof WAYS)[number];

const WAY_TEXTS: Record<Way, readonly [string, string]> = {
  "keep-fixing": ["Keep fixing", "the agent goes on in the same session, with a fresh budget"],
  "verify-again": ["It is fixed: verify again", "CI and the rollout are judged anew; red freezes it again"],
  revert: ["Revert", "the agent takes its commits back by new commits"],
  "hand-over": ["Hand to human", "the bot lets go of it, and the repo takes new work again"],
};

export function unfreezeForm(about: About, subject: FormSubject): ModalView {
  const options = WAYS.map((way): PlainTextOption => {
    const [text, description] = WAY_TEXTS[way];
    return option(text, way, description);
  });
  return form("unfreeze.v1", "Unfreeze", "Unfreeze", subject, [
    ...reminder(about),
    {
      type: "input",
      block_id: "way",
      label: { type: "plain_text", text: "How does it go on?" },
      element: { type: "radio_buttons", action_id: "way", options },
    },
    textInput("guidance", "Anything to say?", {
      optional: true,
      hint: "For the agent when it keeps fixing, for people when it is handed over.",
    }),
  ]);
}

export function reasonForm(
  id: "hand-over.v1" | "abandon.v1" | "stop.v1",
  about: About,
  subject: FormSubject,
): ModalView {
  const { title, submit, label, hint, optional } = REASONS[id];
  return form(id, title, submit, subject, [...reminder(about), textInput("reason", label, { optional, hint })]);
}

const REASONS = {
  "hand-over.v1": {
    title: "Hand to human",
    submit: "Hand over",
    label: "What should they know?",
    hint: "The bot lets go of the issue. What is not pushed is kept under refs/afk/kept.",
    optional: true,
  },
  "abandon.v1": {
    title: "Abandon",
    submit: "Abandon",
    label: "Why?",
    hint: "The run ends here. What is not pushed is kept under refs/afk/kept.",
    optional: false,
  },
  "stop.v1": {
    title: "Stop the agent",
    submit: "Stop",
    label: "Why?",
    hint: "The agent is interrupted and the run is blocked: it can be unblocked later.",
    optional: true,
  },
} as const;

/** Slack shows ten radio buttons or boxes, and a hundred lines of a menu. */
const MOST_BOXES = 10;
const MOST_LINES = 100;
const MOST_QUESTIONS = 20;
/** The value of the option that is none of the agent's. */
export const OTHER = "other";

/** Each question with its own options, and room for other words. Blocks are named by the question's place. */
export function answerForm(about: About, request: Request, subject: FormSubject): ModalView {
  const questions = (request.questions ?? []).slice(0, MOST_QUESTIONS);
  const asked =
    questions.length === 0
      ? [textInput("own-0", cut(request.text.trim() || "Your answer", 1_900), {})]
      : questions.flatMap((question, at) => questionBlocks(question, at));
  return form("answer.v1", "Answer the agent", "Send", subject, [...issueLine(about.run), ...asked]);
}

type Question = NonNullable<Request["questions"]>[number];

function questionBlocks({ text, options, many }: Question, at: number): readonly KnownBlock[] {
  const label = cut(text.trim() || NO_WORDS, 1_900);
  if (options.length === 0) return [textInput(`own-${at}`, label, {})];
  const offered = [
    ...options
      .slice(0, MOST_LINES - 1)
      .map((one, index) => option(cut(one.label.trim() || NO_WORDS, 74), String(index), one.description?.trim())),
    option("Other, in my own words", OTHER),
  ];
  return [
    {
      type: "input",
      block_id: `choice-${at}`,
      label: { type: "plain_text", text: label },
      element: chooser(offered, many),
    },
    textInput(`own-${at}`, "In your own words", { optional: true, multiline: false }),
  ];
}

function chooser(
  options: PlainTextOption[],
  many: boolean,
): Checkboxes | MultiStaticSelect | RadioButtons | StaticSelect {
  const action_id = "choice";
  if (options.length <= MOST_BOXES) return { type: many ? "checkboxes" : "radio_buttons", action_id, options };
  const placeholder = { type: "plain_text" as const, text: many ? "Choose any" : "Choose one" };
  return { type: many ? "multi_static_select" : "static_select", action_id, options, placeholder };
}

function form(
  id: FormId,
  title: string,
  submit: string,
  subject: FormSubject,
  blocks: readonly KnownBlock[],
): ModalView {
  return {
    type: "modal",
    callback_id: id,
    private_metadata: JSON.stringify(subject),
    title: { type: "plain_text", text: title },
    submit: { type: "plain_text", text: submit },
    close: { type: "plain_text", text: "Cancel" },
    blocks: [...blocks],
  };
}

function issueLine({ repo, issue }: Run): readonly KnownBlock[] {
  return [
    {
      type: "rich_text",
      elements: [richSection(link(issue.url, `${repo}#${issue.number}`, true), plain(`  ${cutTitle(issue.title)}`))],
    },
  ];
}

function reminder({ run, escalation }: About): readonly KnownBlock[] {
  if (escalation === null) return issueLine(run);
  const exact = exactOf(escalation)?.trim() ?? "";
  return [
    ...issueLine(run),
    { type: "rich_text", elements: [richSection(bold(cut(headlineOf(escalation), 300)))] },
    ...(exact === "" ? [] : [quoted(cut(exact, 600))]),
  ];
}

function textInput(
  name: string,
  label: string,
  more: {
    readonly optional?: boolean;
    readonly hint?: string;
    readonly placeholder?: string;
    readonly multiline?: boolean;
  },
): KnownBlock {
  const { optional = false, hint, placeholder, multiline = true } = more;
  return {
    type: "input",
    block_id: name,
    optional,
    label: { type: "plain_text", text: label },
    element: {
      type: "plain_text_input",
      action_id: "text",
      multiline,
      max_length: 3_000,
      ...(placeholder === undefined ? {} : { placeholder: { type: "plain_text", text: placeholder } }),
    },
    ...(hint === undefined ? {} : { hint: { type: "plain_text", text: hint } }),
  };
}

function option(text: string, value: string, description?: string): PlainTextOption {
  return {
    text: { type: "plain_text", text },
    value,
    ...(description ? { description: { type: "plain_text", text: cut(description, 74) } } : {}),
  };
}
