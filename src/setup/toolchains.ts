// What the tools on the PATH say of their versions. Asked once for each program that is there: a program that was replaced
// is another file.

import { execFile } from "node:child_process";
import { realpath, stat } from "node:fs/promises";
import { delimiter, join } from "node:path";

export type Toolchains = {
  /** One line for each command, such as `node --version`: what it says, or that it is not there. */
  versions(commands: readonly (readonly string[])[]): Promise<readonly string[]>;
};

const WITHIN_MS = 10_000;

export function createToolchains(env: Readonly<Record<string, string>>): Toolchains {
  const known = new Map<string, Promise<string>>();

  async function version([program = "", ...args]: readonly string[]): Promise<string> {
    const file = await findProgram(program, env["PATH"] ?? "");
    if (file === undefined) return `${program}: none`;
    const key = [file.identity, ...args].join(" ");
    const asked = known.get(key) ?? ask(file.path, args);
    known.set(key, asked);
    return `${program}: ${await asked}`;
  }

  function ask(path: string, args: readonly string[]): Promise<string> {
    return new Promise((resolve) => {
      execFile(path, [...args], { cwd: "/", env: { ...env }, timeout: WITHIN_MS }, (error, stdout, stderr) => {
        const said = (stdout.trim() || stderr.trim()).slice(0, 500);
        resolve(said === "" ? `no version (${error === null ? "it says nothing" : "it failed"})` : said);
      });
    });
  }

  return { versions: (commands) => Promise.all(commands.map(version)) };
}

async function findProgram(
  name: string,
  path: string,
): Promise<{ readonly path: string; readonly identity: string } | undefined> {
  for (const folder of path.split(delimiter).filter(Boolean)) {
    const candidate = join(folder, name);
    const seen = await stat(candidate).catch(() => undefined);
    if (seen === undefined || !seen.isFile() || (seen.mode & 0o111) === 0) continue;
    return { path: candidate, identity: `${await realpath(candidate)} ${seen.size} ${seen.mtimeMs}` };
  }
  return undefined;
}
