// Where the broken state of a frozen run is kept: a folder of plain files, there whole or not at all.

import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { AfkError, messageOf } from "../errors.ts";
import type { Forensics } from "../ports.ts";

const MOST_CHARACTERS = 512 * 1024;

export function createForensics(volume: string): Forensics {
  return {
    async keep(name, files) {
      const path = join(volume, "forensics", name);
      const next = `${path}.next`;
      try {
        await rm(next, { recursive: true, force: true });
        await mkdir(next, { recursive: true });
        for (const [file, text] of files) {
          // Logs may hold what only people with a right to them should see.
          await writeFile(join(next, file), text.slice(0, MOST_CHARACTERS), { mode: 0o640 });
        }
        await mkdir(dirname(path), { recursive: true });
        await rm(path, { recursive: true, force: true });
        await rename(next, path);
        return path;
      } catch (error) {
        throw new AfkError("conflict", `Cannot keep ${path}: ${messageOf(error)}`, error);
      }
    },
  };
}
