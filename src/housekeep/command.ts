// `afk housekeep`: a pass over the volume at the shell, for when no bot runs. `--dry-run` says what it would do, beside a
// running bot or without one, and changes nothing.

import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { passText, planText } from "../../views/prune.ts";
import type { Config } from "../config.ts";
import type { Pass } from "../domain/housekeeping-state.ts";
import type { BotState } from "../domain/state.ts";
import { AfkError } from "../errors.ts";
import { createTrees } from "../git/trees.ts";
import { connectGitHub } from "../github/connect.ts";
import { createLog } from "../log.ts";
import { createLoop } from "../loop.ts";
import type { Clock, Store } from "../ports.ts";
import { peekState } from "../store/peek.ts";
import { openStore } from "../store/store.ts";
import { createVolumeHold } from "../store/volume-hold.ts";
import { layoutOf } from "../volume/layout.ts";
import { readSpace } from "../volume/space.ts";
import { type PassParts, planOnly, runPass } from "./pass.ts";
import { createSlots } from "./slots.ts";
import { createVolumeThread } from "./thread.ts";

type Options = { readonly dryRun: boolean; readonly json: boolean };

/** Resolves to whether all is well: what could be read, could be removed. With `json` the only line on stdout is the result. */
export async function housekeepCommand(config: Config, { dryRun, json }: Options): Promise<boolean> {
  const clock: Clock = { now: () => Date.now() };
  const log = createLog("silent");
  const { store, release } = dryRun ? reading(await peekState(config.stateDir)) : await holding(config);
  const { policy } = config;
  const { github, auth, close } = await connectGitHub({ ...config.github, policy, keepIn: undefined, clock, log });
  const layout = layoutOf(config.volume);
  const trees = createTrees({
    layout,
    token: auth.token,
    origin: github,
    rulesOf: (repo) => config.trees.rules.get(repo),
    identity: config.trees.identity,
    env: config.trees.env,
    paused: () => true,
    log,
  });
  const thread = createVolumeThread({
    volume: config.volume,
    keepIn: join(config.stateDir, "housekeeping"),
    saves: !dryRun,
  });
  const loop = createLoop({
    name: "repo",
    concurrency: 1,
    backoff: { firstMs: 1_000, ceilingMs: 1_000 },
    log,
    work: async () => null,
  });
  const tell = progressTo(process.stderr);
  const parts: PassParts = {
    thread,
    slots: createSlots({ repos: [...config.repos.keys()], layout, trees, store, loop }),
    layout,
    policy: config.housekeeping.policy,
    store,
    setupsSince: trees.setupsSince,
    readSpace: () => readSpace(config.volume),
    stopping: () => false,
    onProgress: tell.show,
    clock,
    log,
  };
  try {
    tell.begin();
    if (dryRun) {
      const plan = await planOnly(parts, Number.POSITIVE_INFINITY);
      tell.end();
      console.log(json ? JSON.stringify(plan) : planText(plan, config.housekeeping.timeZone));
      return plan.space.known;
    }
    const pass = await pruneNow(parts);
    tell.end();
    console.log(json ? JSON.stringify(pass) : passText(pass, config.housekeeping.timeZone));
    return pass.notes.length === 0;
  } finally {
    await Promise.all([thread.close(), trees.close(), close(), loop.stop(0)]);
    await release();
  }
}

/** What a bot was cut off in goes first; then everything there is to do now. */
async function pruneNow(parts: PassParts): Promise<Pass> {
  const { thread, store, clock } = parts;
  const left = await thread.call("resumePass");
  const earlier = store.state.housekeeping.pass;
  if (left !== null)
    await runPass(earlier?.pass === left ? earlier : { pass: left, at: clock.now(), by: null }, true, parts);
  const done = await runPass({ pass: randomBytes(6).toString("hex"), at: clock.now(), by: null }, false, parts);
  if (done === undefined) throw new AfkError("conflict", "The pass was stopped.");
  return done.pass;
}

type Held = { readonly store: Store; release(): Promise<void> };

/** The state, and the volume with it. */
async function holding({ stateDir, volume }: Config): Promise<Held> {
  const log = createLog("silent");
  const hold = createVolumeHold(volume, log);
  try {
    const store = await openStore(stateDir, log);
    await hold.take(null).catch(async (error: unknown) => {
      await store.close();
      throw error;
    });
    return { store, release: () => store.close().finally(hold.release) };
  } catch (error) {
    // A disk that refuses is a cause; that a bot holds the state has none.
    if (!(error instanceof AfkError) || error.code !== "conflict" || error.cause !== undefined) throw error;
    throw new AfkError(
      "conflict",
      `${error.message} A bot that runs does the same on \`/afk prune\`; --dry-run works now.`,
    );
  }
}

function reading(state: BotState): Held {
  return { store: { state, commit: async () => {}, close: async () => {} }, release: async () => {} };
}

function progressTo(stream: NodeJS.WriteStream) {
  let shown = 0;
  return {
    /** Caches that were never listed may take minutes. */
    begin: (): void => void (stream.isTTY && stream.write("Looking at the volume …")),
    show({ done, left }: { readonly done: number; readonly left: number }): void {
      if (!stream.isTTY || performance.now() - shown < 200) return;
      shown = performance.now();
      stream.write(`\r\u001b[K${done} done, ${left} left …`);
    },
    end: (): void => void (stream.isTTY && stream.write("\r\u001b[K")),
  };
}
