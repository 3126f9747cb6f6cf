// Which issues an issue's text says it is blocked by. A clause is a line or heading such as `Blocked by`; its references
// are those that follow it, in the line or in the list below. Everything else that mentions an issue is no blocker.
//
// Where people write loosely the reading errs to the safe side: a reference too many delays an issue and `why` names it;
// one too few starts an agent on ground that is not there yet.

import { findRepoKey, type RepoKey } from "./repo.ts";
import { closes, mapInlineCode, openedFence, visibleText } from "./visible.ts";

/** `owner/name#12` with the repo's key, or the URL itself where it leads to another GitHub. */
export type BlockerRef =
  | { readonly at: "here"; readonly repo: RepoKey; readonly number: number }
  | { readonly at: "elsewhere"; readonly url: string };

export type Home = {
  readonly repo: RepoKey;
  /** Host (and port) of the GitHub the issue is on, such as `github.com`. */
  readonly host: string;
};

const CLAUSE =
  /(?:\b(?:is|are|currently|still|be)\s+)?\b(?:blocked[\s_-]*(?:by|on)|depends[\s_-]*(?:on|upon)|dependent[\s_-]+(?:on|upon)|waiting[\s_-]+(?:for|on)(?=[\s:*_]*(?:issue\s+|pr\s+)?(?:\[?#|\[?[\w.-]+\/[\w.-]+#|\[?https?:|gh-\d|$))|blockers?(?=[\s*_]*(?::|$)))/i;
/** "not blocked by", "no longer blocked by", "isn't blocked by", "unblocked by". */
const DENIED =
  /\b(?:not|no longer|never|un|isn['’]t|aren['’]t|wasn['’]t|was|were|previously|formerly)[\s-]*(?:\w+[\s-]+)?$/i;
const NOTHING = /^(?:none|nothing|nobody|no\b|n\/?a\b|nil|null|tbd\b|-+$|–$|—$|∅)/i;
const REF_SOURCE =
  "(?:https?:\\/\\/[^\\s/)<>\\]]{1,255}\\/[\\w.-]{1,100}\\/[\\w.-]{1,100}\\/(?:issues|pull)\\/\\d{1,9}|[A-Za-z0-9-]{1,40}\\/[\\w.-]{1,100}#\\d{1,9}|(?<![\\w/&])(?:#|gh-)\\d{1,9})(?!\\w)";
const CODED_REF = /^`+(?:[\w.-]{1,40}\/[\w.-]{1,100})?#\d{1,9}`+$/;
/** After the first reference, only what joins references goes on. */
const JOINER =
  /^(?:[\s,;&+/|*_)\]]|\([^)]*\)(?=\s*(?:,|and\b|&|\+|$))|\band\b|\bor\b|\bas well as\b|\bissues?\b|\bprs?\b|\[)+/i;
const ASIDE =
  /\b(?:see|cf|compare|related|unlike|rather than|instead of|part of|because of|fixes|closes|resolves|but)\b/i;

/** Each blocker once, in the order of the text. */
export function blockersIn(body: string, home: Home): readonly BlockerRef[] {
  const found = clausesOf(body).flatMap((text) => refsIn(text, home));
  const seen = new Set<string>();
  return found.filter((ref) => {
    const key = blockerName(ref);
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

/** As people write it: `owner/name#12`, or the URL. */
export function blockerName(ref: BlockerRef): string {
  return ref.at === "here" ? `${ref.repo}#${ref.number}` : ref.url;
}

/** The texts that follow a clause: the rest of its line, and the lines of its list or section. */
function clausesOf(body: string): readonly string[] {
  const lines = ownWords(body);
  const out: string[] = [];
  for (let index = 0; index < lines.length; index += 1) {
    const line = lines[index] ?? "";
    const found = CLAUSE.exec(line);
    if (found === null || DENIED.test(line.slice(0, found.index).slice(-60))) continue;
    const rest = line.slice(found.index + found[0].length).replace(/^[\s:*_|=–—-]+/, "");
    if (rest !== "") {
      out.push(joined(lines, index, rest));
      continue;
    }
    if (!/^[\s#>*_|+\-[\]\dx.)]*$/i.test(line.slice(0, found.index))) continue;
    const section = /^ {0,3}#{1,6}\s/.test(line) || /^ {0,3}(?:=+|-{2,})\s*$/.test(lines[index + 1] ?? "");
    out.push(...below(lines, index + 1, section));
  }
  return out;
}

/** A line that ends in a comma or "and" goes on in the next one, for a few lines. */
function joined(lines: readonly string[], index: number, rest: string): string {
  let text = rest;
  for (let next = index + 1; /(?:,|\band|&)\s*$/i.test(text) && next < Math.min(index + 6, lines.length); next += 1) {
    text = `${text} ${(lines[next] ?? "").trim()}`;
  }
  return text;
}

function below(lines: readonly string[], from: number, section: boolean): readonly string[] {
  const out: string[] = [];
  for (const line of lines.slice(from)) {
    if (/^ {0,3}#{1,6}\s/.test(line)) break;
    if (/^ {0,3}(?:=+|-{2,})\s*$/.test(line)) {
      if (out.length > 0) break;
      continue;
    }
    const item = /^\s*(?:[-*+]|\d+[.)])\s+(?:\[[ xX]\]\s*)?(.*)$/.exec(line)?.[1];
    if (item === undefined && line.trim() !== "" && !section) {
      if (out.length === 0) out.push(line.trim());
      break;
    }
    const text = (item ?? line).trim();
    if (text !== "") out.push(text.replace(/^[*_]+/, ""));
  }
  return out;
}

function refsIn(text: string, home: Home): readonly BlockerRef[] {
  if (NOTHING.test(text.replace(/^[*_`(]+/, ""))) return [];
  const ref = new RegExp(REF_SOURCE, "gi");
  const first = ref.exec(text);
  if (first === null) return [];
  const lead = text.slice(0, first.index);
  if (ASIDE.test(lead) || /[.;!?]\s/.test(lead)) return [];
  const out = [refOf(first[0], home)];
  let rest = text.slice(ref.lastIndex);
  const next = new RegExp(`^${REF_SOURCE.replace("(?<![\\w/&])", "")}`, "i");
  for (;;) {
    // A Markdown link `[#12](https://…/12)` names the same issue twice.
    rest = rest.replace(/^\]\(([^)\s]*)\)/, (_all, url: string) => (next.test(url) ? ` ${url} ` : " "));
    const joiner = JOINER.exec(rest)?.[0];
    if (joiner === undefined) return out;
    const after = rest.slice(joiner.length);
    const more = next.exec(after);
    if (more === null) return out;
    out.push(refOf(more[0], home));
    rest = after.slice(more[0].length);
  }
}

function refOf(text: string, home: Home): BlockerRef {
  const url = /^https?:\/\/([^/]+)\/([\w.-]+\/[\w.-]+)\/(?:issues|pull)\/(\d+)$/i.exec(text);
  if (url !== null) {
    const repo = findRepoKey(url[2] ?? "");
    const same = (url[1] ?? "").toLowerCase().replace(/^www\./, "") === home.host.toLowerCase();
    return same && repo !== undefined ? { at: "here", repo, number: Number(url[3]) } : { at: "elsewhere", url: text };
  }
  const hash = text.lastIndexOf("#");
  const repo = findRepoKey(text.slice(0, Math.max(0, hash)));
  if (repo !== undefined) return { at: "here", repo, number: Number(text.slice(hash + 1)) };
  return { at: "here", repo: home.repo, number: Number(/\d+$/.exec(text)?.[0] ?? 0) };
}

/** The author's own prose: no code, no quotations, nothing hidden, nothing struck out. */
function ownWords(body: string): readonly string[] {
  let fence: string | undefined;
  return visibleText(body)
    .split("\n")
    .map((line) => {
      if (fence !== undefined) {
        if (closes(line, fence)) fence = undefined;
        return "";
      }
      fence = openedFence(line);
      if (fence !== undefined || /^ {0,3}>/.test(line)) return "";
      // A bare reference in code is a way of writing it; anything else in code is an example.
      const said = mapInlineCode(line, (code) => (CODED_REF.test(code) ? code.replaceAll("`", "") : " "));
      return said.replaceAll(/~~[^~]*~~/g, " ");
    });
}

/**
 * The way back to `start` along open blockers, such as `["a#1", "a#2", "a#1"]`; undefined where there is none that
 * `blockedBy` knows of.
 */
export function cycleThrough(
  start: string,
  blockedBy: ReadonlyMap<string, readonly string[]>,
): readonly string[] | undefined {
  const visited = new Set<string>();
  const walk = (name: string, path: readonly string[]): readonly string[] | undefined => {
    for (const next of blockedBy.get(name) ?? []) {
      if (next === start) return [...path, next];
      if (visited.has(next)) continue;
      visited.add(next);
      const found = walk(next, [...path, next]);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  return walk(start, [start]);
}
