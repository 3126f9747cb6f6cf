import type { ModalView } from "@slack/types";
import type { ConfigStanding } from "../src/config/watch.ts";
import type { Config } from "../src/config.ts";
import type { ExecutorSeen } from "../src/domain/assign.ts";
import type { Observed } from "../src/domain/observed.ts";
import type { RepoKey } from "../src/domain/repo.ts";
import type { Run } from "../src/domain/run.ts";
import type { Enrolments } from "../src/enrol/enrolments.ts";
import type { LimitSeen } from "../src/github/limits.ts";
import type { Housekeeper } from "../src/housekeep/housekeeper.ts";
import type { Dependencies } from "../src/ops/dependencies.ts";
import type { Arming } from "../src/pilot/arming.ts";
import type { Audit, Clock, Rights, SlackText, Store } from "../src/ports.ts";
import type { Answer } from "../src/why.ts";
import type { FormSubject } from "../views/modals.ts";

export type Polling = {
  /** Milliseconds between two looks at an idle repo: the configured ones, or more where the repos are many. */
  readonly everyMs: number;
  inForce(): readonly LimitSeen[];
};

/** What a handler may use. It changes state by committing an event and then says *look again*. */
export type HandlerContext = {
  readonly config: Config;
  /** Whether the config file as it is now is the one in force. */
  readonly configStanding: () => ConfigStanding;
  readonly store: Store;
  readonly dependencies: Dependencies;
  readonly clock: Clock;
  readonly rights: Rights;
  readonly audit: Audit;
  readonly enrolments: Pick<Enrolments, "last">;
  /** How polling stands: the interval it is done at, and the rate limits in force. */
  readonly polling: Polling;
  /** Whether the pilot lets the bot start anything, by T3 server. */
  readonly armings: readonly Pick<Arming, "name" | "last" | "disarmed" | "start">[];
  /** The T3 servers, and how each stands. */
  executors(): readonly ExecutorSeen[];
  readonly housekeeper: Pick<Housekeeper, "plan" | "prune" | "report">;
  /** Why an issue starts or does not, on a reading of now. */
  explain(repo: RepoKey, issue: number): Promise<Observed<Answer>>;
  /** Wakes every repo, after something that concerns them all. */
  nudgeAll(): void;
  /** Wakes the run's repo, and draws what people see of the run before anything else. */
  nudge(run: Run): void;
};

/** Who did it, and the press's own identity: a replay of it has the same. */
type By = { readonly id: string; readonly user: string };
/** A command, with what they typed after its word, and where. */
export type Press = By & { readonly text: string; readonly channel: string };
/** `value` is the button's own; `channel` and `thread` are where it stands. */
export type ButtonPress = By & {
  readonly action: string;
  readonly value: string;
  readonly channel: string;
  readonly thread: string | null;
};
/** Values by the names of their blocks: text, an option's value, or several. Absent where nothing was entered. */
export type FormPress = By & {
  readonly form: string;
  readonly subject: FormSubject;
  readonly values: Readonly<Record<string, string | readonly string[]>>;
};

/** A message that mentions the bot; `ts` is its own, `thread` that of the root it is below. */
export type Mention = By & {
  readonly text: string;
  readonly channel: string;
  readonly thread: string | null;
  readonly ts: string;
};

/** Returns the reply, which only the person sees, or a form to open. */
export type Reply = SlackText | { readonly form: ModalView };
export type Handler = (press: Press, context: HandlerContext) => Promise<Reply>;
/** Returns a form to open, a reply to the person alone, or nothing where the message itself shows what came of it. */
export type ButtonHandler = (
  press: ButtonPress,
  context: HandlerContext,
) => Promise<{ readonly form: ModalView } | { readonly say: SlackText } | undefined>;
export type FormHandler = {
  /** What is wrong with the entries, by block; decided at once, as the form waits for it. Undefined = nothing. */
  check?(press: FormPress, context: HandlerContext): Readonly<Record<string, string>> | undefined;
  submit(press: FormPress, context: HandlerContext): Promise<SlackText | undefined>;
};
