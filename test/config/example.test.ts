// The example and the JSON Schema that are made of the config's own schema.

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { configExample } from "../../src/config/example.ts";
import { configJsonSchema, type SchemaNode } from "../../src/config/json-schema.ts";
import { configSchema } from "../../src/config/schema.ts";
import { loadConfig } from "../../src/config.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const MAIN = join(ROOT, "src", "main.ts");

/** The example with every `#key:` line made a setting, as a person would do it. */
const uncommented = configExample().replaceAll(/^( *)#(?=\w+:)/gm, "$1");

const accepts = addFormats.default(new Ajv2020({ allErrors: true })).compile(configJsonSchema());

test("the committed example and schema are what the command line prints", () => {
  const print = (command: string): string => execFileSync(process.execPath, [MAIN, command], { encoding: "utf8" });
  expect(readFileSync(join(ROOT, "afk.example.yaml"), "utf8")).toBe(print("config-example"));
  expect(readFileSync(join(ROOT, "afk.schema.json"), "utf8")).toBe(print("config-schema"));
});

test("the example is a config that loads, once its secrets are there", () => {
  const dir = mkdtempSync(join(tmpdir(), "afk-example-"));
  try {
    writeFileSync(join(dir, "t3-token"), "secret");
    const file = join(dir, "afk.yaml");
    writeFileSync(file, configExample().replace("/secrets/t3-token", "t3-token"));
    const env = { AFK_GITHUB_TOKEN: "a", AFK_SLACK_BOT_TOKEN: "b", AFK_SLACK_APP_TOKEN: "c" };
    expect([...loadConfig(file, env).repos.keys()]).toEqual(["acme/shop"]);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});

test("every default that the example shows is the default", () => {
  // A key without a value has no default to show.
  const shown: unknown = parse(uncommented, (_, value: unknown) => value ?? undefined);
  const silent = configSchema.parse(parse(configExample()));
  expect(configSchema.parse(shown)).toEqual(silent);
  expect(shown).toMatchObject({ policy: { poll: "30s", maxRuns: 4 }, labels: { ready: "ready-for-agent" } });
});

test("every key is explained", () => {
  const unexplained = (node: SchemaNode, at: string): string[] =>
    Object.entries({ ...node.properties, ...node.items?.properties }).flatMap(([key, inner]) => [
      ...(inner.description === undefined ? [`${at}${key}`] : []),
      // What is given as one value is explained as one.
      ...(inner.default !== undefined && !isEmpty(inner.default) ? [] : unexplained(inner, `${at}${key}.`)),
    ]);
  const inOneLine = /^github\.app\./;
  expect(unexplained(configJsonSchema(), "").filter((key) => !inOneLine.test(key))).toEqual([]);
});

test("an editor with the JSON Schema accepts the example, and marks what the bot would refuse", () => {
  const example = (): Record<string, Record<string, unknown>> => parse(configExample());
  accepts(example());
  expect(accepts.errors).toBeNull();
  const wrong: readonly [string, (config: ReturnType<typeof example>) => void][] = [
    ["a key that is none", (config) => Object.assign(config, { polcy: {} })],
    ["no channel", (config) => delete config["slack"]?.["channel"]],
    ["a duration without its unit", (config) => Object.assign(config, { policy: { poll: "30" } })],
    ["a duration of nothing", (config) => Object.assign(config, { policy: { poll: "0s" } })],
    ["a secret that is written down", (config) => Object.assign(config["github"] ?? {}, { token: "ghp_1" })],
    ["a token and an app", (config) => Object.assign(config["github"] ?? {}, { app: app() })],
    ["neither", (config) => delete config["github"]?.["token"]],
    ["no repo", (config) => Object.assign(config, { repos: [] })],
  ];
  for (const [what, change] of wrong) {
    const config = example();
    change(config);
    expect(accepts(config), what).toBe(false);
    expect(configSchema.safeParse(config).success, what).toBe(false);
  }
});

function app(): unknown {
  return { id: 1, installationId: 2, privateKey: { file: "key.pem" } };
}

function isEmpty(value: unknown): boolean {
  return typeof value === "object" && value !== null && Object.keys(value).length === 0;
}
