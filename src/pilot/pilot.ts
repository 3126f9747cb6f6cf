// The pilot: the unknowns of a T3 instance, tried live in a scratch repository on the volume. It gathers evidence step by
// step; one that cannot be had leaves its checks failed with the reason, and the other checks go on.

import { exec } from "node:child_process";
import { join } from "node:path";
import type { Logger } from "pino";
import type { T3Server } from "../config.ts";
import { known, type Observed, unknown } from "../domain/observed.ts";
import { messageOf } from "../errors.ts";
import type { Clock } from "../ports.ts";
import { createT3Client, type T3Client } from "../t3/client.ts";
import type { Model } from "../t3/executor.ts";
import { createTokens } from "../t3/token.ts";
import { judge, type TokenSeen } from "./judge.ts";
import { pilotPrompt } from "./prompt.ts";
import type { PilotResult } from "./result.ts";
import { lookAtScratch, makeScratch } from "./scratch.ts";
import { closeSession, type Eyes, followSession, pause } from "./session.ts";

export type PilotOptions = {
  readonly server: Pick<T3Server, "name" | "url" | "token" | "version">;
  readonly model: Model;
  readonly volume: string;
  /** How long the agent's one turn may take, in milliseconds. */
  readonly withinMs: number;
  /** How long the stream may take to stand, in milliseconds. */
  readonly streamWithinMs?: number;
  /** Restarts T3, run by a shell; undefined = not tried. */
  readonly restartCommand: string | undefined;
  readonly clock: Clock;
  readonly log: Logger;
  /** True: give up, as whoever asked is leaving. The result is then no result. */
  readonly stopped?: () => boolean;
  /** Told what is being done, as it begins. */
  tell(line: string): void;
};

const LIVE_WITHIN_MS = 10_000;
const RESTART_WITHIN_MS = 120_000;

/** Throws only where there is no volume to work on; everything else is a check that did not pass. */
export async function runPilot(options: PilotOptions): Promise<PilotResult> {
  const { server, model, volume, clock, log, tell } = options;
  const begun = clock.now();
  const tokens = createTokens(server.token, server.url, clock);
  const newClient = () => createT3Client({ url: server.url, tokens, pollMs: 0, clock, log });
  const [polling, streaming] = [newClient(), newClient()];
  const changed = new Set<() => void>();
  const eyes: Eyes = { polling, streaming, changed };
  const opened: string[] = [];
  try {
    tell("making a scratch repository and a tree on the volume");
    const scratch = await makeScratch(volume, server.name);

    tell(`asking T3 at ${server.url} who it is, and about our token`);
    const serverVersion = await attempt(async () => (await polling.environment()).serverVersion);
    const token = await attempt(() => askAboutToken(polling, tokens.renewable));

    streaming.watch(() => {
      for (const look of changed) look();
    });
    // Where T3 does not even take the token there is nothing to wait for.
    if (token.known && token.value.authenticated)
      await within(options.streamWithinMs ?? LIVE_WITHIN_MS, () => streaming.live(), clock);

    const follow = (title: string, text: string, tree: string) =>
      attempt(async () => {
        const { checkout, branch } = scratch;
        const { withinMs, stopped = () => false } = options;
        const ask = { checkout, tree, branch, title, text, model, withinMs, stopped };
        return await followSession(eyes, ask, clock, (threadId) => opened.push(threadId));
      });
    tell(`letting an agent work by the standing rules (${Math.round(options.withinMs / 1000)} s at most)`);
    const work = await follow(`AFK pilot ${scratch.id}`, pilotPrompt(scratch, model.model), scratch.tree);
    const left = await attempt(() => lookAtScratch(scratch));
    tell("opening a session whose tree is not there");
    const nowhere = join(volume, "pilot", "not-there", scratch.id);
    const failure = await follow(`AFK pilot ${scratch.id}, cannot start`, "Say hello and stop.", nowhere);

    const restart = await tryRestart(options, polling, opened[0]);
    const wantedVersion = server.version;
    const evidence = {
      scratch,
      serverVersion,
      wantedVersion,
      volume,
      token,
      work,
      left,
      failure,
      restart,
    };
    const checks = judge({ ...evidence, now: clock.now() });
    return {
      version: 1,
      at: clock.now(),
      ms: clock.now() - begun,
      t3Version: serverVersion.known ? serverVersion.value : null,
      passed: checks.every(({ passed }) => passed),
      checks,
    };
  } finally {
    for (const threadId of opened) {
      await closeSession(polling, threadId, clock).catch((error: unknown) => {
        log.warn({ threadId, why: messageOf(error) }, "pilot session left open");
      });
    }
    await Promise.all([polling.close(), streaming.close()]);
  }
}

async function askAboutToken(client: T3Client, renewable: boolean): Promise<TokenSeen> {
  return { ...(await client.session()), renewable };
}

async function tryRestart(
  { restartCommand, clock, tell }: PilotOptions,
  client: T3Client,
  threadId: string | undefined,
): Promise<Observed<string> | undefined> {
  if (restartCommand === undefined) return undefined;
  tell("restarting T3");
  return await attempt(async () => {
    await new Promise<void>((resolve, reject) => {
      exec(restartCommand, { timeout: RESTART_WITHIN_MS }, (error) => (error === null ? resolve() : reject(error)));
    });
    const back = async (): Promise<boolean> => (await client.environment().catch(() => undefined)) !== undefined;
    if (!(await within(RESTART_WITHIN_MS, back, clock))) throw new Error("T3 did not answer within two minutes.");
    if (threadId !== undefined && (await client.findThread(threadId, "fresh")) === undefined) {
      throw new Error("the pilot's session is no longer on record.");
    }
    return "It came back with its record and our token after a restart.";
  });
}

async function attempt<T>(work: () => Promise<T>): Promise<Observed<T>> {
  try {
    return known(await work());
  } catch (error) {
    return unknown(messageOf(error));
  }
}

async function within(ms: number, look: () => boolean | Promise<boolean>, clock: Clock): Promise<boolean> {
  const deadline = clock.now() + ms;
  for (;;) {
    if (await look()) return true;
    if (clock.now() > deadline) return false;
    await pause(50);
  }
}
