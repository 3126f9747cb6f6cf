// What the bench of trees works on: a repo of ten thousand files, and one whose install puts four thousand into
// node_modules, from packages that a server on loopback has.

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";

const FILES = 10_000;
const PACKAGES = 40;
const FILES_PER_PACKAGE = 100;

/** About a kilobyte each, in folders of a hundred. */
export function tenThousandFiles(): Record<string, string> {
  const files: Record<string, string> = { "README.md": "# Large\n", ".gitignore": "node_modules/\n" };
  for (let n = 0; n < FILES; n += 1) files[fileName(n)] = fileText(n, 0);
  return files;
}

/** Two in a hundred of them, changed. */
export function someChanged(version: number): Record<string, string> {
  const files: Record<string, string> = {};
  for (let n = version % 50; n < FILES; n += 50) files[fileName(n)] = fileText(n, version);
  return files;
}

function fileName(n: number): string {
  return `src/part-${Math.floor(n / 1_000)}/group-${Math.floor(n / 100) % 10}/file-${n}.txt`;
}

function fileText(n: number, version: number): string {
  return `${`file ${n}, version ${version}, and some more text to fill the line\n`.repeat(18)}`;
}

export type Packages = AsyncDisposable & {
  readonly packageJson: string;
  readonly lockFile: string;
};

/** Serves the packages; the lock file names them with their hashes, so that an install asks for nothing else. */
export async function servePackages(dir: string): Promise<Packages> {
  const tarballs = new Map<string, Buffer>();
  for (let n = 0; n < PACKAGES; n += 1) tarballs.set(`/part-${n}-1.0.0.tgz`, makePackage(dir, `part-${n}`));
  const server = createServer((request, response) => {
    const body = tarballs.get(request.url ?? "");
    response.writeHead(body === undefined ? 404 : 200, { "content-type": "application/octet-stream" });
    response.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const names = Array.from({ length: PACKAGES }, (_, n) => `part-${n}`);
  const dependencies = Object.fromEntries(names.map((name) => [name, "1.0.0"]));
  const packages = Object.fromEntries(
    names.map((name) => {
      const path = `/${name}-1.0.0.tgz`;
      const integrity = `sha512-${createHash("sha512")
        .update(tarballs.get(path) ?? "")
        .digest("base64")}`;
      return [`node_modules/${name}`, { version: "1.0.0", resolved: `${origin}${path}`, integrity }];
    }),
  );
  const about = { name: "shop", version: "1.0.0" };
  return {
    packageJson: `${JSON.stringify({ ...about, private: true, dependencies }, null, 2)}\n`,
    lockFile: `${JSON.stringify(
      { ...about, lockfileVersion: 3, requires: true, packages: { "": { ...about, dependencies }, ...packages } },
      null,
      2,
    )}\n`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function makePackage(dir: string, name: string): Buffer {
  const folder = join(dir, name, "package");
  mkdirSync(join(folder, "lib"), { recursive: true });
  writeFileSync(join(folder, "package.json"), `${JSON.stringify({ name, version: "1.0.0", main: "lib/file-0.js" })}\n`);
  for (let n = 0; n < FILES_PER_PACKAGE - 1; n += 1) {
    const text = `// ${name} ${n}\nexports.value${n} = ${JSON.stringify(createHash("sha256").update(`${name}${n}`).digest("hex"))};\n`;
    writeFileSync(join(folder, "lib", `file-${n}.js`), text.repeat(8));
  }
  const file = join(dir, `${name}.tgz`);
  execFileSync("tar", ["-czf", file, "-C", join(dir, name), "package"]);
  const body = readFileSync(file);
  rmSync(join(dir, name), { recursive: true, force: true });
  return body;
}
