// Every `/afk` command, in the order of its help. Each has its handler, or it does not compile.

type Told = {
  /** What follows the command's word; empty = nothing. */
  readonly takes: string;
  readonly does: string;
  /** Changes something, so operators alone may, and it is done once however often Slack sends it. */
  readonly changes: boolean;
};

const looks = (takes: string, does: string): Told => ({ takes, does, changes: false });
const changes = (takes: string, does: string): Told => ({ takes, does, changes: true });

export const COMMANDS = {
  status: looks("[repo]", "what runs, what waits for people, which services answer"),
  runs: looks("[repo]", "every run that is open, and those that ended in the last day"),
  why: looks("<issue>", "which gates let an issue start, and which do not"),
  repos: looks("[part]", "which repos are enrolled, and what the others lack"),
  pilot: looks("[run]", "what the last try of T3 found; an operator may run it anew"),
  audit: looks("[issue]", "who did what, and what came of it"),
  report: looks("", "the daily report as of now: runs, the volume, what was removed and why"),
  unblock: changes("<issue> [words]", "let a blocked run go on, with these words to the agent"),
  retry: changes("<issue> [cold]", "give a blocked run its task once more; cold: in a fresh tree"),
  unfreeze: changes("<issue> [way] [words]", "the ways on from red: keep-fixing, verify-again, revert, hand-over"),
  answer: changes("<issue> [words]", "answer the agent's question"),
  approve: changes("<issue>", "let the agent do what it asks for, this once"),
  deny: changes("<issue>", "do not let it"),
  tell: changes("<issue> <words>", "a word to the agent, at work or blocked"),
  stop: changes("<issue> [reason]", "interrupt the agent and block the run"),
  "hand-over": changes("<issue> [reason]", "take the run's issue over from the bot"),
  abandon: changes("<issue> <reason>", "end the run, and keep its work"),
  run: changes("<issue>", "make the issue its repo's next one, if its gates let it start"),
  prune: changes("[--dry-run]", "make room on the volume now; --dry-run: only show what would go (for everybody)"),
  pause: changes("[--now] [reason]", "start nothing new; --now: also stop the agents that work"),
  resume: changes("", "start new work again"),
  help: looks("[command]", "this list, or one of it"),
} as const satisfies Readonly<Record<string, Told>>;

export type CommandName = keyof typeof COMMANDS;

export function isCommand(word: string): word is CommandName {
  return Object.hasOwn(COMMANDS, word);
}

/** What was probably meant; undefined where nothing is near. */
export function nearestCommand(word: string): CommandName | undefined {
  const names = Object.keys(COMMANDS) as CommandName[];
  const near = names
    .map((name) => ({ name, far: name.startsWith(word) && word.length > 1 ? 0.5 : distance(word, name) }))
    .sort((a, b) => a.far - b.far)[0];
  return near !== undefined && near.far <= Math.max(1, Math.floor(near.name.length / 3)) ? near.name : undefined;
}

/** Edits from one word to the other: a letter more, less, another, or two swapped. */
function distance(from: string, to: string): number {
  const a = Array.from(from.slice(0, 40));
  const b = Array.from(to);
  const rows = [Array.from({ length: b.length + 1 }, (_, at) => at)];
  for (const [i, letter] of a.entries()) {
    const row = [i + 1];
    for (const [j, other] of b.entries()) {
      const swapped = i > 0 && j > 0 && letter === b[j - 1] && a[i - 1] === other;
      row.push(
        Math.min(
          (rows[i]?.[j + 1] ?? 0) + 1,
          (row[j] ?? 0) + 1,
          (rows[i]?.[j] ?? 0) + (letter === other ? 0 : 1),
          swapped ? (rows[i - 1]?.[j - 1] ?? 0) + 1 : Number.POSITIVE_INFINITY,
        ),
      );
    }
    rows.push(row);
  }
  return rows.at(-1)?.at(-1) ?? 0;
}
