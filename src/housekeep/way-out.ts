import { lstatSync, readdirSync, readlinkSync, realpathSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";

/** pnpm keeps links to the projects that use its store; it only looks whether they are there. */
const HARMLESS = /^store\/v\d+\/projects\/[^/]+$/;

/** A symlink in the tool's cache that leads out of it, by its path on the volume; null = there is none. */
export function findWayOut(volume: string, tool: string): string | null {
  for (const part of ["caches", `caches/${tool}`]) {
    if (lstatSync(join(volume, part), { throwIfNoEntry: false })?.isSymbolicLink()) return part;
  }
  const root = join(volume, "caches", tool);
  const real = realpathSync(root);
  const pending = [root];
  for (let folder = pending.pop(); folder !== undefined; folder = pending.pop()) {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) pending.push(path);
      if (!entry.isSymbolicLink() || HARMLESS.test(relative(root, path))) continue;
      if (!leadsTo(path).startsWith(`${real}${sep}`)) return relative(volume, path);
    }
  }
  return null;
}

/** Of a symlink to nothing: what would be there. */
function leadsTo(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return resolve(realpathSync(dirname(path)), readlinkSync(path));
  }
}
