// Keeps a bot running, as a cluster does with a pod: whenever its process ends, another one is started.
//
// starting → up (it said that it is ready) → down (ended; a new one in a moment) → starting → …

import type { Bot } from "./bot.ts";

export type Keeper = AsyncDisposable & {
  look(): {
    readonly state: "starting" | "up" | "down";
    /** How often its process has ended. */
    readonly kills: number;
    /** Its latest log line, in words. */
    readonly said: string;
  };
  /** Resolves when the first bot is armed. */
  readonly armed: Promise<unknown>;
  /** SIGKILL. */
  kill(): void;
};

const AGAIN_MS = 2_000;

export function keepBot(start: () => Bot): Keeper {
  let state: "starting" | "up" | "down" = "starting";
  let kills = 0;
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let bot = launch();
  const armed = bot.said("armed");
  // Nobody need wait for it.
  armed.catch(() => undefined);

  function launch(): Bot {
    state = "starting";
    const started = start();
    started.said("ready").then(
      () => {
        state = "up";
      },
      () => undefined,
    );
    started.process.once("exit", () => {
      if (stopped) return;
      state = "down";
      kills += 1;
      timer = setTimeout(() => {
        bot = launch();
      }, AGAIN_MS);
    });
    return started;
  }

  return {
    look: () => ({ state, kills, said: bot.lastSaid() }),
    armed,
    kill: () => void bot.process.kill("SIGKILL"),
    async [Symbol.asyncDispose]() {
      stopped = true;
      clearTimeout(timer);
      await bot.stop();
    },
  };
}
