// Whether a workflow's `on:` covers a push to a branch (docs.github.com, "Workflow syntax for GitHub Actions",
// `on.push.<branches|tags|branches-ignore|tags-ignore>` and "Filter pattern cheat sheet").

/** `on` is the parsed value. "for some paths": it runs only where the push touches (or not only touches) some paths. */
export function runsOnPush(on: unknown, branch: string): "always" | "for some paths" | "never" {
  if (on === "push") return "always";
  if (Array.isArray(on)) return on.includes("push") ? "always" : "never";
  if (!isRecord(on) || !("push" in on)) return "never";
  const push = on["push"];
  if (!isRecord(push)) return "always";
  if (!coversBranch(push, branch)) return "never";
  return "paths" in push || "paths-ignore" in push ? "for some paths" : "always";
}

/** Whether a push that changes the paths runs it. Of several pushes at once GitHub looks at all their changes. */
export function runsForPush(on: unknown, branch: string, paths: readonly string[]): boolean {
  const runs = runsOnPush(on, branch);
  if (runs !== "for some paths") return runs === "always";
  const push = isRecord(on) && isRecord(on["push"]) ? on["push"] : {};
  if ("paths" in push) return paths.some((path) => matchesLast(listOf(push["paths"]), path));
  const ignored = listOf(push["paths-ignore"]);
  return paths.some((path) => !ignored.some((pattern) => matches(pattern, path)));
}

function coversBranch(push: Readonly<Record<string, unknown>>, branch: string): boolean {
  if ("branches" in push) return matchesLast(listOf(push["branches"]), branch);
  if ("branches-ignore" in push) return !listOf(push["branches-ignore"]).some((pattern) => matches(pattern, branch));
  return !("tags" in push || "tags-ignore" in push);
}

/** The last pattern that matches decides, as a later `!pattern` takes names out again. */
function matchesLast(patterns: readonly string[], branch: string): boolean {
  let covered = false;
  for (const pattern of patterns) {
    if (pattern.startsWith("!")) covered = covered && !matches(pattern.slice(1), branch);
    else covered = covered || matches(pattern, branch);
  }
  return covered;
}

/** `*` is all but a slash, `**` all; `?` and `+` repeat what is before them; `[]` is a set. */
function matches(pattern: string, branch: string): boolean {
  const source = pattern.replaceAll(/\*\*|\*|[.^${}()|]/g, (mark) => {
    if (mark === "**") return ".*";
    return mark === "*" ? "[^/]*" : `\\${mark}`;
  });
  try {
    return new RegExp(`^${source}$`).test(branch);
  } catch {
    return pattern === branch;
  }
}

function listOf(value: unknown): readonly string[] {
  return (Array.isArray(value) ? value : [value]).map(String);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
