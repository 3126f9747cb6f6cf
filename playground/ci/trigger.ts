// Which pushes start a workflow (docs.github.com, "Workflow syntax": on.push, and its filter pattern cheat sheet).

import type { PushFilter } from "./workflow.ts";

/** `changed` is asked for only where the filter has paths. */
export async function matchesPush(
  filter: PushFilter,
  branch: string,
  changed: () => Promise<readonly string[]>,
): Promise<boolean> {
  if (!branchMatches(filter, branch)) return false;
  const { paths, "paths-ignore": ignored } = filter;
  if (paths === undefined && ignored === undefined) return true;
  const files = await changed();
  if (paths !== undefined) return files.some((file) => selected(paths, file));
  return files.some((file) => !selected(ignored ?? [], file));
}

function branchMatches(filter: PushFilter, branch: string): boolean {
  if (filter.branches !== undefined) return selected(filter.branches, branch);
  if (filter["branches-ignore"] !== undefined) return !selected(filter["branches-ignore"], branch);
  // Filters of tags alone leave branches out.
  return filter.tags === undefined && filter["tags-ignore"] === undefined;
}

/** The last pattern that matches decides; one that starts with ! takes back. */
function selected(patterns: readonly string[], name: string): boolean {
  let found = false;
  for (const pattern of patterns) {
    const negative = pattern.startsWith("!");
    if (globPattern(negative ? pattern.slice(1) : pattern).test(name)) found = !negative;
  }
  return found;
}

/** `*` stops at slashes, `**` does not; `?` and `+` repeat the character before them. */
function globPattern(glob: string): RegExp {
  const source = glob.replace(/\*\*\/|\*\*|\*|\\.|[.^$(){}|\\]/g, (part) => {
    if (part === "**/") return "(?:.*/)?";
    if (part === "**") return ".*";
    return part === "*" ? "[^/]*" : part.length === 2 ? part : `\\${part}`;
  });
  return new RegExp(`^${source}$`);
}

/** A commit message that asks for no workflow run (docs.github.com, "Skipping workflow runs"). */
export function asksToSkip(message: string): boolean {
  return /\[(skip ci|ci skip|no ci|skip actions|actions skip)\]/.test(message) || /^skip-checks: ?true$/m.test(message);
}
