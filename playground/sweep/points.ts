// Where a bot can be killed, and the traps that do it there. The product knows nothing of them: the servers hold a
// request and kill, a `git` on the bot's PATH kills whoever started it, and the state folder is watched from outside.

import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, watch, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { eventLine, headerLine } from "../../src/store/lines.ts";
import { SNAPSHOT_EVERY } from "../../src/store/store.ts";
import type { Exchange } from "../listener.ts";
import { tokens } from "../world/team.ts";
import type { Stage } from "./stage.ts";

export type Point =
  /** The bot's n-th request to any service. */
  | { readonly kind: "exchange"; readonly n: number; readonly when: "before" | "after" }
  /** Its n-th git command. `during` kills git too, `alone` only the bot: git goes on. */
  | { readonly kind: "git"; readonly n: number; readonly when: (typeof GIT)[number] }
  /** As soon as the journal has grown for the n-th time. */
  | { readonly kind: "journal"; readonly n: number }
  /** While the snapshot that the n-th event sets off is written: its segment, its file, its rename. */
  | { readonly kind: "snapshot"; readonly n: number; readonly when: (typeof SNAPSHOT)[number] };

const GIT = ["before", "during", "later", "alone", "after"] as const;
const SNAPSHOT = ["segment", "file", "rename"] as const;

/** What happened on a way that nothing disturbed: how many requests and journal writes, and which git commands. */
export type Counts = { readonly exchange: number; readonly git: readonly string[]; readonly journal: number };

/** Git commands that change nothing here: killed half-way they are as if they had not begun. */
const READING = new Set(["for-each-ref", "log", "merge-base", "remote", "rev-parse", "status", "diff"]);

export function pointsOf(counts: Counts, kills: readonly Point["kind"][]): readonly Point[] {
  const upTo = (n: number): readonly number[] => Array.from({ length: n }, (_, index) => index + 1);
  const all: readonly Point[] = [
    ...upTo(counts.exchange).flatMap((n) => exchangePoints(n)),
    ...counts.git.flatMap((command, index) =>
      GIT.filter((when) => when === "before" || when === "after" || !READING.has(command)).map(
        (when): Point => ({ kind: "git", n: index + 1, when }),
      ),
    ),
    ...upTo(counts.journal).map((n): Point => ({ kind: "journal", n })),
    ...upTo(counts.journal).flatMap((n) => SNAPSHOT.map((when): Point => ({ kind: "snapshot", n, when }))),
  ];
  return all.filter(({ kind }) => kills.includes(kind));
}

export function exchangePoints(n: number): readonly Point[] {
  return (["before", "after"] as const).map((when) => ({ kind: "exchange", n, when }));
}

export function nameOf(point: Point): string {
  return `${point.kind} ${point.n}${"when" in point ? ` ${point.when}` : ""}`;
}

export type Trap = {
  /** For the bot's environment. */
  readonly env: Readonly<Record<string, string>>;
  /** What it was that the bot died at; undefined = the point was never reached. */
  sprung(): string | undefined;
  counts(): Counts;
  /** From now on things count. */
  arm(): void;
  close(): void;
};

