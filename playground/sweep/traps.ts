// Kills the bot at its points. The product knows nothing of them: the servers hold a request and kill, a `git` on the
// bot's PATH kills whoever started it, and the state folder is watched from outside.

import { type FSWatcher, mkdirSync, readdirSync, readFileSync, statSync, watch, writeFileSync } from "node:fs";
import { join } from "node:path";
import { eventLine, headerLine } from "../../src/store/lines.ts";
import { SNAPSHOT_EVERY } from "../../src/store/store.ts";
import type { Exchange } from "../listener.ts";
import { tokens } from "../world/team.ts";
import { gitTrap } from "./git-trap.ts";
import { type Moments, nameOf, type Point } from "./points.ts";
import { momentOf } from "./situation.ts";
import type { Stage } from "./stage.ts";

export type Traps = {
  /** For the bot's environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Names of the points at which the bot was killed so far, in order. */
  sprung(): readonly string[];
  /** Keys of the exchanges at which it was killed though they were not known. */
  spared(): readonly string[];
  seen(): Moments;
  /** From now on moments count. */
  arm(): void;
  /** The issue the way is about, once it is there. */
  follow(issue: number): void;
  /** A bot is about to run again: only now can the next point kill it. */
  restarted(): void;
  close(): void;
};

/** A killed bot asks what an undisturbed one does not: it dies at so many of those moments as well. */
export type Spare = {
  readonly moments: number;
  /** Keys of the exchanges that are none of those. */
  readonly known: readonly string[];
};

/** `kill` ends the bot's whole process group at once. Each point kills once. */
export function setTraps(
  stage: Stage,
  { points, spare }: { readonly points: readonly Point[]; readonly spare: Spare },
  kill: () => void,
): Traps {
  const left = new Set(points.map(nameOf));
  const known = new Set(spare.known);
  const sprung: string[] = [];
  let life = 0;
  let dead = false;
  let armed = false;
  let issue: number | undefined;

  /** True: this was a point, and the bot is gone. `bornIn` is the life in which the moment began. */
  function spring(point: Point, bornIn: number): boolean {
    if (!armed || dead || bornIn !== life || !left.delete(nameOf(point))) return false;
    sprung.push(nameOf(point));
    dead = true;
    kill();
    return true;
  }

  const spared: string[] = [];
  /** Makes a point of a moment that nobody knew of, as long as there may be more. */
  function meet(key: string): void {
    if (known.has(key) || spared.length >= spare.moments) return;
    known.add(key);
    spared.push(key);
    left.add(spareName(key));
  }

  const exchanges = trapExchanges(stage, () => issue, {
    isArmed: () => armed,
    life: () => life,
    meet,
    spring,
  });
  const git = gitTrap(
    stage.dir,
    points.filter((point) => point.kind === "git"),
  );
  const snapshots = points.flatMap((point) => (point.kind === "snapshot" ? [Number(point.key)] : []));
  const dueAt = [...new Set(snapshots)].sort((a, b) => a - b);
  const files = trapFiles(stage.stateDir, dueAt, {
    isArmed: () => armed,
    spring: (point) => spring(point, life),
  });
  const trash = trapRenames(join(stage.volume, "trash"), (key) => armed && spring({ kind: "rename", key }, life));
  return {
    env: git.env,
    sprung: () => [...sprung, ...git.sprung()],
    spared: () => spared.filter((key) => !left.has(spareName(key))),
    seen: () => ({ exchange: exchanges.seen(), git: git.seen(), journal: files.seen(), rename: trash.seen() }),
    arm() {
      armed = true;
      git.arm();
    },
    follow(number) {
      issue = number;
    },
    restarted() {
      files.restarting();
      life += 1;
      dead = false;
    },
    close() {
      for (const listener of stage.listeners) listener.intercept(undefined);
      files.close();
      trash.close();
    },
  };
}

function spareName(key: string): string {
  return nameOf({ kind: "exchange", key, when: "after" });
}

const RENAMES = [1, 2, 20, 200, 500];

/** Watches what comes into the trash. A moment is how many things did so far. */
function trapRenames(trash: string, spring: (key: string) => void) {
  mkdirSync(trash, { recursive: true });
  const names = new Set<string>();
  const watcher = watch(trash, (_, name) => {
    if (name === null || names.has(name)) return;
    names.add(name);
    if (RENAMES.includes(names.size)) spring(String(names.size));
  });
  return {
    seen: () => RENAMES.filter((count) => count <= names.size).map(String),
    close: () => watcher.close(),
  };
}

const GIT_BOT = `Basic ${Buffer.from(`x-access-token:${tokens.githubBot}`).toString("base64")}`;

/** Slack and T3 are used by nobody but the bot. */
function isBots({ service, authorization = "" }: Exchange): boolean {
  if (service === "slack" || service === "t3") return true;
  return (
    authorization === GIT_BOT ||
    authorization.endsWith(` ${tokens.githubBot}`) ||
    authorization.endsWith(` ${tokens.clusterBot}`)
  );
}

type Watch = {
  isArmed(): boolean;
  life(): number;
  meet(key: string): void;
  spring(point: Point, bornIn: number): boolean;
};

