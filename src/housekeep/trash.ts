// The only thing in housekeeping that destroys: it moves an entry of a cache into `trash/`, and deletes what is in there.
//
// Whatever stands on the volume was written by agents, who may put a symlink wherever they like and while we look. So no
// path is ever walked: each folder is opened from the one above it, never through a symlink, and is addressed by its file
// descriptor from then on. A folder that something is mounted at is not entered. What may be moved is `caches/<tool>/…`, by
// plain names; what is emptied is `trash/`.
//
// All of it is synchronous, for a thread of its own (volume-thread.ts): there it is several times faster than in the pool
// of threads that the bot's journal uses too.

import {
  type BigIntStats,
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  unlinkSync,
} from "node:fs";
import { AfkError, messageOf } from "../errors.ts";

export type Thrown = "moved" | "gone" | "used";

export type Trash = {
  /**
   * Moves `caches/<tool>/…` into the trash: at once, whatever its size. `gone`: nothing is there any more; `used`: it was
   * used after `usedAt` (milliseconds), and stays. Throws `conflict` where it is not the volume's own, or cannot be moved.
   */
  throwAway(path: string, usedAt: number): Thrown;
  /**
   * Deletes what is in the trash; each step takes a moment, and gives the number of files deleted in it. What cannot be
   * deleted stays, and is told of once.
   */
  empty(onFailure: (path: string, why: string) => void): Generator<number, void>;
  close(): void;
};

/** An open folder. Paths into it begin with `at`. */
type Folder = { readonly fd: number; readonly at: string };

/** A folder within this many others is lifted out of them before it is emptied: file descriptors are few. */
const DEEPEST = 60;
const STEP = 64;

/** Throws `conflict` where the volume is not there. */
export function openTrash(volume: string): Trash {
  const root = open(volume, 0);
  const mount = mountOf(root);
  let moved = 0;

  function enter(parent: Folder, name: string | Buffer): Folder {
    const folder = open(pathOf(parent, name), constants.O_NOFOLLOW);
    if (mountOf(folder) === mount) return folder;
    closeSync(folder.fd);
    throw new AfkError("conflict", `something is mounted at ${name}`);
  }

  /** The folder below the root, with no symlink on the way. To be closed. */
  function descend(names: readonly string[]): Folder {
    let folder = root;
    for (const name of names) {
      const above = folder;
      try {
        folder = enter(above, name);
      } finally {
        if (above !== root) closeSync(above.fd);
      }
    }
    return folder;
  }

  function openTrashFolder(): Folder {
    try {
      return descend(["trash"]);
    } catch (error) {
      if (codeOf(error) !== "ENOENT") throw error;
      mkdirSync(pathOf(root, "trash"));
      return descend(["trash"]);
    }
  }

  /** A name in the trash that nothing else has, not even of a bot that ran before. */
  function freshName(): string {
    moved += 1;
    return `${process.pid}-${Date.now().toString(36)}-${moved}`;
  }

  function move(parent: Folder, name: string | Buffer, seen: BigIntStats, trash: Folder): void {
    // A folder's own mode decides whether it may get another parent, and Go writes its modules read-only.
    if (seen.isDirectory() && isLocked(seen)) closeSync(unlocked(enter(parent, name)).fd);
    renameSync(pathOf(parent, name), pathOf(trash, freshName()));
  }

  function* remove(trash: Folder, parent: Folder, name: Buffer, depth: number): Generator<number, void> {
    const path = pathOf(parent, name);
    const seen = lstatSync(path, { bigint: true });
    if (!seen.isDirectory()) return unlinkSync(path);
    if (depth > DEEPEST) return move(parent, name, seen, trash);
    const folder = enter(parent, name);
    let failure: unknown;
    try {
      if (isLocked(seen)) unlocked(folder);
      let deleted = 0;
      for (const inner of readdirSync(folder.at, { encoding: "buffer" })) {
        try {
          yield* remove(trash, folder, inner, depth + 1);
        } catch (error) {
          if (codeOf(error) !== "ENOENT") failure ??= error;
        }
        deleted += 1;
        if (deleted % STEP === 0) yield STEP;
      }
      yield deleted % STEP;
    } finally {
      closeSync(folder.fd);
    }
    if (failure !== undefined) throw failure;
    rmdirSync(path);
  }

  return {
    throwAway(path, usedAt) {
      const names = path.split("/");
      const name = names.pop() ?? "";
      const isOwn = names[0] === "caches" && names.length >= 2 && [...names, name].every(isPlain);
      if (!isOwn) throw new AfkError("conflict", `${JSON.stringify(path)} is nothing that may be removed`);
      try {
        const parent = descend(names);
        try {
          const seen = lstatSync(pathOf(parent, name), { bigint: true });
          if (lastUse(seen) > usedAt) return "used";
          const trash = openTrashFolder();
          try {
            move(parent, name, seen, trash);
          } finally {
            closeSync(trash.fd);
          }
          return "moved";
        } finally {
          closeSync(parent.fd);
        }
      } catch (error) {
        if (codeOf(error) === "ENOENT") return "gone";
        throw new AfkError("conflict", `Cannot remove ${path}: ${reason(error)}`, error);
      }
    },

    *empty(onFailure) {
      const failed = new Set<string>();
      const trash = openTrashFolder();
      try {
        for (;;) {
          const names = readdirSync(trash.at, { encoding: "buffer" }).filter(
            (name) => !failed.has(name.toString("hex")),
          );
          if (names.length === 0) return;
          for (const name of names) {
            try {
              yield* remove(trash, trash, name, 0);
              yield 1;
            } catch (error) {
              if (codeOf(error) === "ENOENT") continue;
              failed.add(name.toString("hex"));
              onFailure(`trash/${name}`, reason(error));
            }
          }
        }
      } finally {
        closeSync(trash.fd);
      }
    },

    close: () => closeSync(root.fd),
  };
}

