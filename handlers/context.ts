import type { Config } from "../src/config.ts";
import type { Dependencies } from "../src/ops/dependencies.ts";
import type { Clock, SlackText, Store } from "../src/ports.ts";

/** What a handler may use. It changes state by committing an event and then says *look again*. */
export type HandlerContext = {
  readonly config: Config;
  readonly store: Store;
  readonly dependencies: Dependencies;
  readonly clock: Clock;
  /** Wakes every repo, after something that concerns them all. */
  nudgeAll(): void;
};

/** Who did it, where, and what they typed after the command. */
export type Press = { readonly user: string; readonly text: string };

/** Returns the reply, which only the person sees. */
export type Handler = (press: Press, context: HandlerContext) => Promise<SlackText>;
