#!/usr/bin/env node
// `npm run test:browser`: the playground's page in a real Chromium, which is installed first where that can be done.
//
//   --short          the tour alone, as CI walks it
//   --shots <dir>    leaves a picture of every step there, in both widths and both colour schemes
//   anything else    goes to vitest
import { spawnSync } from "node:child_process";
import { accessSync, constants, mkdirSync } from "node:fs";
import { delimiter, join, resolve } from "node:path";

const names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

function find() {
  const folders = (process.env.PATH ?? "").split(delimiter);
  return folders.flatMap((folder) => names.map((name) => join(folder, name))).find(isExecutable);
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function install() {
  console.error("Installing Chromium (Debian's package, with a font for emoji) …");
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  for (const args of [["update"], ["install", "-y", "--no-install-recommends", "chromium", "fonts-noto-color-emoji"]]) {
    if (spawnSync("apt-get", ["-qq", ...args], { stdio: ["ignore", 2, 2], env }).status !== 0) return;
  }
}

const args = process.argv.slice(2);
const short = args.includes("--short");
const at = args.indexOf("--shots");
const shots = at < 0 ? undefined : args[at + 1];
if (at >= 0 && shots === undefined) {
  console.error("--shots takes a folder");
  process.exit(2);
}
const rest = args.filter((arg, n) => arg !== "--short" && !(at >= 0 && (n === at || n === at + 1)));

const wanted = process.env.CHROMIUM ?? find();
if (wanted === undefined) install();
const chromium = wanted ?? find();
if (chromium === undefined) {
  console.error(
    "No Chromium here, and it could not be installed. Install one, or say where it is: CHROMIUM=/path/to/it",
  );
  process.exit(1);
}
if (shots !== undefined) mkdirSync(shots, { recursive: true });

const env = { ...process.env, CHROMIUM: chromium, ...(shots && { SHOTS: resolve(shots) }) };
const files = short ? ["tour"] : [];
const { status } = spawnSync("vitest", ["run", "--config", "test/browser/vitest.config.ts", ...files, ...rest], {
  stdio: "inherit",
  env,
});
process.exit(status ?? 1);
