// Answers to the agent's questions: its own options, several where it takes several, or other words.

import { escalationsOf, type Request } from "../src/domain/escalation.ts";
import { answerForm, OTHER } from "../views/modals.ts";
import { notAsked } from "../views/ordered.ts";
import { byText } from "./by-text.ts";
import type { FormHandler, FormPress, HandlerContext } from "./context.ts";
import { opening, type Subject, subjectOf, submitting, textIn } from "./resolve.ts";

export const answer = opening("answer", (subject, press) => {
  const request = requestOf(subject);
  return request === undefined ? undefined : { form: answerForm(subject, request, subjectOf(subject, press)) };
});

export const answerWith: FormHandler = {
  check(press, context) {
    const request = findRequest(press, context);
    const missing = (request?.questions ?? []).flatMap(({ options }, at) =>
      answersTo(press, request, at).length > 0 || options.length === 0
        ? []
        : [[`own-${at}`, "Say it in your own words, or choose one of the options."] as const],
    );
    return missing.length === 0 ? undefined : Object.fromEntries(missing);
  },
  submit: (press, context) =>
    submitting(press, context, (subject) => {
      const request = requestOf(subject);
      return request === undefined
        ? undefined
        : { kind: "answer", request: request.id, answers: answersOf(press, request) };
    }),
};

/** Words answer one question; several are asked for in the form. */
export const answerByText = byText("answer", (subject, words) => {
  const request = requestOf(subject);
  if (request === undefined) return { say: notAsked(subject.run, "question") };
  const { questions = [] } = request;
  if (words === "" || questions.length > 1) return { form: (about) => answerForm(subject, request, about) };
  const [only] = questions;
  const said = only?.options.find(({ label }) => label.toLowerCase() === words.toLowerCase())?.label ?? words;
  return {
    kind: "answer",
    request: request.id,
    answers: { [only?.id ?? request.id]: only?.many ? [said] : said },
  };
});

function requestOf({ escalation }: Subject): Request | undefined {
  if (escalation === null || !("request" in escalation) || escalation.kind === "approval") return undefined;
  return escalation.request ?? undefined;
}

function findRequest({ subject }: FormPress, { store }: HandlerContext): Request | undefined {
  const run = store.state.runs[subject.run];
  const escalation = run && escalationsOf(run).find(({ id }) => id === subject.escalation);
  return run && escalation && requestOf({ run, escalation });
}

/** By the question's id; where the agent gave no separate questions, by the request's. */
function answersOf(press: FormPress, request: Request): Readonly<Record<string, string | readonly string[]>> {
  const { questions = [] } = request;
  if (questions.length === 0) return { [request.id]: textIn(press, "own-0") };
  return Object.fromEntries(
    questions.map(({ id, many }, at) => {
      const given = answersTo(press, request, at);
      return [id, many ? given : (given[0] ?? "")];
    }),
  );
}

/** Own words are an answer of their own, or say more about the one option that was chosen. */
function answersTo(press: FormPress, request: Request | undefined, at: number): readonly string[] {
  const question = request?.questions?.[at];
  const own = textIn(press, `own-${at}`);
  const labels = [press.values[`choice-${at}`] ?? []]
    .flat()
    .flatMap((index) => (index === OTHER ? [] : (question?.options[Number(index)]?.label ?? [])));
  if (own === "") return labels;
  const [only] = labels;
  return question?.many || only === undefined ? [...labels, own] : [`${only} (${own})`];
}
