// The one place where the cluster waits. Everything that happens later goes through here, so that close() leaves no
// timer behind and nothing runs after it.
//
// Two kinds of time: the cluster's own durations (pulling an image, a back-off, `minReadySeconds`) are given in the
// seconds a real cluster would take and divided by `speed`; what a client asked for in its own time (`timeoutSeconds`
// of a watch) is wall time. Timestamps in objects are always wall time.

export type Cancel = () => void;

export type Clock = {
  readonly speed: number;
  now(): Date;
  /** Runs `task` after `seconds` of cluster time. */
  after(seconds: number, task: () => void): Cancel;
  /** Runs `task` after `ms` of wall time. */
  afterWall(ms: number, task: () => void): Cancel;
  /** True after `seconds` of cluster time; false as soon as the signal aborts or the clock is closed. */
  sleep(seconds: number, signal: AbortSignal): Promise<boolean>;
  close(): void;
};

export function createClock(speed: number): Clock {
  const pending = new Set<Cancel>();
  const closing = new AbortController();

  function afterWall(ms: number, task: () => void): Cancel {
    if (closing.signal.aborted) return () => {};
    const timer = setTimeout(() => {
      pending.delete(cancel);
      task();
    }, ms);
    const cancel = () => {
      clearTimeout(timer);
      pending.delete(cancel);
    };
    pending.add(cancel);
    return cancel;
  }

  function sleep(seconds: number, signal: AbortSignal): Promise<boolean> {
    if (signal.aborted || closing.signal.aborted) return Promise.resolve(false);
    return new Promise((resolve) => {
      const end = (slept: boolean) => {
        cancel();
        signal.removeEventListener("abort", stop);
        closing.signal.removeEventListener("abort", stop);
        resolve(slept);
      };
      const stop = () => end(false);
      const cancel = afterWall((seconds * 1000) / speed, () => end(true));
      signal.addEventListener("abort", stop);
      closing.signal.addEventListener("abort", stop);
    });
  }

  return {
    speed,
    now: () => new Date(),
    after: (seconds, task) => afterWall((seconds * 1000) / speed, task),
    afterWall,
    sleep,
    close() {
      closing.abort();
      for (const cancel of [...pending]) cancel();
    },
  };
}

/** The API writes times to the second: `2025-01-31T12:00:00Z`. */
export function timestamp(at: Date): string {
  return `${at.toISOString().slice(0, 19)}Z`;
}
