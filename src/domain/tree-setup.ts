// When a tree's setup may be skipped: when everything that it was made from is as it was at the slot's last good one.

import { digestOf } from "./ids.ts";
import type { Sha } from "./repo.ts";

/** A tracked file, by the hash of its content. */
export type TrackedFile = { readonly path: string; readonly blob: Sha };

export type SetupInputs = {
  readonly command: string;
  readonly files: readonly TrackedFile[];
  /** What the tools say of themselves, each with its version. */
  readonly toolchains: readonly string[];
  /** The last evictions from caches that trees read in place. */
  readonly evictions: readonly string[];
};

/** Files that say what is to be installed, or with which version of a tool, wherever they are in the repo. */
const INPUTS: readonly RegExp[] = [
  // JavaScript
  /^package\.json$/,
  /^(package-lock|npm-shrinkwrap)\.json$/,
  /^pnpm-(lock|workspace)\.yaml$/,
  /^\.pnpmfile\.c?js$/,
  /^yarn\.lock$/,
  /^\.yarnrc(\.yml)?$/,
  /^bun\.lockb?$/,
  /^bunfig\.toml$/,
  /^\.npmrc$/,
  /\.patch$/,
  // Python
  /^(pyproject|uv|Pipfile)\.toml$/,
  /^(uv|poetry|pdm|Pipfile)\.lock$/,
  /^Pipfile$/,
  /^(requirements|constraints).*\.(txt|in)$/,
  /^setup\.(py|cfg)$/,
  /^environment\.ya?ml$/,
  // Go, Rust, Java, Ruby, PHP
  /^go\.(mod|sum|work)$/,
  /^Cargo\.(toml|lock)$/,
  /^pom\.xml$/,
  /^(build|settings)\.gradle(\.kts)?$/,
  /^gradle(-wrapper)?\.(properties|lockfile)$/,
  /^libs\.versions\.toml$/,
  /^Gemfile(\.lock)?$/,
  /^composer\.(json|lock)$/,
  // Versions of tools
  /^\.(nvmrc|node-version|python-version|ruby-version|java-version|tool-versions|go-version)$/,
  /^rust-toolchain(\.toml)?$/,
  /^(\.?mise)\.toml$/,
  // Repositories within this one
  /^\.gitmodules$/,
];

/** `more` are paths, or folders with all that is in them, that the repo's config names. */
export function isSetupInput(path: string, more: readonly string[]): boolean {
  const name = path.slice(path.lastIndexOf("/") + 1);
  return (
    INPUTS.some((input) => input.test(name)) ||
    more.some((own) => path === own || path.startsWith(own.endsWith("/") ? own : `${own}/`))
  );
}

export function fingerprintOf({ command, files, toolchains, evictions }: SetupInputs): string {
  const listed = files.map(({ path, blob }) => `${path} ${blob}`).toSorted();
  return digestOf(JSON.stringify([command, listed, [...toolchains].toSorted(), [...evictions].toSorted()]));
}
