// Where the person is on the page: who they are, which pane is in front, and what each pane shows.

import { useSyncExternalStore } from "react";
import { currentSections, lookAs } from "./live.ts";

export type Pane = "slack" | "github" | "cockpit";

export type SlackPlace =
  | { readonly at: "channel" }
  | { readonly at: "thread"; readonly channel: string; readonly ts: string }
  | { readonly at: "home" };

export type GitHubPlace =
  | { readonly at: "issues" }
  | { readonly at: "new"; readonly title: string; readonly body: string }
  | { readonly at: "issue"; readonly number: number }
  | { readonly at: "commits"; readonly sha: string | null }
  | { readonly at: "runs"; readonly id: number | null };

export type View = {
  /** Slack user id. */
  readonly as: string;
  /** GitHub login. */
  readonly login: string;
  /** The pane in front where there is room for one only. */
  readonly pane: Pane;
  readonly slack: SlackPlace;
  readonly github: GitHubPlace;
  /** The session in front, until a newer one begins than was the newest when it was chosen. */
  readonly session: { readonly id: string; readonly newest: string } | null;
  readonly chaos: boolean;
  readonly tour: boolean;
};

const FIRST_USER = "U0OPERATOR";

let view: View = {
  as: FIRST_USER,
  login: "maintainer",
  pane: "slack",
  slack: { at: "channel" },
  github: { at: "issues" },
  session: null,
  chaos: false,
  tour: true,
};
const listeners = new Set<() => void>();
lookAs(view.as);

export function go(change: Partial<View>): void {
  if (change.as !== undefined && change.as !== view.as) lookAs(change.as);
  view = { ...view, ...change };
  for (const listener of listeners) listener();
}

export function useView(): View {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    () => view,
  );
}

export function showSession(id: string): void {
  const newest = currentSections().cockpit?.sessions[0]?.id ?? id;
  go({ pane: "cockpit", session: { id, newest } });
}

/** Shows on the page what a link to one of the services leads to. False where the page has no place for it. */
export function follow(href: string): boolean {
  const { cockpit, github } = currentSections();
  if (cockpit !== undefined && href.startsWith(`${cockpit.url}/${cockpit.environmentId}/`)) {
    const session = href.slice(`${cockpit.url}/${cockpit.environmentId}/`.length).split(/[?#]/)[0] ?? "";
    showSession(session);
    return true;
  }
  if (github === undefined || !href.startsWith(`${github.url}/${github.repo}`)) return false;
  const path = href.slice(`${github.url}/${github.repo}`.length).split(/[?#]/)[0] ?? "";
  go({ pane: "github", github: placeOf(path) });
  return true;
}

function placeOf(path: string): GitHubPlace {
  const [, kind = "", id = "", run = ""] = path.split("/");
  if (kind === "issues" && Number(id) > 0) return { at: "issue", number: Number(id) };
  if (kind === "commit" || kind === "commits") return { at: "commits", sha: /^[0-9a-f]{7,40}$/.test(id) ? id : null };
  if (kind === "actions") return { at: "runs", id: id === "runs" && Number(run) > 0 ? Number(run) : null };
  return { at: "issues" };
}
