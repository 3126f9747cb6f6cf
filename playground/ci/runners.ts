// The machines that jobs wait for: so many at once, none while paused.

export type Runners = {
  /** Resolves to what gives the runner back, or to undefined where the signal came first. */
  acquire(signal: AbortSignal): Promise<(() => void) | undefined>;
  pause(): void;
  resume(): void;
};

export function createRunners(parallel: number, startDelayMs: number): Runners {
  const queue: (() => void)[] = [];
  let free = parallel;
  let paused = false;

  function serve(): void {
    while (!paused && free > 0) {
      const next = queue.shift();
      if (next === undefined) return;
      free -= 1;
      next();
    }
  }

  function giveBack(): void {
    free += 1;
    serve();
  }

  return {
    async acquire(signal) {
      const got = await new Promise<boolean>((resolve) => {
        if (signal.aborted) return resolve(false);
        const turn = (): void => {
          signal.removeEventListener("abort", leave);
          resolve(true);
        };
        const leave = (): void => {
          queue.splice(queue.indexOf(turn), 1);
          resolve(false);
        };
        signal.addEventListener("abort", leave, { once: true });
        queue.push(turn);
        serve();
      });
      if (!got) return undefined;
      if (startDelayMs > 0) await delay(startDelayMs, signal);
      if (!signal.aborted) return giveBack;
      giveBack();
      return undefined;
    },
    pause() {
      paused = true;
    },
    resume() {
      paused = false;
      serve();
    },
  };
}

/** Ends early when the signal is given. */
function delay(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    }
    signal.addEventListener("abort", done, { once: true });
  });
}