/** Sets the trap for a point, or one that only counts. `kill` ends the bot's whole process group at once. */
export function setTrap(stage: Stage, point: Point | undefined, kill: () => void): Trap {
  let sprung: string | undefined;
  let armed = false;
  const isArmed = (): boolean => armed;
  const spring = (at: string): void => {
    if (sprung !== undefined) return;
    sprung = at;
    kill();
  };
  const exchanges = trapExchanges(stage, point, isArmed, spring);
  const git = point === undefined || point.kind === "git" ? gitTrap(stage, point) : undefined;
  const files = trapFiles(stage, point, isArmed, spring);
  return {
    env: git?.env ?? {},
    sprung: () => sprung ?? git?.sprung(),
    counts: () => ({ exchange: exchanges.seen(), git: git?.seen() ?? [], journal: files.growths() }),
    arm() {
      armed = true;
      git?.arm();
    },
    close() {
      for (const listener of stage.listeners) listener.intercept(undefined);
      files.close();
    },
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

function trapExchanges(stage: Stage, point: Point | undefined, isArmed: () => boolean, spring: (at: string) => void) {
  let seen = 0;
  const numbers = new WeakMap<Exchange, number>();
  for (const listener of stage.listeners) {
    listener.intercept({
      async before(exchange) {
        if (!isArmed() || !isBots(exchange)) return undefined;
        seen += 1;
        numbers.set(exchange, seen);
        return decide(exchange, "before");
      },
      after: async (exchange) => decide(exchange, "after"),
    });
  }
  function decide(exchange: Exchange, when: "before" | "after"): { readonly do: "cut" } | undefined {
    if (point?.kind !== "exchange" || point.when !== when || numbers.get(exchange) !== point.n) return undefined;
    spring(`${when} ${exchange.service} ${exchange.method} ${exchange.path}`);
    return { do: "cut" };
  }
  return { seen: () => seen };
}

/** A `git` before the real one on the PATH. Node starts it directly, so its parent is the bot. */
function gitTrap(stage: Stage, point: Extract<Point, { kind: "git" }> | undefined) {
  const bin = join(stage.dir, "bin");
  const calls = join(stage.dir, "git-calls");
  mkdirSync(bin);
  mkdirSync(calls);
  // The pattern then always matches something, and the first call is the first.
  writeFileSync(join(calls, "0"), "");
  const file = join(bin, "git");
  writeFileSync(file, shim(calls, point));
  chmodSync(file, 0o755);
  const done = `${calls}-sprung`;
  return {
    arm: () => writeFileSync(`${calls}-armed`, ""),
    env: { PATH: `${bin}${delimiter}${process.env["PATH"] ?? ""}` },
    /** The commands, in order. */
    seen: () =>
      readdirSync(calls)
        .map(Number)
        .sort((a, b) => a - b)
        .slice(1)
        .map((n) => readFileSync(join(calls, String(n)), "utf8").trim()),
    sprung: () => (existsSync(done) ? `${point?.when} git ${point?.n}` : undefined),
  };
}

function shim(calls: string, point: Extract<Point, { kind: "git" }> | undefined): string {
  const real = `PATH="\${PATH#*${delimiter}}"; export PATH`;
  const group = `kill -9 -- "-$PPID"`;
  const at = {
    before: group,
    during: `git "$@" & sleep 0.002; ${group}`,
    later: `git "$@" & sleep 0.02; ${group}`,
    alone: `kill -9 "$PPID"; exec git "$@"`,
    after: `git "$@"; ${group}`,
  };
  return `#!/bin/sh
[ -e "${calls}-armed" ] || { ${real}; exec git "$@"; }
n=0
for call in "${calls}"/*; do n=$((n + 1)); done
set -C
while ! echo "$1" > "${calls}/$n"; do n=$((n + 1)); done 2>/dev/null
${real}
if [ "$n" = "${point?.n ?? 0}" ]; then
  : > "${calls}-sprung"
  ${point === undefined ? ":" : at[point.when]}
fi
exec git "$@"
`;
}

/** Watches the state folder. A snapshot is made due by events that were there before the bot. */
function trapFiles(stage: Stage, point: Point | undefined, isArmed: () => boolean, spring: (at: string) => void) {
  mkdirSync(stage.stateDir, { recursive: true });
  if (point?.kind === "snapshot") seed(stage.stateDir, SNAPSHOT_EVERY - point.n);
  const sizes = new Map<string, number>();
  let growths = 0;
  const watcher = watch(stage.stateDir, (_, name) => {
    if (name === null) return;
    const size = statSync(join(stage.stateDir, name), { throwIfNoEntry: false })?.size;
    if (name.startsWith("journal-") && size !== undefined && size > (sizes.get(name) ?? 0)) {
      const isNew = !sizes.has(name);
      sizes.set(name, size);
      if (point?.kind === "snapshot" && point.when === "segment" && !name.endsWith("0001.jsonl")) spring(name);
      if (isNew || !isArmed()) return;
      growths += 1;
      if (point?.kind === "journal" && growths === point.n) spring(`journal write ${growths}`);
    }
    if (point?.kind !== "snapshot") return;
    if (point.when === "file" && name === "state.json.next") spring(name);
    if (point.when === "rename" && name === "state.json") spring(name);
  });
  return { growths: () => growths, close: () => watcher.close() };
}

function seed(dir: string, count: number): void {
  const event = { type: "bot.resumed", at: 0, by: "U0OPERATOR" } as const;
  const lines = Array.from({ length: count }, (_, n) => eventLine(n + 1, event));
  writeFileSync(join(dir, "journal-000000000001.jsonl"), headerLine(1) + lines.join(""));
}
