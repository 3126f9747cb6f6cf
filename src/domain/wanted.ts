import type { Labels } from "./policy.ts";
import { landedOf, type Run } from "./run.ts";

/** What the issue should look like on GitHub for the run; undefined = leave it as it is. */
export type IssueWanted = {
  /** Before all else: who sees the human label may release the issue anew at once. */
  readonly remove: readonly string[];
  readonly add: readonly string[];
  /** After all else: by this label a bot that lost its state in between finds the issue. */
  readonly removeLast?: readonly string[];
  readonly close: boolean;
  /** A commit that says `Closes` closed it, and what it did is not healthy, or was taken back. */
  readonly reopen?: boolean;
};

/**
 * Labels and open/closed that follow from the run's state. A blocked issue loses the ready label, so that putting it
 * back is a new release; a later run of the same issue has its own say, so an abandoned run wants nothing.
 */
export function wantedIssue(run: Run, { ready, running, human }: Labels): IssueWanted | undefined {
  switch (run.state.name) {
    case "preparing":
    case "working":
    case "verifying":
    case "fixing":
      return { add: [running], remove: [human], close: false };
    case "blocked":
      return { add: [human], remove: [ready], removeLast: [running], close: false };
    case "frozen":
    case "handed-over":
      return { add: [human], remove: [ready], removeLast: [running], close: false, reopen: landedOf(run) !== null };
    case "deployed":
      return { add: [], remove: [ready], removeLast: [running], close: true };
    case "abandoned":
      return undefined;
    default:
      return run.state satisfies never;
  }
}
