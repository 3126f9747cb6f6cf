// What the bench of trees works on: a repo of ten thousand files; and one of a thousand sources, whose install puts about
// four thousand files in four hundred packages into node_modules, from a server on loopback, and which the compiler among
// them then builds.

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const FILES = 10_000;
const PACKAGES = 400;
const FILES_PER_PACKAGE = 10;
const SOURCES = 1_000;

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

export type Setup = { readonly install: string; readonly build: string };

/** What the second repo is set up with. */
export const SETUP: Setup = {
  install: "npm ci --no-audit --no-fund --prefer-offline",
  build: "npm run --silent build",
};

type Package = { readonly name: string; readonly version: string; readonly tarball: Buffer; readonly bin?: object };

/** Serves the packages; the lock file names them with their hashes, so that an install asks for nothing else. */
export async function servePackages(dir: string): Promise<Packages> {
  const plain = Array.from({ length: PACKAGES }, (_, n) => makePackage(dir, `part-${n}`));
  const packages = [...plain, ...compiler(dir)];
  const tarballs = new Map(packages.map((made) => [pathOf(made), made.tarball]));
  const server = createServer((request, response) => {
    const body = tarballs.get(decodeURIComponent(request.url ?? ""));
    response.writeHead(body === undefined ? 404 : 200, { "content-type": "application/octet-stream" });
    response.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const about = { name: "shop", version: "1.0.0" };
  const dependencies = Object.fromEntries(packages.map(({ name, version }) => [name, version]));
  const locked = packages.map((made) => {
    const { name, version, tarball, bin } = made;
    const integrity = `sha512-${createHash("sha512").update(tarball).digest("base64")}`;
    const entry = { version, resolved: `${origin}${pathOf(made)}`, integrity, ...(bin && { bin }) };
    return [`node_modules/${name}`, entry] as const;
  });
  const scripts = { build: "tsc -p ." };
  const lock = { "": { ...about, dependencies }, ...Object.fromEntries(locked) };
  return {
    packageJson: `${JSON.stringify({ ...about, private: true, type: "module", scripts, dependencies }, null, 2)}\n`,
    lockFile: `${JSON.stringify({ ...about, lockfileVersion: 3, requires: true, packages: lock }, null, 2)}\n`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function pathOf({ name, version }: Package): string {
  return `/${name}-${version}.tgz`;
}

/** What the compiler builds, and how. */
export function sources(): Record<string, string> {
  const compilerOptions = {
    strict: true,
    module: "esnext",
    target: "es2022",
    outDir: "dist",
    rootDir: "src",
    types: [],
  };
  const files: Record<string, string> = {
    "tsconfig.json": `${JSON.stringify({ compilerOptions, include: ["src"] }, null, 2)}\n`,
    "src/index.ts": "export const round = 0;\n",
  };
  for (let n = 0; n < SOURCES; n += 1) files[`src/area-${n % 20}/part-${n}.ts`] = sourceText(n);
  return files;
}

function sourceText(n: number): string {
  const before = n - 20;
  const uses = before < 0 ? "" : `import { total${before} } from "./part-${before}.js";\n\n`;
  const fields = Array.from({ length: 12 }, (_, at) => `  readonly field${at}: number;\n`).join("");
  const sum = Array.from({ length: 12 }, (_, at) => `order.field${at}`).join(" + ");
  const add = before < 0 ? "0" : `total${before}(order)`;
  return `${uses}export type Order${n} = {\n${fields}};\n\nexport function total${n}(order: Order${n}): number {\n  return ${sum} + ${add};\n}\n`;
}

/** The one that this repository has installed, with its program for this machine. */
function compiler(dir: string): readonly Package[] {
  const home = dirname(fileURLToPath(import.meta.resolve("typescript/package.json")));
  const { version } = JSON.parse(readFileSync(join(home, "package.json"), "utf8")) as { version: string };
  const machine = `@typescript/typescript-${process.platform}-${process.arch}`;
  return [
    { name: "typescript", version, tarball: packed(dir, home), bin: { tsc: "bin/tsc" } },
    { name: machine, version, tarball: packed(dir, join(home, "..", machine)) },
  ];
}

function packed(dir: string, home: string): Buffer {
  const folder = join(dir, "packed");
  cpSync(home, join(folder, "package"), { recursive: true });
  return pack(dir, folder);
}

function pack(dir: string, folder: string): Buffer {
  const file = join(dir, "packed.tgz");
  execFileSync("tar", ["-czf", file, "-C", folder, "package"]);
  const body = readFileSync(file);
  rmSync(folder, { recursive: true, force: true });
  return body;
}

function makePackage(dir: string, name: string): Package {
  const version = "1.0.0";
  const folder = join(dir, name);
  mkdirSync(join(folder, "package", "lib"), { recursive: true });
  writeFileSync(
    join(folder, "package", "package.json"),
    `${JSON.stringify({ name, version, main: "lib/file-0.js" })}\n`,
  );
  for (let n = 0; n < FILES_PER_PACKAGE - 1; n += 1) {
    const text = `// ${name} ${n}\nexports.value${n} = ${JSON.stringify(createHash("sha256").update(`${name}${n}`).digest("hex"))};\n`;
    writeFileSync(join(folder, "package", "lib", `file-${n}.js`), text.repeat(8));
  }
  return { name, version, tarball: pack(dir, folder) };
}
