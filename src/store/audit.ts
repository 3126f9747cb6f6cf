// The audit: a file a month, `audit/2026-11.jsonl`, that is only ever added to. A line is on the disk before what it
// tells of is committed: a crash in between leaves a line too many, and never one too few.

import { mkdir, open, readdir } from "node:fs/promises";
import { join } from "node:path";
import { type AuditLine, auditLineSchema, auditOf } from "../domain/audit.ts";
import type { BotEvent } from "../domain/event.ts";
import { reduce } from "../domain/state.ts";
import type { Audit, Store } from "../ports.ts";
import { codeOf, diskError, readText, syncDirectory } from "./files.ts";

const FILE = /^\d{4}-\d{2}\.jsonl$/;
/** Months that `/afk audit` looks back. */
const MONTHS_BACK = 3;

export function openAudit(stateDir: string): Audit {
  const dir = join(stateDir, "audit");
  let last: Promise<unknown> = Promise.resolve();

  async function append(lines: readonly AuditLine[]): Promise<void> {
    const [first] = lines;
    if (first === undefined) return;
    const path = join(dir, `${new Date(first.at).toISOString().slice(0, 7)}.jsonl`);
    try {
      const isNew = (await mkdir(dir, { recursive: true, mode: 0o700 })) !== undefined;
      const file = await open(path, "a", 0o600);
      try {
        await file.writeFile(`\n${lines.map((line) => JSON.stringify(line)).join("\n")}\n`);
        await file.datasync();
      } finally {
        await file.close();
      }
      if (isNew) await syncDirectory(dir);
    } catch (error) {
      throw diskError(error, `write the audit ${path}`);
    }
  }

  return {
    add(lines) {
      const adding = last.then(() => append(lines));
      last = adding.catch(() => {});
      return adding;
    },
    async newest(count, issue) {
      const months = (await filesIn(dir)).sort().reverse().slice(0, MONTHS_BACK);
      const found: AuditLine[] = [];
      for (const month of months) {
        const lines = ((await readText(join(dir, month))) ?? "").split("\n").flatMap(parse).reverse();
        found.push(...lines.filter((line) => issue === undefined || line.issue === issue));
        if (found.length >= count) break;
      }
      return found.slice(0, count);
    },
  };
}

/** The store, with each commit's lines in the audit before it. */
export function audited(store: Store, audit: Audit): Store {
  return {
    get state() {
      return store.state;
    },
    async commit(event) {
      if (!isNoted(event)) return await store.commit(event);
      const lines = auditOf(event, store.state, reduce(store.state, event));
      await audit.add(lines);
      await store.commit(event);
    },
    close: () => store.close(),
  };
}

/** Most events are the bot's own steps, and cost nothing here. */
function isNoted(event: BotEvent): boolean {
  return event.type === "run.ordered" || event.type.startsWith("bot.") || event.type === "run.order-over"
    ? true
    : "order" in event && event.order !== undefined;
}

async function filesIn(dir: string): Promise<string[]> {
  try {
    return (await readdir(dir)).filter((name) => FILE.test(name));
  } catch (error) {
    if (codeOf(error) === "ENOENT") return [];
    throw diskError(error, `read ${dir}`);
  }
}

/** A line that a crash tore is left out. */
function parse(line: string): readonly AuditLine[] {
  if (line === "") return [];
  try {
    const parsed = auditLineSchema.safeParse(JSON.parse(line));
    return parsed.success ? [parsed.data] : [];
  } catch {
    return [];
  }
}
