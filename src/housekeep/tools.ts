// Package managers that know better than anybody what in their cache is of no use any more: they prune it themselves, where
// the bot has them on its PATH, and while nothing on the volume is at work.

import { constants } from "node:fs";
import { access, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import type { AtWork } from "../domain/holds.ts";
import type { Care } from "../domain/housekeeping-state.ts";
import { messageOf } from "../errors.ts";
import { runCommand } from "../setup/command.ts";
import { type Cache, cacheEnv, caches } from "../volume/caches.ts";
import type { Layout } from "../volume/layout.ts";
import type { VolumeThread } from "./thread.ts";

/** What each runs. `npm cache verify` removes what no index entry names any more; none of these empties a cache. */
const PRUNES: Readonly<Record<string, string>> = {
  npm: "npm cache verify",
  pnpm: "pnpm store prune",
  uv: "uv cache prune",
  ccache: "ccache --cleanup",
};
const WITHIN_MS = 30 * 60_000;

export async function pruneTools(parts: {
  readonly layout: Layout;
  readonly thread: VolumeThread;
  readonly work: () => AtWork | undefined;
  readonly stopping: () => boolean;
  readonly path: string;
  readonly logsIn: string;
}): Promise<Omit<Care, "at">> {
  const { layout, thread, work, stopping, path, logsIn } = parts;
  const did: string[] = [];
  const failed: string[] = [];
  const stopFor = (): string | undefined => (stopping() ? "the bot is stopping" : work()?.who);
  for (const cache of caches) {
    const { tool } = cache;
    const text = PRUNES[tool];
    const folder = layout.cache(tool);
    if (text === undefined || !(await isThere(folder)) || !(await isOnPath(text, path))) continue;
    try {
      // A tool follows symlinks, and would prune whatever one leads to.
      const astray = await thread.call("findWayOut", tool);
      if (astray !== null) failed.push(`${text} was not run: ${astray} leads out of its cache`);
      else failed.push(...(await prune(cache, text)));
    } catch (error) {
      failed.push(`${text}: ${messageOf(error)}`);
    }
  }
  return { did, failed };

  async function prune(cache: Cache, text: string): Promise<readonly string[]> {
    const home = await mkdtemp(join(tmpdir(), "afk-prune-"));
    try {
      const ended = await runCommand({
        text,
        cwd: home,
        env: { PATH: path, HOME: home, ...cacheEnv([cache], layout.cache) },
        withinMs: WITHIN_MS,
        logFile: join(logsIn, `${cache.tool}.log`),
        secrets: [],
        stopFor,
      });
      if (ended.is === "done") did.push(`ran ${text}`);
      if (ended.is === "stopped") did.push(`left ${text} for another time: ${ended.why}`);
      return ended.is === "failed" ? [`${text} failed (${ended.how}): ${ended.tail.slice(-300)}`] : [];
    } finally {
      await rm(home, { recursive: true, force: true });
    }
  }
}

async function isThere(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}

async function isOnPath(text: string, path: string): Promise<boolean> {
  const [program = ""] = text.split(" ");
  for (const folder of path.split(delimiter)) {
    const found = await access(join(folder, program), constants.X_OK).then(
      () => true,
      () => false,
    );
    if (found) return true;
  }
  return false;
}
