// The documents that people follow, and the commands in them.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../../", import.meta.url));

export type Document = { readonly file: string; readonly text: string };

export const documents: readonly Document[] = [
  ...["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "CONTEXT.md"],
  ...readdirSync(join(ROOT, "docs"), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".md"))
    .map((file) => join("docs", file)),
].map((file) => ({ file, text: readFileSync(join(ROOT, file), "utf8") }));

export function document(file: string): string {
  const found = documents.find((one) => one.file === file);
  if (found === undefined) throw new Error(`there is no ${file}`);
  return found.text;
}

/** The fenced blocks of a language, without their indent. */
export function blocks(text: string, language: string): readonly string[] {
  const fence = new RegExp(`^( *)\`\`\`${language}\\n(.*?)^ *\`\`\`$`, "gms");
  return [...text.matchAll(fence)].map(([, indent = "", block = ""]) => block.replaceAll(`\n${indent}`, "\n").trim());
}

const PROGRAMS = /^(npm (run|test)|npx|node|helm|kubectl|docker|t3|afk) /;

/** What a reader would type: lines of `sh` blocks, and code within sentences that begins with a program. */
export function commands({ text }: Document): readonly string[] {
  const lines = blocks(text, "sh").flatMap((block) => block.split("\n"));
  const prose = text.replaceAll(/^ *```.*?^ *```$/gms, "");
  const inline = [...prose.matchAll(/`([^`\n]+(?:\n[^`\n]+)?)`/g)].map(([, code = ""]) => code.replaceAll(/\s+/g, " "));
  const typed = [...lines, ...inline.filter((code) => PROGRAMS.test(`${code} `) && /\s/.test(code.trim()))];
  return typed.map((line) => line.replace(/\s+#\s.*$/, "").trim()).filter((line) => line !== "");
}

/** The words of a command line. Quotes hold a word together; nothing else of a shell is known. */
export function words(line: string): readonly string[] {
  return [...line.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(
    ([, single, double, bare]) => single ?? double ?? bare ?? "",
  );
}

/** A heading's anchor, as GitHub makes it. */
export function anchors(text: string): ReadonlySet<string> {
  const headings = [...text.matchAll(/^#{1,6} (.+)$/gm)].map(([, title = ""]) => title);
  return new Set(
    headings.map((title) =>
      title
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
        .replaceAll(" ", "-"),
    ),
  );
}
