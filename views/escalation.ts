// A question to people as a reply in the run's thread: what is asked, the exact thing, what happens by itself, and
// buttons. Once it is over the buttons go, and who did what, when and why stands in their place.

import type { Button, KnownBlock } from "@slack/types";
import type { Escalated } from "../src/domain/escalated.ts";
import {
  type Choice,
  choicesOf,
  deadlineOf,
  type Escalation,
  exactOf,
  headlineOf,
  orderInHand,
  type Request,
} from "../src/domain/escalation.ts";
import type { Order } from "../src/domain/order.ts";
import type { Policy } from "../src/domain/policy.ts";
import { shortSha } from "../src/domain/repo.ts";
import type { Run } from "../src/domain/run.ts";
import { linkButton, pressButton } from "./actions.ts";
import type { View } from "./card.ts";
import { orderDone, orderWaiting } from "./order.ts";
import { repoUrl } from "./phases.ts";
import {
  bold,
  cut,
  cutDetails,
  cutTitle,
  escapeMrkdwn,
  link,
  NO_WORDS,
  plain,
  preformatted,
  quoted,
  richSection,
  slackTime,
} from "./text.ts";

type Face = { readonly emoji: string; readonly colon: string };
const FACES: Record<Escalation["kind"], Face> = {
  blocked: { emoji: "octagonal_sign", colon: ":octagonal_sign:" },
  frozen: { emoji: "ice_cube", colon: ":ice_cube:" },
  approval: { emoji: "raised_hand", colon: ":raised_hand:" },
  question: { emoji: "question", colon: ":question:" },
};

export function escalationView(run: Run, escalation: Escalation, policy: Policy): View {
  const headline = headlineOf(escalation);
  const order = orderInHand(run, escalation);
  return {
    text: `${FACES[escalation.kind].colon} ${headline} ${run.repo}#${run.issue.number}: ${summaryOf(run, escalation)}`,
    blocks: [
      head(run, FACES[escalation.kind].emoji, headline),
      ...exact(escalation),
      note(order === undefined ? consequences(run, escalation, policy) : orderWaiting(order, run)),
      ...buttonRow(run, escalation, order),
    ],
  };
}

/** The message of an escalation that is over. */
export function escalatedView(run: Run, { kind, headline, exact: asked, over }: Escalated): View {
  const outcome = over.order === null ? escapeMrkdwn(cut(over.why, 500)) : orderDone(over.order);
  return {
    text: `${headline} ${run.repo}#${run.issue.number}: ${outcome}`,
    blocks: [
      head(run, FACES[kind].emoji, headline, false),
      ...(asked === null || asked.trim() === "" ? [] : [quoted(cut(asked.trim(), 300))]),
      {
        type: "section",
        text: {
          type: "mrkdwn",
          text:
            over.order === null
              ? `:heavy_check_mark: *${outcome}* ${slackTime(over.at)}`
              : `:white_check_mark: ${outcome}`,
        },
      },
    ],
  };
}

function head(run: Run, emoji: string, headline: string, open = true): KnownBlock {
  const title = cutTitle(run.issue.title);
  return {
    type: "rich_text",
    elements: [
      richSection(
        { type: "emoji", name: emoji },
        plain(" "),
        open ? bold(cut(headline, 300)) : plain(cut(headline, 300)),
        plain("\n"),
        link(run.issue.url, `${run.repo}#${run.issue.number}`),
        plain(`  ${title}`),
      ),
    ],
  };
}

/** For a notification, where nothing is drawn. */
function summaryOf(run: Run, escalation: Escalation): string {
  const what = "request" in escalation && escalation.request !== null ? escalation.request.text : run.issue.title;
  return escapeMrkdwn(cut(what.replaceAll(/\s+/g, " ").trim(), 200));
}

function exact(escalation: Escalation): readonly KnownBlock[] {
  const text = exactOf(escalation);
  const isBlock = escalation.kind === "approval" || (escalation.kind === "frozen" && escalation.summary !== null);
  if (isBlock) return text === null ? [] : [preformatted(cutDetails(text))];
  const request = "request" in escalation ? escalation.request : null;
  if (request?.questions?.length) return [questions(request)];
  return text === null || text.trim() === "" ? [] : [quoted(cutDetails(text))];
}

