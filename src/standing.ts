import type { ExecutorSeen } from "./domain/assign.ts";
import type { Enrolment } from "./domain/enrolment.ts";
import type { Disarmed, Standing } from "./domain/gates.ts";
import type { Observed } from "./domain/observed.ts";
import type { Policy } from "./domain/policy.ts";
import type { RepoKey } from "./domain/repo.ts";
import type { Free } from "./domain/space.ts";
import type { BotState } from "./domain/state.ts";
import type { Enrolments } from "./enrol/enrolments.ts";
import type { Clock } from "./ports.ts";

/** What the gates ask beside the issue. */
export type Surroundings = {
  readonly enrolments: Pick<Enrolments, "current">;
  readonly policy: Policy;
  readonly clock: Clock;
  readonly readVolumeFree: () => Promise<Observed<Free>>;
  /** Why the bot may start nothing at all, kill switch apart. */
  readonly disarmed: () => Disarmed;
  /** The T3 servers of the config, and how each stands now. */
  readonly executors: () => readonly ExecutorSeen[];
  /** Whether the repo has slots on the volume. */
  readonly isWarm: (repo: RepoKey) => Promise<boolean>;
};

/** How everything but the issue stands, now. Checks the repo's enrolment where that was too long ago. */
export async function standingOf(repo: RepoKey, state: BotState, around: Surroundings): Promise<Standing> {
  const { policy, clock, enrolments, readVolumeFree, disarmed } = around;
  const executors = around.executors();
  const readWarm = executors.length > 1 ? around.isWarm(repo) : false;
  const [enrolment, volumeFree, warm] = await Promise.all([enrolments.current(repo), readVolumeFree(), readWarm]);
  return { state, policy, disarmed: disarmed(), executors, warm, enrolment, volumeFree, now: clock.now() };
}

/** The enrolment that the gates passed on, for what has to be compared with it. */
export function enrolmentOf({ enrolment }: Standing): Enrolment | null {
  return enrolment?.known ? enrolment.value : null;
}
