// Where a bot can be killed. A point is named by what the bot is about to do and by what is there already, not by a
// number: a bot that was killed asks some things again, and the same moment has another number then. So one way can be
// killed at many points, one after the other, and each of them is known when it comes.

export type Point =
  /** A request to a service: before it takes effect, or after that and before its answer. */
  | { readonly kind: "exchange"; readonly key: string; readonly when: "before" | "after" }
  /** A git command. `during` and `later` kill git too, `alone` only the bot: git goes on. */
  | { readonly kind: "git"; readonly key: string; readonly when: (typeof GIT)[number] }
  /** As soon as this event is in the journal. */
  | { readonly kind: "journal"; readonly key: string }
  /** While a snapshot is written: its segment, its file, its rename. `key` is the event that sets it off, by number. */
  | { readonly kind: "snapshot"; readonly key: string; readonly when: (typeof SNAPSHOT)[number] }
  /** As soon as so many things were renamed into the trash. */
  | { readonly kind: "rename"; readonly key: string };

const GIT = ["before", "during", "later", "alone", "after"] as const;
const SNAPSHOT = ["segment", "file", "rename"] as const;

/** What happened on a way, each moment once, in the order in which it first came. */
export type Moments = {
  readonly exchange: readonly string[];
  readonly git: readonly string[];
  readonly journal: readonly string[];
  readonly rename: readonly string[];
};

/** Git commands that change nothing here: killed half-way they are as if they had not begun. */
export const READING: readonly string[] = [
  "cat-file",
  "config",
  "diff",
  "for-each-ref",
  "log",
  "ls-files",
  "ls-tree",
  "merge-base",
  "remote",
  "rev-list",
  "rev-parse",
  "status",
];

/** A git moment is `<the last command that changed something> > <this one>`. */
function isReading(moment: string): boolean {
  return READING.includes(moment.split(" > ").at(-1)?.split(" ")[0] ?? "");
}

export function pointsOf(
  { exchange, git, journal, rename }: Moments,
  kills: readonly Point["kind"][],
): readonly Point[] {
  const all: readonly Point[] = [
    ...exchange.flatMap(exchangePoints),
    ...git.flatMap((key) => {
      const reads = isReading(key);
      return GIT.filter((when) => !reads || when === "before" || when === "after").map(
        (when): Point => ({ kind: "git", key, when }),
      );
    }),
    ...journal.map((key): Point => ({ kind: "journal", key })),
    ...rename.map((key): Point => ({ kind: "rename", key })),
    ...journal.flatMap((_, index) =>
      SNAPSHOT.map((when): Point => ({ kind: "snapshot", key: String(index + 1), when })),
    ),
  ];
  return all.filter(({ kind }) => kills.includes(kind));
}

function exchangePoints(key: string): readonly Point[] {
  return (["before", "after"] as const).map((when): Point => ({ kind: "exchange", key, when }));
}

export function nameOf(point: Point): string {
  return `${point.kind}: ${point.key}${"when" in point ? ` (${point.when})` : ""}`;
}
