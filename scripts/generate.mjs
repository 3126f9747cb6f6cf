#!/usr/bin/env node
// `npm run generate`: writes the files that follow from the code. With --check it writes nothing and exits 1 where one
// of them is out of date.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { configExample } from "../src/config/example.ts";
import { configJsonSchema } from "../src/config/json-schema.ts";
import { cacheEnvValues, valuesSchema } from "./chart.mjs";

const root = join(import.meta.dirname, "..");
const generated = {
  "afk.example.yaml": configExample(),
  "afk.schema.json": `${JSON.stringify(configJsonSchema(), null, 2)}\n`,
  "helm/afk/files/dashboard.json": `${JSON.stringify(JSON.parse(read("dashboards/afk.json")))}\n`,
  "helm/afk/files/cache-env.yaml": cacheEnvValues(),
  "helm/afk/values.schema.json": `${JSON.stringify(valuesSchema(read("helm/afk/values.schema.json")), null, 2)}\n`,
};

const stale = Object.entries(generated).filter(([file, text]) => read(file) !== text);
if (process.argv.includes("--check")) {
  for (const [file] of stale) console.error(`${file} is out of date: run npm run generate, and look at what changed`);
  process.exitCode = stale.length === 0 ? 0 : 1;
} else {
  for (const [file, text] of stale) {
    writeFileSync(join(root, file), text);
    console.log(`wrote ${file}`);
  }
  if (stale.length === 0) console.log("all up to date");
}

function read(file) {
  try {
    return readFileSync(join(root, file), "utf8");
  } catch {
    return undefined;
  }
}
