// Does what the person asks for, and shows the words of whatever refuses it.

import { useSyncExternalStore } from "react";
import type { Act, Acted } from "../protocol.ts";

type Notice = { readonly id: number; readonly text: string };

const NOTICE_MS = 7_000;

let notices: readonly Notice[] = [];
let last = 0;
const listeners = new Set<() => void>();

/** Never rejects. A refusal is shown as a notice, unless the caller shows it: `quiet`. */
export async function act(what: Act, { quiet = false }: { readonly quiet?: boolean } = {}): Promise<Acted> {
  const acted = await ask(what);
  if (!acted.ok && !quiet) notify(acted.shown);
  return acted;
}

async function ask(what: Act): Promise<Acted> {
  try {
    const body = JSON.stringify(what);
    const response = await fetch("/act", { method: "POST", headers: { "content-type": "application/json" }, body });
    return (await response.json()) as Acted;
  } catch {
    return { ok: false, shown: "The demo does not answer. Is it still running?" };
  }
}

function notify(text: string): void {
  last += 1;
  const notice = { id: last, text };
  set([...notices.slice(-2), notice]);
  setTimeout(() => dismiss(notice.id), NOTICE_MS);
}

export function dismiss(id: number): void {
  set(notices.filter((notice) => notice.id !== id));
}

function set(next: readonly Notice[]): void {
  notices = next;
  for (const listener of listeners) listener();
}

export function useNotices(): readonly Notice[] {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    () => notices,
  );
}
