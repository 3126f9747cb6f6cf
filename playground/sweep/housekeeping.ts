// The way of housekeeping: what is put on the volume to be removed, and what is to be seen of it afterwards.

import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { BotState } from "../../src/domain/state.ts";
import { channel, repo, slackUsers } from "../world/team.ts";
import type { Stage } from "./stage.ts";

const [operator] = slackUsers;

/** More than one batch of renames. */
const UNITS = 600;
const FOLDER = join("caches", "npm", "_cacache", "content-v2", "sha512", "aa", "bb");

/** Whatever the disk of this machine has in use is too much: all that may go goes. */
export const ALL_GOES = { housekeeping: { highPercent: 2, lowPercent: 1 } };

/** Cache entries that go, beside others that do not, and a way out of the volume that is not taken. */
export async function askToPrune(stage: Stage): Promise<void> {
  if (!existsSync(join(stage.dir, "outside"))) place(stage);
  await stage.slack.as(operator.id).command("/afk", "prune", channel.id);
}

function place({ volume, dir }: Stage): void {
  mkdirSync(join(volume, FOLDER), { recursive: true });
  for (let n = 0; n < UNITS; n += 1) writeFileSync(join(volume, FOLDER, `${n}`.padStart(124, "0")), "x");
  mkdirSync(join(volume, "caches", "unheard-of"));
  writeFileSync(join(volume, "caches", "unheard-of", "file"), "x");
  mkdirSync(join(dir, "outside"));
  writeFileSync(join(dir, "outside", "precious"), "mine");
  mkdirSync(join(volume, "trash", "old"), { recursive: true });
  symlinkSync(join(dir, "outside"), join(volume, "trash", "old", "out"));
  symlinkSync(join(dir, "outside"), join(volume, FOLDER, "..", "cc"));
}

export type VolumeSight = {
  readonly units: number;
  readonly slots: number;
  /** What Slack shows of passes that people asked for, and of a volume that is too full. */
  readonly told: readonly string[];
};

const PASS = /ha[sd] the volume cleared/;
const FULL = /volume is too full|volume has room again/;

export function lookAtVolume({ volume, slack }: Stage): VolumeSight {
  const roots = slack
    .as(operator.id)
    .messages(channel.id)
    .flatMap(({ threadTs, text }) => (threadTs === undefined ? [text] : []));
  return {
    units: namesIn(join(volume, FOLDER)).length,
    slots: namesIn(join(volume, "repos", repo, "slots")).length,
    told: roots.filter((text) => PASS.test(text) || FULL.test(text)),
  };
}

/** Whether a pass answers whoever asked: it is under way, or over. */
export function isAnswered({ told }: VolumeSight): boolean {
  return told.some((text) => PASS.test(text));
}

export function isPruned({ units, slots, told }: VolumeSight): boolean {
  return units === 0 && slots === 0 && told.some((text) => /had the volume cleared/.test(text));
}

/** What went twice by the bot's own account, or went though it may not; and what was told of it twice or not at all. */
export function countWrongRemovals(stage: Stage, { housekeeping }: BotState): number {
  const removed = housekeeping.passes.flatMap((pass) => pass.removed);
  const units = removed.reduce((sum, group) => sum + (group.kind === "package cache" ? group.units : 0), 0);
  const slots = removed.reduce((sum, group) => sum + (group.kind === "slot" ? group.units : 0), 0);
  const asked = housekeeping.passes.filter(({ by }) => by !== null).length;
  const { told } = lookAtVolume(stage);
  const passes = told.filter((text) => PASS.test(text)).length;
  const precious = join(stage.dir, "outside", "precious");
  const stays = [join(stage.volume, "caches", "unheard-of", "file"), precious].filter((path) => !existsSync(path));
  return (
    Math.abs(units - UNITS) +
    Math.abs(slots - 1) +
    Math.abs(passes - asked) +
    Math.max(0, told.length - passes - 1) +
    stays.length +
    Number(stays.length === 0 && readFileSync(precious, "utf8") !== "mine") +
    Number(housekeeping.pass !== null)
  );
}

function namesIn(path: string): readonly string[] {
  return existsSync(path) ? readdirSync(path) : [];
}
