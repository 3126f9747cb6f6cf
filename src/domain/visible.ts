// What a person saw when they released the text. Text that GitHub does not show is no part of what was released: HTML
// comments, and characters that render as nothing or reorder what is around them.

/** Controls other than tab and line feed, formats (zero-width, bidi, tags), fillers, and supplementary selectors. */
const INVISIBLE = /(?![\t\n])[\p{Cc}\p{Cf}]|[\u115f\u1160]|[\u3164\uffa0]|[\u{e0100}-\u{e01ef}]/gu;

/** The text without what GitHub's page hides. Code keeps its comments: there they are shown. */
export function visibleText(text: string): string {
  const lines = text.replaceAll(/\r\n?/g, "\n").replaceAll(INVISIBLE, "").split("\n");
  const out: string[] = [];
  let fence: string | undefined;
  let hidden = false;
  for (const line of lines) {
    if (!hidden && fence !== undefined) {
      out.push(line);
      if (closes(line, fence)) fence = undefined;
      continue;
    }
    if (!hidden) {
      fence = openedFence(line);
      if (fence !== undefined) {
        out.push(line);
        continue;
      }
    }
    const cut = withoutComments(line, hidden);
    hidden = cut.open;
    if (cut.text.trim() !== "" || line.trim() === "") out.push(cut.text);
  }
  return out.join("\n");
}

/** The fence a line opens, such as "```": three or more backticks or tildes, indented by less than four spaces. */
export function openedFence(line: string): string | undefined {
  const found = /^ {0,3}(`{3,}|~{3,})([^\n]*)$/.exec(line);
  if (found === null) return undefined;
  const [, marks = "", info = ""] = found;
  return marks.startsWith("`") && info.includes("`") ? undefined : marks;
}

/** Whether the line ends a code block that `fence` began. */
export function closes(line: string, fence: string): boolean {
  const marks = /^ {0,3}(`{3,}|~{3,})\s*$/.exec(line)?.[1];
  return marks !== undefined && marks[0] === fence[0] && marks.length >= fence.length;
}

/** Blanks what is inside `<!-- … -->`; `open` says that the comment goes on in the next line. */
function withoutComments(line: string, startsHidden: boolean): { readonly text: string; readonly open: boolean } {
  const shown = mapInlineCode(line, (code) => " ".repeat(code.length));
  let text = "";
  let at = 0;
  let open = startsHidden;
  for (;;) {
    if (open) {
      const end = line.indexOf("-->", at);
      if (end < 0) return { text, open: true };
      at = end + 3;
    }
    const start = shown.indexOf("<!--", at);
    if (start < 0) return { text: text + line.slice(at), open: false };
    text += line.slice(at, start);
    at = start + 4;
    open = true;
  }
}

/** Replaces each piece of inline code, marks included. Linear in the text, whatever a stranger writes. */
export function mapInlineCode(text: string, change: (code: string) => string): string {
  const runs = [...text.matchAll(/`+/g)].map((found) => ({ at: found.index, length: found[0].length }));
  // The next run of the same length after each one: the only one that can close it.
  const closing = new Map<number, number>();
  const next = new Map<number, number>();
  for (const { at, length } of runs.toReversed()) {
    const end = next.get(length);
    if (end !== undefined) closing.set(at, end);
    next.set(length, at);
  }
  let out = "";
  let done = 0;
  for (const { at, length } of runs) {
    const end = closing.get(at);
    if (at < done || end === undefined) continue;
    out += text.slice(done, at) + change(text.slice(at, end + length));
    done = end + length;
  }
  return out + text.slice(done);
}
