import { cut, escapeMrkdwn } from "./text.ts";

export type ServiceShown = {
  readonly name: string;
  readonly state: string;
  readonly why: string | null;
  readonly code: string | null;
};

const NAMES: Readonly<Record<string, string>> = {
  github: "GitHub",
  t3: "T3",
  slack: "Slack",
  channel: "The Slack channel",
  cluster: "The cluster",
};

export function serviceName(name: string): string {
  const [kind = "", which] = name.split(":");
  return which === undefined ? (NAMES[name] ?? name) : `${NAMES[kind] ?? kind} (${which})`;
}

/** One that is down: what is wrong with it. */
export function serviceLine({ name, why, code }: ServiceShown): string {
  const what = code === "unauthorised" ? "refuses the bot" : name === "channel" ? "cannot be used" : "does not answer";
  return `:warning: *${serviceName(name)}* ${what}: ${escapeMrkdwn(cut(why ?? "", 300))}`;
}
