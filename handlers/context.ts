import type { Config } from "../src/config.ts";
import type { Observed } from "../src/domain/observed.ts";
import type { RepoKey } from "../src/domain/repo.ts";
import type { Enrolments } from "../src/enrol/enrolments.ts";
import type { LimitSeen } from "../src/github/limits.ts";
import type { Dependencies } from "../src/ops/dependencies.ts";
import type { Arming } from "../src/pilot/arming.ts";
import type { Clock, SlackText, Store } from "../src/ports.ts";
import type { Answer } from "../src/why.ts";

export type Polling = {
  /** Milliseconds between two looks at an idle repo: the configured ones, or more where the repos are many. */
  readonly everyMs: number;
  inForce(): readonly LimitSeen[];
};

/** What a handler may use. It changes state by committing an event and then says *look again*. */
export type HandlerContext = {
  readonly config: Config;
  readonly store: Store;
  readonly dependencies: Dependencies;
  readonly clock: Clock;
  readonly enrolments: Pick<Enrolments, "last">;
  /** How polling stands: the interval it is done at, and the rate limits in force. */
  readonly polling: Polling;
  /** Whether the pilot lets the bot start anything. */
  readonly arming: Pick<Arming, "last" | "disarmed" | "start">;
  /** Why an issue starts or does not, on a reading of now. */
  explain(repo: RepoKey, issue: number): Promise<Observed<Answer>>;
  /** Wakes every repo, after something that concerns them all. */
  nudgeAll(): void;
};

/** Who did it, where, and what they typed after the command. */
export type Press = { readonly user: string; readonly text: string };

/** Returns the reply, which only the person sees. */
export type Handler = (press: Press, context: HandlerContext) => Promise<SlackText>;
