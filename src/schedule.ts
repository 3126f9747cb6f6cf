// When which job runs: node-cron keeps the time, in the operator's zone. It only says that a job is due: whoever runs it
// never runs it twice at once. What came due while the bot was down runs with its start, once.

import { createTask, type ScheduledTask, setLogger } from "node-cron";
import type { Logger } from "pino";
import type { Clock } from "./ports.ts";

export type Timetable<Job extends string> = Readonly<Record<Job, string>>;

export type Schedule<Job extends string> = {
  /** When the job is due next, in UTC milliseconds; null = never. */
  nextOf(job: Job): number | null;
  stop(): Promise<void>;
};

/** `dueOf` gives what `nextOf` said when the job ran last; undefined = it never ran. `atOnce` are due when they never ran. */
export function startSchedule<Job extends string>(options: {
  readonly timetable: Timetable<Job>;
  readonly timeZone: string;
  readonly dueOf: (job: Job) => number | null | undefined;
  readonly atOnce: readonly Job[];
  readonly onDue: (job: Job) => void;
  readonly clock: Clock;
  readonly log: Logger;
}): Schedule<Job> {
  const { timetable, timeZone, dueOf, atOnce, onDue, clock, log } = options;
  setLogger({
    info: (text) => log.debug({ text }, "cron"),
    warn: (text) => log.warn({ text }, "cron"),
    error: (text) => log.error({ text: String(text) }, "cron"),
    debug: (text) => log.debug({ text: String(text) }, "cron"),
  });
  const jobs = Object.keys(timetable) as Job[];
  const tasks = new Map<Job, ScheduledTask>();
  for (const job of jobs) {
    const task = createTask(timetable[job], () => onDue(job), { timezone: timeZone, name: job, noOverlap: true });
    tasks.set(job, task);
    void task.start();
    const due = dueOf(job);
    const missed = due === undefined ? atOnce.includes(job) : due !== null && due <= clock.now();
    if (!missed) continue;
    log.info({ job, due: due ?? null }, "job missed, catching up");
    onDue(job);
  }
  return {
    nextOf: (job) => tasks.get(job)?.getNextRun()?.getTime() ?? null,
    async stop() {
      for (const task of tasks.values()) await task.destroy();
    },
  };
}
