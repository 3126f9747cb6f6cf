// The sample repository: a small package with tests, and a workflow that tests it and deploys it to Kubernetes.

import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder that holds the files. */
const sampleFolder = join(dirname(fileURLToPath(import.meta.url)), "repository");

/** Every file's text by its path, `.github` and `.gitignore` included. */
export function sampleFiles(): Record<string, string> {
  const files: Record<string, string> = {};
  for (const entry of readdirSync(sampleFolder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    files[path.slice(sampleFolder.length + 1)] = readFileSync(path, "utf8");
  }
  return files;
}