function trapExchanges(stage: Stage, issue: () => number | undefined, { isArmed, life, meet, spring }: Watch) {
  const seen = new Set<string>();
  const begun = new WeakMap<Exchange, { readonly key: string; readonly life: number }>();
  for (const listener of stage.listeners) {
    listener.intercept({
      async before(exchange) {
        if (!isArmed() || !isBots(exchange)) return undefined;
        const key = momentOf(exchange, stage, issue());
        seen.add(key);
        meet(key);
        begun.set(exchange, { key, life: life() });
        return cutIf(spring({ kind: "exchange", key, when: "before" }, life()));
      },
      async after(exchange) {
        const moment = begun.get(exchange);
        if (moment === undefined) return undefined;
        return cutIf(spring({ kind: "exchange", key: moment.key, when: "after" }, moment.life));
      },
    });
  }
  return { seen: () => [...seen] };
}

function cutIf(killed: boolean): { readonly do: "cut" } | undefined {
  return killed ? { do: "cut" } : undefined;
}

/**
 * Watches the state folder. A moment is an event in the journal, by its type and how often that came. A snapshot is made
 * due at each of the `dueAt`-th events, lowest first, by events that are put before them while no bot runs.
 */
function trapFiles(
  dir: string,
  dueAt: readonly number[],
  { isArmed, spring }: { isArmed(): boolean; spring(point: Point): boolean },
) {
  mkdirSync(dir, { recursive: true });
  let [due] = dueAt;
  /** Segments that were there before the snapshot that is due. */
  let old: ReadonlySet<string> = new Set();
  let isOver = false;
  if (due !== undefined) {
    const name = seed(dir, SNAPSHOT_EVERY - due);
    old = new Set([name]);
  }
  const read = new Map<string, number>();
  const times = new Map<string, number>();
  const seen: string[] = [];
  // What was seeded is no moment.
  for (const name of readdirSync(dir)) read.set(name, statSync(join(dir, name)).size);

  /** Each start of the bot goes on in a folder of its own, with what the one before had: `read` is of all of them. */
  function readOn(folder: string, name: string): void {
    const text = readFileSync(join(folder, name), "utf8");
    const from = read.get(name) ?? 0;
    if (text.length < from) read.set(name, 0);
    const end = text.lastIndexOf("\n") + 1;
    read.set(name, end);
    for (const [, type = ""] of text.slice(from, end).matchAll(/"e":\{"type":"([^"]+)"/g)) {
      const count = (times.get(type) ?? 0) + 1;
      times.set(type, count);
      const key = `${type} ${count}`;
      if (!isArmed()) continue;
      seen.push(key);
      spring({ kind: "journal", key });
    }
  }

  function look(folder: string, name: string | null): void {
    if (name === null || statSync(join(folder, name), { throwIfNoEntry: false }) === undefined) return;
    if (name.startsWith("journal-")) {
      if (due !== undefined && !old.has(name)) spring({ kind: "snapshot", key: String(due), when: "segment" });
      readOn(folder, name);
    }
    if (due === undefined) return;
    if (name === "state.json.next") spring({ kind: "snapshot", key: String(due), when: "file" });
    if (name === "state.json" && spring({ kind: "snapshot", key: String(due), when: "rename" })) isOver = true;
  }

  /** The next snapshot becomes due as many events after this one as it is further on the way. */
  function nextIsDue(): void {
    const next = dueAt.find((one) => one > (due ?? 0));
    const folder = newestFolder(dir);
    const segments = readdirSync(folder).filter((name) => name.startsWith("journal-"));
    const last = segments.toSorted().at(-1);
    if (next !== undefined && last !== undefined) {
      const text = seedOn(join(folder, last), SNAPSHOT_EVERY - (next - (due ?? 0)));
      read.set(last, text.length);
    }
    old = new Set(segments);
    due = next;
    isOver = false;
  }

  const watchers = new Map<string, FSWatcher>();
  function follow(name: string): void {
    const folder = join(dir, name);
    if (watchers.has(name) || statSync(folder, { throwIfNoEntry: false }) === undefined) return;
    watchers.set(
      name,
      watch(folder, (_, file) => look(folder, file)),
    );
    for (const file of readdirSync(folder)) if (file.startsWith("journal-")) readOn(folder, file);
  }
  const watcher = watch(dir, (_, name) => {
    if (name?.startsWith("epoch-")) follow(name);
  });
  return {
    seen: () => [...new Set(seen)],
    restarting() {
      if (isOver) nextIsDue();
    },
    close() {
      for (const one of [watcher, ...watchers.values()]) one.close();
    },
  };
}

const SEED = { type: "bot.resumed", at: 0, by: "U0OPERATOR" } as const;

/** Makes the first segment, with so many events. Returns its name. */
function seed(dir: string, count: number): string {
  const name = "journal-000000000001.jsonl";
  const lines = Array.from({ length: count }, (_, n) => eventLine(n + 1, SEED));
  writeFileSync(join(dir, name), headerLine(1) + lines.join(""));
  return name;
}

/** Puts so many events after what is whole in the segment. Returns all of its text. */
function seedOn(file: string, count: number): string {
  const text = readFileSync(file, "utf8");
  const whole = text.slice(0, text.lastIndexOf("\n") + 1);
  const first = Number(/"first":(\d+)/.exec(whole)?.[1] ?? 1);
  // The first line is no event.
  const next = first + whole.split("\n").length - 2;
  const all = whole + Array.from({ length: count }, (_, n) => eventLine(next + n, SEED)).join("");
  writeFileSync(file, all);
  return all;
}

function newestFolder(dir: string): string {
  const epochs = readdirSync(dir).flatMap((name) => /^epoch-(\d+)$/.exec(name)?.[1] ?? []);
  return epochs.length === 0 ? dir : join(dir, `epoch-${Math.max(...epochs.map(Number))}`);
}
