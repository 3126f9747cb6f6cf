// A Dockerfile, read as far as ours goes, and its steps done in a folder: Docker is not everywhere that tests run.

import { cpSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
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

/** `COPY a b ./` into `app`, from this repository. Throws where .dockerignore keeps something of it out of the build. */
export function copy(rest: string, app: string): void {
  const words = rest.split(/\s+/);
  const target = words.at(-1) ?? "";
  const allowed = readFileSync(join(ROOT, ".dockerignore"), "utf8").split("\n");
  for (const source of words.slice(0, -1)) {
    if (!allowed.includes(`!${source}`)) throw new Error(`.dockerignore leaves ${source} out`);
    const to = target === "./" ? join(app, source) : join(app, target);
    cpSync(join(ROOT, source), to, { recursive: true, preserveTimestamps: true });
  }
}

/** What `npm install` leaves: what is installed here. */
export function linkInstalled(app: string): void {
  symlinkSync(join(ROOT, "node_modules"), join(app, "node_modules"));
}
