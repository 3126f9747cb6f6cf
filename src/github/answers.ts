// The answers that conditional requests refer to, kept over restarts. What is lost here costs a request of quota each and
// nothing else, so a file that cannot be read is started afresh.
//
// An ETag belongs to the account that got it: the file carries that account's identity, and is not used for another.

import { mkdir, open, readFile, rename } from "node:fs/promises";
import { dirname } from "node:path";
import type { Logger } from "pino";
import { z } from "zod";
import { messageOf } from "../errors.ts";

const answerSchema = z.object({
  etag: z.string(),
  status: z.number().int(),
  url: z.string(),
  link: z.string().optional(),
  /** The body as JSON: whoever gets it again gets one of their own, as Octokit's pagination changes it. */
  text: z.string(),
});
export type KeptAnswer = Readonly<z.infer<typeof answerSchema>>;

const fileSchema = z.object({
  version: z.literal(1),
  identity: z.string(),
  answers: z.array(z.tuple([z.string(), answerSchema])),
});

export type Answers = {
  get(url: string): KeptAnswer | undefined;
  set(url: string, answer: KeptAnswer): void;
  delete(url: string): void;
  readonly size: number;
  /** Writes the file where something changed since the last time. A failure is a warning, as nothing is lost but quota. */
  save(): Promise<void>;
};

export type AnswersOptions = {
  /** Undefined: kept in memory only. */
  readonly file: string | undefined;
  readonly identity: string;
  readonly log: Logger;
  /** Most answers kept, and most characters of all of them; the least recently used ones go first. */
  readonly most?: number;
  readonly mostCharacters?: number;
};

/** One answer larger than this is not kept: it would push out many small ones. */
const LARGEST = 512 * 1024;

export async function openAnswers(options: AnswersOptions): Promise<Answers> {
  const { file, identity, log, most = 10_000, mostCharacters = 48 * 1024 * 1024 } = options;
  const answers = new Map<string, { readonly answer: KeptAnswer; readonly size: number }>();
  let characters = 0;
  let changed = false;
  for (const [url, answer] of await load(file, identity, log)) put(url, answer);

  function put(url: string, answer: KeptAnswer): void {
    remove(url);
    const size = answer.text.length + 2 * url.length + answer.etag.length;
    if (size > LARGEST) return;
    answers.set(url, { answer, size });
    characters += size;
    for (const [oldest] of answers) {
      if (answers.size <= most && characters <= mostCharacters) return;
      remove(oldest);
    }
  }

  function remove(url: string): void {
    const found = answers.get(url);
    if (found === undefined) return;
    answers.delete(url);
    characters -= found.size;
  }

  return {
    get size() {
      return answers.size;
    },
    get(url) {
      const found = answers.get(url);
      if (found === undefined) return undefined;
      answers.delete(url);
      answers.set(url, found);
      return found.answer;
    },
    set(url, answer) {
      put(url, answer);
      changed = true;
    },
    delete(url) {
      changed ||= answers.has(url);
      remove(url);
    },
    async save() {
      if (file === undefined || !changed) return;
      changed = false;
      const rows = [...answers].map(([url, { answer }]) => [url, answer]);
      try {
        await mkdir(dirname(file), { recursive: true });
        const next = `${file}.${process.pid}.next`;
        // Answers hold the text of private issues.
        const handle = await open(next, "w", 0o600);
        try {
          await handle.writeFile(JSON.stringify({ version: 1, identity, answers: rows }));
        } finally {
          await handle.close();
        }
        await rename(next, file);
      } catch (error) {
        changed = true;
        log.warn({ file, why: messageOf(error) }, "github answers not kept");
      }
    },
  };
}

async function load(file: string | undefined, identity: string, log: Logger): Promise<[string, KeptAnswer][]> {
  if (file === undefined) return [];
  try {
    const parsed = fileSchema.parse(JSON.parse(await readFile(file, "utf8")));
    return parsed.identity === identity ? parsed.answers : [];
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === "ENOENT";
    if (!missing) log.warn({ file, why: messageOf(error).slice(0, 200) }, "github answers unreadable, starting afresh");
    return [];
  }
}