const MOST_QUESTIONS = 5;
const MOST_OPTIONS = 8;

/** The agent's own words, each question with what it offers. */
function questions({ questions: all = [] }: Request): KnownBlock {
  const shown = all.slice(0, MOST_QUESTIONS);
  const more = all.length - shown.length;
  return {
    type: "rich_text",
    elements: [
      ...shown.flatMap(({ text, options, many }) => [
        {
          type: "rich_text_quote" as const,
          elements: [
            bold(cut(text.trim() || NO_WORDS, 400)),
            plain(many ? "  (several may be chosen)" : options.length > 0 ? "  (one)" : ""),
          ].filter((element) => !("text" in element) || element.text !== ""),
        },
        ...(options.length === 0
          ? []
          : [
              {
                type: "rich_text_list" as const,
                style: "bullet" as const,
                elements: options
                  .slice(0, MOST_OPTIONS)
                  .map(({ label, description }) =>
                    richSection(
                      plain(cut(label.trim() || NO_WORDS, 100)),
                      ...(description?.trim() ? [plain(` – ${cut(description.trim(), 120)}`)] : []),
                    ),
                  ),
              },
            ]),
      ]),
      ...(more > 0 ? [richSection(plain(`and ${more} more: Answer… shows them all`))] : []),
    ],
  };
}

/** Why people are asked, and what happens while they say nothing. */
function consequences(run: Run, escalation: Escalation, policy: Policy): string {
  const deadline = deadlineOf(escalation, policy);
  switch (escalation.kind) {
    case "approval":
    case "question":
      return deadline === null
        ? ""
        : `:hourglass_flowing_sand: The agent waits. Without an answer by ${slackTime(deadline.at)} ${deadline.byDefault}.`;
    case "blocked":
      if (escalation.agentMayLive) {
        return `The agent was told to stop and has not: ${run.repo} takes no other work until it has. ${WAITS}`;
      }
      return `Nothing is broken: ${run.repo} goes on with other issues. This run keeps its work, and goes first once it is unblocked. ${WAITS}`;
    case "frozen": {
      const { sha } = escalation.landed;
      return `<${repoUrl(run)}/commit/${sha}|${shortSha(sha)}> is on ${escapeMrkdwn(run.defaultBranch)}. It is left as it is, and *${run.repo} takes no new work* until somebody unfreezes it. ${WAITS}`;
    }
    default:
      return escalation satisfies never;
  }
}

const WAITS = "Silence decides nothing.";

const LABELS: Record<Exclude<Choice, "open-session">, Parameters<typeof pressButton>[1]> = {
  approve: "Approve once",
  deny: "Deny",
  answer: "Answer…",
  unblock: "Unblock…",
  retry: "Retry",
  unfreeze: "Unfreeze…",
  "hand-over": "Hand to human…",
  abandon: "Abandon…",
};

/** The first choice is the usual one. While an order is carried out, only what may overtake it is left. */
export function buttonRow(run: Run, escalation: Escalation, order: Order | undefined): readonly KnownBlock[] {
  const choices = choicesOf(escalation).filter((choice) => order === undefined || mayOvertake(choice, order));
  const elements = choices.flatMap((choice, index): readonly Button[] => {
    if (choice === "open-session") {
      return run.session?.url ? [linkButton("open-session.v1", "Open session", run.session.url)] : [];
    }
    const style = choice === "deny" ? "danger" : index === 0 && order === undefined ? "primary" : undefined;
    return [pressButton(`${choice}.v1`, LABELS[choice], escalation.id, style)];
  });
  return elements.length === 0 ? [] : [{ type: "actions", elements }];
}

function mayOvertake(choice: Choice, { what }: Order): boolean {
  if (choice === "open-session") return true;
  const leaves = choice === "hand-over" || choice === "abandon";
  return leaves && what.kind !== "hand-over" && what.kind !== "abandon";
}

function note(text: string): KnownBlock {
  return { type: "context", elements: [{ type: "mrkdwn", text }] };
}
