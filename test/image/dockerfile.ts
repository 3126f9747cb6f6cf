// A Dockerfile, read as far as ours goes, and its steps done in a folder: Docker is not everywhere that tests run.

import { cpSync, mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

export type Step = { readonly word: string; readonly rest: string };

/** The instructions in their order. A line that goes on is one instruction. */
export function readDockerfile(): readonly Step[] {
  const text = readFileSync(join(ROOT, "Dockerfile"), "utf8");
  return text
    .replaceAll(/^#.*\n/gm, "")
    .replaceAll(/\\\n\s*/g, "")
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => {
      const [, word = "", rest = ""] = /^(\w+)\s+(.*)$/.exec(line) ?? [];
      return { word, rest };
    });
}

/** `COPY a b ./`. Throws where .dockerignore keeps something of it out of the build. */
export function copy(rest: string, app: string): void {
  const words = rest.split(/\s+/);
  const target = words.at(-1) ?? "";
  const allowed = readFileSync(join(ROOT, ".dockerignore"), "utf8").split("\n");
  for (const source of words.slice(0, -1)) {
    if (!allowed.includes(`!${source}`)) throw new Error(`.dockerignore leaves ${source} out`);
    const to = target.endsWith("/") ? join(app, target, source) : join(app, target);
    cpSync(join(ROOT, source), to, { recursive: true });
  }
}

/**
 * What `npm install --omit=dev --omit=optional` leaves, by the lock file, as links to what is installed here. Started
 * with --preserve-symlinks, nothing else is in reach.
 */
export function linkProduction(app: string): void {
  const { packages } = JSON.parse(readFileSync(join(app, "package-lock.json"), "utf8")) as {
    packages: Record<string, { dev?: boolean; optional?: boolean; devOptional?: boolean }>;
  };
  for (const [path, { dev, optional, devOptional }] of Object.entries(packages)) {
    // What lies within a package comes with it.
    const top = /^node_modules\/(@[^/]+\/)?[^/]+$/.test(path);
    if (!top || dev === true || optional === true || devOptional === true) continue;
    mkdirSync(dirname(join(app, path)), { recursive: true });
    symlinkSync(join(ROOT, path), join(app, path));
  }
}
