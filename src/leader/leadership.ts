// Whether this process may act: as the Lease says where replicas elect one of them, else always.

import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import type { Logger } from "pino";
import type { Config } from "../config.ts";
import { AfkError } from "../errors.ts";
import { createClusterClients } from "../kubernetes/clients.ts";
import { createLeases } from "../kubernetes/lease.ts";
import { type Leadership, waitToLead } from "./election.ts";
import type { MayAct } from "./fence.ts";

export type Lead = {
  readonly mayAct: MayAct;
  /** The Lease's name; null = nobody is elected. */
  readonly lease: string | null;
  /** Resolves to true once this process leads, to false where `stop` was aborted first. */
  win(stop: AbortSignal): Promise<boolean>;
  /** Resolves to the reason once this process led and may never act again. */
  readonly lost: Promise<string>;
  /** Nothing may act any more. */
  release(): Promise<void>;
};

/** Throws `config` where the cluster that has the Lease cannot be loaded. */
export function createLead({ leaderElection, kubernetes }: Config, log: Logger): Lead {
  if (!leaderElection.enabled) {
    return {
      mayAct: () => {},
      lease: null,
      win: async (stop) => !stop.aborted,
      lost: new Promise(() => {}),
      release: async () => {},
    };
  }
  const { lease: name, leaseMs, renewMs, retryMs } = leaderElection;
  const clients = createClusterClients(kubernetes.kubeconfig, renewMs / 2);
  const namespace = leaderElection.namespace ?? clients.namespace;
  // A process that comes back under the same name is another one, and does not hold what the one before held.
  const identity = `${leaderElection.identity ?? hostname()}_${randomUUID()}`;
  const { promise: lost, resolve } = Promise.withResolvers<string>();
  let leadership: Leadership | undefined;

  return {
    lease: `${namespace}/${name}`,
    lost,
    mayAct() {
      if (leadership === undefined) throw new AfkError("conflict", "This replica stands by: another one acts.");
      leadership.check();
    },
    async win(stop) {
      const leases = createLeases(clients.coordination, { namespace, name });
      leadership = await waitToLead({ leases, identity, leaseMs, renewMs, retryMs, log }, stop);
      void leadership?.lost.then(resolve);
      return leadership !== undefined;
    },
    async release() {
      await leadership?.release();
    },
  };
}
