// A `git` before the real one on the bot's PATH. Node starts it directly, so its parent is the bot. It is a shell script
// that starts no process of its own, and talks by files: one for each point that is still to come, one for each command
// that came.

import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { nameOf, type Point, READING } from "./points.ts";

type GitPoint = Extract<Point, { kind: "git" }>;

export type GitTrap = {
  readonly env: Readonly<Record<string, string>>;
  arm(): void;
  /** The moments that came, each once, in order. */
  seen(): readonly string[];
  /** Names of the points at which it killed. */
  sprung(): readonly string[];
};

export function gitTrap(dir: string, points: readonly GitPoint[]): GitTrap {
  const bin = join(dir, "bin");
  const trap = join(dir, "git-trap");
  for (const folder of [bin, trap, join(trap, "points"), join(trap, "sprung"), join(trap, "seen")]) mkdirSync(folder);
  writeFileSync(join(trap, "last"), "nothing\n");
  for (const { key, when } of points) writeFileSync(join(trap, "points", fileOf(key, when)), "");
  const file = join(bin, "git");
  writeFileSync(file, shim(trap));
  chmodSync(file, 0o755);
  const sprung = new Set<string>();
  return {
    env: { PATH: [bin, process.env["PATH"]].join(delimiter) },
    arm: () => writeFileSync(join(trap, "armed"), ""),
    seen() {
      const file = join(trap, "log");
      const lines = existsSync(file) ? readFileSync(file, "utf8").split("\n").filter(Boolean) : [];
      return [...new Set(lines)];
    },
    sprung() {
      for (const name of readdirSync(join(trap, "sprung"))) {
        const point = points.find(({ key, when }) => fileOf(key, when) === name);
        if (point !== undefined) sprung.add(nameOf(point));
      }
      return [...sprung];
    },
  };
}

function fileOf(key: string, when: string): string {
  return `${key}.${when}`;
}

/** Two words of a command name it: `worktree add`, `fetch`. What follows differs from one world to the next. */
function shim(trap: string): string {
  const group = `kill -9 -- "-$PPID"`;
  const at = {
    before: group,
    during: `git "$@" & sleep 0.002; ${group}`,
    later: `git "$@" & sleep 0.02; ${group}`,
    alone: `kill -9 "$PPID"; exec git "$@"`,
    after: `git "$@"; ${group}`,
  };
  const cases = Object.entries(at).map(
    ([when, does]) => `  if [ -e "${trap}/points/$key.${when}" ]; then
    mv "${trap}/points/$key.${when}" "${trap}/sprung/$key.${when}" 2>/dev/null && { ${does}; }
  fi`,
  );
  return `#!/bin/sh
PATH="\${PATH#*${delimiter}}"; export PATH
[ -e "${trap}/armed" ] || exec git "$@"
name=; words=0; skip=
for word; do
  if [ -n "$skip" ]; then skip=; continue; fi
  case "$word" in
    -C|-c|--git-dir|--work-tree) [ $words = 0 ] && skip=1; continue ;;
    -*) continue ;;
  esac
  case "$word" in *[!a-z-]*) break ;; esac
  name="\${name:+$name }$word"; words=$((words + 1))
  [ $words = 2 ] && break
done
read -r last < "${trap}/last"
key="$last > $name"
echo "$key" >> "${trap}/log"
case "\${name%% *}" in
  ${READING.join("|")}) ;;
  *) echo "$name" > "${trap}/last" ;;
esac
${cases.join("\n")}
exec git "$@"
`;
}
