// Enrolment results on disk, one file per repo: the bot and `afk enrol` both write them, neither the other's state. The
// last writer of a repo wins, and both write what the same checks gave.

import { randomBytes } from "node:crypto";
import { mkdir, open, readFile, rename } from "node:fs/promises";
import { dirname, join } from "node:path";
import { z } from "zod";
import type { Enrolment } from "../domain/enrolment.ts";
import { type RepoKey, splitRepo } from "../domain/repo.ts";
import { AfkError, messageOf } from "../errors.ts";

const enrolmentSchema = z.object({
  repo: z.string(),
  repoId: z.number().int().nullable(),
  fullName: z.string(),
  defaultBranch: z.string().nullable(),
  checkedAt: z.number().int(),
  checks: z.array(
    z.object({
      check: z.enum([
        "repository",
        "workflows",
        "CONTEXT.md",
        "push rights",
        "branch protection",
        "git-crypt",
        "submodules",
        "LFS",
        "labels",
      ]),
      result: z.enum(["pass", "warn", "fail", "unknown"]),
      why: z.string(),
      remedy: z.string().nullable(),
    }),
  ),
});

export type EnrolmentFiles = {
  /** Undefined where the repo was never checked, or the file is not one of ours: then it is checked anew. */
  load(repo: RepoKey): Promise<Enrolment | undefined>;
  /** Throws `conflict` where the volume does not take it. */
  save(enrolment: Enrolment): Promise<void>;
};

export function openEnrolmentFiles(stateDir: string): EnrolmentFiles {
  const pathOf = (repo: RepoKey): string => {
    const { owner, name } = splitRepo(repo);
    return join(stateDir, "enrolment", owner, `${name}.json`);
  };
  return {
    async load(repo) {
      try {
        const parsed = enrolmentSchema.safeParse(JSON.parse(await readFile(pathOf(repo), "utf8")));
        return parsed.success && parsed.data.repo === repo ? parsed.data : undefined;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "ENOENT" || error instanceof SyntaxError) return undefined;
        throw new AfkError("conflict", `Cannot read ${pathOf(repo)}: ${messageOf(error)}`, error);
      }
    },
    async save(enrolment) {
      const path = pathOf(enrolment.repo);
      const next = `${path}.${randomBytes(4).toString("hex")}.next`;
      try {
        await mkdir(dirname(path), { recursive: true });
        const file = await open(next, "w", 0o600);
        try {
          await file.writeFile(JSON.stringify(enrolment));
          await file.sync();
        } finally {
          await file.close();
        }
        await rename(next, path);
      } catch (error) {
        throw new AfkError("conflict", `Cannot write ${path}: ${messageOf(error)}`, error);
      }
    },
  };
}
