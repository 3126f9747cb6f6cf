// The demo that stays up: the world, its page, and a bot that is started again whenever it ends.

import { once } from "node:events";
import { join } from "node:path";
import { performerOf } from "../page/acts/index.ts";
import { bundlePage } from "../page/bundle.ts";
import { controlsOver } from "../page/controls.ts";
import { servePage } from "../page/serve.ts";
import { openEyes } from "../page/sight/eyes.ts";
import { keepBot } from "./keeper.ts";
import { layGround } from "./stage.ts";
import { openVolume } from "./volume.ts";

export type StayOptions = {
  readonly keep: boolean;
  /** Of the page; 0 = any free one. */
  readonly port: number;
  /** A command to work in place of the scripted agent. */
  readonly agent: string | undefined;
  readonly signal: AbortSignal;
  tell(line: string): void;
  /** The page is there; the bot may still be starting. */
  opened(url: string): void;
};

/** Corrections end soon, so that the tour gets to see a frozen repo. */
const SCRIPTED = { policy: { maxFixes: 2 } };
/** Real agents take their time. */
const REAL = { policy: { turn: "1h", stall: "15m" } };

/** Resolves once the signal came and all has ended. */
export async function stayUp({ keep, port, agent, signal, tell, opened }: StayOptions): Promise<void> {
  await using parts = new AsyncDisposableStack();
  const bundling = bundlePage();
  // Looked at below; until then its failure must not end the process.
  bundling.catch(() => undefined);
  const script = { config: agent === undefined ? SCRIPTED : REAL };
  const ground = parts.use(await layGround({ keep, script, agent }));
  const { dir, world } = ground;
  const volume = parts.use(openVolume(join(dir, "volume"), keep));
  tell("GitHub, Slack, T3 and the cluster are up");
  const keeper = parts.use(keepBot(ground.startBot));
  const controls = controlsOver(world, keeper, volume);
  const eyes = parts.use(await openEyes(world, controls, agent ?? null));
  const perform = performerOf(world, controls);
  const page = parts.use(await servePage({ port, bundle: await bundling, eyes, perform }));
  opened(page.url);
  keeper.armed.then(
    () => tell("the bot is armed"),
    () => tell(`the bot ended; another one is started. Its log: ${join(dir, "bot.log")}`),
  );
  if (!signal.aborted) await once(signal, "abort");
  tell("stopping …");
}
