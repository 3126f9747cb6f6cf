// The page's program and styles, built in memory when the demo starts. Nothing of it is ever on the disk.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "rolldown";

const ENTRY = fileURLToPath(new URL("./client/main.tsx", import.meta.url));
const STYLES = fileURLToPath(new URL("./client/styles/", import.meta.url));
const SHEETS = ["base.css", "shell.css", "slack.css", "github.css", "cockpit.css", "tour.css"];

export type Bundle = { readonly script: string; readonly style: string };

export async function bundlePage(): Promise<Bundle> {
  const { output } = await build({
    input: ENTRY,
    platform: "browser",
    write: false,
    logLevel: "silent",
    transform: { define: { "process.env.NODE_ENV": '"production"' } },
    output: { format: "esm", minify: true, codeSplitting: false },
  });
  const [{ code }] = output;
  const blocks = readFileSync(fileURLToPath(import.meta.resolve("slack-blocks-to-jsx/dist/style.css")), "utf8");
  const own = SHEETS.map((sheet) => readFileSync(`${STYLES}${sheet}`, "utf8"));
  return { script: code, style: [blocks, ...own].join("\n") };
}
