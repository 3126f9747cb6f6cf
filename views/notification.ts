import type { Escalation } from "../src/domain/escalation.ts";
import { digestOf } from "../src/domain/ids.ts";
import { howOf } from "../src/domain/ladder.ts";
import type { Run } from "../src/domain/run.ts";
import { serviceName } from "./service.ts";

const ASKS: Record<Escalation["kind"], string> = {
  blocked: "is blocked and waits for people",
  frozen: "is frozen: its repo takes no new work",
  approval: "needs an approval",
  question: "has a question",
};

const TAGS: Record<Escalation["kind"], string> = {
  blocked: "octagonal_sign",
  frozen: "ice_cube",
  approval: "raised_hand",
  question: "question",
};

/** What a phone shows, and everybody who knows the topic: none of it is anybody else's text. */
export function notificationOf(run: Run, escalation: Escalation, step: number) {
  const again = step === 0 ? "" : " Nobody has settled it yet.";
  return {
    title: `${run.repo}#${run.issue.number}`,
    message: `${run.repo}#${run.issue.number} ${ASKS[escalation.kind]}.${again} See its thread in Slack.`,
    click: run.issue.url,
    priority: escalation.kind === "frozen" || howOf(step) === "page" ? 4 : 3,
    tags: [TAGS[escalation.kind]],
    id: digestOf(escalation.id).slice(0, 32),
  };
}

/** Of a token that a service refuses: the one thing that Slack may not be able to say. */
export function tokenNotification(service: string, since: number) {
  const name = serviceName(service);
  return {
    title: `AFK: ${name}`,
    message: `${name} refuses the bot's token. What needs it waits until somebody mends that.`,
    priority: 4,
    tags: ["key"],
    id: digestOf(`token/${service}/${since}`).slice(0, 32),
  };
}
