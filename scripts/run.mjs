#!/usr/bin/env node
// Runs a command with this project's dependencies and its Node, installing both first where they are missing.
// Plain JavaScript without imports from the project: it must work on any Node, on a clone where nothing ran before.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const bin = join(root, "node_modules", ".bin");
const installed = join(root, "node_modules", ".package-lock.json");
const wanted = ["package.json", "package-lock.json"].map((file) => join(root, file));

const [command, ...args] = process.argv.slice(2);
if (!command) {
  console.error("usage: node scripts/run.mjs COMMAND [ARGS…]   (a program of node_modules/.bin, or any on the PATH)");
  process.exit(2);
}

const stale =
  !existsSync(installed) ||
  wanted.some((file) => existsSync(file) && statSync(file).mtimeMs > statSync(installed).mtimeMs);
if (stale) {
  console.error("Installing what is missing (npm install, about 20 seconds the first time) …");
  // `npm ci` would call the lock file out of sync where a registry lacks other platforms' binaries.
  // stdout goes to stderr: the caller's stdout belongs to the command alone.
  const install = spawnSync("npm", ["install", "--no-progress", "--loglevel=error"], {
    cwd: root,
    stdio: ["ignore", 2, "inherit"],
    shell: process.platform === "win32",
  });
  if (install.status !== 0) {
    console.error("npm install failed. Check that the npm registry can be reached, then run the same command again.");
    process.exit(1);
  }
}

const PATH = `${bin}${delimiter}${process.env.PATH ?? ""}`;
const version = spawnSync("node", ["--version"], { env: { ...process.env, PATH }, encoding: "utf8" }).stdout.trim();
if (Number(version.slice(1).split(".")[0]) < 24) {
  console.error(
    `This project needs Node 24 or later; found ${version}, and no packaged Node for this platform. Install Node 24.`,
  );
  process.exit(1);
}

// Node then reads what it compiled before: the bot's libraries take half as long.
const NODE_COMPILE_CACHE = process.env.NODE_COMPILE_CACHE ?? join(root, "node_modules", ".cache", "node-compile");

const child = spawn(command, args, {
  stdio: "inherit",
  env: { ...process.env, PATH, NODE_COMPILE_CACHE },
  shell: process.platform === "win32",
});
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
if (process.env.npm_lifecycle_event !== undefined) {
  // npm passes a SIGTERM on to its shell alone, which dies of it: the command must not outlive both.
  const parent = process.ppid;
  setInterval(() => process.ppid !== parent && child.kill("SIGTERM"), 500).unref();
}
child.on("error", (error) => {
  console.error(`${command}: ${error.message}`);
  process.exit(1);
});
child.on("exit", (code, signal) =>
  process.exit(signal ? 128 + ({ SIGHUP: 1, SIGINT: 2, SIGTERM: 15 }[signal] ?? 1) : code),
);
