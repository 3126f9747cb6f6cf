// What the server sees of the world, kept up to date by server-sent events. One stream, of the Slack user who looks.

import { useSyncExternalStore } from "react";
import type { Sections } from "../protocol.ts";

type Live = { readonly sections: Partial<Sections>; readonly connected: boolean };

let live: Live = { sections: {}, connected: false };
let stream: EventSource | undefined;
const listeners = new Set<() => void>();

const names = ["slack", "github", "cluster", "cockpit", "controls", "tour"] as const satisfies (keyof Sections)[];

/** Looks as this person from now on. What was there stays until the new look comes. */
export function lookAs(user: string): void {
  stream?.close();
  const next = new EventSource(`/events?as=${encodeURIComponent(user)}`);
  stream = next;
  for (const name of names) {
    next.addEventListener(name, ({ data }: MessageEvent<string>) => {
      set({ connected: true, sections: { ...live.sections, [name]: JSON.parse(data) as unknown } });
    });
  }
  next.addEventListener("error", () => set({ ...live, connected: false }));
  next.addEventListener("open", () => set({ ...live, connected: true }));
}

function set(next: Live): void {
  live = next;
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

/** Undefined until the first look. */
export function useSection<Name extends keyof Sections>(name: Name): Sections[Name] | undefined {
  return useSyncExternalStore(subscribe, () => live.sections[name]) as Sections[Name] | undefined;
}

export function useConnected(): boolean {
  return useSyncExternalStore(subscribe, () => live.connected);
}

export function currentSections(): Partial<Sections> {
  return live.sections;
}
