// Ended runs, one line each, in a file per month of their end: `history/2026-11.jsonl`. Written before the run leaves
// the state, so a crash in between writes it twice; the reader takes the last line of each run.

import { mkdir, open, readdir } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { RepoKey } from "../domain/repo.ts";
import { type Run, runSchema } from "../domain/run.ts";
import type { History } from "../ports.ts";
import { codeOf, diskError, readText, syncDirectory } from "./files.ts";

const lineSchema = z.object({ v: z.literal(1), run: runSchema });

const FILE = /^(\d{4}-\d{2})\.jsonl$/;

/** The history in `<stateDir>/history`, made with its first run. */
export function openHistory(stateDir: string): History {
  const dir = join(stateDir, "history");

  return {
    async add(run) {
      const path = join(dir, `${monthOf(run.state.since)}.jsonl`);
      try {
        await mkdir(dir, { recursive: true });
        const file = await open(path, "a+", 0o600);
        try {
          const start = (await endsInMidLine(file)) ? "\n" : "";
          await file.writeFile(`${start}${JSON.stringify({ v: 1, run })}\n`);
          await file.datasync();
        } finally {
          await file.close();
        }
        await syncDirectory(dir);
      } catch (error) {
        throw diskError(error, `write the history ${path}`);
      }
    },

    async find({ since, until, repo }) {
      const months = (await monthsIn(dir)).filter((month) => month >= monthOf(since) && month <= monthOf(until));
      const found = new Map<string, Run>();
      let unreadable = 0;
      for (const month of months) {
        for (const line of ((await readText(join(dir, `${month}.jsonl`))) ?? "").split("\n")) {
          if (line === "") continue;
          const run = parse(line);
          if (run === undefined) unreadable += 1;
          else if (isWanted(run, since, until, repo)) found.set(run.id, run);
        }
      }
      return { runs: [...found.values()].sort((a, b) => a.state.since - b.state.since), unreadable };
    },
  };
}

function isWanted(run: Run, since: number, until: number, repo: RepoKey | undefined): boolean {
  return run.state.since >= since && run.state.since <= until && (repo === undefined || run.repo === repo);
}

function parse(line: string): Run | undefined {
  try {
    return lineSchema.safeParse(JSON.parse(line)).data?.run;
  } catch {
    return undefined;
  }
}

async function monthsIn(dir: string): Promise<readonly string[]> {
  try {
    return (await readdir(dir)).flatMap((name) => FILE.exec(name)?.[1] ?? []).sort();
  } catch (error) {
    if (codeOf(error) === "ENOENT") return [];
    throw diskError(error, `read the history ${dir}`);
  }
}

/** A line that a crash cut off is closed, so that the next one is whole. */
async function endsInMidLine(file: Awaited<ReturnType<typeof open>>): Promise<boolean> {
  const { size } = await file.stat();
  if (size === 0) return false;
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, size - 1);
  return buffer.toString() !== "\n";
}

function monthOf(at: number): string {
  return new Date(at).toISOString().slice(0, 7);
}
