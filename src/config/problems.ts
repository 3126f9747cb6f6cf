import type { z } from "zod";
import type { ConfigFile } from "./schema.ts";

/** Repos that are listed twice, whatever their case. */
export function duplicates(data: ConfigFile): string[] {
  const seen = new Set<string>();
  return data.repos.flatMap(({ repo }, index) => {
    if (!seen.has(repo)) {
      seen.add(repo);
      return [];
    }
    return [`repos[${index}].repo: ${repo} is listed twice`];
  });
}

/** One line of what is wrong: its path in the file, and what was expected there. */
export function describeIssue(issue: z.core.$ZodIssue): string {
  const path = issue.path
    .map((part, index) => (typeof part === "number" ? `[${part}]` : `${index === 0 ? "" : "."}${String(part)}`))
    .join("");
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => `${path === "" ? key : `${path}.${key}`}: unknown key`).join("\n  - ");
  }
  const text = issue.message.replace(/^Invalid input: /, "").replace(/, received undefined$/, "");
  const missing = issue.code === "invalid_type" && issue.input === undefined;
  return `${path || "(top level)"}: ${missing ? "missing, " : ""}${text}`;
}
