import type { Logger } from "pino";
import type { CiRules } from "./domain/checks.ts";
import type { Policy } from "./domain/policy.ts";
import type { Redact } from "./domain/redact.ts";
import type { RepoKey } from "./domain/repo.ts";
import type { Dependencies } from "./ops/dependencies.ts";
import type { Clock, Cluster, Executor, Forensics, GitHub, History, Store, Trees } from "./ports.ts";
import type { Publisher } from "./publish.ts";
import type { Surroundings } from "./standing.ts";

/** What the reconciler works with: the store, the adapters behind their ports, and the policy. */
export type Parts = Surroundings & {
  readonly store: Store;
  readonly history: History;
  readonly github: GitHub;
  readonly executor: Executor;
  readonly trees: Trees;
  readonly cluster: Cluster;
  readonly forensics: Forensics;
  /** Takes secrets out of what is quoted. */
  readonly redact: Redact;
  readonly publisher: Publisher;
  readonly dependencies: Dependencies;
  readonly policy: Policy;
  readonly ciRules: (repo: RepoKey) => CiRules;
  /** The model's name for the commit trailer. */
  readonly model: string;
  readonly clock: Clock;
  readonly log: Logger;
};
