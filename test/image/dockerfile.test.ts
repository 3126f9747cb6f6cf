// The image's steps, done in scratch folders, and the bot started from what they leave. `npm run test:image` installs
// for real; else what is installed here is linked.

import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startBot } from "../../playground/demo/bot.ts";
import { setStage } from "../../playground/sweep/stage.ts";
import { NODE_ENVIRONMENT, NODE_FLAGS } from "../../scripts/node-flags.ts";
import { pagesOf } from "../ops/support.ts";
import { copy, linkInstalled, readDockerfile } from "./dockerfile.ts";

const full = process.env["AFK_IMAGE"] === "full";
const steps = readDockerfile();
const dir = mkdtempSync(join(tmpdir(), "afk-image-"));
/** The folders `/app` of the stages, by name; the last one's is the image's. */
const apps = new Map<string, string>();
const app = (): string => [...apps.values()].at(-1) ?? "";
const rest = (word: string): string => steps.findLast((step) => step.word === word)?.rest ?? "";

beforeAll(() => {
  const notHere: string[] = [];
  for (const step of steps) {
    if (step.word === "FROM") {
      const name = / AS (\S+)$/.exec(step.rest)?.[1] ?? "image";
      apps.set(name, join(dir, name));
      mkdirSync(app());
    }
    if (step.word === "COPY") {
      const [, from = "", source = ""] = /^--from=(\S+) \/app\/(\S+) \.\/$/.exec(step.rest) ?? [];
      if (from === "") copy(step.rest, app());
      else cpSync(join(apps.get(from) ?? "", source), app(), { recursive: true });
    }
    if (step.word !== "RUN") continue;
    for (const command of step.rest.split(" && ")) {
      if (!command.startsWith("npm ")) notHere.push(command);
      else if (command.startsWith("npm install ") && !full) linkInstalled(app());
      else execFileSync("sh", ["-c", command], { cwd: app(), stdio: "inherit" });
    }
  }
  // What only an image's build can do.
  expect(notHere).toEqual([
    "apt-get update",
    "apt-get install --yes --no-install-recommends ca-certificates git tini",
    "rm -rf /var/lib/apt/lists/*",
    "ln -s /app/main.mjs /usr/local/bin/afk",
  ]);
}, 300_000);
afterAll(() => rmSync(dir, { recursive: true, force: true }));

test("the image holds what the bot needs to run: it starts from it, is healthy, stops, and leaves no file in it", async () => {
  const before = filesOf(app());
  await using world = await setStage(join(dir, "world"));
  const main = join(app(), "main.mjs");
  const bot = startBot(dir, world.configFile, world.addresses, { main });
  const pages = await pagesOf(bot);
  await bot.said("ready");
  expect(await pages.get("/healthz")).toMatchObject({ status: 200 });
  await bot.stop();
  expect(bot.process.exitCode).toBe(0);
  expect(filesOf(app())).toEqual(before);
});

test("its program can be called by its name, as a person on the pod does", () => {
  const said = execFileSync(join(app(), "main.mjs"), ["--help"], { encoding: "utf8" });
  expect(said).toContain("Usage: afk");
});

test("it runs as a number that is not root, under an init, and holds the program's few files alone", () => {
  expect(rest("USER")).toMatch(/^[1-9]\d*:[1-9]\d*$/);
  expect(JSON.parse(rest("ENTRYPOINT"))).toEqual(["tini", "--", "afk"]);
  expect(JSON.parse(rest("CMD"))).toEqual(["serve", "--config", "/config/afk.yaml"]);
  expect(filesOf(app()).filter((file) => !/^[\w-]+\.(?:mjs|ts)$/.test(file))).toEqual([]);
});

test("the program has the environment in which the soak measures its memory", () => {
  const set = Object.fromEntries(
    rest("ENV")
      .split(" ")
      .map((pair) => pair.split("=")),
  );
  expect(set).toMatchObject(NODE_ENVIRONMENT);
  expect(execFileSync("head", ["-1", join(app(), "main.mjs")], { encoding: "utf8" })).toContain(NODE_FLAGS.join(" "));
});

function filesOf(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" });
}
