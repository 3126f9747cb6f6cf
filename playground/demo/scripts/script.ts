// What a script of the demo is, and what it is given. A new one is a file beside this one, and a line in index.ts.
//
// Each is played on a stage of its own: a fresh world, then `prepare`, then the bot with the demo's config and `config`
// laid over it, then `play`. It acts as people do (`world`: GitHub, Slack and T3 by hand) and judges by what people see,
// never by the bot's insides. A play has a minute, or its own `limitMs`: `follow` then gives up and `until` throws, so
// nothing waits without end.

import type { World } from "../../world/world.ts";
import type { Sight } from "../look.ts";
import type { Stage } from "../stage.ts";

export type Script = {
  /** One line, for `--help`. */
  readonly does: string;
  /** How long it may take on a slow machine; a minute where it does not say. */
  readonly limitMs?: number;
  /** Laid over the demo's `afk.yaml`: maps are merged, anything else is replaced. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** Changes the world before the bot starts: files, permissions, Slack users. */
  prepare?(world: World): Promise<void> | void;
  /** `ok`: whether it went as it should; the rest is what a reader of the JSON wants to know. Throwing is not ok. */
  play(scene: Scene): Promise<Ending>;
};

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };
export type Ending = { readonly ok: boolean; readonly [fact: string]: Json };

/** The line that `--json` prints: `{script, ok, …facts, ms}`, and `why` where the script threw. */
export type Outcome = Ending & { readonly script: string; readonly ms: number };

export type Scene = {
  readonly world: World;
  readonly stage: Stage;
  /** Says what happens, for whoever watches. */
  tell(line: string): void;
  /** The maintainer files an issue. Its body should say `Scripted agent: <behaviour>` (playground/agent/behaviours). */
  createIssue(title: string, body: string): number;
  /** The maintainer labels it `ready-for-agent`. */
  release(issue: number): void;
  look(issue: number): Promise<Sight>;
  /** Tells each thing about the issue when it is first seen, until `done` or until the time is over (`came` is false). */
  follow(issue: number, done: (sight: Sight) => boolean): Promise<{ readonly came: boolean; readonly sight: Sight }>;
  /** Waits until `look` gives something other than undefined or false. */
  until<T>(what: string, look: () => T | undefined | false | Promise<T | undefined | false>): Promise<T>;
};
