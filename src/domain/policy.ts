/** The limits and cadences decisions are taken by. All durations in milliseconds; from the config. */
export type Policy = {
  /** How often an idle repo is looked at for released issues. */
  readonly pollMs: number;
  /** How often an idle repo's slots are brought to the default branch's head. */
  readonly refreshMs: number;
  /** How often a repo with an active run is looked at. */
  readonly watchMs: number;
  /** Concurrent runs over all repos. */
  readonly maxRuns: number;
  /** Share of the volume, 0 to 1, below which nothing new starts. */
  readonly minFree: number;
  readonly prepareMs: number;
  /** From a message to the first sign of its turn. */
  readonly turnStartMs: number;
  readonly turnMs: number;
  readonly stallMs: number;
  /** How long a running turn may show no sign of life after T3's stream came back, before it is taken for dead. */
  readonly zombieMs: number;
  /** What a run may cost, in USD. */
  readonly budgetUsd: number;
  /** What a run may use where its cost is unknown; null = no limit. */
  readonly budgetTokens: number | null;
  /** How long the agent may wait for an answer or an approval; then it is interrupted, and the run blocked. */
  readonly askTimeoutMs: number;
  /** Corrective turns after the first red verdict, at most so many and so long. */
  readonly maxFixes: number;
  readonly fixMs: number;
  /** Before a turn that failed is tried once more. */
  readonly retryMs: number;
  /** From an interrupt until the turn must have ended. */
  readonly settleMs: number;
  /** From landing to the first CI run. */
  readonly ciStartMs: number;
  readonly ciMs: number;
  /** From landing until the workload must be healthy on the landed commit. */
  readonly rolloutMs: number;
  readonly labels: Labels;
  readonly trustedBots: readonly string[];
};

export type Labels = { readonly ready: string; readonly running: string; readonly human: string };
