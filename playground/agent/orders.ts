// What the agent is told to do, read from the prompt's text alone, as a real agent reads it.

export type Orders = {
  readonly behaviour: string;
  readonly settings: Readonly<Record<string, string>>;
  /** Copied into the commit message as they stand. */
  readonly trailers: readonly string[];
  /** The branch of the push command in the prompt; undefined where there is none. */
  readonly branch: string | undefined;
  /** What the work is called: the number in `Closes #n`, else "0". */
  readonly number: string;
  /** Shell commands that the prompt says to run, in order, and the file it says to add. Absent: it says neither. */
  readonly commands?: readonly string[];
  readonly adds?: string;
};

// Prompts quote, indent and list; a marker, a quote sign or a code tick before the line's own words does not hide them.
const LEAD = String.raw`^[\s>*+\-\x60]*(?:\d+[.)]\s+)?[\x60]*`;
const TRAILER = new RegExp(`${LEAD}((?:Closes #\\d+)|(?:AFK-Run|Implemented-by): *[^\\x60]+?)[\\x60\\s.]*$`, "gm");
const BEHAVIOUR = new RegExp(`${LEAD}Scripted agent: *([a-z-]+)([^\\n]*)$`, "m");
const PUSH = /git push origin HEAD:([^\s`'"]+)/;
const COMMANDS = /Run these commands in your shell[^\n]*\n+```sh\n([\s\S]*?)\n```/;
const ADDS = /git add ([\w./][\w./-]*)/;

export function ordersIn(text: string): Orders {
  const trailers = [...text.matchAll(TRAILER)].flatMap((match) => match[1] ?? []);
  const [, behaviour = COMMANDS.test(text) ? "commands" : "good", rest = ""] = BEHAVIOUR.exec(text) ?? [];
  const settings = Object.fromEntries(
    [...rest.matchAll(/([a-z]+)=(\S+)/g)].map(([, key = "", value = ""]) => [key, value]),
  );
  const branch = PUSH.exec(text)?.[1]?.replace(/[.,;)]+$/, "");
  const commands = COMMANDS.exec(text)?.[1]?.split("\n");
  const adds = ADDS.exec(text)?.[1];
  return {
    ...(commands && { commands }),
    ...(commands && adds && { adds }),
    behaviour,
    settings,
    trailers: [...new Set(trailers)],
    branch,
    number: /#(\d+)/.exec(trailers.join("\n"))?.[1] ?? "0",
  };
}

/** The orders of a later turn: what it does not say stands as the session's first turn said it. */
export function continued(first: Orders | undefined, text: string): Orders {
  const now = ordersIn(text);
  if (first === undefined) return now;
  return {
    behaviour: BEHAVIOUR.test(text) ? now.behaviour : first.behaviour,
    settings: { ...first.settings, ...now.settings },
    trailers: now.trailers.length > 0 ? now.trailers : first.trailers,
    branch: now.branch ?? first.branch,
    number: now.number === "0" ? first.number : now.number,
  };
}
