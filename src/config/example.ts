// afk.example.yaml, from the schema: every key with its explanation. What has to be filled in is written out; what has a
// default stands there as `#key: value`, so that deleting one character makes it a setting.

import { stringify } from "yaml";
import { configJsonSchema, type SchemaNode } from "./json-schema.ts";

const WIDTH = 120;
/** Explanations of one-line keys start here, so that they form a column. */
const COLUMN = 42;

const HEAD = `# yaml-language-server: $schema=./afk.schema.json
#
# The bot's whole configuration. Lines such as "#key: value" show a default: delete the # to change it.
# Secrets are never written here: { env: NAME } names an environment variable, { file: PATH } a file.
`;

export function configExample(): string {
  const { properties = {}, required = [] } = configJsonSchema();
  const sections = Object.entries(properties).map(([key, node]) => {
    const { description = "", ...rest } = node;
    const lines = entry(key, rest, required.includes(key), "");
    return [...wrap(description).map((line) => `# ${line}`), ...lines].join("\n");
  });
  return `${[HEAD.trimEnd(), ...sections].join("\n\n")}\n`;
}

/** The lines of one key. `given`: it must be in the file. */
function entry(key: string, node: SchemaNode, given: boolean, indent: string): readonly string[] {
  const example = node.examples?.[0];
  const written = given || example !== undefined;
  const { description = "", properties, items } = node;
  if (properties !== undefined && (written || isEmpty(node.default))) {
    const inner = children(node, `${indent}  `);
    const off = inner.every((line) => /^\s*#/.test(line));
    return [...explained(`${indent}${off ? "#" : ""}${key}:`, description, indent), ...inner];
  }
  if (items?.properties !== undefined && written) {
    const inner = children(items, `${indent}    `);
    const first = inner.findIndex((line) => !/^\s*#/.test(line));
    const dashed = inner.map((line, at) => (at === first ? line.replace(`${indent}    `, `${indent}  - `) : line));
    return [...explained(`${indent}${key}:`, description, indent), ...dashed];
  }
  const value = example ?? node.default;
  if (value === undefined) return explained(`${indent}#${key}:`, description, indent);
  return explained(`${indent}${written ? "" : "#"}${key}: ${flow(value)}`, description, indent);
}

function children({ properties = {}, required = [] }: SchemaNode, indent: string): readonly string[] {
  return Object.entries(properties).flatMap(([key, node]) => entry(key, node, required.includes(key), indent));
}

/** The explanation behind the line where it fits, else above it. */
function explained(line: string, description: string, indent: string): readonly string[] {
  if (description === "") return [line];
  const behind = `${line.padEnd(COLUMN)}  # ${description}`;
  if (behind.length <= WIDTH) return [behind];
  return [...wrap(description, WIDTH - indent.length - 2).map((text) => `${indent}# ${text}`), line];
}

function wrap(text: string, width = WIDTH - 2): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

function flow(value: unknown): string {
  return stringify(value, { collectionStyle: "flow", lineWidth: 0 }).trim();
}

function isEmpty(value: unknown): boolean {
  return typeof value === "object" && value !== null && Object.keys(value).length === 0;
}