function open(path: string | Buffer, flags: number): Folder {
  const fd = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY | flags);
  // Where there is no /proc the path is all there is: then a symlink put there in the same instant would be followed.
  const at = process.platform === "linux" ? `/proc/self/fd/${fd}` : path.toString();
  return { fd, at };
}

function pathOf({ at }: Folder, name: string | Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${at}/`), Buffer.from(name as string)]);
}

/** Which mount the folder is in, by its id where the system tells: a folder may be mounted onto another of its own disk. */
function mountOf({ fd }: Folder): string {
  if (process.platform !== "linux") return String(fstatSync(fd, { bigint: true }).dev);
  return /^mnt_id:\s*(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, "utf8"))?.[1] ?? "unknown";
}

function isPlain(name: string): boolean {
  return name !== "" && name !== "." && name !== ".." && !name.includes("\0");
}

function isLocked({ mode }: BigIntStats): boolean {
  return (mode & 0o700n) !== 0o700n;
}

function unlocked(folder: Folder): Folder {
  fchmodSync(folder.fd, 0o700);
  return folder;
}

/** Of a folder without the time it was last read: looking into it changes that. */
function lastUse(seen: BigIntStats): number {
  const times = [seen.mtimeMs, seen.ctimeMs, ...(seen.isDirectory() ? [] : [seen.atimeMs])];
  return Math.max(...times.map(Number));
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException | undefined)?.code;
}

const REASONS: Readonly<Record<string, string>> = {
  ENOTDIR: "a symlink or a file stands where a folder should",
  ELOOP: "a symlink stands where a folder should",
  EXDEV: "it is on another file system than the trash",
  EBUSY: "something is mounted there",
  EROFS: "the volume is mounted read-only",
  EACCES: "the bot has no right to: check its owner and mode",
  EPERM: "the bot has no right to: check its owner and mode",
};

function reason(error: unknown): string {
  return REASONS[codeOf(error) ?? ""] ?? messageOf(error);
}
